"""The command that makes the frozen tables: `python -m will_pipeline.indicators.freezing`.

It is run once per base vintage and overwrites none unless told; a test checks that the tracked
tables are what it makes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import LEAST_RANKED_RESIDENTS, census_counts
from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.estimates import Settings
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


def edition_files(edition: str, folder: Path = FROZEN_FOLDER, *, replace: bool) -> tuple[Path, ...]:
    """Files of the goalposts and of the class cuts of an edition, where they may be written.

    Args:
        edition: name of the edition.
        folder: folder of the frozen tables.
        replace: whether an edition that exists may be overwritten.

    Raises:
        FileExistsError: the edition exists and must not be overwritten.
    """
    files = tuple(folder / f"{name}_{edition}.csv" for name in ("goalposts", "classes"))
    present = [file.name for file in files if file.exists()]
    if present and not replace:
        raise FileExistsError(
            f"edition {edition} is frozen already ({', '.join(present)}): every score would move; "
            "give a new --edition, or --replace if that is what you want"
        )
    return files


def main() -> None:
    """Write the frozen tables of one edition, never over an existing one unless told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("descriptors", type=Path, help="folder of the source descriptions")
    parser.add_argument("figures", type=Path, help="folder of the embedded figures")
    parser.add_argument("--output", type=Path, default=FROZEN_FOLDER)
    parser.add_argument("--edition", default=BASE_EDITION, help="name of the edition")
    parser.add_argument("--replace", action="store_true", help="overwrite an existing edition")
    arguments = parser.parse_args()
    try:
        files = edition_files(arguments.edition, arguments.output, replace=arguments.replace)
    except FileExistsError as refusal:
        parser.exit(2, f"{refusal}\n")
    for table, file in zip(
        frozen_tables(arguments.descriptors, arguments.figures), files, strict=True
    ):
        table.write_csv(file)


if __name__ == "__main__":
    main()
