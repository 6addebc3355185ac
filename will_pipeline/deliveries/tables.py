"""Harmonised tables out of the archived deliveries in use, all municipalities together.

Nothing is examined again: what is in use was accepted, and is read by its checksum.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.contracts.conform import empty
from will_pipeline.deliveries.archive import Archive
from will_pipeline.deliveries.catalogue import harmonised
from will_pipeline.errors import SourceFault


def delivered_table(
    name: str, deliveries: pl.DataFrame, municipalities: pl.DataFrame, archive: Archive
) -> pl.DataFrame:
    """Rows of one table.

    Args:
        name: table of the layer `core`.
        deliveries: rows of `core.delivery`.
        municipalities: rows of `core.municipality`.
        archive: archive of accepted deliveries.

    Returns:
        Rows in the types of the contract; none where nothing is in use.

    Raises:
        SourceFault: archived data in use were lost or altered since they were accepted.
    """
    rows = [empty(harmonised()[name])]
    used = (
        deliveries.filter(pl.col("sha256").is_not_null())
        .join(municipalities.select("pro_com", "slug"), on="pro_com")
        .sort("pro_com", "kind")
    )
    for row in used.iter_rows(named=True):
        tables = archive.read(row["slug"], row["kind"], row["sha256"])
        if tables is None:
            rule = "i dati accolti sono andati persi o sono cambiati; ripeti il percorso"
            raise SourceFault(row["source_id"], f"{row['sha256']}.parquet", "", rule)
        if name in tables:
            rows.append(tables[name])
    return pl.concat(rows)
