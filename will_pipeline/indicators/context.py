"""Context of the whole municipality: what the other sources say around the four needs.

Every function turns one source-shaped table into rows of `core.municipality_context`; nothing
here enters an index.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL

PROVINCIAL_SERIES = {
    "neet_provincia": "02IST006-N22",
    "occupazione_giovanile_provincia": "03LAV003P-N22",
    "competenze_numeriche_provincia": "02IST010P",
}
TURNOUT_SERIES = {
    "affluenza_politiche": "politiche_2022",
    "affluenza_europee": "europee_2024",
}
BOTH_SEXES = "T"
PER_HUNDRED, PER_THOUSAND, PER_TEN_THOUSAND = 100.0, 1_000.0, 10_000.0
LIBRARY_REGISTER_YEAR = 2017
"""Year of the register of libraries that ships with the project; a later one is of its day."""
# Offices without classes of their own, and courses that are not open to the area's children.
SCHOOL_OFFICES = (
    "ISTITUTO COMPRENSIVO",
    "ISTITUTO SUPERIORE",
    "CENTRO TERRITORIALE",
    "CONVITTO NAZIONALE",
    "CONVITTO ANNESSO",
)
CLOSED_COURSES = ("SPEC. PER CARCERARI", "C/O IST. OSPEDALIERO", "PERCORSO II LIVELLO", "CPIA")
COLUMNS = ("pro_com", "indicator_id", "year", "value", "numerator", "denominator", "source_id")


def context_rows(
    raw: Mapping[str, pl.DataFrame],
    municipalities: pl.DataFrame,
    *,
    library_year: int = LIBRARY_REGISTER_YEAR,
) -> pl.DataFrame:
    """Rows of `core.municipality_context`.

    Args:
        raw: source-shaped tables by key of the source.
        municipalities: `pro_com`, `province_code`, one row per city.
        library_year: year of the register of libraries, which does not say it.

    Returns:
        One row per city, context indicator and year; a value that the source does not publish
        stays missing.
    """
    residents = _residents(raw["istat_bilancio_2025"])
    parts = [
        _provincial(raw["istat_bes_territori"], municipalities),
        _life_satisfaction(raw["istat_soddisfazione_vita"], municipalities),
        _income(raw["mef_irpef_comuni"]),
        _foreign_residents(raw["istat_cittadinanza_2025"], residents),
        _citizenship(raw["istat_cittadinanza_2025"]),
        residents.select(
            "pro_com",
            "year",
            indicator_id=pl.lit("residenti"),
            value=pl.col("residents").cast(pl.Float64),
            source_id=pl.lit("istat_bilancio_2025"),
        ),
        _turnout(raw["eligendo_affluenza"]),
        _assets(
            teaching_sites(raw["mim_scuole"]),
            residents,
            "scuole",
            _latest(raw["mim_scuole"], pl.col("school_year").str.head(4).cast(pl.Int64)),
            "mim_scuole",
        ),
        _assets(
            raw["iccu_biblioteche"],
            residents,
            "biblioteche",
            library_year,
            "iccu_biblioteche",
        ),
        _assets(
            raw["agenzia_cinque_per_mille"].filter("third_sector"),
            residents,
            "enti_terzo_settore",
            _latest(raw["agenzia_cinque_per_mille"], pl.col("year")),
            "agenzia_cinque_per_mille",
        ),
        _spending(raw["opencivitas_spesa"]),
    ]
    typed = [
        part.with_columns(
            pl.col("year").cast(pl.Int64),
            *(
                pl.col(name).cast(pl.Float64)
                if name in part.columns
                else pl.lit(None, pl.Float64).alias(name)
                for name in ("numerator", "denominator")
            ),
        ).select(COLUMNS)
        for part in parts
    ]
    cities = municipalities.select("pro_com")
    return pl.concat(typed).join(cities, on="pro_com", how="semi")


def context_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `fatto_indicatore` for the context of the municipalities.

    Args:
        rows: `core.municipality_context`.

    Returns:
        One row per municipality, indicator and year, without interval: the source gives none.
    """
    published = pl.col("value").is_not_null()
    return rows.select(
        area_id=pl.concat_str("pro_com", pl.lit(f".{MUNICIPALITY_LEVEL}")),
        indicatore_id="indicator_id",
        anno=pl.col("year").cast(pl.Int32),
        gruppo=pl.lit("totale"),
        valore="value",
        numeratore="numerator",
        denominatore="denominator",
        ic_inf=pl.lit(None, pl.Float64),
        ic_sup=pl.lit(None, pl.Float64),
        anno_struttura=pl.col("year").cast(pl.Int32),
        valore_comune="value",
        fonte_id="source_id",
        stato=pl.when(published).then(pl.lit("valido")).otherwise(pl.lit("non_disponibile")),
        affidabilita=pl.lit(None, pl.String),
        indice_100=pl.lit(None, pl.Float64),
        lettura=pl.lit(None, pl.String),
        nota=pl.lit(None, pl.String),
    )


def teaching_sites(register: pl.DataFrame) -> pl.DataFrame:
    """Schools that pupils of the area go to: no offices, no courses closed to them.

    Args:
        register: `school_type` and `feature` of every line of the register of schools.
    """
    closed = pl.col("feature").is_in(CLOSED_COURSES).fill_null(value=False)
    return register.filter(~pl.col("school_type").is_in(SCHOOL_OFFICES) & ~closed)


def _residents(balance: pl.DataFrame) -> pl.DataFrame:
    return balance.filter(pl.col("sex") == BOTH_SEXES).select(
        "pro_com", "year", residents="population_start"
    )


def _provincial(series: pl.DataFrame, municipalities: pl.DataFrame) -> pl.DataFrame:
    codes = {code: name for name, code in PROVINCIAL_SERIES.items()}
    return (
        series.filter(pl.col("indicator_code").is_in(list(codes)) & (pl.col("sex") == BOTH_SEXES))
        .join(municipalities.select("pro_com", "province_code"), on="province_code")
        .select(
            "pro_com",
            "year",
            "value",
            indicator_id=pl.col("indicator_code").replace_strict(codes),
            source_id=pl.lit("istat_bes_territori"),
        )
    )


def _life_satisfaction(table: pl.DataFrame, municipalities: pl.DataFrame) -> pl.DataFrame:
    return table.join(municipalities.select("pro_com", "province_code"), on="province_code").select(
        "pro_com",
        "year",
        indicator_id=pl.lit("soddisfazione_vita_provincia"),
        value="share_8_10",
        numerator=pl.sum_horizontal("persons_8", "persons_9", "persons_10"),
        denominator="persons_total",
        source_id=pl.lit("istat_soddisfazione_vita"),
    )


def _income(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("item") == "taxable_income").select(
        "pro_com",
        "year",
        indicator_id=pl.lit("reddito_imponibile_medio"),
        value=pl.col("amount_eur") / pl.col("frequency"),
        numerator="amount_eur",
        denominator="frequency",
        source_id=pl.lit("mef_irpef_comuni"),
    )


def _foreign_residents(foreign: pl.DataFrame, residents: pl.DataFrame) -> pl.DataFrame:
    total = foreign.filter(pl.col("sex") == BOTH_SEXES)
    return total.join(residents, on=["pro_com", "year"]).select(
        "pro_com",
        "year",
        indicator_id=pl.lit("stranieri_residenti"),
        value=PER_HUNDRED * pl.col("population_start") / pl.col("residents"),
        numerator="population_start",
        denominator="residents",
        source_id=pl.lit("istat_cittadinanza_2025"),
    )


def _citizenship(foreign: pl.DataFrame) -> pl.DataFrame:
    return foreign.filter(pl.col("sex") == BOTH_SEXES).select(
        "pro_com",
        "year",
        indicator_id=pl.lit("acquisizioni_cittadinanza"),
        value=PER_THOUSAND * pl.col("citizenship_acquisitions") / pl.col("population_start"),
        numerator="citizenship_acquisitions",
        denominator="population_start",
        source_id=pl.lit("istat_cittadinanza_2025"),
    )


def _turnout(table: pl.DataFrame) -> pl.DataFrame:
    names = {consultation: name for name, consultation in TURNOUT_SERIES.items()}
    return table.filter(pl.col("consultation").is_in(list(names))).select(
        "pro_com",
        year=pl.col("last_day").dt.year(),
        indicator_id=pl.col("consultation").replace_strict(names),
        value=PER_HUNDRED * pl.col("voters") / pl.col("electors"),
        numerator="voters",
        denominator="electors",
        source_id=pl.lit("eligendo_affluenza"),
    )


def _latest(table: pl.DataFrame, year: pl.Expr) -> int:
    """Newest year that a register speaks of; zero for one without rows, which gives none."""
    found = table.select(year.max()).item()
    return 0 if found is None else int(found)


def _assets(
    table: pl.DataFrame, residents: pl.DataFrame, indicator: str, year: int, source: str
) -> pl.DataFrame:
    counted = table.group_by("pro_com").len(name="assets")
    # The register covers every municipality: a city that is not in it has none. Without any row it
    # was not read, and says nothing of any city.
    residents = residents if table.height else residents.clear()
    return (
        residents.select("pro_com", "residents")
        .join(counted, on="pro_com", how="left")
        .with_columns(pl.col("assets").fill_null(0))
        .select(
            "pro_com",
            year=pl.lit(year),
            indicator_id=pl.lit(indicator),
            value=PER_TEN_THOUSAND * pl.col("assets") / pl.col("residents"),
            numerator="assets",
            denominator="residents",
            source_id=pl.lit(source),
        )
    )


def _spending(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        "pro_com",
        "year",
        indicator_id=pl.lit("spesa_servizi_pro_capite"),
        value="historical_per_resident_eur",
        source_id=pl.lit("opencivitas_spesa"),
    )
