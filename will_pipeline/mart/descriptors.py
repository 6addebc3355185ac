"""What a release says about its own files: the data package, the dictionary, the attributions.

Everything is rendered from contracts and tables; no description is written here twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from will_pipeline.contracts.model import Column, ColumnType, TableContract, ViewContract
from will_pipeline.mart.markdown import cell
from will_pipeline.mart.osm_layer import FOLDER as OSM_FOLDER
from will_pipeline.mart.osm_layer import SOURCE as OSM_SOURCE

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
FIELD_TYPES: Mapping[ColumnType, str] = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "BLOB": "string",
}
LICENCE = {
    "name": "CC-BY-4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
    "title": "Creative Commons Attribuzione 4.0 Internazionale",
}
WITHIN, APART = "sì", "no, a parte"
LICENCES = (
    ("CC0", WITHIN, "Niente; l'attribuzione si dà lo stesso."),
    ("CC BY-SA", APART, "Citare la fonte, e la stessa licenza per ciò che se ne deriva."),
    ("CC BY-NC", APART, "Citare la fonte; niente usi commerciali."),
    ("CC BY-ND", APART, "Citare la fonte; niente opere derivate."),
    ("CC BY", WITHIN, "Citare la fonte e dire che cosa si è cambiato."),
    ("IODL 2.0", WITHIN, "Citare la fonte."),
    ("IODL 1.0", APART, "Citare la fonte, e la stessa licenza o una compatibile."),
    ("ODbL", APART, "Citare la fonte, e la stessa licenza per la banca dati derivata."),
    (
        "Citazione di dati pubblicati",
        WITHIN,
        "Citare la pubblicazione; si riportano singoli valori.",
    ),
)
"""Start of a licence's name, whether it fits CC BY 4.0, what it asks: the first row counts."""


def table_schema(contract: TableContract) -> dict[str, object]:
    """Table Schema of a published table: types, constraints, key, meanings."""
    return {
        "fields": [_field(column) for column in contract.columns],
        "primaryKey": list(contract.key),
        "missingValues": [""],
    }


def view_schema(view: ViewContract, frame: pl.DataFrame) -> dict[str, object]:
    """Table Schema of a view; types are those of its rows."""
    kinds = {name: _kind(kind) for name, kind in frame.schema.items()}
    return {
        "fields": [
            {"name": column.name, "type": kinds[column.name], "description": column.it}
            for column in view.columns
        ],
        "missingValues": [""],
    }


def data_package(
    folder: Path,
    resources: Mapping[str, tuple[str, Mapping[str, object]]],
    sources: pl.DataFrame,
    info: Mapping[str, str],
) -> bytes:
    """The `datapackage.json` of a release (Data Package 2.0).

    Args:
        folder: folder of the release, with the files.
        resources: title and schema of every CSV file, by file name.
        sources: rows of `dim_fonte`.
        info: values of `mart_info` by key.

    Returns:
        The bytes of the descriptor; files are named with their size and sha256.
    """
    package = {
        "$schema": PROFILE,
        "name": "will-bisogni-collettivi",
        "title": "Atlante dei bisogni collettivi",
        "description": "Bisogni che non arrivano allo sportello, per area di otto città italiane: "
        "indicatori, indici e profili con il loro intervallo.",
        "version": info["rilascio"],
        "created": info["fatto_il"],
        "licenses": [LICENCE],
        "sources": [
            {"title": row["titolo"], "path": row["url"]}
            for row in sources.sort("fonte_id").iter_rows(named=True)
        ],
        "contributors": [{"title": "will-pipeline", "roles": ["wrangler"]}],
        "resources": [
            _resource(folder / name, title, schema) for name, (title, schema) in resources.items()
        ],
    }
    return (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode()


def dictionary_page(dictionary: pl.DataFrame, contracts: Iterable[TableContract]) -> bytes:
    """The `DIZIONARIO.md` of a release: every column of every table and view."""
    described = {contract.table: contract.description.it for contract in contracts}
    lines = ["# Dizionario dei dati", ""]
    for table, rows in dictionary.sort("tabella", "posizione").group_by(
        "tabella", maintain_order=True
    ):
        name = str(table[0])
        lines += [f"## {name}", ""]
        lines += [described[name], ""] if name in described else []
        lines += ["| Colonna | Tipo | Unità | Che cosa dice |", "|---|---|---|---|"]
        lines += [
            f"| `{row['colonna']}` | {row['tipo']} | {row['unita'] or ''} | "
            f"{cell(row['descrizione'])} |"
            for row in rows.iter_rows(named=True)
        ]
        lines.append("")
    return "\n".join(lines).encode()


def attribution_page(sources: pl.DataFrame, citation: str) -> bytes:
    """The `ATTRIBUZIONI.md` of a release: what to cite, the attributions, what licences allow."""
    lines = [
        "# Attribuzioni",
        "",
        "Chi riusa questi dati cita il rilascio:",
        "",
        f"> {citation}",
        "",
        "I dati pubblicati sono CC BY 4.0. "
        "Ogni fonte conserva la propria licenza e chiede la propria attribuzione:",
        "",
        "| Fonte | Ente | Licenza | Attribuzione |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {cell(row['titolo'])} | {cell(row['ente'])} | "
        f"[{cell(row['licenza'])}]({row['licenza_uri']}) | "
        f"{cell(row['attribuzione'])}{_apart(row['fonte_id'])} |"
        for row in sources.sort("fonte_id").iter_rows(named=True)
    ]
    lines += ["", *_credits(sources), *licence_lines(sources)]
    return ("\n".join(lines) + "\n").encode()


def _apart(source: str) -> str:
    return f". Strato a parte, in `{OSM_FOLDER}/`" if source == OSM_SOURCE else ""


def _credits(sources: pl.DataFrame) -> list[str]:
    """One paragraph with every attribution, ready to be copied under a map or a table."""
    told = sources.sort("fonte_id")["attribuzione"].unique(maintain_order=True)
    return [
        "## Da copiare",
        "",
        "Sotto una tavola o una mappa che usa numeri di tutte le fonti:",
        "",
        f"> {'; '.join(cell(each) for each in told)}.",
        "",
    ]


def licence_lines(sources: pl.DataFrame) -> list[str]:
    """What the licences of the sources ask of what is made from them, one row per licence."""
    counted = sources.group_by("licenza").agg(pl.col("fonte_id").sort()).sort("licenza")
    lines = [
        "## Licenze e compatibilità",
        "",
        "| Licenza | Fonti | Può stare sotto CC BY 4.0? | Che cosa chiede |",
        "|---|---:|---|---|",
    ]
    apart: list[str] = []
    for licence, members in counted.iter_rows():
        fits, duty = licence_duty(licence)
        lines.append(f"| {cell(licence)} | {len(members)} | {fits} | {duty} |")
        apart += members if fits != WITHIN else []
    lines.append("")
    if apart:
        lines.append(f"Da tenere a parte, o da non ridistribuire: {', '.join(sorted(apart))}.")
    else:
        lines.append("Nessuna fonte chiede di stare a parte.")
    lines += [
        "I dati ODbL (per esempio OpenStreetMap) non si uniscono agli altri: chi pubblica una "
        "banca dati derivata deve usare la stessa licenza. Se entrano, stanno in un file a parte, "
        f"nella cartella `{OSM_FOLDER}/`.",
        "",
    ]
    return lines


def licence_duty(licence: str) -> tuple[str, str]:
    """Whether a licence lets derived data be CC BY 4.0, and what it asks, in Italian.

    Args:
        licence: name of the licence, as in `dim_fonte`.

    Source:
        Texts of the licences; AgID, Linee guida sull'apertura dei dati (2023), compatibility of
        licences.
    """
    for start, fits, duty in LICENCES:
        if licence.upper().startswith(start.upper()):
            return fits, duty
    return "da verificare", "Leggere il testo prima di ridistribuire."


def readme_rows(info: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Rows of the sheet *Leggimi*: what the workbook is and how to read it."""
    return (
        ("Che cos'è", "Una riga per area: i quattro bisogni, il loro intervallo, il profilo."),
        ("Rilascio", info["rilascio"]),
        ("Fatto il", info["fatto_il"]),
        ("Come si legge", "100 è la città. Più alto vuol dire più bisogno."),
        ("Intervallo", "Se i due estremi stanno ai due lati di 100, la differenza non si distingue "
         "dal caso."),
        ("Celle vuote", "Vuoto non è zero: il numero manca o non è pubblicato per riservatezza."),
        ("Nomi delle colonne", "I nomi tecnici, quelli dei CSV e del mart, sono nel foglio "
         "Dizionario."),
        ("Che cosa descrive", "Le aree, mai le persone."),
        ("Che anno è", "I numeri delle aree vengono dal censimento del 2011."),
        ("Licenza", f"{info['licenza']} ({info['licenza_uri']})"),
        ("Come citare", info["citazione"]),
    )  # fmt: skip


def _field(column: Column) -> dict[str, object]:
    field: dict[str, object] = {
        "name": column.name,
        "type": FIELD_TYPES[column.type],
        "description": column.it,
    }
    limits = {
        "required": column.required or None,
        "enum": list(column.allowed) if column.allowed else None,
        "pattern": column.pattern,
        "minimum": column.min,
        "maximum": column.max,
    }
    constraints = {name: value for name, value in limits.items() if value is not None}
    return field | ({"constraints": constraints} if constraints else {})


def _kind(kind: pl.DataType) -> str:
    if kind == pl.Boolean:
        return "boolean"
    if kind.is_integer():
        return "integer"
    return "number" if kind.is_numeric() else "string"


def _resource(path: Path, title: str, schema: Mapping[str, object]) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "name": path.stem.replace("_", "-"),
        "path": path.name,
        "title": title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": schema,
    }
