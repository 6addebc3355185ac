"""The assets of evaluations and allocations, on a warehouse that holds an invented town's files."""

from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from assets.marts import measures
from tests.unit.needs.measure_town import TOWN, area_ids, baseline, delivered, series
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.warehouse import Warehouse

ASSETS = [
    measures.valutazione,
    measures.valutazione_area,
    measures.valutazione_anno,
    measures.ripartizione,
    measures.ripartizione_area,
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    what = delivered(series(np.random.default_rng(1), effect=-6.0), named=False)
    before, ids = baseline(), area_ids(12)
    exercise = {
        "exercise_id": "ore", "pro_com": TOWN, "title": "Ore", "theme": "giovani", "unit": "ore",
        "rule": "max_min", "budget": 1200.0, "floor": 50.0,
    }  # fmt: skip
    need = 40.0 + 10 * np.arange(12)
    ends = {"": 1.0, "_inf": 0.8, "_sup": 1.2}
    tables = {
        "core.measure": what.measures,
        "core.measure_area": what.members,
        "core.measure_outcome": what.outcomes,
        "core.allocation_exercise": pl.DataFrame([exercise]),
        "core.allocation_line": pl.DataFrame(
            {"exercise_id": ["ore"] * 12, "area_id": ids, "today": [100.0] * 12}
        ),
        "marts.dim_area": before.areas,
        "marts.fatto_indice": before.indices,
        "marts.fatto_profilo": before.profiles,
        "marts.bisogno_latente": pl.DataFrame(
            {"area_id": ids, "dimensione": ["giovani"] * 12, "anno": [2025] * 12}
            | {f"attesi{end}": by * need for end, by in ends.items()}
            | {f"latenti{end}": pl.Series([None] * 12, dtype=pl.Float64) for end in ends}
        ),
    }
    for name, frame in tables.items():
        made.store(name, frame, descriptions={}, version="prova")
    return made


def test_delivered_measures_and_exercises_become_published_tables(warehouse: Warehouse) -> None:
    result = dg.materialize(
        ASSETS, resources={"warehouse": warehouse, "estimation": EstimationSettings(draws=200)}
    )
    assert result.success
    assert warehouse.read("marts.valutazione")["stato"].to_list() == ["va_meglio"]
    assert warehouse.read("marts.valutazione_anno").height == 8
    assert set(warehouse.read("marts.valutazione_area")["ruolo"]) >= {"misura", "confronto"}
    assert warehouse.read("marts.ripartizione")["proposta_totale"].to_list() == [1200.0]
    assert warehouse.read("marts.ripartizione_area")["proposta"].sum() == 1200.0
