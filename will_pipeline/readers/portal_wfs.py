"""Answers of WFS services (GeoServer): the layers there are, and their features as GeoJSON.

What belongs here is the shape of those answers; which layer is which belongs to the descriptor.
"""

from __future__ import annotations

import io
from typing import Any

import polars as pl

from will_pipeline.readers.json_answers import listed, mapping
from will_pipeline.readers.tabular import Origin
from will_pipeline.sources.safe_xml import XmlFault, tree

CAPABILITIES = {"service": "WFS", "version": "2.0.0", "request": "GetCapabilities"}


def query_of(layer: str, *, first: int, size: int) -> dict[str, str]:
    """Query for a page of features in longitude and latitude.

    Args:
        layer: Name of the layer, with its workspace.
        first: Features to skip.
        size: Features to ask for.
    """
    return {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": layer,
        "outputFormat": "application/json",
        "srsName": "EPSG:4326",
        "startIndex": str(first),
        "count": str(size),
    }


def layers(content: bytes, origin: Origin) -> pl.DataFrame:
    """Layers that a service says it has.

    Args:
        content: Bytes of the answer to `GetCapabilities`.
        origin: Source and file, for the faults.

    Returns:
        One row a layer: layer (with its workspace), title (missing where there is none).

    Raises:
        SourceFault: The answer is not such a document, declares a type or entities, is an error of
            the service, or has no layer.
    """
    try:
        root = tree(io.BytesIO(content))
    except XmlFault as fault:
        raise origin.fault("", str(fault)) from fault
    name = _local(root.tag)
    if name == "ExceptionReport":
        told = " ".join(" ".join(root.itertext()).split())
        raise origin.fault("", f"il servizio rifiuta la richiesta: {told[:200]}")
    if name != "WFS_Capabilities":
        raise origin.fault("", f"non è un elenco di strati WFS: {name}")
    rows = []
    for element in root.iter():
        if _local(element.tag) == "FeatureType":
            told_of = {_local(child.tag): (child.text or "").strip() for child in element}
            rows.append({"layer": told_of.get("Name"), "title": told_of.get("Title") or None})
    if not rows or not all(row["layer"] for row in rows):
        raise origin.fault("", "il servizio non ha strati, o uno è senza nome")
    return pl.DataFrame(rows, schema={"layer": pl.String, "title": pl.String})


def page(content: bytes, origin: Origin) -> tuple[list[Any], int]:
    """Features of an answer to `GetFeature`.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The features of the page, and how many the layer has.

    Raises:
        SourceFault: The answer is not a GeoJSON collection (services answer errors in XML with a
            good status), or does not say how many features there are.
    """
    found = mapping(content, origin)
    features = listed(found, ["features"], origin)
    total = found.get("numberMatched", found.get("totalFeatures"))
    if not isinstance(total, int):
        raise origin.fault("campo numberMatched", "manca il numero di elementi")
    return features, total


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
