"""From the sheets of a delivery to typed rows, with every broken rule of cells and columns.

Rules that span rows and parts live in `rules`; personal data are looked for here, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from will_pipeline.deliveries import personal_data
from will_pipeline.deliveries.cells import Cell, Line, Sheet, plain
from will_pipeline.deliveries.model import Part, Template, TemplateColumn
from will_pipeline.deliveries.problems import MOST_FOUND, BadValue, Problem
from will_pipeline.deliveries.values import Setting, Value, read_value

Values = dict[str, Value | None]
NOT_FOR_PERSONS = "le consegne non accettano dati di persone: toglila dal file."
REMOVE_PERSON = "le consegne non accettano dati di persone: toglili dal file."


@dataclass
class Parsed:
    """A part as read.

    Attributes:
        part: its template.
        sheet: where it was written.
        position: position of each column of the template, from 0.
        rows: number of the row and values by column, for the rows without a bad cell.
        problems: broken rules.
    """

    part: Part
    sheet: Sheet
    position: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, Values]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(
        self,
        row: int | None,
        column: str | None,
        rule: str,
        *,
        personal: bool = False,
        shown: str = "",
    ) -> Problem:
        """Make a problem of a row, a column or a cell of this part."""
        at = None if column is None else self.position.get(column)
        where = self.sheet.place(row, at, column or "")
        return Problem(self.sheet.file, where, rule, personal=personal, shown=shown)


def parse(sheets: Mapping[str, Sheet], template: Template, setting: Setting) -> dict[str, Parsed]:
    """Read every cell of a delivery.

    Args:
        sheets: sheets by part.
        template: the kind of delivery.
        setting: areas of the municipality and day of the reading.

    Returns:
        Parts in the template's order, with rows and problems.
    """
    return {part.name: _parse(sheets[part.name], part, setting) for part in template.parts}


def _parse(sheet: Sheet, part: Part, setting: Setting) -> Parsed:
    parsed = Parsed(part, sheet)
    others = _place_columns(parsed)
    parsed.problems += _header_problems(parsed, others)
    parsed.problems += _personal_columns(parsed, others)
    here = Setting(setting.areas, setting.today, comma_separated=sheet.comma_separated)
    present = [column for column in part.columns if column.name in parsed.position]
    for line in sheet.lines:
        _read_line(parsed, line, present, here)
        if len(parsed.problems) >= MOST_FOUND:
            return parsed
    if len(present) == len(part.columns):
        parsed.problems += _repeated(parsed)
    return parsed


def _place_columns(parsed: Parsed) -> list[int]:
    """Find the columns of the template in the header; return the positions of all others."""
    known = {column.name for column in parsed.part.columns}
    others = []
    for at, cell in enumerate(parsed.sheet.header):
        name = plain(cell.text)
        if name in known and name not in parsed.position:
            parsed.position[name] = at
        else:
            others.append(at)
    return others


def _header_problems(parsed: Parsed, others: Sequence[int]) -> Iterator[Problem]:
    sheet, names = parsed.sheet, [column.name for column in parsed.part.columns]
    unused = [name for name in names if name not in parsed.position]
    for at in others:
        header = sheet.header[at].text
        if not header:
            continue
        if kind := personal_data.header_kind(header):
            told = personal_data.with_article(kind)
            rule = f"dall'intestazione sembra contenere {told}; {NOT_FOR_PERSONS}"
            yield Problem(sheet.file, sheet.place(None, at), rule, personal=True)
            continue
        if plain(header) in parsed.position:
            rule = f"la colonna {plain(header)} c'è due volte."
        else:
            near = get_close_matches(plain(header)[:80], unused, n=1)
            hint = f"; forse voleva essere «{near[0]}»" if near else ""
            rule = f"la colonna non è prevista{hint}. Le colonne sono {', '.join(names)}."
        yield Problem(sheet.file, sheet.place(None, at), rule)
    for name in unused:
        rule = f"manca la colonna «{name}»; ci deve essere anche se resta vuota."
        yield Problem(sheet.file, sheet.place(1, None), rule)


def _personal_columns(parsed: Parsed, others: Sequence[int]) -> Iterator[Problem]:
    """Personal data in columns that the template does not know, headers included."""
    sheet = parsed.sheet
    for at in others:
        cells = [(1, sheet.header[at])]
        cells += [(line.number, line.cells[at]) for line in sheet.lines if at < len(line.cells)]
        found = [
            (number, kind)
            for number, cell in cells
            if (kind := personal_data.content_kind(cell.text) or _name_kind(cell.text, number))
        ]
        if found:
            number, kind = found[0]
            told = personal_data.with_article(kind)
            rule = f"nella riga {number} sembra esserci {told}; {NOT_FOR_PERSONS}"
            yield Problem(sheet.file, sheet.place(None, at), rule, personal=True)


def _name_kind(text: str, number: int) -> str | None:
    # Two words with capitals are a fair header: only under it do they look like somebody.
    return personal_data.NAME if number > 1 and personal_data.is_a_name(text) else None


def _read_line(
    parsed: Parsed, line: Line, columns: Sequence[TemplateColumn], setting: Setting
) -> None:
    values: Values = {}
    good = True
    for column in columns:
        at = parsed.position[column.name]
        cell = line.cells[at] if at < len(line.cells) else Cell("")
        bad: BadValue | None = None
        try:
            values[column.name] = read_value(cell, column, setting)
        except BadValue as problem:
            bad = problem
        if kind := _personal_cell(cell, column, bad=bad is not None):
            rule = f"sembra esserci {personal_data.with_article(kind)}; {REMOVE_PERSON}"
            parsed.problems.append(parsed.problem(line.number, column.name, rule, personal=True))
            good = False
        elif bad:
            parsed.problems.append(
                parsed.problem(line.number, column.name, str(bad), shown=bad.shown)
            )
            good = False
    if good:
        parsed.rows.append((line.number, values))


def _personal_cell(cell: Cell, column: TemplateColumn, *, bad: bool) -> str | None:
    """Kind of personal data in a cell; a cell that is what its column asks for has none."""
    if column.type not in ("testo", "codice") and not bad:
        return None
    kind = personal_data.content_kind(cell.text)
    if kind is not None and not (kind == personal_data.BIRTH and column.type == "data"):
        return kind
    if column.prose and personal_data.names_someone(cell.text):
        return "il nome di una persona"
    return None


def _repeated(parsed: Parsed) -> Iterator[Problem]:
    first: dict[tuple[Value | None, ...], int] = {}
    for number, values in parsed.rows:
        key = tuple(values[name] for name in parsed.part.key)
        if key in first:
            told = ", ".join(parsed.part.key)
            rule = f"ripete la riga {first[key]}: {told} devono essere diversi."
            yield parsed.problem(number, None, rule)
        else:
            first[key] = number
