"""Addresses found in a register of civic numbers, with how each one ended.

Names of streets are brought to one form here; where two readings are possible no coordinate is
given.
"""

from __future__ import annotations

import re
import unicodedata

import polars as pl

FOUND, WITHOUT_LETTER = "civico", "civico_senza_esponente"
SEVERAL_STREETS, SEVERAL_POINTS = "strada_ambigua", "civico_ambiguo"
NO_NUMBER, UNKNOWN_NUMBER = "senza_civico", "civico_ignoto"
UNKNOWN_STREET = "strada_ignota"
SAME_PLACE_DEGREES = 1e-4
"""Degrees, about ten metres, within which two coordinates of a civic number are one place."""
KINDS = {
    "v": "via", "vle": "viale", "v le": "viale", "pza": "piazza", "pzza": "piazza",
    "p zza": "piazza",
    "p za": "piazza", "pz": "piazza", "ple": "piazzale", "p le": "piazzale", "p tta": "piazzetta",
    "pzta": "piazzetta", "c so": "corso", "cso": "corso", "l go": "largo", "lgo": "largo",
    "b go": "borgo", "bgo": "borgo", "str": "strada", "vic": "vicolo", "vlo": "vicolo",
    "v lo": "vicolo", "lung": "lungo", "loc": "localita", "fraz": "frazione", "gall": "galleria",
    "vicolo": "vicolo", "via": "via", "viale": "viale", "piazza": "piazza", "piazzale": "piazzale",
    "piazzetta": "piazzetta", "corso": "corso", "largo": "largo", "borgo": "borgo",
    "strada": "strada", "galleria": "galleria", "localita": "localita", "frazione": "frazione",
    "stradello": "stradello", "stradone": "stradone", "rotonda": "rotonda", "salita": "salita",
    "contrada": "contrada", "calle": "calle", "passaggio": "passaggio", "lungo": "lungo",
}  # fmt: skip
"""Generic names of streets by the ways they are written."""
_WORDS = {
    "sto": "santo", "sta": "santa", "flli": "fratelli", "xxv": "25", "xx": "20", "iv": "4",
    "xxiv": "24", "i": "1", "ii": "2", "v": "5", "xi": "11", "viii": "8", "dott": "dottor",
    "prof": "professor", "mons": "monsignor",
    "gen": "generale", "col": "colonnello", "cap": "capitano",
}  # fmt: skip
_PARTICLES = {"di", "de", "del", "della", "dei", "degli", "delle", "da", "e", "la", "il", "lo", "a"}
_NUMBER = re.compile(
    r"^(?P<street>.*?\D)[\s,]*(?:n\.?\s*|n°\s*|nr\.?\s*|num\.?\s*)?"
    r"(?P<number>\d{1,4})\s*(?:/\s*)?(?P<letter>[a-z]|bis|ter)?$"
)
_REST = re.compile(r"\s*[-–(].*$|\s+\d{5}\b.*$")
Key = tuple[str, str]


def street_name(text: str) -> str:
    """One form for the name of a street: `V.le Sta. Lucia` and `VIALE SANTA LUCIA` are the same.

    Args:
        text: name as written, without the civic number.

    Returns:
        Lower case words without accents and marks: the generic name in full, then the others,
        common abbreviations undone and Roman numbers in figures.
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    words = letters.split()
    for length in (2, 1):
        kind = KINDS.get(" ".join(words[:length]))
        if kind is not None and len(words) > length:
            return " ".join([kind, *(_WORDS.get(word, word) for word in words[length:])])
    return " ".join(_WORDS.get(word, word) for word in words)


def split_address(text: str) -> tuple[str, int | None, str | None]:
    """Street, civic number and its letter out of an address in one line.

    A number that belongs to the name of the street (`Via 25 Aprile`) stays in it.
    """
    line = " ".join(_REST.sub("", text.casefold()).split()).rstrip(" ,.;")
    found = _NUMBER.match(line)
    if found is None:
        return street_name(line), None, None
    street = street_name(found["street"])
    if street in KINDS.values() or not street:
        return street_name(line), None, None
    return street, int(found["number"]), found["letter"]


def geocode(addresses: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """Look addresses up in the register of civic numbers of their own city.

    A street is looked up by its whole name, then by a shorter one (`Via Garibaldi` or `Via G.
    Garibaldi` for `Via Giuseppe Garibaldi`), the latter only where one street of the city answers.
    A number without its letter is found under the number alone. Where what is found stands in more
    than one place nothing is chosen.

    Args:
        addresses: `address_id`, `pro_com`, `address` (one line, nullable).
        register: `pro_com`, `street`, `number` (whole), `letter` (nullable), `lon`, `lat`
            (degrees), as in the national register of civic numbers.

    Returns:
        One row per address, sorted: `address_id`, `pro_com`, `outcome`, `lon`, `lat` (missing
        unless the outcome is `civico` or `civico_senza_esponente`).

    Raises:
        ValueError: an address identifier repeats.
    """
    if addresses["address_id"].is_duplicated().any():
        raise ValueError("Indirizzi: un identificativo è ripetuto.")
    town: dict[str, _Town] = {}
    for code, rows in register.group_by("pro_com"):
        town[str(code[0])] = _Town(rows)
    nowhere = _Town(register.clear())
    found = [
        (name, city, *town.get(city, nowhere).find(text or ""))
        for name, city, text in addresses.select("address_id", "pro_com", "address")
        .sort("address_id")
        .iter_rows()
    ]
    schema = {
        "address_id": pl.String,
        "pro_com": pl.String,
        "outcome": pl.String,
        "lon": pl.Float64,
        "lat": pl.Float64,
    }
    return pl.DataFrame(found, schema=schema, orient="row")


def match_rate(geocoded: pl.DataFrame) -> pl.DataFrame:
    """Share of the addresses of each city that were found, and how the others ended.

    Args:
        geocoded: result of `geocode`.

    Returns:
        `pro_com`, `outcome`, `addresses`, `share` of the city's, `found_share` of the city.
    """
    found = pl.col("outcome").is_in([FOUND, WITHOUT_LETTER])
    return (
        geocoded.with_columns(
            found_share=found.mean().over("pro_com"), all=pl.len().over("pro_com")
        )
        .group_by("pro_com", "outcome")
        .agg(
            addresses=pl.len().cast(pl.Int64),
            share=pl.len() / pl.col("all").first(),
            found_share=pl.col("found_share").first(),
        )
        .sort("pro_com", "outcome")
    )


class _Town:
    """Civic numbers of one city by street, and streets by their shorter names."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.numbers: dict[str, list[tuple[int, str | None, float, float]]] = {}
        columns = ("street", "number", "letter", "lon", "lat")
        for street, number, letter, lon, lat in rows.select(columns).iter_rows():
            written = letter.casefold() if letter else None
            self.numbers.setdefault(street_name(street), []).append((number, written, lon, lat))
        self.short: dict[Key, set[str]] = {}
        for street in self.numbers:
            self.short.setdefault(_short(street), set()).add(street)

    def find(self, text: str) -> tuple[str, float | None, float | None]:
        street, number, letter = split_address(text)
        streets = self._named(street)
        if len(streets) != 1:
            return SEVERAL_STREETS if streets else UNKNOWN_STREET, None, None
        if number is None:
            return NO_NUMBER, None, None
        here = [row for row in self.numbers[next(iter(streets))] if row[0] == number]
        exact = [row for row in here if row[1] == letter]
        if not here:
            return UNKNOWN_NUMBER, None, None
        return _one_place(exact or here, FOUND if exact else WITHOUT_LETTER)

    def _named(self, street: str) -> set[str]:
        if street in self.numbers:
            return {street}
        alike = self.short.get(_short(street), set())
        return {each for each in alike if _within(street, each) or _within(each, street)}


def _within(shorter: str, longer: str) -> bool:
    """Whether every word of a name is in another, whole or as an initial."""
    words = longer.split()
    return all(
        word in words or (len(word) == 1 and any(each.startswith(word) for each in words))
        for word in shorter.split()
        if word not in _PARTICLES
    )


def _short(street: str) -> Key:
    words = [word for word in street.split() if word not in _PARTICLES]
    kind = words[0] if words and words[0] in KINDS.values() else ""
    return kind, words[-1] if words else ""


def _one_place(
    rows: list[tuple[int, str | None, float, float]], outcome: str
) -> tuple[str, float | None, float | None]:
    """The place of a civic number, none where its rows stand in more than one."""
    east, north = [row[2] for row in rows], [row[3] for row in rows]
    if max(max(east) - min(east), max(north) - min(north)) > SAME_PLACE_DEGREES:
        return SEVERAL_POINTS, None, None
    lon, lat = min(zip(east, north, strict=True))
    return outcome, lon, lat
