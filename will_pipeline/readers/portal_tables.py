"""Files made of what portals answer: found by name, put together in memory, nothing else kept.

What belongs here is which questions lead to a product; the shape of the answers belongs to the
reader of each protocol, and asking to the sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import geopandas as gpd
import polars as pl
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers import paging, parma_anagrafe, portal_ckan, portal_socrata, portal_wfs
from will_pipeline.readers.json_answers import listed, mapping, records
from will_pipeline.readers.tabular import (
    Origin,
    as_numbers,
    only_file,
    read_table,
    require_filled,
    require_unique,
)

PAGE = 1_000
LEAST_PERSONS = parma_anagrafe.LEAST_PERSONS
POPULATION = ("pro_com", "area_name", "year", "age_from", "age_to", "persons", "status")


class Asks(Protocol):
    """A portal that can be asked."""

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, host: str = "") -> bytes:
        """Bytes of the answer."""

    def path_of(self, address: str) -> str:
        """Path of an address that the portal gives."""


def linked_file(portal: Asks, *, page: str, pattern: str) -> bytes:
    """Fetch the file that a page links, the last by name where several answer.

    Args:
        portal: Whom to ask.
        page: Path of the page.
        pattern: Regular expression of the address of the file.

    Returns:
        Bytes of the file.

    Raises:
        SourceFault: The page links no such file, or leads to another host.
    """
    text = portal.ask(page).decode("utf-8", "replace")
    found = re.findall(rf"""["']([^"'<>\s]*{pattern})["']""", text)
    if not found:
        raise SourceFault("pagina", page, "", f"la pagina non rinvia a nessun {pattern}")
    return portal.ask(portal.path_of(max(found, key=lambda each: each.rpartition("/")[2])))


def ckan_file(
    portal: Asks, *, source: str, dataset: str, resource: str, licences: Collection[str]
) -> bytes:
    """Fetch a file of a CKAN or DKAN portal, found by the names of its dataset and its own.

    Args:
        portal: Whom to ask.
        source: Key of the source, for the faults.
        dataset: Regular expression of the name of the dataset; the newest of a yearly series.
        resource: Regular expression of the name of the file, a CSV.
        licences: Terms under which the file may be used, as the portal writes them.

    Returns:
        Bytes of the file.

    Raises:
        SourceFault: Nothing or too much has that name, or the portal states other terms or none.
    """
    return _ckan(portal, source, dataset, resource, licences)[1]


def parma_population(
    portal: Asks, *, dataset: str, resource: str, licences: Collection[str]
) -> bytes:
    """Add up the registry of Parma by quartiere and class of age; its rows are never kept.

    Args:
        portal: Whom to ask.
        dataset: As for `ckan_file`; the name ends in the year.
        resource: As for `ckan_file`.
        licences: As for `ckan_file`.

    Returns:
        A CSV as `population` reads it; classes of fewer than five persons have none.

    Raises:
        SourceFault: As `ckan_file` and `parma_anagrafe.population`.
    """
    source = parma_anagrafe.SOURCE
    name, content = _ckan(portal, source, dataset, resource, licences)
    year = re.search(r"(\d{4})$", name)
    if year is None:
        raise SourceFault(source, name, "", "il nome del dataset non dice l'anno")
    people = parma_anagrafe.population(
        {"registro.csv": content}, year=int(year[1]), italian=None, least=1
    )
    counted = (
        people.filter(pl.col("age_from").is_not_null())
        .group_by("pro_com", pl.col("quartiere").alias("area_name"), "year", "age_from", "age_to")
        .agg(pl.col("persons").sum())
    )
    return _written(counted)


def socrata_population(
    portal: Asks,
    *,
    source: str,
    pro_com: str,
    title: str,
    domain: str,
    fields: Mapping[str, str],
    licences: Collection[str],
    catalogue_host: str = "socrata_catalogo",
) -> bytes:
    """Residents by quartiere of a Socrata portal, whose identifier of today is found by title.

    Args:
        portal: Whom to ask.
        source: Key of the source, for the faults.
        pro_com: Municipality (ISTAT code).
        title: Regular expression of the title of the dataset.
        domain: Portal the dataset is on.
        fields: Its fields `area_name`, `persons`, `year` and, where it has classes of age,
            `age_from` and `age_to`.
        licences: Terms under which the dataset may be used, as the catalogue writes them.
        catalogue_host: Host of the catalogue.

    Returns:
        A CSV as `population` reads it; without classes of age one class is all of them.

    Raises:
        SourceFault: No dataset has that title or several do, its terms are others, a field is
            absent, a cell is not a whole number.
    """
    origin = Origin(source, "catalogo")

    def ask(first: int, size: int) -> bytes:
        query = {"domains": domain, "offset": str(first), "limit": str(size)}
        return portal.ask(portal_socrata.CATALOGUE, query, host=catalogue_host)

    def parse(content: bytes, where: Origin) -> tuple[list[Any], int]:
        table, total = portal_socrata.catalogue(content, where)
        return table.to_dicts(), total

    known = pl.DataFrame(paging.all_rows(ask, parse, origin, size=PAGE), infer_schema_length=None)
    chosen = portal_socrata.identifier(known, origin, title=title, domain=domain)
    stated = known.filter(dataset_id=chosen)["licence"][0]
    _require_licence(stated, licences, origin)
    path = portal_socrata.resource_path(chosen)
    order = ",".join(fields.values())
    found = paging.until_short(
        lambda first, size: portal.ask(
            path, {"$limit": str(size), "$offset": str(first), "$order": order}
        ),
        portal_socrata.rows,
        Origin(source, title),
        size=PAGE,
    )
    frame = records(found, origin, columns={theirs: ours for ours, theirs in fields.items()})
    numbers = [name for name in ("year", "persons", "age_from", "age_to") if name in frame.columns]
    frame = as_numbers(frame, numbers, origin)
    require_filled(frame, ["area_name", "persons", "year"], origin)
    whole = {"age_from": pl.lit(0, pl.Int64), "age_to": pl.lit(None, pl.Int64)}
    frame = frame.with_columns(
        pro_com=pl.lit(pro_com),
        **{name: value for name, value in whole.items() if name not in frame.columns},
    )
    newest = frame.filter(pl.col("year") == pl.col("year").max())
    key = ["pro_com", "area_name", "year", "age_from", "age_to"]
    return _written(newest.group_by(key).agg(pl.col("persons").sum()))


def wfs_areas(portal: Asks, *, source: str, path: str, layer: str) -> bytes:
    """Areas of a WFS service, whose layer is found by name.

    Args:
        portal: Whom to ask.
        source: Key of the source, for the faults.
        path: Path of the service.
        layer: Regular expression of the name of the layer.

    Returns:
        A GeoJSON collection of all its features, in the order of their properties.

    Raises:
        SourceFault: No layer has that name or several do, or a page is not whole.
    """
    origin = Origin(source, "GetCapabilities")
    layers = portal_wfs.layers(portal.ask(path, portal_wfs.CAPABILITIES), origin)
    chosen = portal_ckan.named(layers["layer"].to_list(), layer, origin)
    features = paging.all_rows(
        lambda first, size: portal.ask(path, portal_wfs.query_of(chosen, first=first, size=size)),
        portal_wfs.page,
        Origin(source, chosen),
        size=PAGE,
    )
    ordered = sorted(features, key=lambda each: json.dumps(each, sort_keys=True))
    return json.dumps({"type": "FeatureCollection", "features": ordered}, sort_keys=True).encode()


def population(files: Mapping[str, bytes], *, source: str) -> pl.DataFrame:
    """Read residents by area and class of age, as put together out of a portal.

    Args:
        files: The one CSV.
        source: Key of the source, for the faults.

    Returns:
        One row an area and class, sorted: pro_com, area_name, year, age_from, age_to (missing for
        the open class), persons (missing where suppressed), status.

    Raises:
        SourceFault: A column is missing, a cell is not a whole number, a class is repeated.
    """
    content, origin = only_file(files, source)
    frame = read_table(content, origin, columns={name: name for name in POPULATION}, separator=";")
    frame = as_numbers(frame, ["year", "age_from", "age_to", "persons"], origin)
    key = ["pro_com", "area_name", "year", "age_from"]
    require_filled(frame, key, origin)
    require_unique(frame, key, origin)
    return frame.select(POPULATION).sort(key)


def areas(files: Mapping[str, bytes], *, source: str, pro_com: str, name: str) -> pl.DataFrame:
    """Read the polygons of areas out of a GeoJSON collection.

    Args:
        files: The one collection, in longitude and latitude.
        source: Key of the source, for the faults.
        pro_com: Municipality they are of (ISTAT code).
        name: Property that holds the name of the area.

    Returns:
        One row an area, sorted: pro_com, area_name, surface_km2, perimeter_km, geometry_wkb
        (EPSG:4326).

    Raises:
        SourceFault: A feature has no name or no valid polygon, or a name is repeated.
    """
    content, origin = only_file(files, source)
    rows = []
    for number, feature in enumerate(listed(mapping(content, origin), ["features"], origin), 1):
        title = (feature.get("properties") or {}).get(name)
        shape = shapely.from_geojson(json.dumps(feature.get("geometry")), on_invalid="ignore")
        if not isinstance(title, str) or not title.strip():
            raise origin.fault(f"elemento {number}, campo {name}", "l'area non ha nome")
        if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise origin.fault(f"elemento {number}", "l'area non ha un poligono")
        if not shape.is_valid:
            raise origin.fault(f"elemento {number}", "il poligono non è valido")
        rows.append((title.strip(), shape))
    drawn = gpd.GeoSeries([shape for _, shape in rows], crs=4326).to_crs(32632)
    table = pl.DataFrame(
        {
            "pro_com": [pro_com] * len(rows),
            "area_name": [title for title, _ in rows],
            "surface_km2": (drawn.area / 1e6).to_list(),
            "perimeter_km": (drawn.length / 1e3).to_list(),
            "geometry_wkb": [shapely.to_wkb(shape) for _, shape in rows],
        }
    )
    twice = table.filter(pl.col("area_name").is_duplicated())
    if twice.height:
        raise origin.fault(f"area {twice['area_name'][0]}", "l'area è ripetuta")
    return table.sort("area_name")


def _ckan(
    portal: Asks, source: str, dataset: str, resource: str, licences: Collection[str]
) -> tuple[str, bytes]:
    origin = Origin(source, "catalogo")
    names = portal_ckan.datasets(portal.ask(portal_ckan.PACKAGE_LIST), origin)
    name = portal_ckan.named(names, dataset, origin)
    shown = portal_ckan.resources(portal.ask(portal_ckan.PACKAGE_SHOW, {"id": name}), origin)
    files = shown.filter(pl.col("format") == "CSV", pl.col("name").is_not_null())
    chosen = portal_ckan.named(files["name"].to_list(), resource, Origin(source, name))
    row = files.filter(name=chosen).row(0, named=True)
    _require_licence(row["licence"], licences, Origin(source, name))
    return name, portal.ask(portal.path_of(row["url"]))


def _require_licence(stated: str | None, licences: Collection[str], origin: Origin) -> None:
    if (stated or "").casefold() not in {each.casefold() for each in licences}:
        rule = f"il portale dichiara la licenza {stated!r}: non è fra quelle ammesse"
        raise origin.fault("licenza", rule)


def _written(counted: pl.DataFrame) -> bytes:
    few = pl.col("persons").is_between(1, LEAST_PERSONS - 1)
    table = counted.select(
        *POPULATION[:5],
        pl.when(~few).then("persons").alias("persons"),
        pl.when(few).then(pl.lit("suppressed")).otherwise(pl.lit("observed")).alias("status"),
    ).sort(POPULATION[:4])
    return table.write_csv(separator=";").encode()
