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


RISK = "social isolation risk"
LISTED = {
    (f"{RISK} (no aggregation place and no conversation in a week)", "65+", "Italy"): (
        "isolation",
        "total",
        "total",
    ),
    (RISK, "85+", "Italy"): ("isolation", "age", "85+"),
    (RISK, "65+ low education", "Italy"): ("isolation", "education", "low"),
    (RISK, "65+ economic difficulties", "Italy"): ("isolation", "economic_difficulty", "many"),
    (RISK, "65+", "North"): ("isolation", "area", "north"),
    (RISK, "65+", "Centre"): ("isolation", "area", "centre"),
    (RISK, "65+", "South"): ("isolation", "area", "south_and_islands"),
    ("attends no aggregation place", "65+", "Italy"): ("no_aggregation_place", "total", "total"),
    ("no contact even by phone with other people", "65+", "Italy"): (
        "no_contact",
        "total",
        "total",
    ),
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


def test_another_list_of_published_rates_says_the_same(shared: Path) -> None:
    path = shared / "oracles" / "loneliness" / "published_rates.csv"
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if "assi d'Argento" in row["source"]]
    typed = {tuple(row[:3]): row[3] for row in passi_argento({}).rows()}
    found = {
        (row["measure"], row["population"], row["breakdown"]): float(row["value_pct"])
        for row in rows
    }
    assert len(found) == len(LISTED) == 9
    assert {key: typed[ours] for key, ours in LISTED.items()} == found
