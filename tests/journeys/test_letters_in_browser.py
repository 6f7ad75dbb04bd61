"""Letters as a mail program shows them: on a telephone and on a desk, light and dark."""

import pytest

from tests.house.test_letters import SCENES, Scene, letters_of
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import HEIGHT, Look

LOOKS = (Look(320, "light"), Look(640, "dark"), Look(320, "dark"), Look(640, "light"))


@pytest.mark.parametrize("name", ["project", "names full of marks"])
def test_every_letter_can_be_read(name: str, transactional_db: None, window: OpenWindow) -> None:
    """One of each kind, in the browser as it would stand in a mail program."""
    letters = {one.kind: one for one in letters_of(Scene(**SCENES[name]).build())}
    reader, faults = window(), list[str]()
    for number, letter in enumerate(letters.values()):
        reader.page.set_content(letter.html)
        look = LOOKS[number % len(LOOKS)]
        reader.page.set_viewport_size({"width": look.width, "height": HEIGHT})
        reader.page.emulate_media(color_scheme=look.scheme)
        faults += [f"{letter.kind}, {look}: {fault}" for fault in reader.letter_faults()]
    assert not faults, "\n".join(faults)
    assert len(letters) > 15
