"""Answers of CKAN portals, and of DKAN ones, which speak the same actions.

What belongs here is finding datasets and resources by what they are called: identifiers change,
and are never written down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from will_pipeline.readers.json_answers import listed, mapping
from will_pipeline.readers.tabular import Origin

PACKAGE_LIST = "/api/3/action/package_list"
PACKAGE_SHOW = "/api/3/action/package_show"
DATASTORE_SEARCH = "/api/3/action/datastore_search"
_SCHEMA = {
    "dataset": pl.String,
    "resource_id": pl.String,
    "name": pl.String,
    "format": pl.String,
    "url": pl.String,
    "licence": pl.String,
    "modified": pl.String,
}


def datasets(content: bytes, origin: Origin) -> list[str]:
    """Names of the datasets, out of an answer of `package_list`.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The names, sorted.

    Raises:
        SourceFault: The portal says that the request failed, or the answer is another.
    """
    names = listed(_succeeded(content, origin), ["result"], origin)
    if not all(isinstance(name, str) for name in names) or not names:
        raise origin.fault("campo result", "non è un elenco di nomi")
    return sorted(names)


def resources(content: bytes, origin: Origin) -> pl.DataFrame:
    """Resources of a dataset, out of an answer of `package_show`.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        One row a resource: dataset, resource_id, name, format (upper case), url, licence (as the
        portal writes it, missing where it does not), modified (as written).

    Raises:
        SourceFault: The portal says that the request failed, the answer is another, the dataset has
            no resource, or a resource has no address.
    """
    found = _succeeded(content, origin)
    # DKAN wraps the dataset in a list of one.
    result = found.get("result")
    package: Any = result[0] if isinstance(result, list) and result else result
    items = listed({"result": package}, ["result", "resources"], origin)
    rows = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict) or not isinstance(item.get("url"), str):
            raise origin.fault(f"risorsa {number}", "la risorsa non ha un indirizzo")
        rows.append(
            {
                "dataset": package.get("name"),
                "resource_id": item.get("id"),
                "name": item.get("name"),
                "format": str(item.get("format") or "").upper(),
                "url": item["url"],
                "licence": package.get("license_id") or package.get("license_title"),
                "modified": item.get("last_modified") or package.get("metadata_modified"),
            }
        )
    if not rows:
        raise origin.fault("campo result.resources", "il dataset non ha risorse")
    return pl.DataFrame(rows, schema=_SCHEMA)


def named(names: Sequence[str], pattern: str, origin: Origin) -> str:
    """The one name that answers a pattern.

    Args:
        names: Names of datasets or of resources.
        pattern: Regular expression, found anywhere and whatever the capitals.
        origin: Source and file, for the faults.

    Returns:
        The name; the last in alphabetical order where several differ only by a year.

    Raises:
        SourceFault: No name answers, or several that are not one a year.
    """
    found = sorted(name for name in names if re.search(pattern, name, re.IGNORECASE))
    if not found:
        raise origin.fault("", f"il portale non ha niente che si chiami {pattern!r}")
    if len({re.sub(r"\d{4}", "", name) for name in found}) > 1:
        raise origin.fault("", f"più nomi rispondono a {pattern!r}: {', '.join(found[:3])}")
    return found[-1]


def page(content: bytes, origin: Origin) -> tuple[list[Any], int]:
    """Rows of an answer of `datastore_search`.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The rows of the page, and how many the whole table has.

    Raises:
        SourceFault: The portal says that the request failed, or the answer is another.
    """
    found = _succeeded(content, origin)
    rows = listed(found, ["result", "records"], origin)
    total = found["result"].get("total")
    if not isinstance(total, int):
        raise origin.fault("campo result.total", "manca il numero di righe")
    return rows, total


def _succeeded(content: bytes, origin: Origin) -> dict[str, Any]:
    found = mapping(content, origin)
    if found.get("success") is not True:
        error = found.get("error")
        told = error.get("message") if isinstance(error, dict) else error
        raise origin.fault(
            "campo success", f"il portale rifiuta la richiesta: {told or 'senza dirlo'}"
        )
    return found
