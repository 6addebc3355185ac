"""Typed rates: each one with its page, none outside a percentage, none twice."""

import csv
from pathlib import Path

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.typed_table import passi_argento

RATE = "{measure: isolation, breakdown: age, level: 85+, percent: 32, page: uno}"
TABLE = (
    "citation: prova\nperiod: 2023-2024\npages: {uno: 'https://esempio.it/'}\n"
    f"rates:\n  - {RATE}\n"
)
PUBLISHED = {
    "total_65plus": ("isolation", "total", "total"),
    "no_aggregation_points": ("no_aggregation_place", "total", "total"),
    "no_contact_even_phone": ("no_contact", "total", "total"),
    "North": ("isolation", "area", "north"),
    "Centre": ("isolation", "area", "centre"),
    "South and Islands": ("isolation", "area", "south_and_islands"),
}


def test_reads_a_typed_rate() -> None:
    assert passi_argento({"t.yaml": TABLE.encode()}).rows() == [
        ("isolation", "age", "85+", 32.0, "2023-2024", "https://esempio.it/")
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (TABLE, "rates: [", "non è YAML"),
        ("citation", "citazione", "campo citation"),
        ("percent: 32", "percent: molti", "'molti' non è un numero"),
        ("percent: 32", "percent: 132", "132 non è una percentuale"),
        ("page: uno", "page: due", "la pagina 'due' non è nell'elenco"),
        (", page: uno", "", "i campi devono essere"),
        (RATE, f"{RATE}\n  - {RATE}", "tasso scritto due volte: isolation, age, 85\\+"),
    ],
)
def test_refuses_a_broken_table(old: str, new: str, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        passi_argento({"t.yaml": TABLE.replace(old, new).encode()})


def test_every_typed_rate_is_the_published_one(shared: Path) -> None:
    path = shared / "oracles" / "loneliness" / "passi_dargento_2023_2024_isolation.csv"
    with path.open(encoding="utf-8") as lines:
        expected = {
            PUBLISHED.get(
                row["level"], PUBLISHED.get(row["group"], ("isolation", row["group"], row["level"]))
            ): float(row["prevalence_pct"])
            for row in csv.DictReader(lines)
        }
    typed = {tuple(row[:3]): row[3] for row in passi_argento({}).rows()}
    assert typed == expected
