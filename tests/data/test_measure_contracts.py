"""Rows of evaluations and allocations keep every rule of the tables they are published in."""

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.unit.needs.measure_town import TOWN, area_ids, baseline, delivered, series
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.validation import rules
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.allocation import allocate
from will_pipeline.needs.comparison import Delivered
from will_pipeline.needs.evaluation import evaluate_measures

SETTINGS = Settings(draws=200)
CASES = (
    {"effect": -6.0},
    {"effect": 6.0},
    {},
    {"drift": 2.0},
    {"treated": 2},
    {"areas": 5, "treated": 2},
)


def evaluations() -> dict[str, pl.DataFrame]:
    each = [
        delivered(
            series(np.random.default_rng(number), **case),
            treated=case.get("treated", 4),
            named=named,
            measure_id=f"{TOWN}-{number}{named}",
            theme="giovani" if number % 2 else "mobilita",
        )
        for number, case in enumerate(CASES)
        for named in (True, False)
    ]
    every = Delivered(
        pl.concat(one.measures for one in each),
        pl.concat(one.members for one in each),
        pl.concat(one.outcomes for one in each),
    )
    result = evaluate_measures(every, baseline(), settings=SETTINGS)
    assert {"va_meglio", "va_peggio", "tendenze_diverse", "poche_aree"} <= set(
        result.measures["stato"]
    )
    return {
        "valutazione": result.measures,
        "valutazione_area": result.areas,
        "valutazione_anno": result.years,
    }


def allocations() -> dict[str, pl.DataFrame]:
    noise = np.random.default_rng(4)
    ids = area_ids(9)
    need = noise.gamma(2.0, 60.0, 9)
    exercises = pl.DataFrame(
        [
            {
                "exercise_id": f"{TOWN}-{rule}-{budget:.0f}",
                "pro_com": TOWN,
                "title": "Ore",
                "theme": "giovani",
                "unit": "ore",
                "rule": rule,
                "budget": budget,
                "floor": 20.0,
            }
            for rule in ("proporzionale", "max_min", "lineare")
            for budget in (100.0, 400.0, 733.37)
        ]
    )
    lines = exercises.select("exercise_id").join(
        pl.DataFrame({"area_id": ids, "today": noise.integers(20, 60, 9).astype(float)}),
        how="cross",
    )
    needs = pl.DataFrame(
        {
            "area_id": ids[:8],
            "dimensione": ["giovani"] * 8,
            "anno": [2025] * 8,
            **{
                f"{name}{end}": by * need[:8]
                for name in ("attesi", "latenti")
                for end, by in (("", 1.0), ("_inf", 0.7), ("_sup", 1.4))
            },
        }
    )
    result = allocate(exercises, lines, needs, settings=SETTINGS)
    assert set(result.exercises["stato"]) == {"valido", "non_fattibile"}
    assert {"guadagna", "perde", "fuori"} <= set(result.areas["esito"])
    return {"ripartizione": result.exercises, "ripartizione_area": result.areas}


@pytest.mark.parametrize("made", [evaluations, allocations])
def test_every_rule_of_the_contracts_holds(made: object) -> None:
    contracts = load_contracts("mart")
    connection = duckdb.connect()
    for name, frame in made().items():
        connection.register("rows", conform(frame, contracts[name]))
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rows')
    # Areas, municipalities and needs of the town are not in this database.
    outside = ("riferimento_area_id", "riferimento_pro_com", "riferimento_dimensione")
    for name in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        for rule in rules(contracts[name[0]], schema="main"):
            if rule.name not in (*outside, "riferimento_simile_a"):
                assert connection.execute(rule.offending).fetchall() == [], (name, rule.name)
