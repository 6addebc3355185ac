"""An invented town of six areas and its neighbour."""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.deliveries.examples import NEIGHBOUR, SECTIONS, TOWN
from will_pipeline.deliveries.areas import Areas


def example_rows() -> pl.DataFrame:
    rows = [
        (f"{TOWN}.C", TOWN, "C", None, "Provaglia", 9_200),
        (f"{TOWN}.Q01", TOWN, "Q", 1, "Centro", 3_000),
        (f"{TOWN}.Q02", TOWN, "Q", 2, "Città Alta", 3_000),
        (f"{TOWN}.Q03", TOWN, "Q", 3, "Colle", 3_000),
        (f"{TOWN}.Q10", TOWN, "Q", 10, "Piano", 200),
        (f"{TOWN}.A01", TOWN, "A", 1, "Area di censimento 1", 5_000),
        (f"{TOWN}.A02", TOWN, "A", 2, "Area di censimento 2", 4_200),
        (f"{NEIGHBOUR}.C", NEIGHBOUR, "C", None, "Saggio", 4_000),
        (f"{NEIGHBOUR}.Q01", NEIGHBOUR, "Q", 1, "Porto", 4_000),
        (f"{NEIGHBOUR}.Q07", NEIGHBOUR, "Q", 7, "Faro", 4_000),
    ]
    names = ["area_id", "pro_com", "level", "code", "name", "residents"]
    return pl.DataFrame(rows, schema=names, orient="row")


def example_areas(rows: pl.DataFrame | None = None) -> Areas:
    town = Areas(example_rows() if rows is None else rows, pro_com=TOWN, town="Provaglia")
    town.sections = frozenset(SECTIONS)
    return town


@pytest.fixture(scope="session")
def area_rows() -> pl.DataFrame:
    return example_rows()


@pytest.fixture(scope="session")
def municipalities() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": [NEIGHBOUR, TOWN], "slug": ["saggio", "provaglia"],
            "name": ["Saggio", "Provaglia"], "position": [2, 1],
            "uri": [f"urn:istat:comune:{NEIGHBOUR}", f"urn:istat:comune:{TOWN}"],
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def areas(area_rows: pl.DataFrame) -> Areas:
    return example_areas(area_rows)
