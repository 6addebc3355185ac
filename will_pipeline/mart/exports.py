"""The files beside the mart, and the list of their checksums.

Everything here renders tables that are already decided; no number is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.catalogue import (
    TURTLE_FILE,
    XML_FILE,
    Entry,
    catalogue_graph,
    load_identity,
    rdf_xml,
    turtle,
)
from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.descriptors import (
    attribution_page,
    data_package,
    dictionary_page,
    table_schema,
    view_schema,
)
from will_pipeline.mart.geofiles import placed_areas, write_geopackage, write_geoparquet
from will_pipeline.mart.news import news_page
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.osm_layer import write_osm_layer
from will_pipeline.mart.plain_text import write_excel_csv, write_formal_csv
from will_pipeline.mart.sheets import FACT_HEADINGS, told_facts, wide_headings, workbook_sheets
from will_pipeline.mart.spreadsheets import write_ods, write_xlsx
from will_pipeline.mart.vector_tiles import FILE as TILES_FILE
from will_pipeline.mart.vector_tiles import placed_sections, section_tiles, whom_to_name

CHECKSUM_FILE = "sha256sums.txt"
FACTS, WIDE, WIDE_VIEW = "fatto_indicatore", "aree_larga", "v_aree_larga"
TITLE = "Atlante dei bisogni collettivi: le aree"
TITLE_OF_MART = "Atlante dei bisogni collettivi: il mart"


def write_exports(
    folder: Path,
    tables: Mapping[str, pl.DataFrame],
    *,
    contracts: Mapping[str, TableContract],
    views: Mapping[str, ViewContract],
    sections: pl.DataFrame | None = None,
    osm_places: pl.DataFrame | None = None,
) -> None:
    """Write every file of a release that renders its tables, beside the mart already there.

    Facts as Parquet, CSV and CSV for Italian Excel; the wide table of areas also as XLSX and ODS;
    areas with a boundary as GeoPackage and GeoParquet, sections as vector tiles; dictionary,
    attributions and data package. Places of OpenStreetMap stay in a folder of their own.

    Args:
        folder: folder of the release, with its mart.
        tables: rows of every published table.
        contracts: contracts of the tables.
        views: contracts of the views.
        sections: rows of `core.section`; those with a polygon become vector tiles.
        osm_places: rows of `raw.osm_presidi`, kept apart; without any there is no file.
    """
    info = dict(tables["mart_info"].select("chiave", "valore").iter_rows())
    made_at = datetime.fromisoformat(info["fatto_il"])
    with open_mart(folder) as mart:
        wide = mart.sql(f"SELECT * FROM {WIDE_VIEW}").pl()
    facts = tables[FACTS]
    facts.write_parquet(folder / f"{FACTS}.parquet", compression="zstd")
    write_formal_csv(folder / f"{FACTS}.csv", facts)
    write_formal_csv(folder / f"{WIDE}.csv", wide)
    told, decimals = told_facts(facts, tables, contracts[FACTS])
    write_excel_csv(folder / f"{FACTS}_excel_it.csv", told, FACT_HEADINGS, decimals)
    headings = wide_headings(views[WIDE_VIEW])
    write_excel_csv(folder / f"{WIDE}_excel_it.csv", wide, headings)
    for write, ending in ((write_xlsx, "xlsx"), (write_ods, "ods")):
        sheets = workbook_sheets(wide, views[WIDE_VIEW], tables, info)
        write(folder / f"{WIDE}.{ending}", sheets, title=TITLE, made_at=made_at)
    placed = placed_areas(tables["dim_area"], tables["area_geometria"], wide)
    if not placed.empty:
        write_geopackage(folder / "aree.gpkg", placed, made_at=made_at)
        write_geoparquet(folder / "aree.parquet", placed)
    if sections is not None:
        write_files(folder, _tiles(sections, tables["dim_fonte"]))
    if osm_places is not None:
        write_osm_layer(folder, osm_places, made_at=made_at)
    pages = {
        "DIZIONARIO.md": dictionary_page(tables["dizionario"], contracts.values()),
        "NOVITA.md": news_page(tables["novita"]),
        "ATTRIBUZIONI.md": attribution_page(tables["dim_fonte"], info["citazione"]),
    }
    write_files(folder, pages)
    described = {
        f"{FACTS}.csv": (contracts[FACTS].description.it, table_schema(contracts[FACTS])),
        f"{WIDE}.csv": (views[WIDE_VIEW].description.it, view_schema(views[WIDE_VIEW], wide)),
    }
    package = data_package(folder, described, tables["dim_fonte"], info)
    write_files(folder, {"datapackage.json": package})
    graph = catalogue_graph(_entries(folder, contracts, views), info, load_identity())
    write_files(folder, {TURTLE_FILE: turtle(graph), XML_FILE: rdf_xml(graph)})


def _tiles(sections: pl.DataFrame, sources: pl.DataFrame) -> dict[str, bytes]:
    drawn = placed_sections(sections)
    if drawn.empty:
        return {}
    return {TILES_FILE: section_tiles(drawn, attribution=whom_to_name(sections, sources))}


def _entries(
    folder: Path, contracts: Mapping[str, TableContract], views: Mapping[str, ViewContract]
) -> list[Entry]:
    """Datasets of the catalogue, each with those of its files that this release has."""
    described = (
        ("mart", TITLE_OF_MART, "Tutte le tabelle, con le descrizioni delle colonne.",
         (DATABASE_FILE,)),
        (FACTS, contracts[FACTS].grain.it.capitalize(), contracts[FACTS].description.it,
         (f"{FACTS}.csv", f"{FACTS}.parquet")),
        (WIDE, TITLE, views[WIDE_VIEW].description.it,
         (f"{WIDE}.csv", f"{WIDE}.xlsx", f"{WIDE}.ods")),
        ("aree", "I confini delle aree, con i loro indici",
         "Le aree che hanno un confine vero, in longitudine e latitudine.",
         ("aree.gpkg", "aree.parquet")),
        ("sezioni", "I confini delle sezioni di censimento",
         "Le sezioni che hanno un confine, a riquadri per le mappe. Non hanno numeri di persone.",
         (TILES_FILE,)),
    )  # fmt: skip
    entries = [
        Entry(name, title, says, [folder / file for file in files if (folder / file).is_file()])
        for name, title, says, files in described
    ]
    return [entry for entry in entries if entry.files]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files given by relative path."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def write_checksums(folder: Path) -> Path:
    """Write the sha256 of every file under `folder`, in the format of `sha256sum`."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in files
        if file.name != CHECKSUM_FILE
    ]
    target = folder / CHECKSUM_FILE
    target.write_text("".join(lines), "utf-8")
    return target


def altered_files(folder: Path) -> list[str]:
    """Files of a release that are missing, differ from its checksums or are not in the list.

    Args:
        folder: folder of a release; without a list of checksums the list itself is missing.

    Returns:
        Relative paths, those of the list first.
    """
    listing = folder / CHECKSUM_FILE
    if not listing.is_file():
        return [CHECKSUM_FILE]
    # A damaged list may hold bytes that are no text: they must read as names that lead nowhere.
    text = listing.read_bytes().decode("utf-8", errors="replace")
    broken, listed = [], {CHECKSUM_FILE}
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        listed.add(name)
        if _sha256(folder, name) != digest:
            broken.append(name or CHECKSUM_FILE)
    there = sorted(file for file in folder.rglob("*") if file.is_file())
    places = (file.relative_to(folder).as_posix() for file in there)
    return broken + [place for place in places if place not in listed]


def _sha256(folder: Path, name: str) -> str | None:
    """Checksum of a file of the folder; none where the name leads to no file inside it."""
    if not name or "\0" in name:
        return None
    file = folder / name
    if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        return None
    return hashlib.sha256(file.read_bytes()).hexdigest()
