"""The command that makes the pages of the method: `python -m will_pipeline.documentation`.

It reads the latest release of the mart; the folder of the indicators keeps exactly their pages.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import polars as pl

from will_pipeline.documentation.indicator_pages import TABLES, indicator_pages
from will_pipeline.documentation.profile_page import TABLES as PROFILE_TABLES
from will_pipeline.documentation.profile_page import profile_page
from will_pipeline.mart.dimensions import CENSUS_YEAR
from will_pipeline.mart.release import DATABASE_FILE
from will_pipeline.needs.frozen_typology import load_typology

PROJECT = Path(__file__).parents[2]
GENERATED = ("*.md", "*.svg")


def read_mart(release: Path) -> dict[str, pl.DataFrame]:
    """Read the tables that the pages are made of.

    Args:
        release: folder of a release.

    Raises:
        FileNotFoundError: the folder has no mart.
    """
    file = release / DATABASE_FILE
    if not file.is_file():
        raise FileNotFoundError(f"nessun mart in {release}: prima va eseguito «make run»")
    with duckdb.connect(str(file), read_only=True) as connection:
        names = dict.fromkeys((*TABLES, *PROFILE_TABLES))
        return {name: connection.sql(f'FROM "{name}"').pl() for name in names}


def write_pages(pages: dict[str, str], folder: Path) -> None:
    """Write the pages and remove those of indicators that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in GENERATED:
        for file in folder.glob(pattern):
            if file.name not in pages:
                file.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8")


def main() -> None:
    """Write the pages of the indicators, and beside their folder the page of the profiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", type=Path, default=PROJECT / "data" / "marts" / "latest")
    parser.add_argument("--output", type=Path, default=PROJECT / "docs" / "method" / "indicatori")
    arguments = parser.parse_args()
    tables = read_mart(arguments.release)
    pages = indicator_pages(tables)
    write_pages(pages, arguments.output)
    print(f"{len(pages)} file in {arguments.output}")
    for name, text in profile_page(tables, load_typology(str(CENSUS_YEAR))).items():
        (arguments.output.parent / name).write_text(text, "utf-8")
        print(f"{name} in {arguments.output.parent}")


if __name__ == "__main__":
    main()
