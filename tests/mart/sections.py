"""Census sections of a town in a grid, as `core.section` holds them."""

from __future__ import annotations

import polars as pl
import shapely

WEST, SOUTH, SIDE = 10.30, 44.78, 0.004


def grid(columns: int = 3, rows: int = 2) -> pl.DataFrame:
    """Sections of a town in a grid, one of them nowhere and one without a place of its own."""
    made = [
        {
            "section_id": f"034027{column:04d}{row:03d}",
            "pro_com": "034027",
            "edition": "2011",
            "fictitious": False,
            "asc1": 4,
            "ace": None,
            "residents": 12,
            "source_id": "prova",
            "geom_wkb": shapely.to_wkb(
                shapely.box(
                    WEST + column * SIDE,
                    SOUTH + row * SIDE,
                    WEST + (column + 1) * SIDE,
                    SOUTH + (row + 1) * SIDE,
                )
            ),
        }
        for column in range(columns)
        for row in range(rows)
    ]
    nowhere = made[0] | {"section_id": "0340279999999", "geom_wkb": None}
    homeless = made[0] | {"section_id": "0340278888888", "fictitious": True}
    return pl.DataFrame([*made, nowhere, homeless], schema_overrides={"ace": pl.Int64})
