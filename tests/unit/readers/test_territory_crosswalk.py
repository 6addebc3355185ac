"""Places under the codes of several systems."""

import pytest

from will_pipeline.readers.territory_codes import PROVINCES
from will_pipeline.readers.territory_crosswalk import Place, place


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("108033", Place("108033", "comune")),
        ("015149", Place("108033", "comune")),
        ("IT108", Place("IT108", "provincia")),
        ("ITC4D", Place("IT108", "provincia")),
        ("108", Place("IT108", "provincia")),
        ("ITH36", Place("ITD36", "provincia")),
        ("ITD36", Place("ITD36", "provincia")),
        ("ITH52", Place("ITD52", "provincia")),
        ("ITH53", Place("ITD53", "provincia")),
        ("ITH3", Place("ITD3", "regione")),
        ("ITH5", Place("ITD5", "regione")),
        ("ITI14", Place("ITE14", "provincia")),
        ("ITI35", Place("IT109", "provincia")),
        ("IT", Place("IT", "ripartizione")),
        ("ITH", Place("ITD", "ripartizione")),
        ("T03065", Place("T03065", "altro")),
        ("3", Place("3", "altro")),
        ("IT108_NC", Place("IT108_NC", "altro")),
        ("ITX99", None),
        ("16024", None),
        ("", None),
    ],
)
def test_finds_the_place_of_a_code(code: str, known: Place | None) -> None:
    assert place(code) == known


def test_every_province_is_itself() -> None:
    assert all(place(code) == Place(code, "provincia") for code in PROVINCES)
