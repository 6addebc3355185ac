"""Latent need: expected persons against those whom services follow, area by area.

Expected persons are the published ones; persons followed come from a municipality's own file, and
where there is none nothing is put in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, Floats
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.expected import VALID, ExpectedPersons
from will_pipeline.needs.served import latest_users, whole_city, why_unknown, withheld_users
from will_pipeline.statistics.empirical_bayes import ShrunkenRatios, gamma_poisson, poisson_interval
from will_pipeline.statistics.prior_moments import HALF_EVENT

KNOWN, UNKNOWN, RESERVED = "nota", "non nota", "riservata"
TOO_FEW = "Il numero non si pubblica, per non far riconoscere nessuno."
NOT_EXPECTED = "Qui le persone attese non si pubblicano."
NOT_DELIVERED = "Il comune non ha dato il suo file per questo bisogno."
LEAST_COVERED = 2
"""Covered areas a city needs before one of them can be under its mean."""
DECIMALS = 1
PERCENT = 100.0
_COMPARED = {
    "divario_equita": pl.Float64,
    "divario_inf": pl.Float64,
    "divario_sup": pl.Float64,
    "copertura": pl.Float64,
    "copertura_inf": pl.Float64,
    "copertura_sup": pl.Float64,
    "copertura_eb": pl.Float64,
    "copertura_comune": pl.Float64,
}
_NO_REASON = pl.DataFrame(
    schema={"area_id": pl.String, "dimensione": pl.String, "motivo_copertura": pl.String}
)
_NOTHING = pl.DataFrame(schema={"area_id": pl.String, "dimensione": pl.String, **_COMPARED})


@dataclass(frozen=True)
class _Covered:
    """Areas of one city and theme whose users are delivered.

    Attributes:
        rows: the areas with expected persons and users, both published, sorted by identifier.
        others: persons followed in areas where they are not published.
        others_expected: expected persons of those areas, as far as anybody can work them out.
        comparable: whether enough areas are covered to speak of a mean of the city.
    """

    rows: pl.DataFrame
    others: float
    others_expected: float
    comparable: bool

    @property
    def expected(self) -> Floats:
        """Expected persons, shape (n,)."""
        return self.rows["attesi"].to_numpy()

    @property
    def served(self) -> Floats:
        """Persons followed, shape (n,)."""
        return self.rows["users"].cast(pl.Float64).to_numpy()


def latent_rows(
    expected: ExpectedPersons, users: pl.DataFrame, *, settings: Settings
) -> pl.DataFrame:
    """Rows of `bisogno_latente`.

    With E the expected persons of an area and S those followed: latent = max(0, E - S), surplus =
    max(0, S - E), so that E = S + latent - surplus; coverage = S / E; take-up of the city kappa =
    sum S / sum E over its covered areas; equity gap = max(0, kappa E - S). The latent need moves
    with E alone, since S is a count of the year: its interval is E's, less S. Coverage and gap
    compare areas, for which S is one outcome of how an area is served: their intervals draw S
    from the gamma-Poisson posterior of S / E and E from its own draws, where what is common to
    the city cancels out.

    Users are a sensitive count. Those under ten, those of areas too small to be published, and
    what would give them back by difference from the city's total are withheld, with everything
    made of them. Withheld users lend no strength to the other areas and only the city's total,
    which is taken to be known to all, enters kappa. It is published, in the row of the city, where
    every area of the delivered level has its number; areas of other levels have other borders.

    Args:
        expected: expected persons, as published, with their draws.
        users: rows of `core.service_users`: `area_id`, `theme`, `year`, `users`.
        settings: draws, level and seed.

    Returns:
        One row per area and theme, whether or not users are known.

    Raises:
        SourceFault: users of an unknown area, or of areas of two levels of one city and theme.

    Source:
        Clayton and Kaldor (1987), Biometrics 43, and Marshall (1991), Applied Statistics 40(2), for
        the ratio S / E; PANSI and POPPI (Institute of Public Care) for prevalence x population as
        expected need; Hundepool et al. (2012), Statistical Disclosure Control, Wiley.
    """
    latest = latest_users(users, expected.frame)
    delivered = expected.frame.join(latest, on=["area_id", "dimensione"]).sort("area_id")
    towns = [withheld_users(own) for _, own in delivered.group_by("pro_com", "dimensione")]
    cities = [whole_city(own, _same_city(own, expected)) for own in towns]
    served = pl.concat(
        [delivered.clear().with_columns(withheld=pl.lit(value=False)), *towns, *cities]
    )
    compared = [_compared(_covered(own, expected), expected, settings) for own in towns]
    compared += [_of_city(city, expected, settings) for city in cities]
    reasons = [why_unknown(own, _same_city(own, expected)) for own in towns]
    key = ["area_id", "dimensione"]
    rows = (
        expected.frame.join(
            served.select(*key, "users", "withheld", anno_serviti="year"), on=key, how="left"
        )
        .join(pl.concat([_NOTHING, *compared]), on=key, how="left")
        .join(pl.concat([_NO_REASON, *reasons]), on=key, how="left")
    )
    return _published(rows)


def _same_city(own: pl.DataFrame, expected: ExpectedPersons) -> pl.DataFrame:
    city, theme = own.select("pro_com", "dimensione").row(0)
    return expected.frame.filter((pl.col("pro_com") == city) & (pl.col("dimensione") == theme))


def _of_city(city: pl.DataFrame, expected: ExpectedPersons, settings: Settings) -> pl.DataFrame:
    """Coverage of a whole city; it has no equity gap, since there is nothing to compare it with."""
    rows = city.filter(~pl.col("withheld") & pl.col("attesi").is_not_null())
    if rows.is_empty():
        return _NOTHING
    area, theme = rows.select("area_id", "dimensione").row(0)
    need, served = float(rows["attesi"][0]), float(rows["users"][0])
    generator = settings.generator(f"bisogno_latente.{theme}.{area}")
    draws = expected.draws(theme, [area])[:, 0]
    plausible = generator.gamma(served + HALF_EVENT, size=draws.size) / draws
    ends = np.quantile(plausible, ((1 - settings.level) / 2, (1 + settings.level) / 2))
    coverage = np.array([served / need])
    told = {
        "area_id": [area],
        "dimensione": [theme],
        "copertura": _percent(coverage, np.round),
        "copertura_inf": _percent(np.minimum(ends[0], coverage), np.floor),
        "copertura_sup": _percent(np.maximum(ends[1], coverage), np.ceil),
    }
    return pl.concat([_NOTHING, pl.DataFrame(told)], how="diagonal")


def _covered(own: pl.DataFrame, expected: ExpectedPersons) -> _Covered:
    published = own.filter(~pl.col("withheld") & pl.col("attesi").is_not_null())
    hidden = own.filter(pl.col("withheld"))
    remainder = _remainder(own, expected) if hidden["attesi"].null_count() else 0.0
    return _Covered(
        rows=published.sort("area_id"),
        others=float(hidden["users"].sum()),
        others_expected=float(hidden["attesi"].sum()) + remainder,
        comparable=own["attesi"].is_not_null().sum() >= LEAST_COVERED,
    )


def _remainder(own: pl.DataFrame, expected: ExpectedPersons) -> float:
    """Expected persons that the city has beyond the published ones of its areas.

    The true number of a withheld area must not enter the mean of the city, which would tell it.
    """
    theme, level, city = own.select("dimensione", "level", "pro_com").row(0)
    same = expected.frame.filter((pl.col("dimensione") == theme) & (pl.col("pro_com") == city))
    whole = same.filter(pl.col("level") == MUNICIPALITY_LEVEL)["attesi"].drop_nulls().to_numpy()
    parts = same.filter(pl.col("level") == level)["attesi"].drop_nulls().to_numpy()
    return max(0.0, float(whole.sum() - parts.sum()))


def _compared(covered: _Covered, expected: ExpectedPersons, settings: Settings) -> pl.DataFrame:
    """Coverage and equity gap of the areas of one city and theme, with intervals."""
    rows = covered.rows
    if rows.is_empty():
        return _NOTHING
    need, served = covered.expected, covered.served
    mean = (served.sum() + covered.others) / (need.sum() + covered.others_expected)
    coverage, gap = served / need, np.maximum(0.0, mean * need - served).round(DECIMALS)
    shrunken = gamma_poisson(served, need, level=settings.level)
    cover_ends, gap_ends = _drawn(covered, expected, shrunken, settings)
    rounded = rows["step"].is_not_null().to_numpy()
    wide_cover, wide_gap = _by_ends(rows, served, mean, settings)
    cover_ends = np.where(rounded, wide_cover, cover_ends)
    gap_ends = np.where(rounded, wide_gap, gap_ends)
    # One covered area has no mean to be compared with.
    told = np.where(covered.comparable, 1.0, np.nan)
    return pl.DataFrame(
        {
            "area_id": rows["area_id"],
            "dimensione": rows["dimensione"],
            "divario_equita": gap * told,
            "divario_inf": np.floor(np.minimum(gap_ends[0], gap)) * told,
            "divario_sup": np.ceil(np.maximum(gap_ends[1], gap)) * told,
            "copertura": _percent(coverage, np.round),
            "copertura_inf": _percent(np.minimum(cover_ends[0], coverage), np.floor),
            "copertura_sup": _percent(np.maximum(cover_ends[1], coverage), np.ceil),
            "copertura_eb": _percent(shrunken.ratio, np.round),
            "copertura_comune": _percent(np.full(need.size, mean), np.round) * told,
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


def _drawn(
    covered: _Covered,
    expected: ExpectedPersons,
    shrunken: ShrunkenRatios,
    settings: Settings,
) -> tuple[Floats, Floats]:
    """Ends of coverage and gap from draws, shape (2, n) each."""
    rows = covered.rows
    theme, city, level = rows.select("dimensione", "pro_com", "level").row(0)
    finer = expected.draws(theme, rows["area_id"].to_list())
    # Draws of a rounded number would tell what the rounding hides.
    need = np.where(rows["step"].is_not_null().to_numpy(), covered.expected, finer)
    generator = settings.generator(f"bisogno_latente.{theme}.{city}.{level}")
    served = covered.expected * shrunken.draw(len(need), generator)
    others = (
        generator.gamma(covered.others + HALF_EVENT, size=len(need))
        if covered.others_expected > 0
        else np.zeros(len(need))
    )
    mean = (served.sum(axis=1) + others) / (need.sum(axis=1) + covered.others_expected)
    ends = ((1 - settings.level) / 2, (1 + settings.level) / 2)
    coverage = np.quantile(served / need, ends, axis=0)
    gap = np.quantile(np.maximum(0.0, mean[:, None] * need - served), ends, axis=0)
    return coverage, gap


def _by_ends(
    rows: pl.DataFrame, served: Floats, mean: float, settings: Settings
) -> tuple[Floats, Floats]:
    """Ends of coverage and gap from published ends alone, for numbers rounded to hide others.

    They are wider than those from draws, and tell nothing that the ends they are made of do not.
    """
    low, high = rows["attesi_inf"].to_numpy(), rows["attesi_sup"].to_numpy()
    users = poisson_interval(served, level=settings.level)
    coverage = np.array([users.lower / high, users.upper / np.maximum(low, HALF_EVENT)])
    gap = np.maximum(0.0, np.array([mean * low - users.upper, mean * high - users.lower]))
    return coverage, gap


def _percent(values: Floats, to_whole: Callable[[Floats], Floats]) -> Floats:
    scale = 10.0**DECIMALS
    # A little is given back before rounding outwards, for what floating point added.
    return np.asarray(to_whole(np.round(PERCENT * values * scale, 6)) / scale, dtype=np.float64)


def _published(rows: pl.DataFrame) -> pl.DataFrame:
    reserved = pl.col("withheld").fill_null(value=False)
    known = pl.col("users").is_not_null() & ~reserved & (pl.col("stato") == VALID)

    def beyond(of: str, less: str) -> pl.Expr:
        return (
            pl.when(known).then((pl.col(of) - pl.col(less)).clip(lower_bound=0.0)).round(DECIMALS)
        )

    return (
        rows.with_columns(
            serviti=pl.when(~reserved).then("users"),
            latenti=beyond("attesi", "users"),
            latenti_inf=beyond("attesi_inf", "users"),
            latenti_sup=beyond("attesi_sup", "users"),
            eccedenza=beyond("users", "attesi"),
            stato_copertura=pl.when(reserved)
            .then(pl.lit(RESERVED))
            .when(known)
            .then(pl.lit(KNOWN))
            .otherwise(pl.lit(UNKNOWN)),
        )
        .with_columns(
            motivo_copertura=pl.when(reserved)
            .then(pl.lit(TOO_FEW))
            .when(known)
            .then(None)
            .when(pl.col("stato") != VALID)
            .then(pl.lit(NOT_EXPECTED))
            .otherwise(pl.col("motivo_copertura").fill_null(NOT_DELIVERED))
        )
        .select(
            "area_id",
            "dimensione",
            "anno",
            "attesi",
            "attesi_inf",
            "attesi_sup",
            "serviti",
            "anno_serviti",
            "latenti",
            "latenti_inf",
            "latenti_sup",
            "eccedenza",
            *_COMPARED,
            "stato_copertura",
            "motivo_copertura",
            stato_attesi="stato",
        )
        .sort("area_id", "dimensione")
    )
