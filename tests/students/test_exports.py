"""Files that leave for Excel."""

import csv
import io

import pytest

from students.exports import spreadsheet


def test_dutch_excel_opens_it_by_a_double_click() -> None:
    answer = spreadsheet("lijst.csv", [["Naam", "Één; twee"]])
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer["Content-Disposition"] == 'attachment; filename="lijst.csv"'
    read = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert read == [["Naam", "Één; twee"]]


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    written = spreadsheet("x.csv", [[cell, "gewoon"]]).content.decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert read == [[f"'{cell}", "gewoon"]]
