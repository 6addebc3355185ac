"""From the bytes of the delivered files to the sheets of their kind.

What belongs here is which file is which, what a file may be at all, and the limits on its size;
what CSV and workbooks look like inside is in the two modules beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from will_pipeline.deliveries.cells import Sheet, plain
from will_pipeline.deliveries.csv_files import read_csv
from will_pipeline.deliveries.model import Template
from will_pipeline.deliveries.problems import Problem, Refused
from will_pipeline.deliveries.workbooks import read_workbook

MOST_BYTES = 20_000_000
CSV, WORKBOOK = ".csv", ".xlsx"
_NOT_A_TABLE = {
    b"%PDF": "è un PDF",
    b"\x89PNG": "è un'immagine",
    b"\xff\xd8\xff": "è un'immagine",
    b"\xd0\xcf\x11\xe0": "è un vecchio file Excel (.xls) o è protetto da una password",
    b"{\\rtf": "è un documento di testo",
    b"PAR1": "è un file Parquet",
    b"\x1f\x8b": "è un file compresso",
}
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<meta", b"<table", b"<script")
_ZIP = b"PK\x03\x04"
_SAVE_AS = "salvalo come CSV o come cartella di lavoro .xlsx"


def read_files(files: Mapping[str, bytes], template: Template) -> dict[str, Sheet]:
    """Read the files of one delivery.

    Args:
        files: bytes by file name: one workbook, or one CSV per part.
        template: the kind of delivery.

    Returns:
        One sheet per part of the template, in its order.

    Raises:
        Refused: the files are not those of the kind, or one cannot be read.
    """
    for name, content in files.items():
        _check_bytes(name, content)
    workbooks = [name for name in files if PurePath(name).suffix.lower() == WORKBOOK]
    if workbooks and len(files) > 1:
        names = ", ".join(sorted(files))
        raise Refused(Problem(names, "", "ci sono due consegne dello stesso tipo; lasciane una."))
    if workbooks:
        return read_workbook(workbooks[0], files[workbooks[0]], template)
    return _read_parts(files, template)


def part_of(name: str, template: Template) -> str | None:
    """Part that a CSV file holds, by its name: `<kind>.<part>.csv`, or `<kind>.csv` if only one."""
    words = [plain(word) for word in PurePath(name).name.split(".")[:-1]]
    if len(words) == 1 and len(template.parts) == 1:
        return template.parts[0].name
    found = words[-1] if words else ""
    return found if found in {part.name for part in template.parts} else None


def _read_parts(files: Mapping[str, bytes], template: Template) -> dict[str, Sheet]:
    named: dict[str | None, str] = {}
    problems = []
    for name in sorted(files):
        held = part_of(name, template)
        if held in named:
            rule = f"è la stessa tabella di {named[held]}: lasciane una sola."
            problems.append(Problem(name, "", rule))
        elif held is None:
            rule = f"il nome non va bene; i file si chiamano {', '.join(file_names(template))}."
            problems.append(Problem(name, "", rule))
        else:
            named[held] = name
    problems += [
        Problem(f"{template.kind}.{part.name}{CSV}", "", "il file manca; servono tutti insieme.")
        for part in template.parts
        if part.name not in named and len(template.parts) > 1 and not problems
    ]
    sheets = {}
    for part in template.parts:
        if part.name in named:
            name = named[part.name]
            try:
                sheets[part.name] = read_csv(name, files[name], part)
            except Refused as refusal:
                problems += refusal.problems
    if problems:
        raise Refused(*problems)
    return sheets


def file_names(template: Template) -> tuple[str, ...]:
    """Names of the CSV files of a kind."""
    if len(template.parts) == 1:
        return (f"{template.kind}{CSV}",)
    return tuple(f"{template.kind}.{part.name}{CSV}" for part in template.parts)


def _check_bytes(name: str, content: bytes) -> None:
    rule = _bytes_rule(name, content)
    if rule:
        raise Refused(Problem(name, "", rule))


def _bytes_rule(name: str, content: bytes) -> str | None:
    """Rule that the bytes of a file break, whatever its extension promises."""
    if len(content) > MOST_BYTES:
        return f"il file pesa più di {MOST_BYTES // 1_000_000} MB."
    if not content.strip(b"\xef\xbb\xbf \t\r\n;,"):
        return "il file è vuoto."
    for magic, words in _NOT_A_TABLE.items():
        if content.startswith(magic):
            return f"{words}: {_SAVE_AS}."
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        return f"è una pagina web, non una tabella: {_SAVE_AS}."
    return _extension_rule(PurePath(name).suffix.lower(), zipped=content.startswith(_ZIP))


def _extension_rule(suffix: str, *, zipped: bool) -> str | None:
    if suffix not in (CSV, WORKBOOK):
        return f"il formato non è ammesso: {_SAVE_AS}."
    if suffix == CSV and zipped:
        return "ha il nome di un CSV ma è una cartella di lavoro: cambia l'estensione in .xlsx."
    if suffix == WORKBOOK and not zipped:
        return "ha il nome di una cartella di lavoro ma non lo è: se è un CSV chiamalo .csv."
    return None
