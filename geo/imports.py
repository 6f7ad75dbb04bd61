"""Load places from the reference files beside this module."""

import csv
from pathlib import Path

from geo.models import Municipality, Postcode

FOLDER = Path(__file__).parent / "reference"


def load_places() -> dict[str, int]:
    """Load municipalities and postcode areas; running it again changes nothing.

    Returns how many rows of each kind stand in the files.
    """
    with (FOLDER / "gemeenten.csv").open(encoding="utf-8", newline="") as file:
        municipalities = [
            Municipality(
                code=row["cbs_code"],
                name=row["name"],
                province=row["province"],
                joined=int(row["joined"]) if row["joined"] else None,
                lat=float(row["area_lat"]),
                lon=float(row["area_lon"]),
            )
            for row in csv.DictReader(file)
        ]
    Municipality.objects.bulk_create(
        municipalities,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "province", "joined", "lat", "lon"],
    )
    code_of = {m.name: m.code for m in municipalities}
    with (FOLDER / "pc4.csv").open(encoding="utf-8", newline="") as file:
        postcodes = [
            Postcode(
                pc4=row["pc4"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                place=row["place"],
                municipality_name=row["municipality"],
                municipality_id=code_of.get(row["municipality"]),
            )
            for row in csv.DictReader(file)
        ]
    Postcode.objects.bulk_create(
        postcodes,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["pc4"],
        update_fields=["lat", "lon", "place", "municipality_name", "municipality"],
    )
    return {"municipalities": len(municipalities), "postcodes": len(postcodes)}
