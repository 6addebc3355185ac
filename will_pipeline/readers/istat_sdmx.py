"""Recorded answers of ISTAT's SDMX service, in CSV: population, foreign residents, life, NEET.

What belongs here is the layout of those answers (codes only, no labels), one function a dataflow;
asking the service for them belongs elsewhere.
"""

from collections.abc import Collection, Mapping

import polars as pl

from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_codes,
    only_file,
    read_table,
    require_filled,
    require_unique,
)
from will_pipeline.readers.territory_codes import PROVINCES, REGIONS

_SEXES = {"1": "M", "2": "F", "9": "T"}
_OBSERVATION = {
    "REF_AREA": "pro_com",
    "DATA_TYPE": "data_type",
    "SEX": "sex",
    "TIME_PERIOD": "period",
    "OBS_VALUE": "value",
    "OBS_STATUS": "flag",
}


def population(
    files: Mapping[str, bytes], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the residents at 1 January, all ages (dataflow 22_289, `JAN`).

    Args:
        files: One SDMX-CSV answer.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality and year: pro_com, year, sex (`T`), population, flag.

    Raises:
        SourceFault: A column is missing, a cell is not a whole number, a row is of another
            measure or of one age only, a key is repeated, a municipality is not in the file.
    """
    content, origin = only_file(files, "istat_popolazione")
    columns = _OBSERVATION | {"AGE": "age", "MARITAL_STATUS": "marital_status"}
    frame = read_table(content, origin, columns=columns)
    _require_only(frame, {"data_type": "JAN", "age": "TOTAL", "marital_status": "99"}, origin)
    return _municipal(frame, origin, cities, name="population")


def foreign_residents(
    files: Mapping[str, bytes], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the foreign residents at 1 January (dataflow 29_316, `FJAN`).

    Args:
        files: One SDMX-CSV answer.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality and year: pro_com, year, sex (`T`), foreign_population, flag.

    Raises:
        SourceFault: As `population`.
    """
    content, origin = only_file(files, "istat_stranieri")
    frame = read_table(content, origin, columns=_OBSERVATION)
    _require_only(frame, {"data_type": "FJAN"}, origin)
    return _municipal(frame, origin, cities, name="foreign_population")


def _require_only(frame: pl.DataFrame, codes: Mapping[str, str], origin: Origin) -> None:
    for column, code in codes.items():
        foreign = (frame[column] != code).fill_null(value=True)
        if foreign.any():
            row = foreign.arg_true()[0]
            where = f"riga {frame[LINE][row]}, colonna {column}"
            raise origin.fault(where, f"atteso solo {code}, trovato {frame[column][row]!r}")


def _municipal(
    frame: pl.DataFrame, origin: Origin, cities: Collection[str] | None, *, name: str
) -> pl.DataFrame:
    # The answer mixes municipalities with provinces, regions and Italy in one column.
    frame = frame.filter(pl.col("pro_com").str.contains(r"^\d{6}$"))
    frame = only_codes(frame, cities, origin)
    frame = _with_sex(_with_year(frame, origin), origin)
    frame = as_numbers(frame, ["value"], origin)
    require_filled(frame, ["value"], origin)
    require_unique(frame, ["pro_com", "year", "sex"], origin)
    return frame.select("pro_com", "year", "sex", pl.col("value").alias(name), "flag")


def _with_year(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    first_days = frame["period"].str.contains(r"^\d{4}-01-01$").fill_null(value=False)
    if not first_days.all():
        row = (~first_days).arg_true()[0]
        where = f"riga {frame[LINE][row]}, colonna TIME_PERIOD"
        raise origin.fault(where, f"{frame['period'][row]!r} non è un 1° gennaio")
    return frame.with_columns(pl.col("period").str.head(4).cast(pl.Int64).alias("year"))


def _with_sex(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    unknown = ~frame["sex"].is_in(list(_SEXES)).fill_null(value=False)
    if unknown.any():
        row = unknown.arg_true()[0]
        where = f"riga {frame[LINE][row]}, colonna SEX"
        raise origin.fault(where, f"codice di sesso sconosciuto: {frame['sex'][row]!r}")
    return frame.with_columns(pl.col("sex").replace_strict(_SEXES))


def life_satisfaction(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read satisfaction with life as a whole by province (dataflow DF_DCSS_BEST_PPC_2_GC).

    Args:
        files: One tab-separated table: persons by score 8, 9, 10 and in all, share 8-10.

    Returns:
        One row per province and year: province_code, province, year, persons_8, persons_9,
        persons_10, persons_total (estimated persons aged 14 and over), share_8_10 (percent).

    Raises:
        SourceFault: A column is missing, a cell is not a number, a province is unknown, repeated
            or absent.
    """
    content, origin = only_file(files, "istat_soddisfazione_vita")
    scores = {"sa_8": "persons_8", "sa_9": "persons_9", "sa_10": "persons_10"}
    totals = {"all": "persons_total", "quota_8_10": "share_8_10"}
    columns = {"REF_AREA": "province_code", "TIME_PERIOD": "year"} | scores | totals
    frame = read_table(content, origin, columns=columns, separator="\t")
    frame = as_numbers(frame, ["year"], origin)
    frame = as_numbers(frame, list((scores | totals).values()), origin, integer=False)
    require_filled(frame, list(columns.values()), origin)
    require_unique(frame, ["province_code", "year"], origin)
    frame = _named(frame, "province_code", PROVINCES, "province", origin)
    return frame.select("province_code", "province", "year", *(scores | totals).values())


def neet_by_region(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the share of NEET aged 18-29 by region and sex (dataflow 172_931).

    Args:
        files: One CSV answer in the older layout (`ITTER107`, labels beside the codes).

    Returns:
        One row per region, age class, sex and year: region_code, region, age_class, sex, year,
        share (percent), flag.

    Raises:
        SourceFault: A column is missing, a cell is not a number, a row is of another measure, a
            region is unknown or repeated.
    """
    content, origin = only_file(files, "istat_neet_regioni")
    columns = {
        "ITTER107": "region_code",
        "TIPO_DATO_FOL": "data_type",
        "SEXISTAT1": "sex",
        "ETA1": "age_class",
        "TIME": "year",
        "Value": "share",
        "Flag Codes": "flag",
    }
    frame = read_table(content, origin, columns=columns)
    _require_only(frame, {"data_type": "NEET_I"}, origin)
    frame = as_numbers(frame, ["year"], origin)
    frame = as_numbers(frame, ["share"], origin, integer=False)
    require_filled(frame, ["region_code", "age_class", "year", "share"], origin)
    frame = _with_sex(frame, origin)
    require_unique(frame, ["region_code", "age_class", "sex", "year"], origin)
    frame = _named(frame, "region_code", REGIONS, "region", origin)
    return frame.select("region_code", "region", "age_class", "sex", "year", "share", "flag")


def _named(
    frame: pl.DataFrame, code: str, names: Mapping[str, str], name: str, origin: Origin
) -> pl.DataFrame:
    unknown = ~frame[code].is_in(list(names))
    if unknown.any():
        row = unknown.arg_true()[0]
        where = f"riga {frame[LINE][row]}, colonna {code}"
        raise origin.fault(where, f"codice di territorio sconosciuto: {frame[code][row]!r}")
    return frame.with_columns(pl.col(code).replace_strict(dict(names)).alias(name))
