"""The command that makes the frozen tables: `python -m will_pipeline.indicators.freezing`.

It is run once per base vintage; a test checks that the tracked tables are what it makes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import LEAST_RANKED_RESIDENTS, census_counts
from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.goalposts import BASE_EDITION, FROZEN_FOLDER, freeze
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

CENSUS = "istat_censimento_2011"


def frozen_tables(descriptors: Path, figures: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Goalposts and class cuts of the base vintage, from the embedded figures.

    Args:
        descriptors: folder of the `*.source.yaml` files.
        figures: folder of the embedded figures.
    """
    sources = load_sources(descriptors)
    census, subareas, pool = (
        read_embedded(sources[f"{CENSUS}_{name}"], figures) for name in ("ace_citta", "asc", "ace")
    )
    counts = census_counts(load_cities(), census, subareas)
    ranked = (counts["level"] != MUNICIPALITY_LEVEL) & (counts["P1"] >= LEAST_RANKED_RESIDENTS)
    specification = load_specification()
    areas = AreaCounts(counts.with_columns(residents="P1"), LEAST_RESIDENTS)
    estimates = estimate_all(specification, areas, pool, Settings())
    return freeze(specification, areas, estimates, ranked)


def main() -> None:
    """Write the frozen tables of the base vintage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("descriptors", type=Path, help="folder of the source descriptions")
    parser.add_argument("figures", type=Path, help="folder of the embedded figures")
    parser.add_argument("--output", type=Path, default=FROZEN_FOLDER)
    arguments = parser.parse_args()
    posts, cuts = frozen_tables(arguments.descriptors, arguments.figures)
    posts.write_csv(arguments.output / f"goalposts_{BASE_EDITION}.csv")
    cuts.write_csv(arguments.output / f"classes_{BASE_EDITION}.csv")


if __name__ == "__main__":
    main()
