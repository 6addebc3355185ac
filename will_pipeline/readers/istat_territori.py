"""ISTAT's list of Italian municipalities with the territories they belong to.

What belongs here is the layout of the list of territorial units; boundaries belong elsewhere.
"""

from collections.abc import Mapping

import polars as pl

from will_pipeline.readers.tabular import (
    LINE,
    only_file,
    read_table,
    require_filled,
    require_unique,
)
from will_pipeline.readers.territory_codes import province_code

_COLUMNS = {
    "Codice Comune (alfanumerico)": "pro_com",
    "Comune (dizione italiana)": "municipality",
    "Sigla automobilistica": "province_sign",
    "Provincia/Uts": "province",
    "Codice Regione": "region_number",
    "Regione": "region",
    "Ripartizione geografica": "division",
    "Codice catasto": "belfiore",
    "Codice NUTS1 2024": "nuts1_2024",
    "Codice NUTS2 2024": "nuts2_2024",
    "Codice NUTS3 2024": "nuts3_2024",
}


def municipalities(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the municipalities.

    Args:
        files: The official list as CSV.

    Returns:
        One row per municipality: pro_com, municipality, belfiore, province_code (ISTAT's SDMX
        code), province, province_sign, region_number (two digits), region, division, and the
        NUTS 2024 codes of Eurostat.

    Raises:
        SourceFault: A column or a cell is missing, a municipality is repeated, a province is
            unknown.
    """
    content, origin = only_file(files, "istat_unita_territoriali")
    frame = read_table(content, origin, columns=_COLUMNS, separator=";")
    require_filled(frame, list(_COLUMNS.values()), origin)
    require_unique(frame, ["pro_com"], origin)
    codes = {name: province_code(name) for name in frame["province"].unique()}
    frame = frame.with_columns(pl.col("province").replace_strict(codes).alias("province_code"))
    unknown = frame["province_code"].is_null()
    if unknown.any():
        row = unknown.arg_true()[0]
        where = f"riga {frame[LINE][row]}"
        raise origin.fault(where, f"provincia sconosciuta: {frame['province'][row]!r}")
    return frame.select(
        "pro_com",
        "municipality",
        "belfiore",
        "province_code",
        "province",
        "province_sign",
        "region_number",
        "region",
        "division",
        "nuts1_2024",
        "nuts2_2024",
        "nuts3_2024",
    )
