"""ISTAT, 2011 population and housing census: tables by census area and by sub-municipal area.

What belongs here is the producer's CSV format (`;`, cp1252, positional identifiers, one column a
variable) turned into tables with our keys; which variables are kept is the descriptor's matter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from will_pipeline.errors import SourceFault

SOURCE = "ISTAT Censimento 2011"

_PLACE = ("CODREG", "REGIONE", "CODPRO", "PROVINCIA", "CODCOM", "COMUNE", "PROCOM")
_AREA = (*_PLACE, "ACE")
_SUBAREA = (*_PLACE, "CODASC", "NOMEASC", "TIPOASC")
_NAMES = ("REGIONE", "PROVINCIA", "COMUNE", "NOMEASC", "TIPOASC")
_VARIABLE = re.compile(r"(?P<family>PF|ST|P|A|E)\d+")
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_LAYOUT_HEADER = "nome campo;definizione"
_FAMILY_UNIVERSE = {
    "P": "popolazione",
    "ST": "stranieri",
    "PF": "famiglie",
    "A": "abitazioni",
    "E": "edifici",
}
_TENURE = ("A46", "A47", "A48")


def areas(
    files: Mapping[str, bytes],
    *,
    variables: Sequence[str] | None = None,
    cities: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Read the tables by census area (ACE), one file a region.

    Args:
        files: Bytes of `R??_indicatori_2011_areecensimento.csv` by name.
        variables: Codes to keep, in this order; all of them when absent.
        cities: Six-digit municipality codes to keep; all of them when absent.

    Returns:
        One row a census area: `pro_com`, `ace` (0 is the rest of the municipality), names of
        municipality, province and region, then the variables as counts (A44 in square metres).

    Raises:
        SourceFault: A file is not the CSV of the producer, or an area appears twice.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011.
    """
    table = _join(files, _AREA, variables)
    frame = table.select(
        _pro_com(),
        pl.col("ACE").alias("ace"),
        *_place_names(),
        *_variables_of(table, _AREA),
    )
    return _only_cities(frame, files, cities)


def subareas(
    files: Mapping[str, bytes],
    *,
    variables: Sequence[str] | None = None,
    cities: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Read the tables by sub-municipal area (ASC), one file a region.

    Args:
        files: Bytes of `R??_indicatori_2011_areesubcomunali.csv` by name.
        variables: Codes to keep, in this order; all of them when absent.
        cities: Six-digit municipality codes to keep; all of them when absent.

    Returns:
        One row a sub-municipal area: `pro_com`, `asc_code`, `asc_name`, `asc_type`, names of
        municipality, province and region, then the variables as counts (A44 in square metres).

    Raises:
        SourceFault: A file is not the CSV of the producer, or an area appears twice.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011.
    """
    table = _join(files, _SUBAREA, variables)
    frame = table.select(
        _pro_com(),
        pl.col("CODASC").alias("asc_code"),
        pl.col("NOMEASC").alias("asc_name"),
        pl.col("TIPOASC").alias("asc_type"),
        *_place_names(),
        *_variables_of(table, _SUBAREA),
    )
    return _only_cities(frame, files, cities)


def definitions(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the record layout: what each variable counts, in the producer's words.

    Args:
        files: Bytes of one `tracciato_2011_*.csv` by name.

    Returns:
        One row a variable, in the order of the layout: `code`, `position` (from 1), `universe`,
        `definition`.

    Raises:
        SourceFault: The file is not the layout of the producer, or a code appears twice.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, tracciati record, 2011.
    """
    rows: dict[str, str] = {}
    for name, content in files.items():
        lines = _lines(name, content)
        number, header = next(lines)
        if header.strip().lower().replace("_", " ") != _LAYOUT_HEADER:
            raise SourceFault(SOURCE, name, f"riga {number}", "intestazione inattesa")
        for number, line in lines:
            code, separator, definition = line.partition(";")
            if not separator or not definition.strip():
                raise SourceFault(SOURCE, name, f"riga {number}", "definizione assente")
            if not _VARIABLE.fullmatch(code):
                continue
            if code in rows:
                raise SourceFault(SOURCE, name, f"riga {number}", f"codice {code} ripetuto")
            rows[code] = definition.strip()
    if not rows:
        raise SourceFault(SOURCE, ", ".join(files), "", "nessuna variabile definita")
    return pl.DataFrame(
        {
            "code": list(rows),
            "position": list(range(1, len(rows) + 1)),
            "universe": [_universe(code) for code in rows],
            "definition": list(rows.values()),
        },
        schema={
            "code": pl.String,
            "position": pl.Int64,
            "universe": pl.String,
            "definition": pl.String,
        },
    )


def _universe(code: str) -> str:
    if code in _TENURE:
        return "famiglie"
    match = _VARIABLE.fullmatch(code)
    return _FAMILY_UNIVERSE[match["family"]] if match else ""


def _pro_com() -> pl.Expr:
    return pl.col("PROCOM").cast(pl.String).str.zfill(6).alias("pro_com")


def _place_names() -> tuple[pl.Expr, ...]:
    return (
        pl.col("COMUNE").alias("comune"),
        pl.col("PROVINCIA").alias("province"),
        pl.col("REGIONE").alias("region"),
    )


def _variables_of(table: pl.DataFrame, identifiers: Sequence[str]) -> list[str]:
    return [name for name in table.columns if name not in identifiers]


def _only_cities(
    frame: pl.DataFrame, files: Mapping[str, bytes], cities: Sequence[str] | None
) -> pl.DataFrame:
    if cities is None:
        return frame
    absent = sorted(set(cities) - set(frame["pro_com"]))
    if absent:
        rule = f"nessuna riga per i comuni {', '.join(absent)}"
        raise SourceFault(SOURCE, ", ".join(files), "colonna PROCOM", rule)
    return frame.filter(pl.col("pro_com").is_in(list(cities)))


def _join(
    files: Mapping[str, bytes], identifiers: Sequence[str], variables: Sequence[str] | None
) -> pl.DataFrame:
    """Stack the regional files after checking each, and refuse an area found twice."""
    key = identifiers[: len(_AREA)][-2:]
    seen: dict[tuple[str, ...], str] = {}
    tables: list[pl.DataFrame] = []
    for name, content in files.items():
        sheet = _Sheet.read(name, content, identifiers)
        for number, row in sheet.rows:
            area = tuple(row[sheet.header.index(column)] for column in key)
            if area in seen:
                rule = f"area {'/'.join(area)} già letta in {seen[area]}"
                raise SourceFault(SOURCE, name, f"riga {number}", rule)
            seen[area] = name
        tables.append(sheet.table(variables))
    if not tables:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    for name, table in zip(files, tables, strict=True):
        if table.columns != tables[0].columns:
            rule = f"colonne diverse da quelle di {next(iter(files))}"
            raise SourceFault(SOURCE, name, "riga 1", rule)
    return pl.concat(tables)


@dataclass(frozen=True)
class _Sheet:
    """One regional file, every row already checked against the header."""

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]

    @classmethod
    def read(cls, name: str, content: bytes, identifiers: Sequence[str]) -> "_Sheet":
        lines = _lines(name, content)
        number, first = next(lines)
        header = first.split(";")
        _check_header(name, header, identifiers)
        rows: list[tuple[int, list[str]]] = []
        for number, line in lines:
            row = line.split(";")
            if len(row) != len(header):
                rule = f"{len(row)} colonne, attese {len(header)}"
                raise SourceFault(SOURCE, name, f"riga {number}", rule)
            _check_cells(name, number, header, row)
            rows.append((number, row))
        if not rows:
            raise SourceFault(SOURCE, name, f"riga {number}", "nessuna riga dopo l'intestazione")
        return cls(name=name, header=header, rows=rows)

    def table(self, variables: Sequence[str] | None) -> pl.DataFrame:
        identifiers = [name for name in self.header if not _VARIABLE.fullmatch(name)]
        wanted = self.header[len(identifiers) :] if variables is None else list(variables)
        absent = [name for name in wanted if name not in self.header]
        if absent:
            raise SourceFault(SOURCE, self.name, "riga 1", f"variabili assenti: {absent[0]}")
        columns: dict[str, Any] = {}
        for name in (*identifiers, *wanted):
            place = self.header.index(name)
            cells = [row[place] for _, row in self.rows]
            columns[name] = cells if name in _NAMES else [int(cell) for cell in cells]
        schema = {name: pl.String if name in _NAMES else pl.Int64 for name in columns}
        return pl.DataFrame(columns, schema=schema)


def _check_header(name: str, header: list[str], identifiers: Sequence[str]) -> None:
    count = len(identifiers)
    if tuple(header[:count]) != tuple(identifiers):
        rule = f"intestazione inattesa, deve cominciare con {';'.join(identifiers)}"
        raise SourceFault(SOURCE, name, "riga 1", rule)
    for column in header[count:]:
        if not _VARIABLE.fullmatch(column):
            raise SourceFault(SOURCE, name, "riga 1", f"'{column}' non è una variabile censuaria")
    if len(set(header)) != len(header):
        raise SourceFault(SOURCE, name, "riga 1", "una colonna è ripetuta")
    if len(header) == count:
        raise SourceFault(SOURCE, name, "riga 1", "nessuna variabile dopo gli identificativi")


def _check_cells(name: str, number: int, header: list[str], row: list[str]) -> None:
    for column, cell in zip(header, row, strict=True):
        if column in _NAMES:
            if not cell.strip():
                raise SourceFault(SOURCE, name, f"riga {number}, colonna {column}", "nome assente")
        elif not _DIGITS.fullmatch(cell):
            rule = f"'{cell}' non è un numero intero"
            raise SourceFault(SOURCE, name, f"riga {number}, colonna {column}", rule)
    province, municipality, code = (
        int(row[header.index(column)]) for column in ("CODPRO", "CODCOM", "PROCOM")
    )
    if code != province * 1000 + municipality:
        rule = f"{code} non è CODPRO seguito da CODCOM ({province}, {municipality})"
        raise SourceFault(SOURCE, name, f"riga {number}, colonna PROCOM", rule)


def _lines(name: str, content: bytes) -> Iterator[tuple[int, str]]:
    """Decode a file and yield its numbered lines, blank ones at the end left out."""
    if content.lstrip()[:1] == b"<":
        raise SourceFault(SOURCE, name, "", "è una pagina HTML o XML, non un CSV")
    if content and not content.isascii():
        _check_encoding(name, content)
    text = content.decode("cp1252").rstrip("\r\n")
    if not text.strip():
        raise SourceFault(SOURCE, name, "", "il file è vuoto")
    yield from enumerate(text.replace("\r\n", "\n").split("\n"), start=1)


def _check_encoding(name: str, content: bytes) -> None:
    try:
        content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceFault(SOURCE, name, f"riga {line}", "un byte non è cp1252") from error
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise SourceFault(SOURCE, name, "", "è codificato in UTF-8, il produttore usa cp1252")
