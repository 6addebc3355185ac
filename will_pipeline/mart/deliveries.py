"""What readers of the mart learn of the deliveries: sources, controls and the voice of the tables.

Here English columns become Italian ones and states become sentences; nothing is computed.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.deliveries.boundary_files import COUNTS_KIND, SECTIONS_KIND, TITLES
from will_pipeline.deliveries.catalogue import load_templates, source_id
from will_pipeline.deliveries.folder import ACCEPTED, LAST_GOOD
from will_pipeline.mart.controls import WARNING

CONTROL = "consegna_accolta"
VOICE = "voce_tavolo"
LICENCE, LICENCE_URI = "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"
CENSUS_KINDS = (SECTIONS_KIND, COUNTS_KIND)
CENSUS_LICENCE = "CC BY 3.0 IT"
CENSUS_LICENCE_URI = "https://creativecommons.org/licenses/by/3.0/it/"
UNKNOWN_TITLE = "File di nessuna consegna"
_LINES_SHOWN = 3
Row = dict[str, object]


def delivery_sources(deliveries: pl.DataFrame, municipalities: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_fonte` for the deliveries in use.

    Args:
        deliveries: rows of `core.delivery`.
        municipalities: rows of `core.municipality`.

    Returns:
        One row per delivery with data in use; `aggiornata` is false where they are the last good
        ones and the latest file was refused.
    """
    used = _named(deliveries.filter(pl.col("sha256").is_not_null()), municipalities)
    return pl.DataFrame([_source(row) for row in used.iter_rows(named=True)], schema=_SOURCE)


def delivery_controls(deliveries: pl.DataFrame, municipalities: pl.DataFrame) -> pl.DataFrame:
    """Rows of `controllo` for every file found in the folder of deliveries.

    Args:
        deliveries: rows of `core.delivery`.
        municipalities: rows of `core.municipality`.

    Returns:
        One warning or good outcome per delivery; no rows where nothing was handed in.
    """
    named = _named(deliveries, municipalities)
    return pl.DataFrame([_control(row) for row in named.iter_rows(named=True)], schema=_CONTROL)


def territory_statements(statements: pl.DataFrame) -> pl.DataFrame:
    """Rows of `voce_territorio` from `core.table_statement`."""
    towns = statements["pro_com"].to_list()
    return statements.select(
        "area_id",
        pl.Series("fonte_id", [source_id(VOICE, town) for town in towns], dtype=pl.String),
        voce_id="statement_id",
        dimensione="theme",
        data_tavolo="table_date",
        tipo_attore="actor",
        esito="outcome",
        sintesi="summary",
        risorsa_indicata="resource",
    )


def _named(deliveries: pl.DataFrame, municipalities: pl.DataFrame) -> pl.DataFrame:
    towns = municipalities.select("pro_com", "uri", town="name")
    return deliveries.join(towns, on="pro_com").sort("pro_com", "kind")


def _title(kind: str) -> str:
    template = load_templates().get(kind)
    return TITLES.get(kind, UNKNOWN_TITLE) if template is None else template.title.it


def _source(row: Row) -> Row:
    title, body = f"{_title(str(row['kind']))}, {row['town']}", f"Comune di {row['town']}"
    told = {
        "fonte_id": row["source_id"],
        "titolo": title,
        "ente": body,
        "url": row["uri"],
        "licenza": LICENCE,
        "licenza_uri": LICENCE_URI,
        "attribuzione": f"{body}, dati consegnati al progetto",
        "data_riferimento": row["period"] or str(row["accepted_on"]),
        "scaricato_il": row["accepted_on"],
        "sha256": row["sha256"],
        "byte": row["bytes"],
        "aggiornata": row["state"] == ACCEPTED,
        "problemi_noti": None if row["state"] == ACCEPTED else _kept(row),
    }
    # Sections and their counts are ISTAT's, whoever puts the file in the folder.
    if row["kind"] in CENSUS_KINDS:
        told |= {
            "ente": "ISTAT",
            "licenza": CENSUS_LICENCE,
            "licenza_uri": CENSUS_LICENCE_URI,
            "attribuzione": f"ISTAT, sezioni di censimento; file consegnato dal {body}",
        }
    return told


def _control(row: Row) -> Row:
    accepted = row["state"] == ACCEPTED
    told = f"Righe in uso: {row['rows']}." if accepted else _kept(row)
    return {
        "controllo": CONTROL,
        "oggetto": row["source_id"],
        "esito": "superato" if accepted else "fallito",
        "gravita": WARNING,
        "messaggio": f"{_title(str(row['kind']))}, {row['town']}. {told}",
        "valore": float(str(row["rows"])),
        "soglia": None,
    }


def _kept(row: Row) -> str:
    """What happened to a refused file, and why, in a few lines."""
    lines = str(row["message"] or "").split("\n")
    why = " ".join(lines[:_LINES_SHOWN])
    if len(lines) > _LINES_SHOWN:
        why += " Gli altri difetti si leggono con «will consegne elenco»."
    if row["state"] == LAST_GOOD:
        when = f"{row['accepted_on']:%d/%m/%Y}"
        return f"L'ultimo file non è stato accolto: restano i dati accolti il {when}. {why}"
    return f"Il file non è stato accolto e non ci sono dati in uso. {why}"


_SOURCE = pl.Schema(
    {
        "fonte_id": pl.String(),
        "titolo": pl.String(),
        "ente": pl.String(),
        "url": pl.String(),
        "licenza": pl.String(),
        "licenza_uri": pl.String(),
        "attribuzione": pl.String(),
        "data_riferimento": pl.String(),
        "scaricato_il": pl.Date(),
        "sha256": pl.String(),
        "byte": pl.Int64(),
        "aggiornata": pl.Boolean(),
        "problemi_noti": pl.String(),
    }
)
_CONTROL = pl.Schema(
    {
        "controllo": pl.String(),
        "oggetto": pl.String(),
        "esito": pl.String(),
        "gravita": pl.String(),
        "messaggio": pl.String(),
        "valore": pl.Float64(),
        "soglia": pl.Float64(),
    }
)
