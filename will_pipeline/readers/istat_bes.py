"""ISTAT's Bes dei territori: indicators of well-being by province and sex, and their metadata.

What belongs here is the layout of the two official workbooks; the choice of indicators belongs to
those who use them.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import openpyxl
import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import Origin
from will_pipeline.readers.territory_codes import DIVISIONS, REGIONS, province_code

_SHEET = "Indicatori_per_provincia_sesso"
_METADATA_SHEET = "Bes dei territori metadati_it"
_YEAR = re.compile(r"V(\d{4})")
_SEXES = {"Maschi": "M", "Femmine": "F", "Totale": "T"}
_IDENTITY = ("DOMINIO", "CODICE", "INDICATORE", "SESSO", "TERRITORIO", "UNITA_MISURA", "FONTE")
_INDICATOR = ("CODICE", "INDICATORE", "DOMINIO", "UNITA_MISURA", "FONTE", "NOTA")
_NUMBER = re.compile(r"-?\d+(,\d+)?")
# ISTAT's conventional signs, as the workbook of metadata explains them.
_SIGNS = {"-": "no_case", "....": "unknown", "..": "negligible"}
_REFERENCE_CODES = {name: code for code, name in (REGIONS | DIVISIONS).items()}
_SCHEMA = {
    "territory_code": pl.String,
    "territory": pl.String,
    "indicator_code": pl.String,
    "sex": pl.String,
    "year": pl.Int64,
    "value": pl.Float64,
    "status": pl.String,
}


def provinces(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read every indicator of every province.

    Args:
        files: The official workbook of indicators (XLSX).

    Returns:
        One row per cell of the workbook: province_code (ISTAT's SDMX code), province,
        indicator_code, sex (`M`, `F`, `T`), year, value (unit of the indicator), status
        (`observed`; `no_case` for `-`, `unknown` for `....`, `negligible` for `..`).

    Raises:
        SourceFault: The file is not that workbook, a column is missing, a cell is neither a
            number nor a conventional sign, a province or sex is unknown, a key is repeated.
    """
    frame = _values(files, "istat_bes_territori", of_provinces=True)
    return frame.rename({"territory_code": "province_code", "territory": "province"})


def references(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read every indicator of Italy, its divisions and its regions, for comparison.

    Args:
        files: The official workbook of indicators (XLSX).

    Returns:
        As `provinces`, with territory_code and territory.

    Raises:
        SourceFault: As `provinces`.
    """
    return _values(files, "istat_bes_confronti", of_provinces=False)


def indicators(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read what each indicator is.

    Args:
        files: The workbook of indicators and the workbook of metadata (XLSX), in any order.

    Returns:
        One row per indicator: indicator_code, name, domain, kind (`Bes`, `Proxy`, `Locale`),
        unit, source, definition, note (missing where the workbook has none).

    Raises:
        SourceFault: A workbook is missing or unreadable, an indicator has two descriptions or no
            definition.
    """
    source = "istat_bes_indicatori"
    values: dict[str, tuple[Any, ...]] = {}
    definitions: dict[str, tuple[str, str]] = {}
    for name, content in files.items():
        origin = Origin(source, name)
        sheets = _sheets(content, origin)
        if _SHEET in sheets:
            values = _described(sheets[_SHEET], origin)
        elif _METADATA_SHEET in sheets:
            definitions = _defined(sheets[_METADATA_SHEET])
    if not values or not definitions:
        raise SourceFault(source, "-", "", "servono il file dei dati e quello dei metadati")
    undefined = sorted(set(values) - set(definitions))
    if undefined:
        rule = "l'indicatore non ha definizione nei metadati"
        raise SourceFault(source, "-", f"indicatore {undefined[0]}", rule)
    rows = [
        (code, name, domain, definitions[code][0], unit, origin_text, definitions[code][1], note)
        for code, (name, domain, unit, origin_text, note) in sorted(values.items())
    ]
    columns = ("indicator_code", "name", "domain", "kind", "unit", "source", "definition", "note")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _sheets(content: bytes, origin: Origin) -> dict[str, list[tuple[Any, ...]]]:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise origin.fault("", "non è un file XLSX")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise origin.fault("", "il file XLSX non si apre") from error
    wanted = [name for name in (_SHEET, _METADATA_SHEET) if name in book.sheetnames]
    if not wanted:
        raise origin.fault("", f"manca il foglio {_SHEET}")
    return {name: list(book[name].iter_rows(values_only=True)) for name in wanted}


def _positions(header: Sequence[Any], needed: Iterable[str], origin: Origin) -> dict[str, int]:
    names = ["" if cell is None else str(cell).strip() for cell in header]
    for name in needed:
        if name not in names:
            raise origin.fault(f"colonna {name}", "la colonna manca nell'intestazione")
    return {name: names.index(name) for name in names if name}


def _values(files: Mapping[str, bytes], source: str, *, of_provinces: bool) -> pl.DataFrame:
    if len(files) != 1:
        raise SourceFault(source, "-", "", f"atteso un solo file, trovati {len(files)}")
    name, content = next(iter(files.items()))
    origin = Origin(source, name)
    sheets = _sheets(content, origin)
    if _SHEET not in sheets:
        raise origin.fault("", f"manca il foglio {_SHEET}")
    rows = list(_cells(sheets[_SHEET], origin, of_provinces=of_provinces))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    key = ["territory_code", "indicator_code", "sex", "year"]
    repeated = frame.filter(pl.struct(key).is_duplicated())
    if repeated.height:
        values = ", ".join(str(repeated[column][0]) for column in key)
        raise origin.fault("", f"chiave ripetuta: {values}")
    if not frame.height:
        raise origin.fault("", "nessuna riga dei territori chiesti")
    return frame


def _cells(
    sheet: list[tuple[Any, ...]], origin: Origin, *, of_provinces: bool
) -> Iterator[tuple[Any, ...]]:
    at = _positions(sheet[0], (*_IDENTITY, "W_GEO"), origin)
    years = {int(found[1]): at[name] for name in at if (found := _YEAR.fullmatch(name))}
    if not years:
        raise origin.fault("riga 1", "nessuna colonna di anno (V2024 e simili)")
    for number, row in enumerate(sheet[1:], start=2):
        if row[at["CODICE"]] is None or _is_province(row[at["W_GEO"]]) != of_provinces:
            continue
        territory = str(row[at["TERRITORIO"]])
        code = province_code(territory) if of_provinces else _REFERENCE_CODES.get(territory)
        if code is None:
            raise origin.fault(f"riga {number}", f"territorio sconosciuto: {territory!r}")
        sex = _SEXES.get(str(row[at["SESSO"]]))
        if sex is None:
            raise origin.fault(f"riga {number}", f"sesso sconosciuto: {row[at['SESSO']]!r}")
        for year, position in years.items():
            if row[position] is not None:
                value, status = _reading(row[position], f"riga {number}, V{year}", origin)
                yield (code, territory, str(row[at["CODICE"]]), sex, year, value, status)


def _is_province(place: Any) -> bool:
    # W_GEO is division-region-province; regions and larger territories end in 000, 000a, ...
    return not str(place).split("-")[-1].startswith("000")


def _reading(cell: Any, where: str, origin: Origin) -> tuple[float | None, str]:
    text = str(cell).strip()
    sign = text.split(" ")[0]
    if sign in _SIGNS:
        return None, _SIGNS[sign]
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell), "observed"
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", ".")), "observed"
    raise origin.fault(where, f"il valore {text!r} non è un numero né un segno convenzionale")


def _described(sheet: list[tuple[Any, ...]], origin: Origin) -> dict[str, tuple[Any, ...]]:
    at = _positions(sheet[0], (*_IDENTITY, "NOTA"), origin)
    found: dict[str, tuple[Any, ...]] = {}
    for number, row in enumerate(sheet[1:], start=2):
        if row[at["CODICE"]] is None:
            continue
        code, *description = (_plain(row[at[name]]) for name in _INDICATOR)
        if found.setdefault(str(code), tuple(description)) != tuple(description):
            raise origin.fault(f"riga {number}", f"l'indicatore {code} ha due descrizioni")
    return found


def _defined(sheet: list[tuple[Any, ...]]) -> dict[str, tuple[str, str]]:
    kind, code, definition = 1, 3, 5
    return {
        str(row[code]).strip(): (str(_plain(row[kind])), str(_plain(row[definition])))
        for row in sheet[1:]
        if row[code] is not None and row[definition] is not None
    }


def _plain(cell: Any) -> str | None:
    return None if cell is None else " ".join(str(cell).split())
