"""Answers of Socrata portals: the catalogue, where identifiers are found by title, and the rows.

What belongs here is the shape of those answers; identifiers expire, so that none is written down.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from will_pipeline.readers.json_answers import document, listed, mapping
from will_pipeline.readers.portal_ckan import named
from will_pipeline.readers.tabular import Origin

CATALOGUE = "/api/catalog/v1"
_SCHEMA = {
    "dataset_id": pl.String,
    "title": pl.String,
    "kind": pl.String,
    "domain": pl.String,
    "licence": pl.String,
    "updated": pl.String,
}
_IDENTIFIER = r"^[a-z0-9]{4}-[a-z0-9]{4}$"


def catalogue(content: bytes, origin: Origin) -> tuple[pl.DataFrame, int]:
    """Datasets of a page of the catalogue.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        One row a dataset (dataset_id, title, kind, domain, licence, updated), possibly none; and
        how many answer in all.

    Raises:
        SourceFault: The answer is another, or a dataset has no identifier of four and four
            characters.
    """
    found = mapping(content, origin)
    rows = []
    for result in listed(found, ["results"], origin):
        resource = result.get("resource") if isinstance(result, dict) else None
        about = result.get("metadata") if isinstance(result, dict) else None
        if not isinstance(resource, dict) or not isinstance(about, dict):
            raise origin.fault("campo results", "un risultato non ha risorsa o metadati")
        rows.append(
            {
                "dataset_id": resource.get("id"),
                "title": resource.get("name"),
                "kind": resource.get("type"),
                "domain": about.get("domain"),
                "licence": about.get("license"),
                "updated": resource.get("updatedAt"),
            }
        )
    table = pl.DataFrame(rows, schema=_SCHEMA)
    broken = table.filter(~pl.col("dataset_id").str.contains(_IDENTIFIER).fill_null(value=False))
    if broken.height:
        raise origin.fault("campo resource.id", f"non è un codice: {broken['dataset_id'][0]!r}")
    total = found.get("resultSetSize")
    if not isinstance(total, int):
        raise origin.fault("campo resultSetSize", "manca il numero di risultati")
    return table, total


def identifier(table: pl.DataFrame, origin: Origin, *, title: str, domain: str) -> str:
    """Identifier of today of a dataset.

    Args:
        table: Datasets, as `catalogue` gives them.
        origin: Source and file, for the faults.
        title: Regular expression of its title.
        domain: Portal it is on.

    Returns:
        The identifier.

    Raises:
        SourceFault: No dataset of the portal has such a title, or several that are not one a year.
    """
    here = table.filter(domain=domain, kind="dataset")
    chosen = named(here["title"].drop_nulls().to_list(), title, origin)
    same = here.filter(title=chosen)
    if same.height > 1:
        raise origin.fault("", f"due dataset si chiamano {chosen!r}")
    return str(same["dataset_id"][0])


def resource_path(dataset_id: str) -> str:
    """Path of the rows of a dataset.

    Args:
        dataset_id: Identifier, as `identifier` gives it.
    """
    return f"/resource/{dataset_id}.json"


def rows(content: bytes, origin: Origin) -> list[Any]:
    """Rows of a page of a dataset.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The rows, possibly none.

    Raises:
        SourceFault: The portal answers an error, or something that is no list.
    """
    found = document(content, origin)
    if isinstance(found, dict) and found.get("error"):
        raise origin.fault("", f"il portale rifiuta la richiesta: {found.get('message')}")
    if not isinstance(found, list):
        raise origin.fault("", "la risposta non è un elenco di righe")
    return found
