"""Yearly series of the whole city, as they were and a few years on, with the error of the method.

Which series are carried on, on which scale and how their error is measured belong here; the model
of a series is in `will_pipeline.statistics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL
from will_pipeline.indicators.context import BOTH_SEXES, PROVINCIAL_SERIES
from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.structural_series import (
    FEWEST_YEARS,
    FURTHEST,
    Scale,
    SeriesProjection,
    project_series,
)

SERIES: dict[str, Scale] = {
    **dict.fromkeys(PROVINCIAL_SERIES, "logit"),
    "reddito_imponibile_medio": "log",
    "residenti": "log",
}
FEWEST_TO_TEST = FEWEST_YEARS + 1
"""One year beyond those a projection needs, to see how wrong it would have been."""
LEVEL = 0.90
METHOD = "tendenza_locale"
OBSERVED, PROJECTED = "osservato", "proiettato"
PROVINCE, MUNICIPALITY = "provincia", "comune"
DECIMALS = 3
PER_HUNDRED = 100.0
NO_VARIATION = "La serie è piatta, sta su una retta o tocca un estremo: non dice quanto si sbaglia."
Floats = NDArray[np.float64]
Row = dict[str, Any]
_COLUMNS = [
    "pro_com",
    pl.col("year").cast(pl.Int64),
    "indicator_id",
    "value",
    "source_id",
]
_SCHEMA = {
    "area_id": pl.String,
    "indicatore_id": pl.String,
    "anno": pl.Int64,
    "natura": pl.String,
    "anni_avanti": pl.Int64,
    "ambito": pl.String,
    "valore": pl.Float64,
    "inf": pl.Float64,
    "sup": pl.Float64,
    "stato": pl.String,
    "proiettata": pl.Boolean,
    "motivo": pl.String,
    "metodo": pl.String,
    "prove": pl.Int64,
    "errore_prova": pl.Float64,
    "errore_fermo": pl.Float64,
    "copertura_prova": pl.Float64,
    "errore_proprio": pl.Float64,
    "fonte_id": pl.String,
}


@dataclass(frozen=True)
class Track:
    """One observed series.

    Attributes:
        place: municipality or province it belongs to.
        years: the years with a value, ascending, shape (n,).
        values: their values in the unit of the indicator, shape (n,).
    """

    place: str
    years: NDArray[np.int64]
    values: Floats

    def until(self, length: int) -> Track:
        """The first `length` years."""
        return Track(self.place, self.years[:length], self.values[:length])


def city_series_rows(
    context: pl.DataFrame,
    provinces: pl.DataFrame,
    residents: pl.DataFrame,
    municipalities: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of `serie_citta`.

    A series is carried on when it has seven years or more: six to learn from and one to be wrong
    about. It goes no further than half its own length, and never beyond four years. The error is
    measured by rolling origin: the method is asked for years it has not seen, in every province of
    the cities' macro-areas for a provincial series, in the eight cities for one of their own.

    Args:
        context: `core.municipality_context`.
        provinces: the provincial series (`istat_bes_territori`), every province.
        residents: residents of other years, `pro_com`, `year`, `population`.
        municipalities: `core.municipality`.

    Returns:
        One row per city, series and year, observed or projected; a series that is not carried on
        says why in its observed rows.
    """
    told = context.select(_COLUMNS)
    # A year of which the balance speaks is the balance's.
    others = _other_residents(residents).join(
        told, on=["pro_com", "indicator_id", "year"], how="anti"
    )
    own = pl.concat([told, others]).filter(pl.col("indicator_id").is_in(list(SERIES)))
    codes = dict(municipalities.select("pro_com", "province_code").sort("pro_com").iter_rows())
    rows: list[Row] = []
    for indicator, scale in SERIES.items():
        mine = own.filter(pl.col("indicator_id") == indicator).sort("pro_com", "year")
        provincial = indicator in PROVINCIAL_SERIES
        tracks = {str(city): _track(str(city), group) for (city,), group in _by(mine, "pro_com")}
        beside = _peers(provinces, PROVINCIAL_SERIES[indicator], codes) if provincial else None
        errors = rolling_errors(list(tracks.values()) if beside is None else beside, scale)
        for city, group in _by(mine, "pro_com"):
            place = codes[str(city[0])] if provincial else str(city[0])
            about = Told(indicator, PROVINCE if provincial else MUNICIPALITY, scale, place)
            rows += _rows(group, tracks[str(city[0])], about, errors)
    return pl.DataFrame(rows, schema=_SCHEMA).sort("area_id", "indicatore_id", "anno")


@dataclass(frozen=True)
class Told:
    """What a series is: indicator, of what, on which scale, and the place its errors are of."""

    indicator: str
    scope: str
    scale: Scale
    place: str


def rolling_errors(tracks: list[Track], scale: Scale) -> pl.DataFrame:
    """Errors of the method when asked for years it has not seen.

    Args:
        tracks: series of many places.
        scale: scale on which the trend is local.

    Returns:
        `place`, `ahead` (years), `error` and `still` (absolute errors of the median and of saying
        that nothing changes, in the unit of the series), `inside` (whether the interval held the
        value): one row per place, origin and year ahead.

    Source:
        Tashman (2000), Out-of-sample tests of forecasting accuracy, International Journal of
        Forecasting 16(4) (rolling origin).
    """
    rows = [
        row for track in sorted(tracks, key=lambda each: each.place) for row in _tried(track, scale)
    ]
    schema = {
        "place": pl.String,
        "ahead": pl.Int64,
        "error": pl.Float64,
        "still": pl.Float64,
        "inside": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _tried(track: Track, scale: Scale) -> Iterator[tuple[str, int, float, float, bool]]:
    for length in range(FEWEST_YEARS, len(track.years)):
        origin = int(track.years[length - 1])
        furthest = min(FURTHEST, int(track.years[-1]) - origin)
        said = _project(track.until(length), scale, furthest)
        if said is None:
            continue
        for year, value in zip(track.years[length:], track.values[length:], strict=True):
            ahead = int(year) - origin
            if ahead > furthest:
                break
            low, middle, high = (each[ahead - 1] for each in (said.lower, said.median, said.upper))
            still = abs(float(track.values[length - 1] - value))
            yield track.place, ahead, abs(float(middle - value)), still, bool(low <= value <= high)


def _project(track: Track, scale: Scale, horizon: int) -> SeriesProjection | None:
    """The projection in the unit of the series; none where it has no variance to learn from."""
    unit = PER_HUNDRED if scale == "logit" else 1.0
    try:
        said = project_series(
            track.values / unit, track.years, horizon=horizon, level=LEVEL, scale=scale
        )
    except InvalidInput:
        return None
    return SeriesProjection(
        said.year,
        said.median * unit,
        said.lower * unit,
        said.upper * unit,
        said.level_ratio,
        said.trend_ratio,
    )


def _rows(group: pl.DataFrame, track: Track, told: Told, errors: pl.DataFrame) -> list[Row]:
    horizon = min(FURTHEST, len(track.years) // 2)
    long_enough = len(track.years) >= FEWEST_TO_TEST
    said = _project(track, told.scale, horizon) if long_enough else None
    why = None if said is not None else NO_VARIATION if long_enough else short_series(track)
    common: Row = {
        "area_id": f"{group['pro_com'][0]}.{MUNICIPALITY_LEVEL}",
        "indicatore_id": told.indicator,
        "ambito": told.scope,
        "proiettata": said is not None,
        "motivo": why,
    }
    rows = [common | _observed(row) for row in group.iter_rows(named=True)]
    if said is None:
        return rows
    common["fonte_id"] = group["source_id"].to_list()[-1]
    return rows + [
        common | _projected(said, step) | _error(errors, step + 1, told.place)
        for step in range(horizon)
    ]


def _observed(row: Mapping[str, Any]) -> Row:
    return {
        "anno": row["year"],
        "natura": OBSERVED,
        "anni_avanti": 0,
        "valore": row["value"],
        "stato": "valido" if row["value"] is not None else "non_disponibile",
        "fonte_id": row["source_id"],
    }


def _projected(said: SeriesProjection, step: int) -> Row:
    return {
        "anno": int(said.year[step]),
        "natura": PROJECTED,
        "anni_avanti": step + 1,
        "valore": round(float(said.median[step]), DECIMALS),
        "inf": round(float(said.lower[step]), DECIMALS),
        "sup": round(float(said.upper[step]), DECIMALS),
        "stato": "valido",
        "metodo": METHOD,
    }


def _error(errors: pl.DataFrame, ahead: int, place: str) -> Row:
    """What was measured so many years ahead; nothing where no series is long enough to tell."""
    tried = errors.filter(pl.col("ahead") == ahead)
    if tried.is_empty():
        return {"prove": 0}
    own = tried.filter(pl.col("place") == place)
    return {
        "prove": tried.height,
        "errore_prova": round(float(np.mean(tried["error"].to_numpy())), DECIMALS),
        "errore_fermo": round(float(np.mean(tried["still"].to_numpy())), DECIMALS),
        "copertura_prova": round(PER_HUNDRED * float(np.mean(tried["inside"].to_numpy())), 1),
        "errore_proprio": None
        if own.is_empty()
        else round(float(np.mean(own["error"].to_numpy())), DECIMALS),
    }


def short_series(track: Track) -> str:
    """Why a short series is not carried on, in Italian."""
    return (
        f"La serie ha {len(track.years)} anni. Ne servono {FEWEST_TO_TEST} per proiettarla e dire "
        "quanto si sbaglia."
    )


def _peers(provinces: pl.DataFrame, series: str, codes: Mapping[str, str]) -> list[Track]:
    """The series in every province of the cities' macro-areas."""
    near = {_macro_area(code) for code in codes.values()}
    rows = provinces.filter(
        (pl.col("indicator_code") == series) & (pl.col("sex") == BOTH_SEXES)
    ).sort("province_code", "year")
    return [
        _track(str(code), group)
        for (code,), group in _by(rows, "province_code")
        if _macro_area(str(code)) in near
    ]


def _macro_area(code: str) -> str:
    """First level of the NUTS (`ITC`); a province coded outside it (`IT108`) stands for itself."""
    return code[:3] if code[2].isalpha() else code


def _by(frame: pl.DataFrame, column: str) -> Iterator[tuple[tuple[object, ...], pl.DataFrame]]:
    yield from frame.group_by(column, maintain_order=True)


def _track(place: str, rows: pl.DataFrame) -> Track:
    seen = rows.filter(pl.col("value").is_not_null()).sort("year")
    return Track(place, seen["year"].to_numpy().astype(np.int64), seen["value"].to_numpy())


def _other_residents(residents: pl.DataFrame) -> pl.DataFrame:
    return residents.select(
        "pro_com",
        pl.col("year").cast(pl.Int64),
        indicator_id=pl.lit("residenti"),
        value=pl.col("population").cast(pl.Float64),
        source_id=pl.lit("istat_popolazione"),
    ).select(_COLUMNS)
