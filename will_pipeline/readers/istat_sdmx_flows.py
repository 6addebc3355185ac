"""Answers of ISTAT's SDMX service in CSV, any of the dataflows we use, by code and never by label.

What belongs here is which dimensions each dataflow has and which codes are totals; asking the
service belongs elsewhere.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_file,
    read_table,
    require_filled,
    require_unique,
    text_of,
)
from will_pipeline.readers.territory_crosswalk import places


@dataclass(frozen=True)
class Flow:
    """A dataflow: its dimensions beside time and territory, and the codes of their totals.

    Attributes:
        dimensions: Dimensions whose codes are kept.
        totals: Codes that stand for all the others, by dimension.
        whole: Whether observations are whole numbers; a thousands mark is then never a decimal.
    """

    dimensions: tuple[str, ...]
    totals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = True


_SEX = {"SEX": ("9", "T")}
_GENDER = {"GENDER": ("T", "9")}
_BACKGROUND = Flow(
    ("INDICATOR", "GENDER", "AGE_CLASS", "PLACE_BIRTH_PAR", "PREVOUS_CITIZEN"),
    _GENDER | {"AGE_CLASS": ("TOTAL", "ALL"), "PREVOUS_CITIZEN": ("TOTAL", "ALL")},
)
FLOWS: dict[str, Flow] = {
    "22_289": Flow(
        ("DATA_TYPE", "SEX", "AGE", "MARITAL_STATUS"),
        _SEX | {"AGE": ("TOTAL",), "MARITAL_STATUS": ("99",)},
    ),
    "29_316": Flow(("DATA_TYPE", "SEX"), _SEX),
    "29_849": Flow(("DATA_TYPE", "SEX"), _SEX),
    "DF_DCSS_BEST_PPC_2_GC": Flow(
        ("INDICATOR", "GENDER", "LIFE_SATISF"),
        _GENDER | {"LIFE_SATISF": ("ALL",)},
        whole=False,
    ),
    "DF_DCSS_BEST_PPC_3_GC": Flow(
        ("INDICATOR", "GENDER", "FAMILY_MEM_COUNT"), _GENDER, whole=False
    ),
    "DF_DCSS_BEST_PPC_4_GC": Flow(("INDICATOR", "GENDER", "FRIENDS_COUNT"), _GENDER, whole=False),
    "DF_DCSS_BEST_PPC_5_GC": Flow(
        ("INDICATOR", "GENDER", "NEIGHBORS_COUNT"),
        _GENDER | {"NEIGHBORS_COUNT": ("ALL",)},
        whole=False,
    ),
    "DF_DCSS_ISTR_LAV_PEN_2_TV_3": Flow(
        ("INDICATOR", "GENDER", "AGE_NOCLASS", "CUR_ACT_STAT"),
        _GENDER | {"CUR_ACT_STAT": ("99",)},
    ),
    **{f"DF_DCSS_MIGR_BACKG_PAR_TV_{number}_COM": _BACKGROUND for number in range(1, 11)},
    "DF_DCSS_FAMIGLIE_TV_1": Flow(("INDICATOR", "NUM_MEMB"), {"NUM_MEMB": ("TOTAL", "ALL")}),
    "DF_DCSS_POPHH_PHH_4_COM": Flow(
        ("INDICATOR", "HOUSEHOLD_TYPE"), {"HOUSEHOLD_TYPE": ("TOTAL", "ALL")}
    ),
    "DF_COMP_FRA_IND_MUNICIPAL_01": Flow(("DATA_TYPE",), whole=False),
    "DF_BES_TERRIT_0T": Flow(("DATA_TYPE", "SEX"), _SEX, whole=False),
    "172_931": Flow(("DATA_TYPE", "SEX", "AGE"), _SEX, whole=False),
    "47_940_DF_DCIS_SPESESERSOC1_4": Flow(
        ("DATA_TYPE", "CATEG_OF_BENEFICIARIES", "TYPE_OF_SERVICE"),
        {"CATEG_OF_BENEFICIARIES": ("ALL", "TOTAL")},
        whole=False,
    ),
}
"""Dataflows by identifier; the service writes them as `IT1:<identifier>(<version>)`."""

_TERRITORY = ("REF_AREA", "ITTER107")
_NOT_DIMENSIONS = re.compile(
    r"NOTE_\w+|DATAFLOW|FREQ|OBS_STATUS|OBS_VALUE|TIME_PERIOD|EDITION|BASE_PER|UNIT_MEAS|UNIT_MULT"
    r"|BREAK|CONF_STATUS|REF_AREA|ITTER107"
)
_YEAR = r"^(\d{4})(?:-01-01)?$"


def observations(
    files: Mapping[str, bytes],
    *,
    flow: str,
    years: Sequence[int] | None = None,
    territories: Collection[str] | None = None,
) -> pl.DataFrame:
    """Read the observations of one answer.

    The service gives one period more than it is asked for: where years are given, the others are
    left out, and each of them must be there.

    Args:
        files: One SDMX-CSV answer, of codes or of codes and labels (`016024: Bergamo`).
        flow: One of `FLOWS`.
        years: Years asked for; all of them where None.
        territories: Codes to keep, in any system, each of which must be there; all where None.

    Returns:
        One row an observation: territory (six digits, or ISTAT's SDMX code), level (`comune`,
        `provincia`, `regione`, `ripartizione`, `altro`), the dimensions of the flow (lower case,
        codes), is_total (a dimension is at its total: never to be added to its parts), year, value
        (unit of the flow; missing where the cell is blank), flag (status as published).

    Raises:
        SourceFault: The file is another flow, has no rows, lacks a dimension, has one that we do
            not know of with more than one code, an observation is no number, a period is no year, a
            territory is unknown, a key is repeated, a year or a territory asked for is absent.
    """
    known = FLOWS.get(flow)
    content, origin = only_file(files, f"istat_sdmx_{flow}")
    if known is None:
        raise origin.fault("", f"flusso sconosciuto: {flow}")
    frame = _codes_only(_table(content, known, origin))
    _require_flow(frame, flow, origin)
    _require_known_dimensions(frame, known, origin)
    frame = _with_year(frame, years, origin)
    frame = as_numbers(frame, ["OBS_VALUE"], origin, integer=known.whole)
    frame = _with_place(frame, territories, origin)
    key = ["territory", *known.dimensions, "year"]
    require_filled(frame, key, origin)
    require_unique(frame, key, origin)
    total = pl.any_horizontal(
        pl.lit(value=False),
        *(pl.col(name).is_in(list(codes)) for name, codes in known.totals.items()),
    )
    return frame.select(
        "territory",
        "level",
        *(pl.col(name).alias(name.lower()) for name in known.dimensions),
        total.alias("is_total"),
        "year",
        pl.col("OBS_VALUE").cast(pl.Float64).alias("value"),
        pl.col("OBS_STATUS").alias("flag"),
    ).sort("territory", *(name.lower() for name in known.dimensions), "year")


def require_parts(
    table: pl.DataFrame, *, dimension: str, total: str, source: str, tolerance: float = 0.5
) -> None:
    """Check that the parts of a dimension add up to its total.

    Args:
        table: Observations, as `observations` returns them.
        dimension: Column of the dimension.
        total: Code of its total.
        source: Key of the source, for the fault.
        tolerance: Largest difference that rounding explains, in the unit of the flow.

    Raises:
        SourceFault: A total differs from the sum of its parts, all of which are published.
    """
    others = [
        name for name in table.columns if name not in (dimension, "value", "flag", "is_total")
    ]
    parts = pl.col(dimension) != total
    sums = table.group_by(others).agg(
        pl.col("value").filter(parts).sum().alias("parts"),
        pl.col("value").filter(~parts).first().alias("stated"),
        (pl.col("value").is_null().any() | (parts.sum() < 2)).alias("partial"),
    )
    broken = sums.filter(
        ~pl.col("partial") & ((pl.col("parts") - pl.col("stated")).abs() > tolerance)
    ).sort(others)
    if broken.height:
        row = broken.row(0, named=True)
        where = f"territorio {row['territory']}, anno {row['year']}, colonna {dimension}"
        rule = f"le parti sommano {row['parts']:g}, il totale dice {row['stated']:g}"
        raise SourceFault(source, "-", where, rule)


def _table(content: bytes, flow: Flow, origin: Origin) -> pl.DataFrame:
    first = text_of(content, origin).partition("\n")[0]
    header = [name.strip() for name in next(csv.reader(io.StringIO(first)), [])]
    columns = {name: name.partition(":")[0].strip() for name in header if name}
    present = set(columns.values())
    area = next((name for name in _TERRITORY if name in present), _TERRITORY[0])
    for name in (area, "DATAFLOW", *flow.dimensions, "TIME_PERIOD", "OBS_VALUE"):
        if name not in present:
            raise origin.fault(f"colonna {name}", "la colonna manca nell'intestazione")
    frame = read_table(content, origin, columns=columns).rename({area: "REF_AREA"})
    if "OBS_STATUS" not in present:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("OBS_STATUS"))
    return frame


def _codes_only(frame: pl.DataFrame) -> pl.DataFrame:
    # Labels follow a colon and a space; the identifier of the flow has a colon and no space.
    columns = [name for name in frame.columns if name not in (LINE, "OBS_VALUE")]
    return frame.with_columns(pl.col(columns).str.replace(r": .*$", ""))


def _require_flow(frame: pl.DataFrame, flow: str, origin: Origin) -> None:
    named = frame["DATAFLOW"].str.extract(r"^(?:\w+:)?([^(]+)", 1)
    # The same data are published whole or in views: 22_289_DF_DCIS_POPRES1_24 is one of 22_289.
    other = ~((named == flow) | named.str.starts_with(f"{flow}_")).fill_null(value=False)
    if other.any():
        row = other.arg_true()[0]
        rule = f"il flusso è {frame['DATAFLOW'][row]}, atteso {flow}"
        raise origin.fault(f"riga {frame[LINE][row]}", rule)


def _require_known_dimensions(frame: pl.DataFrame, flow: Flow, origin: Origin) -> None:
    for name in frame.columns:
        if name == LINE or name in flow.dimensions or _NOT_DIMENSIONS.fullmatch(name):
            continue
        if frame[name].n_unique() > 1:
            rule = "dimensione non prevista con più di un codice: si conterebbe due volte"
            raise origin.fault(f"colonna {name}", rule)


def _with_year(frame: pl.DataFrame, years: Sequence[int] | None, origin: Origin) -> pl.DataFrame:
    year = frame["TIME_PERIOD"].str.extract(_YEAR, 1).cast(pl.Int64)
    if year.null_count():
        row = int(year.is_null().arg_true()[0])
        where = f"riga {frame[LINE][row]}, colonna TIME_PERIOD"
        raise origin.fault(where, f"{frame['TIME_PERIOD'][row]!r} non è un anno")
    frame = frame.with_columns(year.alias("year"))
    if years is None:
        return frame
    absent = sorted(set(years) - set(year))
    if absent:
        raise origin.fault("colonna TIME_PERIOD", f"manca l'anno {absent[0]}")
    return frame.filter(pl.col("year").is_in(list(years)))


def _with_place(
    frame: pl.DataFrame, territories: Collection[str] | None, origin: Origin
) -> pl.DataFrame:
    require_filled(frame, ["REF_AREA"], origin)
    known = places(frame["REF_AREA"], origin, column="REF_AREA")
    # A code no longer in use stays beside today's in some answers, with no figures of its own.
    retired = {code for code, found in known.items() if code != found.code and found.code in known}
    frame = frame.filter(
        ~(pl.col("REF_AREA").is_in(sorted(retired)) & pl.col("OBS_VALUE").is_null())
    )
    frame = frame.with_columns(
        pl.col("REF_AREA")
        .replace_strict({code: found.code for code, found in known.items()})
        .alias("territory"),
        pl.col("REF_AREA")
        .replace_strict({code: found.level for code, found in known.items()})
        .alias("level"),
    )
    if territories is None:
        return frame
    wanted = {found.code for found in places(territories, origin, column="REF_AREA").values()}
    absent = sorted(wanted - set(frame["territory"]))
    if absent:
        raise origin.fault("colonna REF_AREA", f"manca il territorio {absent[0]}")
    return frame.filter(pl.col("territory").is_in(sorted(wanted)))
