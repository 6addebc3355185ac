"""Towns of a few areas with expected persons, small enough to know the answer beforehand."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import numpy as np
import polars as pl

from will_pipeline.cities.catalogue import City
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.indicators.estimators import Estimate
from will_pipeline.needs.expected import ExpectedPersons

TOWN = "099001"
THEME = "solitudine"
DRAWS = 400


def city(pro_com: str = TOWN, **given: Any) -> City:
    return City.model_validate(
        {
            "order": 1, "slug": "prova", "pro_com": pro_com, "name": "Prova", "sigla": "PV",
            "province": "Prova", "province_code": "ITC99", "nuts3": "ITC99", "region": "Prova",
            "region_code": "99", "belfiore": "Z999", "crs": "EPSG:32632",
            "uri": f"urn:istat:comune:{pro_com}", **given,
        }
    )  # fmt: skip


def expected_town(
    persons: Mapping[str, float | None],
    *,
    pro_com: str = TOWN,
    theme: str = THEME,
    residents: Mapping[str, int] | None = None,
    steps: Mapping[str, float] | None = None,
    status: Mapping[str, str] | None = None,
    seed: int = 1,
) -> ExpectedPersons:
    """Areas by tail of their identifier (`A01`, `Q02`); the city holds their sum.

    Draws vary by a tenth, a common part of them by the whole city.
    """
    names = [f"{pro_com}.{tail}" for tail in persons]
    value = np.array([np.nan if each is None else each for each in persons.values()])
    generator = np.random.default_rng(seed)
    common = generator.normal(1, 0.08, size=(DRAWS, 1))
    true = np.where(np.isnan(value), 2.0, value)
    draws = np.maximum(true * common * generator.normal(1, 0.1, size=(DRAWS, true.size)), 0.1)
    draws = np.column_stack([draws, draws.sum(axis=1)])
    lower, upper = (np.quantile(draws, end, axis=0) for end in (0.05, 0.95))
    value = np.append(value, np.round(np.nansum(value) + 2.0 * np.isnan(value).sum(), 1))
    tails = [*persons, "C"]
    frame = pl.DataFrame(
        {
            "area_id": [*names, f"{pro_com}.C"],
            "pro_com": [pro_com] * len(tails),
            "level": [tail[0] for tail in tails],
            "name": [f"Area {tail}" for tail in tails],
            "residents": [(residents or {}).get(tail, 5_000) for tail in tails],
            "dimensione": [theme] * len(tails),
            "anno": [2024] * len(tails),
            "attesi": value,
            "attesi_inf": np.minimum(lower.round(1), value),
            "attesi_sup": np.maximum(upper.round(1), value),
            "step": [(steps or {}).get(tail) for tail in tails],
        },
        schema_overrides={"step": pl.Float64},
    ).with_columns(
        pl.col("attesi", "attesi_inf", "attesi_sup").fill_nan(None),
        stato=pl.Series(
            [
                (status or {}).get(tail, "soppresso" if np.isnan(each) else "valido")
                for tail, each in zip(tails, value, strict=True)
            ]
        ),
    )
    positions = {name: place for place, name in enumerate(frame["area_id"])}
    return ExpectedPersons(
        frame.sort("area_id", "dimensione"), (theme,), positions, {theme: _estimate(draws)}
    )


def _estimate(draws: np.ndarray) -> Estimate:
    middle = draws.mean(axis=0)
    flat = np.full(middle.size, np.nan)
    return Estimate(
        value=middle, lower=flat, upper=flat, deviation=flat, scale=flat, numerator=flat,
        denominator=flat, city=flat, draws=draws, impossible=np.zeros(middle.size, dtype=bool),
    )  # fmt: skip


def users(
    counts: Mapping[str, int], *, pro_com: str = TOWN, theme: str = THEME, year: int = 2025
) -> pl.DataFrame:
    """Rows of `core.service_users` by tail of the area."""
    rows = [(f"{pro_com}.{tail}", theme, year, count) for tail, count in counts.items()]
    return pl.DataFrame(
        rows,
        schema={"area_id": pl.String, "theme": pl.String, "year": pl.Int32, "users": pl.Int32},
        orient="row",
    )


def indices(scores: Mapping[str, Sequence[float]], *, pro_com: str = TOWN) -> pl.DataFrame:
    """Rows of `fatto_indice`: one score a need, in the order of the needs."""
    needs = ("giovani", "mobilita", "solitudine")
    rows = [
        {
            "area_id": f"{pro_com}.{tail}", "dimensione": need, "anno": 2011,
            "metodo": "ampi_citta", "indice": float(score), "parziale": False,
        }
        for tail, values in scores.items()
        for need, score in zip(needs, values, strict=False)
    ]  # fmt: skip
    schema = {
        "area_id": pl.String, "dimensione": pl.String, "anno": pl.Int64, "metodo": pl.String,
        "indice": pl.Float64, "parziale": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


@cache
def mart_contracts() -> Mapping[str, TableContract]:
    return load_contracts("mart")


def checked(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows as their contract has them, once every invariant was asked on each."""
    contract = mart_contracts()[table]
    typed = conform(rows, contract)
    holds = ", ".join(f"coalesce(({each.sql}), false)" for each in contract.invariants)
    with duckdb.connect() as connection:
        connection.register("published", typed)
        asked = connection.sql(f"SELECT {holds} FROM published").fetchall()
    names = [each.name for each in contract.invariants]
    for answers, row in zip(asked, typed.rows(), strict=True):
        assert all(answers), (dict(zip(names, answers, strict=True)), row)
    assert typed.select(contract.key).is_unique().all()
    return typed
