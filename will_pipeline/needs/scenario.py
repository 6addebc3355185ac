"""Persons in need some years ahead if the share of each area stays what it is: a scenario.

Exposed residents come from `cohorts`; here they meet the published share of their area, and every
area without a scenario says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from will_pipeline.indicators.disclosure import LEAST_PERSONS
from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.needs.age_structures import NoScenario, age_structures
from will_pipeline.needs.cohorts import (
    INTERVALS,
    Ages,
    Outlook,
    expected_error,
    project_ages,
)

METHOD = "coorti"
SCENARIOS = {10: "dieci_anni", 5: "cinque_anni"}
LONGEST = INTERVALS[0]
LEVELS = ("Q", "A")
CENSUS_YEAR = 2011
"""Year of the only age structure where nothing later is known of a municipality."""
VALID, MISSING = "valido", "non_disponibile"
WITHHELD, WITHHELD_BESIDE = "soppresso", "soppresso_secondario"
EXPOSED: dict[str, tuple[str, Ages]] = {
    "giovani": ("neet_15_29_quota", (15, 29)),
    "solitudine": ("isolati_65_quota", (65, None)),
    "mobilita": ("competenze_inadeguate_quota", (10, 14)),
}
"""For each need, the published share of persons and the ages it is a share of."""
ONE_STRUCTURE = (
    "C'è una sola struttura per età, quella del censimento 2011: per uno scenario ne servono due, "
    "a dieci o a cinque anni di distanza. Le consegna il comune."
)
NO_SHARE = "La quota di persone in questo bisogno non è stimata per l'area."
NO_PERSONS = "Le cifre in uso non dicono quante persone hanno questo bisogno."
FEW = "Riservatezza: l'area ha pochi residenti o poche persone attese."
BESIDE = "Riservatezza: accanto a un'area taciuta, il suo numero la rivelerebbe."
PARTS_MISSING = "Non tutte le aree del comune hanno un numero, quindi la somma non si pubblica."
PER_HUNDRED = 100.0
Row = dict[str, Any]
NUMBERS = ("persone", "inf", "sup", "esposti_base", "esposti", "tasso", "errore_prova")


@dataclass(frozen=True)
class Shares:
    """Published shares of persons in need by area and need.

    Attributes:
        found: rows of `fatto_indicatore` by area and indicator, the latest year of each.
    """

    found: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: pl.DataFrame) -> Shares:
        """Take the shares out of `fatto_indicatore`."""
        names = [name for name, _ in EXPOSED.values()]
        rows = facts.filter(pl.col("indicatore_id").is_in(names)).sort("anno")
        return cls(
            {(row["area_id"], row["indicatore_id"]): row for row in rows.iter_rows(named=True)}
        )


def scenario_rows(
    areas: pl.DataFrame,
    municipalities: pl.DataFrame,
    population: pl.DataFrame,
    facts: pl.DataFrame,
    *,
    themes: list[str],
    totals: Mapping[str, Mapping[int, float]],
) -> pl.DataFrame:
    """Rows of `proiezione`.

    Args:
        areas: `core.area`.
        municipalities: `core.municipality`, for the year the missing scenarios would start from.
        population: `core.registry_population`.
        facts: rows of `fatto_indicatore`.
        themes: every need.
        totals: projected residents of each municipality by year, where an official projection is
            given.

    Returns:
        One row per area, need, year and scenario. Where nothing can be projected the row of the
        ten-year scenario is there all the same, with the reason and no number.
    """
    shares = Shares.of(facts)
    years = municipalities.select("pro_com", pl.col("population_year").fill_null(CENSUS_YEAR))
    started = dict(years.iter_rows())
    rows: list[Row] = []
    for (city,), mine in areas.sort("area_id").group_by("pro_com", maintain_order=True):
        name = str(city)
        levels = {
            str(level): group["area_id"].to_list()
            for (level,), group in mine.group_by("level", maintain_order=True)
        }
        whole = levels.pop("C", [])
        parts = {
            level: _area_rows(
                ids, population, shares, themes, totals=totals.get(name, {}), started=started[name]
            )
            for level, ids in levels.items()
        }
        rows += [row for level in parts.values() for row in level]
        summed = _finest(parts)
        rows += [row for area in whole for row in _city_rows(area, summed, themes, started[name])]
    return pl.DataFrame(rows, schema=_schema()).sort("area_id", "dimensione", "anno", "scenario")


def _area_rows(
    ids: list[str],
    population: pl.DataFrame,
    shares: Shares,
    themes: list[str],
    *,
    totals: Mapping[int, float],
    started: int,
) -> list[Row]:
    """Rows of all the areas of a city and level."""
    try:
        found = _outlooks(ids, population, totals)
    except NoScenario as problem:
        return [_missing(area, theme, started, str(problem)) for area in ids for theme in themes]
    return [row for each in found for theme in themes for row in _theme_rows(each, theme, shares)]


def _finest(parts: Mapping[str, list[Row]]) -> list[Row]:
    """The level whose areas make the city: quartieri first, if they have any scenario."""
    ordered = [parts[level] for level in LEVELS if level in parts]
    projected = [rows for rows in ordered if any(row["stato"] != MISSING for row in rows)]
    return next(iter([*projected, *ordered]), [])


def _outlooks(
    ids: list[str], population: pl.DataFrame, totals: Mapping[int, float]
) -> list[Outlook]:
    """Every outlook the age structures of these areas allow; `NoScenario` where none does."""
    mine = population.filter(pl.col("area_id").is_in(ids))
    if mine.is_empty():
        raise NoScenario(ONE_STRUCTURE)
    try:
        structures = age_structures(mine, ids)
    except NoScenario as problem:
        raise NoScenario(f"Età consegnate dal comune: {problem}.") from problem
    found: list[Outlook] = []
    reasons = list(structures.refused)
    ages = tuple(ages for _, ages in EXPOSED.values())
    for interval in INTERVALS:
        try:
            found.append(project_ages(structures, ages, interval=interval, totals=totals))
        except NoScenario as problem:
            reasons.append(str(problem))
    if not found:
        raise NoScenario(f"Età consegnate dal comune: {'; '.join(reasons)}.")
    return found


def _theme_rows(outlook: Outlook, theme: str, shares: Shares) -> list[Row]:
    if theme not in EXPOSED:
        return [
            _missing(area, theme, outlook.launch, NO_PERSONS, interval=outlook.interval)
            for area in outlook.area_ids
        ]
    indicator, ages = EXPOSED[theme]
    error = expected_error(outlook, ages)
    rows = []
    for place, area in enumerate(outlook.area_ids):
        share = shares.found.get((area, indicator), {})
        today, ahead = float(outlook.today[ages][place]), float(outlook.ahead[ages][place])
        row = _row(area, theme, outlook.launch, outlook.interval) | {
            "indicatore_id": indicator,
            "riportato": outlook.raked,
            "errore_prova": round(error.percent, 1),
            "prova": "propria" if error.own else "pubblicata",
            "nota": _note(outlook, own=error.own),
        }
        rows.append(row | _need(share, today, ahead, error.half_width))
    residents = dict(zip(outlook.area_ids, outlook.residents.tolist(), strict=True))
    return [_emptied(row) for row in _withheld(rows, residents)]


def _need(share: Mapping[str, Any], today: float, ahead: float, half_width: float) -> Row:
    """Exposed residents times the share of the area."""
    if share.get("stato") in (WITHHELD, WITHHELD_BESIDE):
        return {"stato": WITHHELD, "motivo": FEW}
    rate, low, high = (share.get(name) for name in ("valore", "ic_inf", "ic_sup"))
    if rate is None or low is None or high is None:
        return {"stato": MISSING, "motivo": NO_SHARE}
    lower, upper = _bounds(rate, low, high, half_width)
    return {
        "stato": VALID,
        "motivo": None,
        "esposti_base": round(today, 1),
        "esposti": round(ahead, 1),
        "tasso": rate,
        "persone": round(ahead * rate / PER_HUNDRED, 1),
        "inf": round(ahead * lower / PER_HUNDRED, 1),
        "sup": round(ahead * upper / PER_HUNDRED, 1),
    }


def _bounds(rate: float, low: float, high: float, half_width: float) -> tuple[float, float]:
    """Ends of the share once the error of the exposed residents is added, in quadrature of logs."""
    if rate <= 0:
        return 0.0, high * math.exp(half_width)
    down = math.hypot(half_width, math.log(rate / low)) if low > 0 else math.inf
    up = math.hypot(half_width, math.log(high / rate))
    return rate * math.exp(-down), rate * math.exp(up)


def _withheld(rows: list[Row], residents: Mapping[str, float]) -> list[Row]:
    """Withhold small areas, and the next smallest where one alone could be worked out."""
    told = []
    for row in rows:
        small = residents[row["area_id"]] < LEAST_RESIDENTS
        few = row["stato"] == VALID and row["persone"] < LEAST_PERSONS
        told.append(row | {"stato": WITHHELD, "motivo": FEW} if small or few else row)
    hidden = [row for row in told if row["stato"] == WITHHELD]
    shown = [row for row in told if row["stato"] == VALID]
    if len(hidden) != 1 or not shown:
        return told
    beside = min(shown, key=lambda row: (residents[row["area_id"]], row["area_id"]))
    return [
        row | {"stato": WITHHELD_BESIDE, "motivo": BESIDE} if row is beside else row for row in told
    ]


def _city_rows(area: str, parts: list[Row], themes: list[str], started: int) -> list[Row]:
    """The city as the sum of its areas; its bounds add up theirs, as if all erred alike."""
    rows = []
    for theme in themes:
        mine = [row for row in parts if row["dimensione"] == theme]
        for scenario in sorted({(row["anno"], row["scenario"]) for row in mine}):
            chosen = [row for row in mine if (row["anno"], row["scenario"]) == scenario]
            rows.append(_summed(area, chosen))
        if not mine:
            rows.append(_missing(area, theme, started, ONE_STRUCTURE))
    return rows


def _summed(area: str, parts: list[Row]) -> Row:
    first = parts[0] | {"area_id": area}
    states = {row["stato"] for row in parts}
    if states == {MISSING}:
        return first
    if states != {VALID}:
        hidden = states & {WITHHELD, WITHHELD_BESIDE}
        state = WITHHELD_BESIDE if hidden else MISSING
        return _emptied(first | {"stato": state, "motivo": PARTS_MISSING})
    added = {
        name: round(sum(row[name] for row in parts), 1)
        for name in ("persone", "inf", "sup", "esposti_base", "esposti")
    }
    rate = PER_HUNDRED * added["persone"] / added["esposti"] if added["esposti"] else None
    return first | added | {"tasso": None if rate is None else round(rate, 1)}


def _note(outlook: Outlook, *, own: bool) -> str:
    return " ".join(
        [
            "La quota resta quella di oggi.",
            "Le aree sommano alla proiezione del comune."
            if outlook.raked
            else "Non c'è una proiezione del comune a cui riportare le aree.",
            "L'errore è misurato su queste aree."
            if own
            else "L'errore viene da una prova su altri quartieri, non da queste aree.",
            "" if outlook.by_sex else "Uomini e donne sono proiettati insieme.",
        ]
    ).strip()


def _row(area: str, theme: str, launch: int, interval: int) -> Row:
    return {
        "area_id": area,
        "dimensione": theme,
        "anno": launch + interval,
        "scenario": SCENARIOS[interval],
        "anno_base": launch,
        "metodo": METHOD,
    }


def _missing(area: str, theme: str, launch: int, reason: str, *, interval: int = LONGEST) -> Row:
    why = reason if theme in EXPOSED else NO_PERSONS
    return _row(area, theme, launch, interval) | {"stato": MISSING, "motivo": why}


def _emptied(row: Row) -> Row:
    """A row that is not published leaves no number behind."""
    return row if row["stato"] == VALID else row | dict.fromkeys(NUMBERS)


def _schema() -> dict[str, type[pl.DataType]]:
    texts = ("area_id", "dimensione", "scenario", "indicatore_id", "metodo", "prova", "stato")
    return {
        **dict.fromkeys(texts, pl.String),
        "motivo": pl.String,
        "nota": pl.String,
        "anno": pl.Int64,
        "anno_base": pl.Int64,
        "riportato": pl.Boolean,
        **dict.fromkeys(NUMBERS, pl.Float64),
    }
