"""ISTAT, counts by census section: the regional tables of 2011 (CSV), 2021 and 2023 (XLSX).

What belongs here is the passage from those tables, zipped or plain, to one row a section with our
keys, and the sums by area; which area a section belongs to elsewhere is the geography's matter.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_cells import CellFault, whole
from will_pipeline.readers.census_layouts import codes
from will_pipeline.readers.sections_csv import of_towns, rows_of, whole_numbers
from will_pipeline.readers.tabular import LINE, Origin, only_codes
from will_pipeline.readers.unpacked import Content, members

_TOWN = ("PROCOM", "PRO_COM")
_SECTIONS_PER_MUNICIPALITY = 10_000_000
_AREAS_PER_MUNICIPALITY = 1_000
_BATCH = 2_000
_HEADER_WITHIN = 5
# People without a home, zones disputed between municipalities, those displaced by an earthquake.
_FICTITIOUS = ((7_777_777, 7_777_777), (8_888_881, 8_888_889), (9_999_998, 9_999_999))
_Row = tuple[int, Sequence[Any]]


@dataclass(frozen=True)
class _Form:
    """What differs from a vintage to another."""

    vintage: int
    source: str
    identifier: str
    pattern: str
    levels: Mapping[str, str]
    """Column of the producer by level; COM_ASC are written after the municipality."""

    @property
    def variables(self) -> tuple[str, ...]:
        return codes(self.vintage)


_FORMS = {
    2011: _Form(
        vintage=2011,
        source="istat_sezioni_2011",
        identifier="SEZ2011",
        pattern=r"(?i)R\d\d_(?:.*2011_)?sezioni\.csv",
        levels={"ace": "ACE", "asc": "CODASC"},
    ),
    2021: _Form(
        vintage=2021,
        source="istat_sezioni_2021",
        identifier="SEZ21_ID",
        pattern=r"(?i)R\d\d_(?:.*2021_)?sezioni\.xlsx",
        levels={"asc1": "COM_ASC1", "asc2": "COM_ASC2", "asc3": "COM_ASC3"},
    ),
    2023: _Form(
        vintage=2023,
        source="istat_sezioni_2023",
        identifier="SEZ21_ID",
        pattern=r"(?i)R\d\d_(?:.*2023_)?sezioni\.xlsx",
        levels={"asc1": "COM_ASC1", "asc2": "COM_ASC2", "asc3": "COM_ASC3"},
    ),
}
KEYS = ("section_id", "pro_com", "section", "is_fictitious", "has_counts")


def sections(
    files: Mapping[str, Content], *, vintage: int, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the counts of every section.

    Args:
        files: Archives or regional tables by name: bytes, or paths where they are large. 2011 has
            `R??_indicatori_2011_sezioni.csv` (`;`, cp1252 or UTF-8), 2021 and 2023 have XLSX; the
            archive of snapshots may call them `r??_sezioni.csv` and `r??_sezioni.xlsx`.
        vintage: 2011, 2021 or 2023.
        cities: Six-digit municipality codes to keep, each of which must be there; every one where
            None.

    Returns:
        One row a section, sorted: section_id (thirteen digits, text), pro_com (six digits, text),
        section (number inside the municipality), is_fictitious (people without a home, disputed
        zones), has_counts (false where the producer leaves every variable blank), the levels (2011:
        `ace`, 0 being the rest of the municipality, and `asc`; 2021 and 2023: `asc1` to `asc3`;
        codes inside the municipality, missing where there is no such level), then the variables of
        the vintage's layout (counts; A44 square metres), missing where blank.

    Raises:
        SourceFault: A table is absent or of another form, a column of the layout is missing, a cell
            is no whole number, an identifier is not made of its municipality and section or appears
            twice, a row of totals is not the sum of the sections.

    Source:
        ISTAT, Basi territoriali e variabili censuarie 2011; Censimento permanente, dati per sezioni
        di censimento 2021 and 2023, tracciati record.
    """
    form = _FORMS.get(vintage)
    if form is None:
        raise SourceFault("istat_sezioni", "-", "", f"nessun tracciato per il {vintage}")
    parts: list[pl.DataFrame] = []
    for name, content in members(files, form.source, pattern=form.pattern):
        origin = Origin(form.source, name)
        if name.endswith(".csv"):
            parts.append(_from_csv(content, form, origin, cities))
        else:
            parts.append(_region(_from_workbook(content, form, origin), form, origin, cities))
    whole_table = pl.concat(parts).sort("section_id")
    everywhere = Origin(form.source, ", ".join(sorted(files)))
    twice = whole_table.filter(pl.col("section_id").is_duplicated())
    if twice.height:
        raise everywhere.fault(f"sezione {twice['section_id'][0]}", "la sezione è ripetuta")
    return only_codes(whole_table, cities, everywhere)


def totals(
    table: pl.DataFrame, *, key: Sequence[str], with_fictitious: bool = True
) -> pl.DataFrame:
    """Add up the sections that have the same key.

    Args:
        table: Sections, as `sections` returns them, possibly with columns of areas joined to it.
        key: Columns of the key, such as `pro_com` and `ace`.
        with_fictitious: Whether fictitious sections count. They do in the producer's tables by
            municipality and by area; they do not on a map.

    Returns:
        One row a key, sorted: the key, sections (added), sections_without_counts (the producer
        gives nothing of them), then the variables; one is missing where it is in a section that
        has counts, because a sum of the others would be too small.

    Raises:
        SourceFault: The key is not among the columns, or a section that counts has no key.
    """
    absent = [name for name in key if name not in table.columns]
    if absent:
        raise SourceFault("istat_sezioni", "-", f"colonna {absent[0]}", "la colonna manca")
    used = table if with_fictitious else table.filter(~pl.col("is_fictitious"))
    outside = used.filter(pl.any_horizontal(pl.col(key).is_null()))
    if outside.height:
        where = f"sezione {outside['section_id'][0]}"
        raise SourceFault("istat_sezioni", "-", where, f"non ha {' o '.join(key)}")
    known = {code for vintage in _FORMS for code in codes(vintage)}
    counted = pl.col("has_counts")
    sums = [
        pl.when((pl.col(name).is_null() & counted).any().not_() & counted.any())
        .then(pl.col(name).sum())
        .alias(name)
        for name in used.columns
        if name in known
    ]
    return (
        used.group_by(key)
        .agg(
            pl.len().cast(pl.Int64).alias("sections"),
            (~counted).sum().cast(pl.Int64).alias("sections_without_counts"),
            *sums,
        )
        .sort(key)
    )


def _region(
    rows: Iterator[_Row], form: _Form, origin: Origin, cities: Collection[str] | None
) -> pl.DataFrame:
    number, header = next(rows)
    names = [str(cell or "").strip() for cell in header]
    places = _places(names, form, origin, number)
    kept = None if cities is None else {int(code) for code in cities}
    parts: list[pl.DataFrame] = []
    added = stated = None
    while batch := list(islice(rows, _BATCH)):
        if _is_total(batch[-1], places):
            stated = _cell(batch.pop(), "P1", places, origin)
        if not batch and stated is None:
            continue
        added = (added or 0) + sum(_cell(row, "P1", places, origin) or 0 for row in batch)
        mine = [
            row for row in batch if kept is None or _cell(row, "pro_com", places, origin) in kept
        ]
        parts.append(_frame(mine, places, form, origin))
    _require_total(added, stated, origin)
    return pl.concat(parts)


def _require_total(added: int | None, stated: int | None, origin: Origin) -> None:
    if added is None:
        raise origin.fault("", "c'è l'intestazione ma nessuna sezione")
    if stated is not None and stated != added:
        rule = f"la riga dei totali dice {stated} residenti, le sezioni ne sommano {added}"
        raise origin.fault("colonna P1", rule)


def _is_total(row: _Row, places: Mapping[str, int]) -> bool:
    """Whether a row is the producer's closing one: a total instead of a section."""
    _, cells = row
    identifier = cells[places["section_id"]]
    text = next((str(cell) for cell in cells if cell not in (None, "")), "")
    return identifier in (None, "") and text.strip().casefold().startswith("total")


def _places(names: Sequence[str], form: _Form, origin: Origin, number: int) -> dict[str, int]:
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise origin.fault(f"riga {number}", f"la colonna {repeated[0]} è ripetuta")
    town = next((name for name in _TOWN if name in names), None)
    wanted = {"section_id": form.identifier, "pro_com": town or _TOWN[0]}
    wanted |= {code: code for code in form.variables}
    absent = [theirs for theirs in wanted.values() if theirs not in names]
    if absent:
        known = {*wanted.values(), *form.levels.values(), "NSEZ", "CODLOC"}
        fresh = [name for name in names if name and name not in known and not _is_place(name)]
        new = f"; colonne nuove: {', '.join(fresh[:5])}" if fresh else ""
        raise origin.fault(f"riga {number}", f"manca la colonna {absent[0]}{new}")
    levels = {ours: theirs for ours, theirs in form.levels.items() if theirs in names}
    return {ours: names.index(theirs) for ours, theirs in (wanted | levels).items()}


def _is_place(name: str) -> bool:
    return name in ("CODREG", "REGIONE", "CODPRO", "PROVINCIA", "CODCOM", "COMUNE")


def _cell(row: _Row, name: str, places: Mapping[str, int], origin: Origin) -> int | None:
    number, cells = row
    if len(cells) <= places[name]:
        raise origin.fault(f"riga {number}", f"{len(cells)} celle, troppo poche")
    try:
        return whole(cells[places[name]])
    except CellFault as fault:
        raise origin.fault(f"riga {number}, colonna {name}", str(fault)) from fault


def _frame(
    rows: Sequence[_Row], places: Mapping[str, int], form: _Form, origin: Origin
) -> pl.DataFrame:
    data = {
        name: pl.Series(name, [_cell(row, name, places, origin) for row in rows], dtype=pl.Int64)
        for name in places
    }
    lines = pl.Series(LINE, [number for number, _ in rows], dtype=pl.Int64)
    return _shaped(pl.DataFrame([lines, *data.values()]), form, origin)


def _shaped(frame: pl.DataFrame, form: _Form, origin: Origin) -> pl.DataFrame:
    """Sections of one region with our keys, once their codes are found to be whole."""
    absent = [level for level in form.levels if level not in frame.columns]
    frame = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias(level) for level in absent)
    _check(frame, form, origin)
    variables = form.variables
    section = pl.col("section_id") - pl.col("pro_com") * _SECTIONS_PER_MUNICIPALITY
    fictitious = pl.any_horizontal(section.is_between(low, high) for low, high in _FICTITIOUS)
    return frame.select(
        pl.col("section_id").cast(pl.String).str.zfill(13),
        pl.col("pro_com").cast(pl.String).str.zfill(6),
        section.alias("section"),
        fictitious.alias("is_fictitious"),
        pl.any_horizontal(pl.col(variables).is_not_null()).alias("has_counts"),
        *(_level(level) for level in form.levels),
        *variables,
    )


def _level(level: str) -> pl.Expr:
    # Zero of a census area is the rest of the municipality; elsewhere it is no level at all.
    code = pl.col(level)
    if level == "ace":
        return code
    inside = pl.when(code > _AREAS_PER_MUNICIPALITY).then(code % _AREAS_PER_MUNICIPALITY)
    return pl.when(code != 0).then(inside.otherwise(code)).alias(level)


def _check(frame: pl.DataFrame, form: _Form, origin: Origin) -> None:
    identifier, town = pl.col("section_id"), pl.col("pro_com")
    _refuse(frame, identifier.is_null() | town.is_null(), origin, "manca il codice")
    composed = identifier // _SECTIONS_PER_MUNICIPALITY != town
    rule = f"{form.identifier} non è fatto del comune e della sezione"
    _refuse(frame, composed, origin, rule)
    for level, theirs in form.levels.items():
        code = pl.col(level)
        foreign = (code > _AREAS_PER_MUNICIPALITY) & (code // _AREAS_PER_MUNICIPALITY != town)
        _refuse(frame, foreign, origin, f"l'area {theirs} non è del comune")
    negative = pl.any_horizontal(pl.col(form.variables) < 0)
    _refuse(frame, negative, origin, "un conteggio è negativo")


def _refuse(frame: pl.DataFrame, broken: pl.Expr, origin: Origin, rule: str) -> None:
    rows = frame.filter(broken)
    if rows.height:
        raise origin.fault(f"riga {rows[LINE][0]}", rule)


def _from_csv(
    content: bytes, form: _Form, origin: Origin, cities: Collection[str] | None
) -> pl.DataFrame:
    rows = rows_of(content, origin)
    names = rows.columns[1:]
    theirs = {ours: names[place] for ours, place in _places(names, form, origin, 1).items()}
    table = rows.select(LINE, **theirs)
    first = rows.select(pl.coalesce(names).alias("first"))["first"]
    closing = table["section_id"].is_null() & first.str.to_lowercase().str.starts_with("total")
    closing = closing & (pl.int_range(table.height, eager=True) == table.height - 1)
    people = whole_numbers(table.select(LINE, "P1"), ["P1"], origin)["P1"]
    sections_only = table.filter(~closing)
    stated = people.filter(closing)
    added = int(people.filter(~closing).sum()) if table.height else None
    _require_total(added, stated[0] if len(stated) else None, origin)
    mine = of_towns(sections_only, cities, column="pro_com")
    return _shaped(whole_numbers(mine, list(theirs), origin), form, origin)


def _from_workbook(content: bytes, form: _Form, origin: Origin) -> Iterator[_Row]:
    """Rows of the sheet that has the identifier, which need not be the first one."""
    import openpyxl  # noqa: PLC0415  # slow to import, and tables of 2011 do without

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise origin.fault("", "non è un foglio di calcolo XLSX leggibile") from error
    try:
        for sheet in book.worksheets:
            rows = enumerate(sheet.iter_rows(values_only=True), start=1)
            for number, cells in islice(rows, _HEADER_WITHIN):
                if any(str(cell).strip() == form.identifier for cell in cells if cell is not None):
                    yield number, cells
                    yield from ((n, c) for n, c in rows if not _is_note(c))
                    return
    finally:
        book.close()
    rule = f"nessun foglio ha la colonna {form.identifier} nelle prime {_HEADER_WITHIN} righe"
    raise origin.fault("", rule)


def _is_note(cells: Sequence[Any]) -> bool:
    """Whether a row is blank, or words of the producer alone in the first cell."""
    filled = [cell for cell in cells if _filled(cell)]
    if not filled:
        return True
    words = isinstance(filled[0], str) and not filled[0].strip().isdecimal()
    return len(filled) == 1 and words and filled[0] is cells[0]


def _filled(cell: object) -> bool:
    return cell is not None and re.fullmatch(r"\s*", str(cell)) is None
