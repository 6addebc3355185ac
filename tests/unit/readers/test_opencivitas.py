"""Municipal expenditure: hundredths become euro and percent, a wrong table is refused."""

import json
from typing import Any

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.opencivitas import spending

HEADER = ["istatCode", "name", "historicalSpendingCents", "standardSpendingCents"]
HEADER += ["differenceCents", "historicalPerCapitaCents", "standardPerCapitaCents"]
HEADER += ["differenceBasisPoints", "serviceDifferenceBasisPoints", "spendingLevel", "serviceLevel"]
NOVARA = ["003106", "NOVARA", 7764295644, 8116281770, -351986126, 76272, 79730, -434, -33, 5, None]


def document(*rows: list[Any], **change: Any) -> bytes:
    content = {"referenceYear": 2022, "municipalityColumns": HEADER, "municipalityRows": rows}
    return json.dumps(content | change).encode()


def test_turns_cents_and_basis_points() -> None:
    assert spending({"o.json": document(NOVARA)}, cities=["003106"]).row(0) == (
        "003106", "NOVARA", 2022, 77642956.44, 81162817.70, -3519861.26, 762.72, 797.30, -4.34,
        -0.33, 5, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html></html>", "pagina web"),
        (b"{", "non è JSON"),
        (document(NOVARA, referenceYear="2022"), "campo referenceYear"),
        (document(NOVARA, municipalityColumns=[*HEADER[:-1], "altro"]), "colonna serviceLevel"),
        (document(NOVARA[:-1]), "riga 1: 10 campi"),
        (document([*NOVARA[:2], "7764", *NOVARA[3:]]), "historicalSpendingCents: il valore '7764'"),
        (document(NOVARA, NOVARA), "comune ripetuto"),
        (document(["016024", *NOVARA[1:]]), "manca il codice 003106"),
    ],
)
def test_refuses_a_broken_table(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        spending({"o.json": content}, cities=["003106"])
