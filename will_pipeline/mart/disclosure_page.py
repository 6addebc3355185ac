"""What a release says of its own confidentiality: rule, floors, what was withheld, the attack.

Sentences and tables for people are made here from published tables and from the audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from will_pipeline.indicators.disclosure import LEAST_PERSONS
from will_pipeline.italian import number
from will_pipeline.mart.disclosure_audit import (
    BELOW_FLOOR,
    BOUNDED,
    EARLIER,
    LEAST_CANDIDATES,
    SUBTRACTED,
    Audit,
    Finding,
)
from will_pipeline.mart.markdown import cell
from will_pipeline.mart.published_counts import WITHHELD, Tables

PAGE = "RISERVATEZZA.md"
LEVELS = {"C": "città", "Q": "quartieri", "A": "aree di censimento", "S": "sezioni"}
REASONS = {
    "soppresso": "l'area ha meno residenti della soglia, o troppo poche persone stimate",
    "soppresso_secondario": "si ricaverebbe il numero di un'area vicina",
}
KINDS = {
    BELOW_FLOOR: "pubblicato sotto la soglia",
    SUBTRACTED: "un piccolo gruppo si ricava per sottrazione",
    BOUNDED: "il numero riservato si ricava dagli altri",
    EARLIER: "il numero riservato si legge nel rilascio precedente",
}


def audit_lines(audit: Audit) -> list[str]:
    """What was tried and what came back, in Italian sentences.

    Args:
        audit: result of `audit_mart`.
    """
    withheld = int(audit.cells["trattenute"].sum())
    lines = [
        f"Rilasci attaccati insieme: {' e '.join(audit.releases)}.",
        f"Soglia: {audit.floor} residenti.",
        f"Numeri di persone pubblicati: {number(int(audit.cells['pubblicate'].sum()))}.",
        f"Numeri di persone riservati: {number(withheld)}.",
        f"Conteggi riservati cercati con la programmazione lineare: {number(audit.attacked)}.",
    ]
    if audit.narrowest is not None:
        lines.append(
            f"Nel caso più esposto restano possibili {number(int(audit.narrowest) + 1)} valori. "
            f"Ne chiediamo almeno {LEAST_CANDIDATES}."
        )
    if audit.stand_ins:
        lines.append(
            f"Stime riservate che si ricavano: {number(audit.stand_ins)}. Sono la media della "
            "città per quei residenti. Dell'area non dicono niente."
        )
    if audit.unsettled:
        told = "; ".join(audit.unsettled)
        lines.append(f"Numeri che si contraddicono, da cui non si ricava niente: {told}.")
    if audit.crossing:
        lines.append(
            f"Differenze che sembrano piccoli gruppi: {number(audit.crossing)}. Non lo sono: sono "
            "aree che si incrociano, e la differenza non conta nessun gruppo."
        )
    lines.append(
        f"Numeri riservati che si ricavano: {number(len(audit.findings))}."
        if audit.findings
        else "Numeri riservati che si ricavano: nessuno."
    )
    return lines


def finding_line(finding: Finding) -> str:
    """One finding in one Italian line."""
    ends = (
        number(round(finding.lower, 1))
        if finding.upper - finding.lower < 0.05
        else f"fra {number(round(finding.lower, 1), 1)} e {number(round(finding.upper, 1), 1)}"
    )
    return f"{finding.area}, {finding.what} ({finding.table}): {KINDS[finding.kind]}, {ends}"


def audit_told(audit: Audit) -> dict[str, object]:
    """The audit for other programs, with Italian names."""
    return {
        "rilasci": list(audit.releases),
        "soglia": audit.floor,
        "celle": audit.cells.to_dicts(),
        "conteggi_attaccati": audit.attacked,
        "valori_possibili_minimi": None if audit.narrowest is None else int(audit.narrowest) + 1,
        "stime_senza_informazione": audit.stand_ins,
        "contraddizioni": list(audit.unsettled),
        "differenze_di_aree_che_si_incrociano": audit.crossing,
        "trovati": [
            {
                "tipo": each.kind,
                "tabella": each.table,
                "che_cosa": each.what,
                "area": each.area,
                "minimo": each.lower,
                "massimo": each.upper,
            }
            for each in audit.findings
        ],
    }


def confidentiality_page(tables: Tables, audit: Audit) -> bytes:
    """The public page on confidentiality of a release, in Markdown.

    Args:
        tables: tables of the release by name.
        audit: result of `audit_mart` on them.
    """
    parts = [
        "# Riservatezza",
        _paragraph(_rule(audit.floor)),
        "## Le soglie",
        _floors(tables["dim_indicatore"]),
        "## Che cosa non si pubblica",
        _withheld(tables),
        "## L'attacco",
        _paragraph(
            [
                "Prima di pubblicare proviamo a ricavare ciò che resta riservato.",
                "Sottraiamo fra loro unioni di aree di tutti i livelli.",
                "Poi cerchiamo i valori ancora possibili, anche con il rilascio precedente.",
                "Se un numero si ricava, il rilascio non esce.",
            ]
        ),
        "\n".join(f"- {line}" for line in audit_lines(audit)),
    ]
    if audit.findings:
        parts.append("\n".join(f"- {finding_line(each)}" for each in audit.findings))
    parts += [
        "### I numeri esaminati",
        _table(
            ("Tabella", "Colonna", "Livello", "Pubblicati", "Riservati"),
            (
                (f"`{table}`", f"`{column}`", LEVELS.get(level, level), str(told), str(kept))
                for table, column, level, told, kept in audit.cells.iter_rows()
            ),
        ),
        "Lo stesso attacco si rifà con `will riservatezza`.",
    ]
    return ("\n\n".join(parts) + "\n").encode("utf-8")


def _rule(floor: int) -> Sequence[str]:
    return (
        f"Un'area con meno di {floor} residenti non pubblica i suoi conteggi.",
        "Non li pubblica neppure se si possono ricavare per differenza.",
        "In quel caso un'area vicina divide i suoi conteggi con il piccolo gruppo: li pubblica "
        "solo insieme.",
        f"Non si pubblicano stime sotto le {LEAST_PERSONS} persone.",
        "Vuoto non è zero.",
    )


def _paragraph(sentences: Iterable[str]) -> str:
    return " ".join(sentences)


def _floors(cards: pl.DataFrame) -> str:
    rows = cards.sort("indicatore_id").select("nome", "indicatore_id", "soglia_riservatezza")
    return _table(
        ("Indicatore", "Codice", "Residenti almeno"),
        (
            (name, f"`{code}`", str(floor) if floor else "nessuna: è un numero della città")
            for name, code, floor in rows.iter_rows()
        ),
    )


def _withheld(tables: Tables) -> str:
    levels = tables["dim_area"].select("area_id", "livello")
    facts = tables["fatto_indicatore"].join(levels, on="area_id", how="left")
    kept = facts.filter(pl.col("stato").is_in(WITHHELD))
    counted = kept.group_by("livello", "stato").agg(pl.len(), pl.col("area_id").n_unique())
    shared = facts.filter(pl.col("nota").is_not_null())
    rows = [
        (LEVELS.get(level, level), REASONS[status], number(count), number(areas))
        for level, status, count, areas in counted.sort("livello", "stato")[
            ["livello", "stato", "len", "area_id"]
        ].iter_rows()
    ]
    table = (
        _table(("Livello", "Perché", "Numeri", "Aree"), rows)
        if rows
        else "Nessun numero è riservato."
    )
    if shared.is_empty():
        return f"{table}\n\nNessuna area divide i suoi conteggi con un piccolo gruppo."
    areas, numbers = shared["area_id"].n_unique(), shared.height
    return (
        f"{table}\n\nAree che dividono i conteggi con un piccolo gruppo: {number(areas)}. "
        f"Numeri calcolati così: {number(numbers)}. Accanto a ognuno c'è una nota."
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell(value) for value in line)} |" for line in lines)


def names_of(findings: Iterable[Finding], most: int) -> str:
    """The first findings in one line, and how many others there are."""
    told = [finding_line(each) for each in findings]
    others = f"; e altri {len(told) - most}" if len(told) > most else ""
    return "; ".join(told[:most]) + others
