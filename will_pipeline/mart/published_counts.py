"""Every number of persons that a mart publishes by area, in one long table that can be attacked.

Which columns count persons, and which of their gaps were withheld, is said here; what can be
learnt from them is worked out in `disclosure_audit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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
    "area_edizione",
    "ponte_aree",
    "fatto_annata",
    "serie_storica",
)
"""Tables of a mart that the audit reads; those an older mart lacks count as empty."""
ATTACKED = (
    "fatto_indicatore",
    "fatto_annata",
    "serie_storica",
    "bisogno_latente",
    "bacino_area",
    "proiezione",
    "ripartizione_area",
)
"""Tables whose numbers of persons by area become cells of the attack."""
NOT_ATTACKED = {
    "dim_area": "residents and households of every area, and its code, are public",
    "area_edizione": "residents and households of every area, and its code, are public",
    "accesso_presidi": "places, which are public, and no persons",
    "fatto_indice": "ranks, classes and how many areas or indicators there are, and no persons",
    "serie_citta": "whole cities alone, and how many trials a projection had",
    "area_simile": "places in a list, and how many indicators were used",
}
"""Tables with whole numbers by area that tell nothing of a small group, and why."""
COUNT, ESTIMATE = "conteggio", "stima"
NUMERATOR, DENOMINATOR = "numeratore", "denominatore"
WITHHELD = ("soppresso", "soppresso_secondario")
MUNICIPALITY = "C"
_OBSERVED = ("osservato", "derivato")
_KEYS = ("tabella", "misura", "voce", "natura", "area_id", "valore", "trattenuto")
_PER_HUNDRED = 100.0
_PLACES = ("area_id", "pro_com", "livello", "residenti")


@dataclass(frozen=True)
class Frame:
    """Areas that make up cities at one date, and what is counted in them.

    Attributes:
        name: the census, or nothing for the areas of `dim_area`.
        table: table of the facts on these areas.
        areas: `area_id`, `pro_com`, `livello`, `residenti` at that date.
        cells: result of `published_cells` for these areas.
    """

    name: str
    table: str
    areas: pl.DataFrame
    cells: pl.DataFrame


def read_needed(mart: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """Read from an open mart the tables that the audit reads, those it has."""
    there = {name for (name,) in mart.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
    return {name: mart.sql(f'SELECT * FROM main."{name}"').pl() for name in NEEDED if name in there}


def published_frames(tables: Tables) -> list[Frame]:
    """Every set of areas of a mart: those of `dim_area`, and those of each later census.

    Persons counted in one census are not those of another, so that each is attacked by itself.

    Args:
        tables: tables of a mart by name; see `NEEDED`.
    """
    areas = _places(tables["dim_area"])
    return [
        Frame("", "fatto_indicatore", areas, published_cells(tables)),
        *_later_frames(tables),
    ]


def published_cells(tables: Tables) -> pl.DataFrame:
    """Numbers of persons by area of `dim_area`, also those that the mart keeps to itself.

    Args:
        tables: tables of a mart by name; see `NEEDED`.

    Returns:
        `tabella`, `misura` (its column), `voce` (what is counted, e.g. indicator and year),
        `natura` (a count, or an estimate), `pro_com`, `livello`, `area_id`, `residenti`, `valore`
        (missing where not published) and `trattenuto` (withheld for confidentiality).
    """
    areas = _places(tables["dim_area"])
    facts = tables["fatto_indicatore"].with_columns(
        voce=pl.format("{} {} {}", "indicatore_id", "anno", "gruppo")
    )
    parts = (
        *_facts(facts, "fatto_indicatore", tables["dim_indicatore"], areas),
        *_latent(tables),
        *_other_estimates(tables),
    )
    return _cells(parts, areas)


def _places(areas: pl.DataFrame) -> pl.DataFrame:
    return areas.select("area_id", "pro_com", "livello", residenti="popolazione")


def _cells(parts: Iterable[pl.DataFrame], areas: pl.DataFrame) -> pl.DataFrame:
    kept = [
        part.select(_KEYS).cast({"valore": pl.Float64}) for part in parts if not part.is_empty()
    ]
    cells = pl.concat(kept, how="vertical_relaxed") if kept else _none()
    return cells.join(areas, on="area_id", how="inner").sort("tabella", "misura", "voce", "area_id")


def _none() -> pl.DataFrame:
    texts = dict.fromkeys(_KEYS[:5], pl.String)
    return pl.DataFrame(schema={**texts, "valore": pl.Float64, "trattenuto": pl.Boolean})


def _later_frames(tables: Tables) -> Iterator[Frame]:
    """The areas of the later edition in each census, with the facts and the series on them."""
    areas, facts = tables.get("area_edizione"), tables.get("fatto_annata")
    if areas is None or facts is None or areas.is_empty():
        return
    drawn, cards = _places(areas), tables["dim_indicatore"]
    facts = facts.with_columns(
        voce=pl.format(
            "{} {} {} (censimento {})", "indicatore_id", "anno", "gruppo", "anno_struttura"
        )
    )
    series = _series_as_facts(tables.get("serie_storica"), facts)
    years = {*facts["anno_struttura"].unique(), *series["anno"].unique()}
    for year in sorted(years):
        of_year = facts.filter(pl.col("anno_struttura") == year)
        told = series.filter(pl.col("anno") == year)
        bridged = not told.is_empty() and bool(told["tramite_ponte"].any())
        places = _over_bridge(tables, drawn) if bridged else _residents(year, areas, facts)
        parts = (
            *_facts(of_year, "fatto_annata", cards, places),
            # The denominators of the series are those of the facts.
            *(
                part.filter(pl.col("misura") != DENOMINATOR)
                for part in _facts(told, "serie_storica", cards, places)
            ),
        )
        table = "fatto_annata" if len(of_year) else "serie_storica"
        # Estimates of withheld areas are made of the city's rates and the residents of that census,
        # which are not published: whether they tell anything cannot be asked here.
        cells = _cells(parts, places).filter(pl.col("natura") == COUNT)
        yield Frame(str(year), table, places, cells)


def _series_as_facts(series: pl.DataFrame | None, facts: pl.DataFrame) -> pl.DataFrame:
    """Rows of the series, with the denominators that are published elsewhere."""
    whole = facts.filter(
        (pl.col("gruppo") == "totale") & (pl.col("anno") == pl.col("anno_struttura"))
    )
    known = whole.select("area_id", "indicatore_id", "anno", "denominatore")
    if series is None:
        none = dict.fromkeys(("valore", "numeratore"), pl.Float64) | {"tramite_ponte": pl.Boolean}
        texts = dict.fromkeys(("stato", "nota", "voce"), pl.String)
        return known.clear().with_columns(
            pl.lit(None, dtype=kind).alias(name) for name, kind in (none | texts).items()
        )
    firm = ~pl.col("stimato")
    return series.select(
        "area_id",
        "indicatore_id",
        "anno",
        "stato",
        "tramite_ponte",
        # An estimate is nobody's count.
        valore=pl.when(firm).then("valore"),
        numeratore=pl.lit(None, dtype=pl.Float64),
        nota=pl.when(~firm).then(pl.lit("stimato")),
        voce=pl.format("{} {}", "indicatore_id", "anno"),
    ).join(known, on=["area_id", "indicatore_id", "anno"], how="left", maintain_order="left")


def _residents(year: int, areas: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Areas with the residents of one census, where denominators tell them.

    Beside the boundaries only the residents of the latest census are published: an indicator whose
    denominators are these residents tells those of the other censuses too. Where none does, the
    latest residents are the best that an attacker has.
    """
    known = areas.select("area_id", "popolazione", latest="anno")
    told = facts.filter(pl.col("denominatore").is_not_null()).join(known, on="area_id")
    same = told.filter(pl.col("anno_struttura") == pl.col("latest")).group_by("indicatore_id")
    of_all = same.agg(all=(pl.col("denominatore") == pl.col("popolazione")).all()).filter("all")
    of_year = (
        told.filter((pl.col("anno_struttura") == year) & (pl.lit(year) != pl.col("latest")))
        .join(of_all, on="indicatore_id", how="semi")
        .group_by("area_id")
        .agg(own=pl.col("denominatore").max().cast(pl.Int64))
    )
    return (
        _places(areas)
        .join(of_year, on="area_id", how="left", maintain_order="left")
        .with_columns(residenti=pl.coalesce("own", "residenti"))
        .select(_PLACES)
    )


def _over_bridge(tables: Tables, drawn: pl.DataFrame) -> pl.DataFrame:
    """Areas of the later edition with the residents that the bridge leads to them."""
    before = tables["dim_area"].select("area_id", old="popolazione")
    bridge = tables.get("ponte_aree")
    if bridge is None:
        return drawn
    led = (
        bridge.join(before, left_on="area_da", right_on="area_id")
        .filter(pl.col("area_a").str.contains("@"))
        .group_by(area_id="area_a")
        .agg(led=(pl.col("old") * pl.col("peso_popolazione")).sum().round(0).cast(pl.Int64))
    )
    return (
        drawn.join(led, on="area_id", how="left", maintain_order="left")
        .join(before, on="area_id", how="left", maintain_order="left")
        .with_columns(residenti=pl.coalesce("led", "old", "residenti"))
        .select(_PLACES)
    )


def _facts(
    facts: pl.DataFrame, table: str, indicators: pl.DataFrame, areas: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    cards = indicators.select("indicatore_id", "unita", "tipo")
    residents = dict(areas.select("area_id", "residenti").iter_rows())
    facts = facts.join(cards, on="indicatore_id", how="left")
    facts = facts.with_columns(
        tabella=pl.lit(table),
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


_OTHERS = {
    "proiezione": ("persone", pl.format("{} {} {}", "dimensione", "anno", "scenario"), True),
    "bacino_area": ("persone_attese", pl.col("bacino_id"), True),
    "ripartizione_area": ("bisogno", pl.col("esercizio_id"), False),
}
"""Column of the estimate, what tells its items apart, and whether rows say that it is withheld."""


def _other_estimates(tables: Tables) -> Iterator[pl.DataFrame]:
    for table, (measure, item, told) in _OTHERS.items():
        if table in tables:
            kept = pl.col("stato").is_in(WITHHELD) if told else pl.lit(value=False)
            yield tables[table].with_columns(
                tabella=pl.lit(table),
                misura=pl.lit(measure),
                voce=item,
                natura=pl.lit(ESTIMATE),
                valore=measure,
                trattenuto=kept,
            )
