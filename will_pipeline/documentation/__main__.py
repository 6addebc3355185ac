"""The command that makes the pages of the method: `python -m will_pipeline.documentation`.

It reads the latest release of the mart, the embedded figures and what was handed in, and leaves in
the folder of the indicators exactly the pages it made.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import polars as pl

from will_pipeline.documentation.idise import dropped_in, idise_section, with_section
from will_pipeline.documentation.indicator_pages import TABLES, indicator_pages
from will_pipeline.documentation.profile_page import TABLES as PROFILE_TABLES
from will_pipeline.documentation.profile_page import profile_page
from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.indicators.persons_page import page
from will_pipeline.mart.release import DATABASE_FILE
from will_pipeline.needs.frozen_typology import load_typology

PROJECT = Path(__file__).parents[2]
METHOD = PROJECT / "docs" / "method"
GENERATED = ("*.md", "*.svg")
INDICES, MUNICIPALITIES = "fatto_indice", "dim_comune"


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
        names = dict.fromkeys((*TABLES, *PROFILE_TABLES, INDICES))
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


def write_method(tables: dict[str, pl.DataFrame], folder: Path, project: Path) -> None:
    """Write the page of the persons, and the section on IDISE of the page of validation.

    Args:
        tables: tables of the mart.
        folder: folder of the pages of the method, with `coverage.md` and `validazione.md`.
        project: folder of the project, for figures and files handed in.

    Raises:
        SourceFault: Files of IDISE were handed in and cannot be read.
    """
    coverage = (folder / "coverage.md").read_text("utf-8")
    persons = page(project / "assets" / "raw", project / "data" / "raw" / "figures", coverage)
    section = idise_section(dropped_in(project), tables[INDICES], tables[MUNICIPALITIES])
    validation = folder / "validazione.md"
    told = with_section(validation.read_text("utf-8"), section)
    (folder / "persone.md").write_text(persons, "utf-8")
    validation.write_text(told, "utf-8")


def main() -> None:
    """Write the pages of the indicators, of the persons, of the profiles and of the validation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", type=Path, default=PROJECT / "data" / "marts" / "latest")
    parser.add_argument("--output", type=Path, default=METHOD / "indicatori")
    parser.add_argument("--method", type=Path, default=METHOD, help="folder of the method pages")
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the project")
    arguments = parser.parse_args()
    tables = read_mart(arguments.release)
    pages = indicator_pages(tables)
    write_pages(pages, arguments.output)
    for name, text in profile_page(tables, load_typology(BASE_EDITION)).items():
        (arguments.method / name).write_text(text, "utf-8")
    write_method(tables, arguments.method, arguments.project)
    print(f"{len(pages)} file in {arguments.output}, gli altri in {arguments.method}")


if __name__ == "__main__":
    main()
