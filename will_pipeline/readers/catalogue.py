"""Which reader each product has, so that a live source may name it in its descriptor.

What belongs here is one entry a product: the function, the formats it takes, what its archive
holds; a new product is one more entry.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.unpacked import Content, members

_READERS = "will_pipeline.readers"
_ANY_CSV = r".+\.csv"


@dataclass(frozen=True)
class Product:
    """How the files of a product become a table.

    Attributes:
        reader: `module:function` of the readers.
        formats: Formats of a live source that it takes, as in `sources.live`.
        members: Pattern of the files inside its archives, for a reader that takes plain files;
            none where the reader opens archives by itself.
        options: Options the reader always has.
    """

    reader: str
    formats: tuple[str, ...]
    members: str | None = None
    options: Mapping[str, Any] | None = None


def _sections(vintage: int, live_format: str) -> Product:
    options = {"vintage": vintage}
    return Product("istat_census_sections:sections", (live_format,), options=options)


PRODUCTS: dict[str, Product] = {
    "istat_sezioni_2011": _sections(2011, "csv_zip"),
    "istat_sezioni_2021": _sections(2021, "xlsx_zip"),
    "istat_sezioni_2023": _sections(2023, "xlsx_zip"),
    "istat_sezioni_2021_attributi": Product(
        "istat_sections_2021:sections", ("shapefile_zip",), members=r".+\.(?:dbf|cpg)"
    ),
    "istat_aree_2011_ace": Product(
        "istat_census_2011:areas", ("csv_zip",), members=r"R\d\d_.*_areecensimento\.csv"
    ),
    "istat_aree_2011_asc": Product(
        "istat_census_2011:subareas", ("csv_zip",), members=r"R\d\d_.*_areesubcomunali\.csv"
    ),
    "istat_asc_2021": Product("istat_territorial_tables:sub_municipal_areas", ("csv_zip",)),
    "istat_localita_2021": Product("istat_territorial_tables:localities", ("csv_zip",)),
    "agid_censimento_citta": Product("agid_census:sections", ("geojson",)),
    "istat_sdmx": Product("istat_sdmx_flows:observations", ("sdmx_csv",)),
    "istat_bes_territori": Product("istat_bes:provinces", ("xlsx",)),
    "istat_bes_confronti": Product("istat_bes:references", ("xlsx",)),
    "istat_posas": Product("istat_posas:population_by_age", ("csv_zip", "csv")),
    "istat_bilancio": Product(
        "istat_demo:balance", ("csv_zip", "csv"), members=r"P2_\d{4}_it_Comuni\.csv"
    ),
    "istat_cittadinanza": Product(
        "istat_demo:foreign_balance", ("csv_zip", "csv"), members=r"P3_\d{4}_it_Comuni\.csv"
    ),
    "mef_irpef_comuni": Product("mef_irpef:municipalities", ("csv_zip", "csv"), members=_ANY_CSV),
    "mef_irpef_cap": Product("mef_irpef:postal_codes", ("csv_zip", "csv"), members=_ANY_CSV),
    "mim_scuole": Product("mim_scuole:schools", ("csv",)),
    "iccu_biblioteche": Product("iccu_biblioteche:libraries", ("csv_zip", "csv"), members=_ANY_CSV),
    "agenzia_5x1000": Product("agenzia_cinque_per_mille:beneficiaries", ("csv",)),
    "eligendo_affluenza": Product("eligendo:turnout", ("csv",)),
    "opencivitas": Product("opencivitas:spending", ("json",)),
    "salute_farmacie": Product("salute_farmacie:pharmacies", ("json",)),
    "osm_presidi": Product("osm_places:extracts", ("osm_pbf",)),
    "anncsu_civici": Product("anncsu:civic_numbers", ("csv_zip", "csv")),
    "parma_anagrafe": Product("parma_anagrafe:population", ("csv",)),
}
"""Products by name; a live source names one, or has its name for key."""


def product(name: str, source: str) -> Product:
    """Find a product.

    Args:
        name: Name of the product.
        source: Key of the source that asks, for the fault.

    Returns:
        The product.

    Raises:
        SourceFault: There is no such product.
    """
    if name not in PRODUCTS:
        rule = f"il prodotto '{name}' non è fra quelli che si sanno leggere"
        raise SourceFault(source, f"{source}.source.yaml", "campo live.product", rule)
    return PRODUCTS[name]


def reader_of(found: Product) -> Callable[..., pl.DataFrame]:
    """The function that reads a product.

    Args:
        found: The product.
    """
    module, _, function = found.reader.partition(":")
    reader: Callable[..., pl.DataFrame] = getattr(
        importlib.import_module(f"{_READERS}.{module}"), function
    )
    return reader


def read(
    name: str, files: Mapping[str, Content], *, source: str, live_format: str, **options: Any
) -> pl.DataFrame:
    """Read the files of a snapshot.

    Args:
        name: Name of the product.
        files: Files of the snapshot under the names that their producer gives them: bytes, or
            paths in the archive of snapshots.
        source: Key of the source, for the faults.
        live_format: Format the source declares.
        options: Options of the reader, beside those of the product.

    Returns:
        The table, as the reader of the product gives it.

    Raises:
        SourceFault: There is no such product, it has another format, or its reader refuses a file.
        TypeError: The reader has no such option.
    """
    found = product(name, source)
    if live_format not in found.formats:
        rule = f"il prodotto '{name}' non si legge da {live_format}"
        raise SourceFault(source, f"{source}.source.yaml", "campo live.format", rule)
    given: Mapping[str, Content] = files
    if found.members is not None:
        given = dict(members(files, source, pattern=found.members))
    elif not _opens_archives(found):
        given = {each: _bytes(content) for each, content in files.items()}
    return reader_of(found)(given, **{**(found.options or {}), **options})


def _opens_archives(found: Product) -> bool:
    return any(each.endswith("_zip") for each in found.formats)


def _bytes(content: Content) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content
