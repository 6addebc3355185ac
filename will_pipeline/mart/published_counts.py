"""Every number of persons that a mart publishes by area, in one long table that can be attacked.

Which columns count persons, and which of their gaps were withheld, is said here; what can be
learnt from them is worked out in `disclosure_audit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import polars as pl

Tables = Mapping[str, pl.DataFrame]
NEEDED = (
    "dim_area",
    "dim_comune",
    "dim_indicatore",
    "fatto_indicatore",
    "bisogno_latente",
    "bacino_area",
    "proiezione",
    "ripartizione_area",
    "mart_info",
)
"""Tables of a mart that the audit reads; those an older mart lacks count as empty."""
COUNT, ESTIMATE = "conteggio", "stima"
NUMERATOR, DENOMINATOR = "numeratore", "denominatore"
WITHHELD = ("soppresso", "soppresso_secondario")
MUNICIPALITY = "C"
_OBSERVED = ("osservato", "derivato")
_KEYS = ("tabella", "misura", "voce", "natura", "area_id", "valore", "trattenuto")
_PER_HUNDRED = 100.0


def read_needed(mart: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """Read from an open mart the tables that the audit reads, those it has."""
    there = {name for (name,) in mart.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
    return {name: mart.sql(f'SELECT * FROM main."{name}"').pl() for name in NEEDED if name in there}


def published_cells(tables: Tables) -> pl.DataFrame:
    """Numbers of persons by area of a mart, also those that it keeps to itself.

    Args:
        tables: tables of a mart by name; see `NEEDED`.

    Returns:
        `tabella`, `misura` (its column), `voce` (what is counted, e.g. indicator and year),
        `natura` (a count, or an estimate), `pro_com`, `livello`, `area_id`, `residenti`, `valore`
        (missing where not published) and `trattenuto` (withheld for confidentiality).
    """
    areas = tables["dim_area"].select("area_id", "pro_com", "livello", residenti="popolazione")
    parts = [
        part.select(_KEYS).cast({"valore": pl.Float64})
        for part in (*_facts(tables), *_latent(tables), *_other_estimates(tables))
        if not part.is_empty()
    ]
    cells = pl.concat(parts, how="vertical_relaxed") if parts else _none()
    return cells.join(areas, on="area_id", how="inner").sort("tabella", "misura", "voce", "area_id")


def _none() -> pl.DataFrame:
    texts = dict.fromkeys(_KEYS[:5], pl.String)
    return pl.DataFrame(schema={**texts, "valore": pl.Float64, "trattenuto": pl.Boolean})


def _facts(tables: Tables) -> Iterator[pl.DataFrame]:
    cards = tables["dim_indicatore"].select("indicatore_id", "unita", "tipo")
    residents = dict(tables["dim_area"].select("area_id", "popolazione").iter_rows())
    facts = tables["fatto_indicatore"].join(cards, on="indicatore_id", how="left")
    facts = facts.with_columns(
        tabella=pl.lit("fatto_indicatore"),
        voce=pl.format("{} {} {}", "indicatore_id", "anno", "gruppo"),
        natura=pl.lit(COUNT),
        # A number computed from counts shared with a small group keeps its own counts hidden.
        trattenuto=pl.col("stato").is_in(WITHHELD) | pl.col("nota").is_not_null(),
        residenti=pl.col("area_id").replace_strict(residents, default=None, return_dtype=pl.Int64),
    )
    observed = pl.col("tipo").is_in(_OBSERVED)
    persons = pl.col("unita").str.starts_with("persone")
    # A rate and its denominator tell the count as well as the count itself; so does the value
    # of an indicator that counts persons.
    worked_out = (pl.col("valore") * pl.col("denominatore") / _PER_HUNDRED).round(0)
    facts = facts.with_columns(
        numeratore=pl.coalesce(
            "numeratore",
            pl.when(observed & (pl.col("unita") == "persone")).then("valore"),
            pl.when(observed & (pl.col("unita") == "%") & ~pl.col("trattenuto")).then(worked_out),
        )
    )
    for name in (NUMERATOR, DENOMINATOR):
        # Residents are published for every area: whoever counts them gives nothing away.
        kept = pl.col(name).is_not_null() & (pl.col(name) != pl.col("residenti"))
        yield facts.filter(kept.any().over("voce")).with_columns(misura=pl.lit(name), valore=name)
    yield facts.filter(persons & ~observed).with_columns(
        misura=pl.lit("valore"),
        natura=pl.lit(ESTIMATE),
        trattenuto=pl.col("stato").is_in(WITHHELD),
    )


def _latent(tables: Tables) -> Iterator[pl.DataFrame]:
    if "bisogno_latente" not in tables:
        return
    rows = tables["bisogno_latente"].with_columns(
        tabella=pl.lit("bisogno_latente"), voce=pl.format("{} {}", "dimensione", "anno")
    )
    served = rows.filter(pl.col("serviti").is_not_null().any().over("voce"))
    yield served.with_columns(
        misura=pl.lit("serviti"),
        natura=pl.lit(COUNT),
        valore="serviti",
        trattenuto=pl.col("stato_copertura") == "riservata",
    )
    yield rows.with_columns(
        misura=pl.lit("attesi"),
        natura=pl.lit(ESTIMATE),
        valore="attesi",
        trattenuto=pl.col("stato_attesi").is_in(WITHHELD),
    )


def _other_estimates(tables: Tables) -> Iterator[pl.DataFrame]:
    if "proiezione" in tables:
        yield tables["proiezione"].with_columns(
            tabella=pl.lit("proiezione"),
            misura=pl.lit("persone"),
            voce=pl.format("{} {} {}", "dimensione", "anno", "scenario"),
            natura=pl.lit(ESTIMATE),
            valore="persone",
            trattenuto=pl.col("stato").is_in(WITHHELD),
        )
    if "bacino_area" in tables:
        yield tables["bacino_area"].with_columns(
            tabella=pl.lit("bacino_area"),
            misura=pl.lit("persone_attese"),
            voce="bacino_id",
            natura=pl.lit(ESTIMATE),
            valore="persone_attese",
            trattenuto=pl.col("stato").is_in(WITHHELD),
        )
    if "ripartizione_area" in tables:
        yield tables["ripartizione_area"].with_columns(
            tabella=pl.lit("ripartizione_area"),
            misura=pl.lit("bisogno"),
            voce="esercizio_id",
            natura=pl.lit(ESTIMATE),
            valore="bisogno",
            trattenuto=pl.lit(value=False),
        )
