"""The command that makes the frozen typology: `python -m will_pipeline.needs.freezing_typology`.

It is run once per vintage, never by night: new figures then move areas among groups that stay.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.geography.census_areas import LEAST_RANKED_RESIDENTS, RESIDUAL_CODE
from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.goalposts import BASE_EDITION, POOL_LEVEL, stack
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.specification import (
    LEAST_RESIDENTS,
    Specification,
    load_specification,
)
from will_pipeline.needs.frozen_typology import (
    FROZEN_FOLDER,
    IDENTIFIER,
    FrozenTypology,
    Group,
    Pool,
    Scale,
    TriedNumber,
    frozen_file,
    load_typology,
    save_typology,
)
from will_pipeline.needs.traits import names
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.statistics.cluster_stability import (
    RESAMPLE_STARTS,
    RESAMPLES,
    ClusterChoice,
    align_labels,
    bootstrap_stability,
)
from will_pipeline.statistics.clustering import (
    STARTS,
    Typology,
    assign,
    fit_typology,
)
from will_pipeline.statistics.outliers import (
    FrozenTreatment,
    freeze_treatment,
    treat_outliers,
)

Floats = NDArray[np.float64]
CENSUS_POOL = "istat_censimento_2011_ace"
LEAST_TOWN, MOST_TOWN = 50_000, 250_000
"""Residents of a comparable town: the eight cities have from 50 to 206 thousand."""
CANDIDATES = tuple(range(3, 11))
"""Numbers of groups tried. Two only tell more need from less, which the indices say better."""
DECIMALS = 10
FEWEST_DRAWS = 2


@dataclass(frozen=True)
class Plan:
    """How much is computed: numbers of groups tried, starts, resamples."""

    candidates: Sequence[int] = CANDIDATES
    starts: int = STARTS
    resamples: int = RESAMPLES
    resample_starts: int = RESAMPLE_STARTS


def comparable_areas(pool: pl.DataFrame) -> pl.DataFrame:
    """Areas of comparable towns and the towns themselves, as counts of areas.

    Args:
        pool: census areas of Italy: `pro_com`, `code` and ISTAT's codes.

    Returns:
        `area_id`, `pro_com`, `level`, `code`, `residents`, `in_pool` and ISTAT's codes: the census
        areas of towns within the range, and one row per town with the sum of its areas, rings
        included. `in_pool` leaves out towns, rings and areas under 1,000 residents.
    """
    codes = [name for name in pool.columns if name not in ("pro_com", "code")]
    towns = (
        pool.group_by("pro_com")
        .agg(pl.col(codes).sum())
        .filter(pl.col("P1").is_between(LEAST_TOWN, MOST_TOWN))
    )
    whole = towns.with_columns(
        area_id=pl.concat_str("pro_com", pl.lit(f".{MUNICIPALITY_LEVEL}")),
        level=pl.lit(MUNICIPALITY_LEVEL),
        code=pl.lit(None, dtype=pool.schema["code"]),
    )
    areas = pool.join(towns.select("pro_com"), on="pro_com", how="semi").with_columns(
        area_id=pl.format("{}." + POOL_LEVEL + "{}", "pro_com", "code"), level=pl.lit(POOL_LEVEL)
    )
    inside = (
        (pl.col("level") == POOL_LEVEL)
        & (pl.col("code") != RESIDUAL_CODE)
        & (pl.col("P1") >= LEAST_RANKED_RESIDENTS)
    )
    return (
        pl.concat([areas, whole], how="diagonal")
        .with_columns(residents="P1", in_pool=inside.fill_null(value=False))
        .sort("pro_com", "level", "code")
    )


def pool_values(specification: Specification, pool: pl.DataFrame) -> tuple[pl.DataFrame, Floats]:
    """Comparable indicators of the pool, estimated as those of the cities are.

    Args:
        specification: the specification table.
        pool: census areas of Italy.

    Returns:
        The areas of the pool and their values, shape (n, m); areas with a value that cannot be
        are left out.
    """
    counts = comparable_areas(pool)
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    estimates = estimate_all(specification, areas, pool, Settings(draws=FEWEST_DRAWS))
    values = stack(estimates, specification.comparable, "value")
    used = counts["in_pool"].to_numpy() & np.isfinite(values).all(axis=1)
    return counts.filter(pl.Series(used)), values[used]


def freeze_typology(
    specification: Specification,
    pool: pl.DataFrame,
    *,
    edition: str,
    plan: Plan | None = None,
    seed: int = Settings.seed,
    previous: FrozenTypology | None = None,
) -> FrozenTypology:
    """Find the groups of comparable areas, their number, their stability and their names.

    Indicators are treated for outliers by the rule of the indices and standardised over the pool;
    the number of groups is the largest that is stable enough to be published, or the most stable
    one where none is; groups keep the numbers of the previous edition they share most areas with.

    Args:
        specification: the specification table.
        pool: census areas of Italy: `pro_com`, `code` and ISTAT's codes.
        edition: vintage of the indicators.
        plan: how much is computed; the whole plan where None.
        seed: seed of the starts and of the resamples.
        previous: the previous edition.

    Returns:
        The typology, rounded to ten decimals.
    """
    plan = plan or Plan()
    areas, values = pool_values(specification, pool)
    identifiers = [indicator.indicatore_id for indicator in specification.comparable]
    treated = treat_outliers(values)
    settings = Settings(seed=seed)
    tried = [
        bootstrap_stability(
            treated.values,
            indicators=identifiers,
            clusters=clusters,
            generator=settings.generator(f"typology.{clusters}"),
            resamples=plan.resamples,
            starts=plan.starts,
            resample_starts=plan.resample_starts,
        )
        for clusters in plan.candidates
    ]
    clusters = ClusterChoice.among(tried).finest.clusters
    # The same stream as above: what is published is the very partition that was put to the test.
    fitted = fit_typology(
        treated.values,
        indicators=identifiers,
        clusters=clusters,
        generator=settings.generator(f"typology.{clusters}"),
        starts=plan.starts,
    )
    label = assign(treated.values, fitted).label
    return FrozenTypology(
        edition=edition,
        seed=seed,
        starts=plan.starts,
        resamples=plan.resamples,
        pool=Pool(
            least_residents_of_town=LEAST_TOWN,
            most_residents_of_town=MOST_TOWN,
            least_residents_of_area=LEAST_RANKED_RESIDENTS,
            towns=areas["pro_com"].n_unique(),
            areas=areas.height,
        ),
        stability=tuple(
            TriedNumber(
                clusters=each.clusters,
                mean=round(each.mean, DECIMALS),
                lower=round(float(np.quantile(each.index, 0.05)), DECIMALS),
                upper=round(float(np.quantile(each.index, 0.95)), DECIMALS),
            )
            for each in tried
        ),
        within=round(fitted.within, DECIMALS),
        indicators=tuple(
            _scale(fitted, j, freeze_treatment(values[:, j], record))
            for j, record in enumerate(treated.columns)
        ),
        groups=_groups(
            specification, fitted, values, label, _numbers(previous, identifiers, values, label)
        ),
    )


def _scale(fitted: Typology, place: int, treatment: FrozenTreatment) -> Scale:
    return Scale(
        indicatore_id=fitted.indicators[place],
        centre=round(float(fitted.centre[place]), DECIMALS),
        deviation=round(float(fitted.scale[place]), DECIMALS),
        lower=_bound(treatment.lower),
        upper=_bound(treatment.upper),
        log=treatment.log,
        offset=round(treatment.offset, DECIMALS),
    )


def _bound(value: float) -> float | None:
    return round(value, DECIMALS) if np.isfinite(value) else None


def _numbers(
    previous: FrozenTypology | None,
    identifiers: Sequence[str],
    values: Floats,
    label: NDArray[np.intp],
) -> list[int]:
    """Number of each group: that of the previous group it shares most areas with, or a new one."""
    clusters = int(label.max()) + 1
    if previous is None:
        return list(range(1, clusters + 1))
    taken = [group.number for group in previous.groups]
    fresh = max(taken) + 1
    if not set(previous.names) <= set(identifiers):
        return list(range(fresh, fresh + clusters))
    columns = [identifiers.index(name) for name in previous.names]
    before = assign(previous.treat(values[:, columns]), previous.typology).label
    numbers, following = [], iter(range(fresh, fresh + clusters))
    for name in align_labels(before, label).name:
        known = name <= before.max()
        numbers.append(taken[name] if known else next(following))
    return numbers


def _groups(
    specification: Specification,
    fitted: Typology,
    values: Floats,
    label: NDArray[np.intp],
    numbers: list[int],
) -> tuple[Group, ...]:
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    named = names(specification, [fitted.centroids[place] for place in order])
    return tuple(
        Group(
            profilo_id=f"{IDENTIFIER}{numbers[place]}",
            etichetta=italian,
            label_en=english,
            areas=int(fitted.size[place]),
            centroid=tuple(fitted.centroids[place].round(DECIMALS).tolist()),
            mean=tuple(values[label == place].mean(axis=0).round(DECIMALS).tolist()),
        )
        for place, (italian, english) in zip(order, named, strict=True)
    )


def read_pool(descriptors: Path, figures: Path) -> pl.DataFrame:
    """Census areas of Italy from the embedded figures.

    Args:
        descriptors: folder of the `*.source.yaml` files.
        figures: folder of the embedded figures.
    """
    areas = read_embedded(load_sources(descriptors)[CENSUS_POOL], figures)
    return areas.rename({"ace": "code"}).drop("comune", "province", "region")


def previous_edition(edition: str, folder: Path) -> FrozenTypology | None:
    """The latest edition before `edition`, or the one it replaces; none at first."""
    prefix, suffix = frozen_file("", folder).stem, ".yaml"
    known = sorted(file.stem.removeprefix(prefix) for file in folder.glob(f"{prefix}*{suffix}"))
    earlier = [name for name in known if name <= edition]
    return load_typology(earlier[-1], folder) if earlier else None


def main() -> None:
    """Write the typology of one edition, never over an existing one unless told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("descriptors", type=Path, help="folder of the source descriptions")
    parser.add_argument("figures", type=Path, help="folder of the embedded figures")
    parser.add_argument("--output", type=Path, default=FROZEN_FOLDER)
    parser.add_argument("--edition", default=BASE_EDITION, help="vintage of the indicators")
    parser.add_argument("--replace", action="store_true", help="overwrite an existing edition")
    parser.add_argument("--resamples", type=int, default=RESAMPLES)
    parser.add_argument("--starts", type=int, default=STARTS)
    arguments = parser.parse_args()
    file = frozen_file(arguments.edition, arguments.output)
    if file.exists() and not arguments.replace:
        parser.exit(
            2,
            f"{file.name} is frozen already: areas would change group; give a new --edition, or "
            "--replace if that is what you want\n",
        )
    typology = freeze_typology(
        load_specification(),
        read_pool(arguments.descriptors, arguments.figures),
        edition=arguments.edition,
        plan=Plan(starts=arguments.starts, resamples=arguments.resamples),
        previous=previous_edition(arguments.edition, arguments.output),
    )
    print(save_typology(typology, arguments.output))


if __name__ == "__main__":
    main()
