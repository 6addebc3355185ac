"""School registers of the Ministero dell'istruzione e del merito, state and private (paritarie).

What belongs here is the layout of the two registers; electronic addresses are left out, because
those of private schools often are a person's.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    read_table,
    require_filled,
)

SOURCE = "mim_scuole"
_COMMON = {
    "ANNOSCOLASTICO": "school_year",
    "CODICESCUOLA": "school_code",
    "DENOMINAZIONESCUOLA": "name",
    "INDIRIZZOSCUOLA": "address",
    "CAPSCUOLA": "cap",
    "CODICECOMUNESCUOLA": "belfiore",
    "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA": "school_type",
}
_STATE_ONLY = {
    "CODICEISTITUTORIFERIMENTO": "institute_code",
    "DESCRIZIONECARATTERISTICASCUOLA": "feature",
}
_UNAVAILABLE = "Non Disponibile"


def schools(files: Mapping[str, bytes], *, belfiore: Mapping[str, str]) -> pl.DataFrame:
    """Read the state and the private schools.

    Args:
        files: Official CSV files; those of private schools have `paritarie` in their name.
        belfiore: ISTAT code of each municipality to keep by its Belfiore code.

    Returns:
        One row per school: school_code, pro_com, name, school_type, management (`statale`,
        `paritaria`), institute_code and feature (state schools only), address, cap,
        school_year (`2025/26`).

    Raises:
        SourceFault: A column is missing, a school year is malformed, a school is repeated, a
            municipality has no school.
    """
    if not files:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    frame = pl.concat([_read(name, content, belfiore) for name, content in files.items()])
    repeated = frame.filter(pl.col("school_code").is_duplicated())
    if repeated.height:
        raise SourceFault(SOURCE, "-", f"scuola {repeated['school_code'][0]}", "scuola ripetuta")
    for management in ("statale", "paritaria"):
        found = set(frame.filter(pl.col("management") == management)["pro_com"])
        absent = sorted(set(belfiore.values()) - found)
        if absent:
            rule = f"nessuna scuola {management} di questo comune"
            raise SourceFault(SOURCE, "-", f"comune {absent[0]}", rule)
    return frame


def _read(name: str, content: bytes, belfiore: Mapping[str, str]) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    private = "paritarie" in PurePosixPath(name).name
    columns = _COMMON if private else _COMMON | _STATE_ONLY
    frame = read_table(content, origin, columns=columns)
    required = ["school_year", "school_code", "name", "belfiore", "school_type"]
    require_filled(frame, required, origin)
    frame = frame.filter(pl.col("belfiore").is_in(list(belfiore)))
    years = as_numbers(frame, ["school_year"], origin)["school_year"]
    # 202526 is the school year 2025/26.
    broken = (years // 100 + 1) % 100 != years % 100
    if broken.any():
        row = broken.arg_true()[0]
        where = f"riga {frame[LINE][row]}, colonna ANNOSCOLASTICO"
        raise origin.fault(where, f"anno scolastico malformato: {years[row]}")
    absent = pl.lit(None, dtype=pl.String)
    return frame.select(
        "school_code",
        pl.col("belfiore").replace_strict(dict(belfiore), return_dtype=pl.String).alias("pro_com"),
        "name",
        "school_type",
        pl.lit("paritaria" if private else "statale").alias("management"),
        absent.alias("institute_code") if private else pl.col("institute_code"),
        absent.alias("feature") if private else pl.col("feature"),
        *[
            pl.when(pl.col(column) != _UNAVAILABLE).then(pl.col(column)).alias(column)
            for column in ("address", "cap")
        ],
        pl.format(
            "{}/{}", pl.col("school_year").str.head(4), pl.col("school_year").str.tail(2)
        ).alias("school_year"),
    )
