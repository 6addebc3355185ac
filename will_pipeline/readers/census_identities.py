"""Sums that hold by definition among the variables of a census, and where they do not.

What belongs here is the comparison of a total with its parts; what to do about a difference belongs
to those who publish.
"""

import polars as pl

from will_pipeline.errors import SourceFault

_AGES = tuple(f"P{code}" for code in range(14, 30))
_HOUSEHOLDS = tuple(f"PF{code}" for code in range(3, 9))
_ALWAYS = (("P1", ("P2", "P3")), ("P1", _AGES), ("PF1", _HOUSEHOLDS))
IDENTITIES: dict[int, tuple[tuple[str, tuple[str, ...]], ...]] = {
    2011: (
        *_ALWAYS,
        ("ST1", ("ST3", "ST4", "ST5")),
        ("ST1", ("ST14", "ST15")),
        ("ST15", ("ST9", "ST10", "ST11", "ST12", "ST13")),
        ("P46", ("P47", "P48", "P49", "P50", "P51", "P52")),
        ("P128", ("P130", "P131", "P135", "P139")),
    ),
    2021: (*_ALWAYS, ("P83", ("P84", "P85")), ("ST1", ("ST2", "ST2_B"))),
    2023: (
        *_ALWAYS,
        ("P83", ("P84", "P85")),
        ("ST1", ("ST2", "ST2_B")),
        ("ST1", ("EM5", "EM6")),
        ("P1", ("EM1", "EM2", "EM3", "EM4", "EM5", "EM6")),
    ),
}
"""Total and parts by vintage; those of 2011 hold in every published area."""


def differences(table: pl.DataFrame, *, vintage: int, key: str) -> pl.DataFrame:
    """Compare every total with the sum of its parts.

    Args:
        table: Sections or areas, with the variables of the vintage.
        vintage: One of those of `IDENTITIES`.
        key: Column that names a row.

    Returns:
        One row an identity, in order: total, parts (joined by `+`), compared (rows where nothing is
        missing), broken (rows where they differ), largest (largest difference), first (key of the
        first row that differs, missing where none does).

    Raises:
        SourceFault: There are no identities for the vintage, or a variable is absent.

    Source:
        ISTAT, tracciati record of the census sections.
    """
    if vintage not in IDENTITIES:
        raise SourceFault("istat_sezioni", "-", "", f"nessuna identità per il {vintage}")
    rows = []
    for total, parts in IDENTITIES[vintage]:
        absent = [name for name in (total, *parts) if name not in table.columns]
        if absent:
            raise SourceFault("istat_sezioni", "-", f"colonna {absent[0]}", "la colonna manca")
        # A sum by hand: the one across columns takes what is missing for zero.
        added = sum((pl.col(name) for name in parts[1:]), pl.col(parts[0]))
        found = table.select(pl.col(key), (pl.col(total) - added).abs().alias("gap")).drop_nulls()
        broken = found.filter(pl.col("gap") > 0).sort(key)
        rows.append(
            {
                "total": total,
                "parts": "+".join(parts),
                "compared": found.height,
                "broken": broken.height,
                "largest": broken["gap"].max() or 0,
                "first": broken[key][0] if broken.height else None,
            }
        )
    schema = {"total": pl.String, "parts": pl.String, "compared": pl.Int64, "broken": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"largest": pl.Int64, "first": pl.String})
