"""From the text of a cell to a value of its column, or to the rule it breaks.

Nothing is guessed: a number that can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.cells import Cell, plain
from will_pipeline.deliveries.model import TemplateColumn
from will_pipeline.deliveries.problems import BadValue, quoted

Value = str | int | float | bool | date

OLDEST_DATE = date(1990, 1, 1)
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}([.,])([0-9]{1,15})")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[.'’\s][0-9]{3})+(?:,[0-9]+)?")
_TWO_READINGS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]00:00:00)?")
_ITALIAN = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_YES, _NO = {"si", "s", "vero", "true", "1"}, {"no", "n", "falso", "false", "0"}
_LONGEST = 200
# UTF-8 read as cp1252 and saved again: two capital letters that Italian does not use, each followed
# by what cp1252 shows for a byte from 80 to BF; or the mark of a letter lost for good.
_SPOILED = re.compile(
    r"[\u00c2\u00c3][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152"
    r"\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
    r"|\u00e2\u20ac|\u00c3$|\u00c3 |\ufffd"
)


@dataclass(frozen=True)
class Setting:
    """What reading a value depends on besides the cell: the areas, the day, the file's commas."""

    areas: Areas
    today: date
    comma_separated: bool = False


def read_value(cell: Cell, column: TemplateColumn, setting: Setting) -> Value | None:
    """Read one cell.

    Args:
        cell: the cell.
        column: what it must hold.
        setting: areas of the municipality and day of the reading.

    Returns:
        The value; none where the cell is empty and may be.

    Raises:
        BadValue: the cell breaks a rule of its column.
    """
    if cell.fault:
        raise BadValue(cell.fault)
    if not cell.text:
        if column.required:
            raise BadValue("manca il valore.")
        return None
    if _SPOILED.search(cell.text):
        raise BadValue(
            "le lettere accentate sono rovinate: riscrivile e salva il file come «CSV UTF-8»."
        )
    return _READERS[column.type](cell, column, setting)


def _area(cell: Cell, column: TemplateColumn, setting: Setting) -> str:
    return setting.areas.find(cell.text, column.levels)


def _identifier(cell: Cell, column: TemplateColumn, setting: Setting) -> str:
    if not _IDENTIFIER.fullmatch(cell.text):
        raise BadValue(
            "il codice ha al massimo 40 caratteri: lettere senza accento, cifre, trattini."
        )
    return f"{setting.areas.pro_com}-{cell.text}"


def _text(cell: Cell, column: TemplateColumn, setting: Setting) -> str:
    longest = int(column.max or _LONGEST)
    if len(cell.text) > longest:
        rule = f"il testo è troppo lungo, al massimo i caratteri sono {longest}."
        raise BadValue(rule, f"il testo ha {len(cell.text)} caratteri, al massimo sono {longest}.")
    if any(ord(letter) < 32 and letter not in "\t\n" for letter in cell.text):
        raise BadValue("il testo ha caratteri di controllo invisibili; riscrivilo a mano.")
    return cell.text


def _choice(cell: Cell, column: TemplateColumn, setting: Setting) -> str:
    for value in column.allowed:
        if plain(value) == plain(cell.text):
            return value
    raise BadValue(f"valore non ammesso; sono ammessi {', '.join(column.allowed)}.")


def _yes_or_no(cell: Cell, column: TemplateColumn, setting: Setting) -> bool:
    word = plain(cell.text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue("scrivi sì oppure no.")


def _number(cell: Cell, column: TemplateColumn, setting: Setting) -> float:
    number = float(cell.text) if cell.exact else _from_text(cell.text, column, setting)
    if column.min is not None and number < column.min:
        raise _bad(cell.text, f"è sotto il minimo ammesso, {column.min:g}.")
    if column.max is not None and number > column.max:
        raise _bad(cell.text, f"è sopra il massimo ammesso, {column.max:.0f}.")
    return number + 0.0


def _from_text(text: str, column: TemplateColumn, setting: Setting) -> float:
    if _WHOLE.fullmatch(text):
        return float(text)
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None:
        if _THOUSANDS.fullmatch(text):
            good, wrong = ("1234", "1.234") if column.type == "intero" else ("1234,5", "1.234,5")
            raise BadValue(f"togli i separatori delle migliaia: scrivi {good} e non {wrong}.")
        raise BadValue("non è un numero.")
    _one_reading(text, decimal[1], column, setting)
    return float(text.replace(",", "."))


def _one_reading(text: str, mark: str, column: TemplateColumn, setting: Setting) -> None:
    """Refuse a number whose mark may part the thousands or the decimals.

    A comma is decimal in Italian, but not for sure where commas part the cells too. A reading out
    of the column's bounds is no reading.
    """
    doubtful = mark == "." or setting.comma_separated
    if not (doubtful and _TWO_READINGS.fullmatch(text)):
        return
    thousands = float(text.replace(mark, ""))
    if column.max is not None and abs(thousands) > column.max:
        return
    name = "il punto" if mark == "." else "la virgola"
    rule = f"si legge in due modi: {name} può separare le migliaia o i decimali."
    whole, decimals = text.replace(mark, ""), text.replace(mark, ",")
    if column.type == "intero":
        unit = text.partition(mark)[0]
        advice = f"Scrivi {whole} oppure {unit}." if text.endswith("000") else f"Scrivi {whole}."
        raise BadValue(
            f"{rule} Scrivi il numero intero senza separatori.", _told(text, rule, advice)
        )
    advice = f"Scrivi {whole} se sono migliaia, {decimals}0 se sono decimali."
    general = "Scrivi 1234 se sono migliaia; se sono decimali aggiungi uno zero in fondo."
    raise BadValue(f"{rule} {general}", _told(text, rule, advice))


def _told(text: str, rule: str, advice: str) -> str:
    # What is not repeated must not come back in the advice.
    return f"{shown}{rule} {advice}" if (shown := quoted(text)) else ""


def _bad(text: str, rule: str) -> BadValue:
    return BadValue(rule, f"{quoted(text)}{rule}")


def _integer(cell: Cell, column: TemplateColumn, setting: Setting) -> int:
    number = _number(cell, column, setting)
    if number != int(number):
        raise _bad(cell.text, "non è un numero intero.")
    return int(number)


def _year(cell: Cell, column: TemplateColumn, setting: Setting) -> int:
    if not re.fullmatch(r"[0-9]{4}", cell.text):
        raise BadValue("l'anno ha quattro cifre.")
    year = int(cell.text)
    if year > setting.today.year:
        raise _bad(cell.text, "è un anno futuro.")
    if column.min is not None and year < column.min:
        raise _bad(cell.text, f"è un anno troppo lontano, si parte dal {column.min:g}.")
    return year


def _date(cell: Cell, column: TemplateColumn, setting: Setting) -> date:
    if found := _ISO.fullmatch(cell.text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _ITALIAN.fullmatch(cell.text):
        day, month, year = (int(part) for part in found.groups())
    else:
        raise BadValue("la data si scrive GG/MM/AAAA.")
    try:
        when = date(year, month, day)
    except ValueError as problem:
        raise BadValue("la data non esiste nel calendario.") from problem
    if when > setting.today:
        raise BadValue("la data è nel futuro.")
    if when < OLDEST_DATE:
        raise BadValue(f"la data è troppo lontana, si parte dal {OLDEST_DATE.year}.")
    return when


_READERS: dict[str, Callable[[Cell, TemplateColumn, Setting], Value]] = {
    "area": _area,
    "codice": _identifier,
    "testo": _text,
    "scelta": _choice,
    "si_no": _yes_or_no,
    "numero": _number,
    "intero": _integer,
    "anno": _year,
    "data": _date,
}
