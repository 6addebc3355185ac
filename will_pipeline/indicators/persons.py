"""Persons in a condition, area by area: expected counts, tilted, benchmarked, with intervals.

The engine of the indicators of role `persone`; what it applies is learnt in `provincial` and
`isolation`, and how it computes lives in `will_pipeline.statistics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators import isolation, provincial
from will_pipeline.indicators.areas import AreaCounts, Floats
from will_pipeline.indicators.estimates import Estimate, Settings, nothing
from will_pipeline.indicators.kinds import (
    MacroAreaLevel,
    SyntheticShare,
)
from will_pipeline.indicators.levels import (
    Evidence,
    Level,
    benchmarks,
    check_overrides,
    source_of,
    synthetic_of,
)
from will_pipeline.indicators.signals import AreaSignals, area_signals
from will_pipeline.indicators.specification import Indicator, Specification
from will_pipeline.statistics.synthetic import (
    Tilt,
    relative_risk,
    synthetic_counts,
    tilt_sensitivity,
)
from will_pipeline.statistics.synthetic_intervals import FEWEST_DRAWS, bootstrap_intervals

PERCENT = 100.0
FACTORS = (0.0, 0.5, 2.0)
"""Multiples of a prior weight under which its persons are shown, beside those published."""
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Model:
    """What a synthetic indicator applies to the areas.

    Attributes:
        rates: rate of each exposed group, shape (g,).
        errors: standard errors of the rates, shape (g,).
        tilt: weights of the signals; heterogeneity as learnt, before inflation.
        exposed: exposed residents by area and group, shape (n, g).
        signals: signals of the areas.
        validation: out-of-sample error, where weights are estimated.
    """

    rates: Floats
    errors: Floats
    tilt: Tilt
    exposed: Floats
    signals: AreaSignals
    validation: provincial.Validation | None


@dataclass(frozen=True)
class Persons:
    """Persons, or their share, in n areas.

    Attributes:
        estimate: as for any indicator; the numerator is never observed, the denominator is the
            exposed residents.
        years: year of the level of each area, shape (n,).
        sources: source of the level of each area, shape (n,).
        model: what was applied; none where a column is missing.
    """

    estimate: Estimate
    years: NDArray[np.int64]
    sources: tuple[str, ...]
    model: Model | None


def estimate_persons(
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    evidence: Evidence,
    settings: Settings,
) -> dict[str, Persons]:
    """Estimate every indicator of persons, and its share of the exposed, by identifier.

    Args:
        specification: the specification table.
        areas: counts of the areas and of their municipalities.
        estimates: estimates of the indicators that come from counts.
        evidence: what is known outside the areas.
        settings: draws (at least 100 are taken), level and seed.

    Returns:
        Persons of the areas of each level of a city add up to the city's benchmark.

    Raises:
        ValueError: a city has a benchmark for something that is no indicator of persons.
    """
    check_overrides(specification, evidence.cities)
    found = {
        card.indicatore_id: _persons(
            card, specification, areas, estimates, evidence=evidence, settings=settings
        )
        for card in specification.synthetic
    }
    shares = {
        card.indicatore_id: _share(found[card.estimator.of], areas)
        for card in specification.indicators.values()
        if isinstance(card.estimator, SyntheticShare)
    }
    return found | shares


def prepare(
    card: Indicator,
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    evidence: Evidence,
    settings: Settings,
) -> Model:
    """Learn what a synthetic indicator applies, and take the signals of the areas."""
    estimator = synthetic_of(card)
    signals = area_signals(
        estimator, specification, areas, estimates, pool=evidence.pool, settings=settings
    )
    exposed = np.column_stack([areas.evaluate(group.population) for group in estimator.exposed])
    if isinstance(estimator.level, MacroAreaLevel):
        lesson = isolation.learn(estimator, evidence.pool, evidence.isolation)
        return Model(lesson.rates, lesson.errors, lesson.tilt, exposed, signals, None)
    taught = provincial.learn(estimator, specification, evidence.pool, evidence.series)
    # One group: its rate cancels out in the benchmark, which tells the level.
    return Model(np.ones(1), np.zeros(1), taught.tilt, exposed, signals, taught.validation)


def sensitivity(
    card: Indicator, areas: AreaCounts, model: Model, levels: Mapping[str, Level]
) -> pl.DataFrame:
    """Persons of every area with the weights of the signals multiplied by each of `FACTORS`.

    Returns:
        `area_id`, `factor`, `persons`; levels of a city that cannot be shared out are left out.
    """
    rows = [
        {"area_id": areas.frame["area_id"][int(place)], "factor": factor, "persons": float(value)}
        for total, _, inside in _shared_levels(areas, model, levels)
        for factor, counts in zip(
            FACTORS,
            tilt_sensitivity(
                model.exposed[inside],
                model.rates,
                total,
                model.signals.values[inside],
                model.tilt,
                factors=FACTORS,
            ),
            strict=True,
        )
        for place, value in zip(inside, counts, strict=True)
    ]
    return pl.DataFrame(
        rows, schema={"area_id": pl.String, "factor": pl.Float64, "persons": pl.Float64}
    )


def _persons(
    card: Indicator,
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    evidence: Evidence,
    settings: Settings,
) -> Persons:
    levels = benchmarks(card, evidence)
    settings = replace(settings, draws=max(settings.draws, FEWEST_DRAWS))
    cities = areas.frame["pro_com"].to_list()
    last = max((level.year for level in levels.values()), default=0)
    source = source_of(card)
    empty = Persons(
        estimate=nothing(areas, settings),
        years=np.array([levels[c].year if c in levels else last for c in cities], dtype=np.int64),
        sources=tuple(levels[c].source if c in levels else source for c in cities),
        model=None,
    )
    if specification.missing(card.indicatore_id, areas.frame.columns, evidence.pool.columns):
        return empty
    model = prepare(card, specification, areas, estimates, evidence=evidence, settings=settings)
    return replace(
        empty,
        model=model,
        estimate=_estimate(card, areas, model, levels, settings=settings, blank=empty.estimate),
    )


def _shared_levels(
    areas: AreaCounts, model: Model, levels: Mapping[str, Level]
) -> Iterator[tuple[float, float, Positions]]:
    """Benchmark (persons), its error and the areas of each level of each city that shares it.

    Areas with nobody exposed take no part. A level where an area does not know its exposed
    residents or its signals shares nothing: what is missing there has no fair share.
    """
    exposed = model.exposed.sum(axis=1)
    complete = np.isfinite(exposed) & np.isfinite(model.signals.values).all(axis=1)
    for group in dict.fromkeys(areas.groups[~areas.is_city]):
        members = np.flatnonzero(areas.groups == group)
        level = levels.get(str(areas.frame["pro_com"][int(members[0])]))
        inside = members[~(exposed[members] == 0)]
        if level is None or not inside.size or not complete[inside].all():
            continue
        city = exposed[areas.city_row[inside[0]]]
        yield level.share * city, level.error * city, inside


def _estimate(
    card: Indicator,
    areas: AreaCounts,
    model: Model,
    levels: Mapping[str, Level],
    *,
    settings: Settings,
    blank: Estimate,
) -> Estimate:
    exposed = model.exposed.sum(axis=1)
    value, draws = blank.value.copy(), blank.draws.copy()
    for place in np.flatnonzero(areas.is_city):
        level = levels.get(str(areas.frame["pro_com"][int(place)]))
        if level is not None and exposed[place] > 0:
            value[place] = level.share * exposed[place]
            generator = settings.generator(f"{card.indicatore_id}.{areas.groups[place]}")
            draws[:, place] = exposed[place] * level.draw(settings.draws, generator)
    for total, error, inside in _shared_levels(areas, model, levels):
        tilt = _uncertain(model, inside, synthetic_of(card).inflation)
        signals = model.signals.values[inside]
        value[inside] = synthetic_counts(
            model.exposed[inside], model.rates, total, risks=relative_risk(signals, tilt).risk
        ).counts
        draws[:, inside] = bootstrap_intervals(
            model.exposed[inside],
            model.rates,
            total,
            generator=settings.generator(f"{card.indicatore_id}.{areas.groups[inside[0]]}"),
            rate_errors=model.errors,
            total_error=error,
            signals=signals,
            tilt=tilt,
            draws=settings.draws,
            level=settings.level,
        ).draws
    tails = ((1 - settings.level) / 2, (1 + settings.level) / 2)
    lower, upper = np.quantile(draws, tails, axis=0)
    return replace(
        blank,
        value=value,
        lower=np.minimum(lower, value),
        upper=np.maximum(upper, value),
        deviation=draws.std(axis=0),
        scale=value,
        denominator=exposed,
        city=value[areas.city_row],
        draws=draws,
        impossible=model.signals.impossible,
    )


def _uncertain(model: Model, inside: Positions, factor: float) -> Tilt:
    """The tilt with all that makes areas differ from it: inflation, and errors of the signals."""
    scores = model.signals.draws[:, inside] @ model.tilt.weights
    spread = np.nanvar(scores, axis=0).mean()
    wider = model.tilt.inflated(factor)
    return replace(wider, heterogeneity=float(np.sqrt(wider.heterogeneity**2 + spread)))


def _share(persons: Persons, areas: AreaCounts) -> Persons:
    found = persons.estimate
    per_hundred = PERCENT / np.where(found.denominator > 0, found.denominator, np.nan)
    share = replace(
        found,
        value=found.value * per_hundred,
        lower=found.lower * per_hundred,
        upper=found.upper * per_hundred,
        deviation=found.deviation * per_hundred,
        scale=found.value * per_hundred,
        city=(found.value * per_hundred)[areas.city_row],
        draws=found.draws * per_hundred,
    )
    return replace(persons, estimate=share)
