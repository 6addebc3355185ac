"""What is new in a release: the difference from the previous one, row by row, with its reason.

Two sets of published tables come in and rows of `novita` come out; nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from will_pipeline.contracts.model import TableContract
from will_pipeline.mart.markdown import cell

RELEASE = "rilascio"
ADDED, REMOVED, CHANGED = "aggiunto", "rimosso", "modificato"
FIRST = "È il primo rilascio."
NO_COMPARISON = "Il rilascio precedente è alterato: il confronto non si può fare."
METHOD = "Sono cambiati il programma, la descrizione dei dati o le consegne, non le fonti."
NOT_ACCEPTED = "Non è stato accolto un file nuovo: {}. Restano in uso i dati di prima."
DELIVERED = "È cambiato un file consegnato, non una fonte."
CONTROLS, OF_DELIVERY = "controllo", "consegna_"
ABOUT_RELEASES = ("mart_info", "novita")
"""Tables that speak of the release itself and would differ every time."""
SEPARATOR = " · "
NAMED_SOURCES = 3
"""Changed sources that a reason names; the others are counted."""
_BEFORE = "_prima"
SHAPE = {
    "oggetto": pl.String,
    "chiave": pl.String,
    "area_id": pl.String,
    "indicatore_id": pl.String,
    "anno": pl.Int32,
    "tipo": pl.String,
    "prima": pl.String,
    "dopo": pl.String,
    "motivo": pl.String,
}

Tables = Mapping[str, pl.DataFrame]


def news_rows(
    current: Tables,
    previous: Tables | None,
    contracts: Mapping[str, TableContract],
    *,
    release: str,
    before: str | None,
) -> pl.DataFrame:
    """Rows of `novita`.

    Rows are matched by the key of their contract; a column that only one release has does not
    count as a change of its rows. The reason of a row that names its source is whether that source
    changed; of any other row, the sources that changed; where none did, the program.

    Args:
        current: published tables of the new release.
        previous: those of the release before; none where there is none, or it cannot be read.
        contracts: contracts of the tables.
        release: number of the new release.
        before: number of the release before.

    Returns:
        One row about the release, then one per row added, removed or changed, by table and key.
    """
    if previous is None:
        reason = FIRST if before is None else NO_COMPARISON
        return _frame([_about(release, before, reason)])
    now, then = current["dim_fonte"], previous["dim_fonte"]
    kept = kept_sources(now, then)
    changed = [each for each in changed_sources(now, then) if each not in kept]
    reasons = _Reasons(tuple(changed), {**_titles(then), **_titles(now)}, tuple(kept))
    parts = [_frame([_about(release, before, reasons.of(None))])]
    for name, contract in sorted(contracts.items()):
        if name in ABOUT_RELEASES or name not in current:
            continue
        old = previous.get(name, current[name].clear())
        parts.append(_table_news(contract, current[name], old, reasons))
    return pl.concat(parts)


def changed_sources(current: pl.DataFrame, previous: pl.DataFrame) -> list[str]:
    """Sources of other bytes, refreshed no longer, or that only one release has, sorted."""
    marks = ("fonte_id", "sha256", "aggiornata")
    now, then = set(current.select(marks).iter_rows()), set(previous.select(marks).iter_rows())
    return sorted({source for source, *_ in now ^ then})


def kept_sources(current: pl.DataFrame, previous: pl.DataFrame) -> list[str]:
    """Sources of the same bytes whose newer file was refused since, sorted."""
    marks = ["fonte_id", "sha256"]
    now = current.filter(~pl.col("aggiornata")).select(marks)
    then = previous.filter(pl.col("aggiornata")).select(marks)
    return now.join(then, on=marks, nulls_equal=True)["fonte_id"].sort().to_list()


def news_page(news: pl.DataFrame, *, shown: int = 50) -> bytes:
    """The `NOVITA.md` of a release.

    Args:
        news: rows of `novita`.
        shown: rows told one by one for every table; the others are counted.
    """
    about = news.filter(pl.col("oggetto") == RELEASE).row(0, named=True)
    lines = [f"# Novità del rilascio {about['chiave']}", ""]
    lines += [f"Rilascio precedente: {about['prima'] or 'nessuno'}. {about['motivo']}", ""]
    rest = news.filter(pl.col("oggetto") != RELEASE)
    if rest.is_empty() and about["prima"] is None:
        lines += ["Prima non c'era niente con cui confrontarlo.", ""]
    elif rest.is_empty() and about["motivo"] != NO_COMPARISON:
        lines += ["Nessuna riga delle tabelle è cambiata.", ""]
    for table, rows in rest.group_by("oggetto", maintain_order=True):
        lines += [f"## {table[0]}: {_rows(rows.height)}", ""]
        lines += ["| Riga | Che cosa | Prima | Dopo | Perché |", "|---|---|---|---|---|"]
        lines += [
            f"| {cell(row['chiave'])} | {row['tipo']} | {cell(row['prima'])} | "
            f"{cell(row['dopo'])} | {cell(row['motivo'])} |"
            for row in rows.head(shown).iter_rows(named=True)
        ]
        lines += ["", f"… e altre: {_rows(rows.height - shown)}."] if rows.height > shown else []
        lines.append("")
    return "\n".join(lines).encode()


@dataclass(frozen=True)
class _Reasons:
    """Why rows changed: their own source, else whatever source did, else the program."""

    changed: tuple[str, ...]
    titles: Mapping[str, str]
    kept: tuple[str, ...] = ()

    def of(self, source: object) -> str:
        if source in self.kept or (self.kept and not self.changed):
            about = [str(source)] if source in self.kept else self.kept
            return NOT_ACCEPTED.format(", ".join(sorted(map(self._named, about))))
        if source in self.changed:
            return f"È cambiata la fonte {self._named(str(source))}."
        if not self.changed:
            return METHOD
        told = "È cambiata la fonte" if len(self.changed) == 1 else "Sono cambiate le fonti"
        named = sorted({self._named(each) for each in self.changed})
        left = len(named) - NAMED_SOURCES
        more = "" if left <= 0 else " e un'altra" if left == 1 else f" e altre {left}"
        return f"{told} {', '.join(named[:NAMED_SOURCES])}{more}."

    def _named(self, source: str) -> str:
        return f"«{self.titles.get(source, source)}»"


def _titles(sources: pl.DataFrame) -> dict[str, str]:
    return dict(sources.select("fonte_id", "titolo").iter_rows())


def _rows(number: int) -> str:
    return "1 riga" if number == 1 else f"{number} righe"


def _table_news(
    contract: TableContract, current: pl.DataFrame, previous: pl.DataFrame, reasons: _Reasons
) -> pl.DataFrame:
    key = list(contract.key)
    values = [
        each
        for each in current.columns
        if each in previous.columns and each not in key and current.schema[each] != pl.Binary
    ]
    if not set(key) <= set(previous.columns):
        previous = current.clear()
    joined = current.select(*key, *values, _now=pl.lit(value=True)).join(
        previous.select(*key, *values, _then=pl.lit(value=True)),
        on=key,
        how="full",
        coalesce=True,
        suffix=_BEFORE,
        nulls_equal=True,
    )
    differs = [pl.col(each).ne_missing(pl.col(f"{each}{_BEFORE}")) for each in values]
    alone = [pl.col("_now").is_null(), pl.col("_then").is_null()]
    moved = joined.filter(pl.any_horizontal(*alone, *differs)).sort(key)
    rows = (_told(contract, values, row, reasons) for row in moved.iter_rows(named=True))
    return _frame(list(rows))


def _told(
    contract: TableContract, values: list[str], row: Mapping[str, object], reasons: _Reasons
) -> dict[str, object]:
    there, was = row["_now"] is not None, row["_then"] is not None
    changed = (each for each in values if row[each] != row[f"{each}{_BEFORE}"])
    told = list(changed) if there and was else values
    source = row.get("fonte_id") or row.get(f"fonte_id{_BEFORE}")
    delivered = contract.table == CONTROLS and str(row.get("controllo")).startswith(OF_DELIVERY)
    return {
        "oggetto": contract.table,
        "chiave": SEPARATOR.join(str(row[each]) for each in contract.key),
        "area_id": row.get("area_id") or row.get(f"area_id{_BEFORE}"),
        "indicatore_id": row.get("indicatore_id") or row.get("dimensione"),
        "anno": row.get("anno"),
        "tipo": CHANGED if there and was else ADDED if there else REMOVED,
        "prima": _values(row, told, _BEFORE) if was else None,
        "dopo": _values(row, told, "") if there else None,
        "motivo": DELIVERED if delivered else reasons.of(source),
    }


def _values(row: Mapping[str, object], columns: list[str], suffix: str) -> str:
    known = ((each, row[f"{each}{suffix}"]) for each in columns)
    return "; ".join(f"{each} = {'vuoto' if value is None else value}" for each, value in known)


def _about(release: str, before: str | None, reason: str) -> dict[str, object]:
    return {
        "oggetto": RELEASE,
        "chiave": release,
        "tipo": ADDED if before is None else CHANGED,
        "prima": before,
        "dopo": release,
        "motivo": reason,
    }


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SHAPE)
