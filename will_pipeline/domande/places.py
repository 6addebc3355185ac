"""What a person typed for a city, an area, an indicator or a model, found in an open mart.

Only finding and helping who wrote one that is not there belong here; questions are asked elsewhere.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import duckdb

_SMALL_WORDS = {"comune", "citta", "di", "del", "della", "nell", "nella", "nel", "in", "l", "d"}
_AREA_CODE = re.compile(r"([0-9]{6}) ([a-z][0-9]*)")
_SUGGESTIONS, _LIKENESS = 4, 0.6
_MOST_LISTED = 60


class Unknown(ValueError):
    """What was typed is not in the mart; the text is the rule, in Italian, naming what is."""


def find(mart: duckdb.DuckDBPyConnection, parameter: str, given: str) -> str:
    """Find in the mart what a parameter means.

    Case, accents, any apostrophe, underscores and small words do not count: `reggio_emilia`,
    `Reggio Emilia` and `REGGIO NELL’EMILIA` are one city, which its ISTAT code names too.

    Args:
        mart: an open mart.
        parameter: name of the parameter; those that are no place, indicator or model stay as given.
        given: what was typed.

    Returns:
        The value as the mart writes it.

    Raises:
        Unknown: nothing, or more than one thing, is called so.
    """
    finder = _FINDERS.get(parameter)
    return given if finder is None else finder(mart, given)


def _city(mart: duckdb.DuckDBPyConnection, given: str) -> str:
    rows = mart.sql("SELECT nome, pro_com, sigla FROM dim_comune ORDER BY nome").fetchall()
    forms = {name: (name, code, f"{code}.C", sign) for name, code, sign in rows}
    found = _meant(given, forms)
    if len(found) == 1:
        return found[0]
    names = ", ".join(forms)
    raise Unknown(f"la città «{given}» non c'è; le città sono {names}")


def _area(mart: duckdb.DuckDBPyConnection, given: str) -> str:
    rows = mart.sql(
        "SELECT a.area_id, a.nome, c.nome FROM dim_area AS a JOIN dim_comune AS c USING (pro_com) "
        "ORDER BY a.area_id"
    ).fetchall()
    forms = {
        code: (code, name, f"{town} {name}", f"{name} {town}", f"{town} {code[7:]}", code[7:])
        for code, name, town in rows
    }
    found = _meant(given, forms)
    if len(found) == 1:
        return found[0]
    called = {code: name for code, name, _ in rows}
    if found:
        raise Unknown(f"più aree si chiamano «{given}»: {_some(found, called)}; scrivi il codice")
    towns = {town: code[:6] for code, _, town in rows}
    raise Unknown(f"l'area «{given}» non c'è{_near(given, forms, called, towns)}")


def _near(
    given: str,
    forms: Mapping[str, Iterable[str]],
    called: Mapping[str, str],
    towns: Mapping[str, str],
) -> str:
    code = _AREA_CODE.match(folded(given))
    own = [each for each in called if code and each.startswith(code[1])]
    if own:
        return f"; le aree di quella città sono {', '.join(each[7:] for each in own)}"
    meant = folded(given)
    likeness = {
        area: max(difflib.SequenceMatcher(None, meant, folded(form)).ratio() for form in written)
        for area, written in forms.items()
    }
    close = sorted(likeness, key=lambda area: (-likeness[area], area))[:_SUGGESTIONS]
    close = [area for area in close if likeness[area] >= _LIKENESS]
    if close:
        return f"; forse {_some(close, called)}"
    codes = ", ".join(f"{code} per {town}" for town, code in sorted(towns.items()))
    return f"; il codice di un'area comincia con quello della città ({codes}), come in 034027.Q04"


def _some(codes: list[str], called: Mapping[str, str]) -> str:
    told = ", ".join(f"{code} ({called[code]})" for code in codes[:_MOST_LISTED])
    return told if len(codes) <= _MOST_LISTED else f"{told} e altre"


def _indicator(mart: duckdb.DuckDBPyConnection, given: str) -> str:
    rows = mart.sql(
        "SELECT indicatore_id, nome, nome_breve FROM dim_indicatore ORDER BY indicatore_id"
    ).fetchall()
    found = _meant(given, {code: names for code, *names in ((r[0], *r) for r in rows)})
    if len(found) == 1:
        return found[0]
    codes = [code for code, *_ in rows]
    close = difflib.get_close_matches(given.casefold(), codes, n=_SUGGESTIONS)
    told = f"; forse {' o '.join(close)}" if close else f"; gli indicatori sono {', '.join(codes)}"
    raise Unknown(f"l'indicatore «{given}» non c'è{told}")


def _model(mart: duckdb.DuckDBPyConnection, given: str) -> str:
    rows = mart.sql("SELECT DISTINCT modello FROM fatto_profilo ORDER BY modello").fetchall()
    forms = {model: (model,) for (model,) in rows}
    found = _meant(given, forms)
    if len(found) == 1:
        return found[0]
    raise Unknown(f"il modello «{given}» non c'è; i modelli sono {', '.join(forms)}")


def _meant(given: str, forms: Mapping[str, Iterable[str]]) -> list[str]:
    meant = folded(given)
    return [key for key, written in forms.items() if meant in {folded(form) for form in written}]


def folded(text: str) -> str:
    """Words in small letters, without accents, apostrophes and words that tell no place apart."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    words = "".join(each if each.isalnum() and each != "ʼ" else " " for each in letters).split()
    return " ".join(word for word in words if word not in _SMALL_WORDS) or " ".join(words)


_FINDERS: dict[str, Callable[[duckdb.DuckDBPyConnection, str], str]] = {
    "comune": _city,
    "area": _area,
    "indicatore": _indicator,
    "modello": _model,
}
