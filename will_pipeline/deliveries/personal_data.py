"""Signs that a cell or a header speaks of one person, for whom deliveries have no place.

What belongs here is recognising; it never returns what it found, only what kind of thing it was.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from will_pipeline.deliveries.cells import plain
from will_pipeline.deliveries.unmasked import unmasked

FISCAL_CODE = "codice fiscale"
MAIL = "indirizzo di posta elettronica"
PHONE = "numero di telefono"
BIRTH = "data di nascita"
NAME = "nome e cognome"
BANK = "conto bancario (IBAN)"

# Digits of a fiscal code may be replaced by letters where two persons would have the same one
# (omocodia): decree of the Ministry of Finance of 12 March 1974.
_DIGIT = "[0-9LMNPQRSTUV]"
_GAP = "[ .-]?"
_SHAPE = (
    *["[A-Z]"] * 6, _DIGIT, _DIGIT, "[ABCDEHLMPRST]", _DIGIT, _DIGIT, "[A-Z]", *[_DIGIT] * 3,
    "[A-Z]",
)  # fmt: skip
_FISCAL_CODE = re.compile(rf"(?<![A-Z0-9]){_GAP.join(_SHAPE)}(?![A-Z0-9])", re.IGNORECASE)
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17),
    *(19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
"""Value of each character in an odd place."""
# Every repetition has a limit: a long cell must not cost more than its length.
_MAIL = re.compile(r"[\w.+'-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(
    r"(?<![\w,.])(?:(?:\+|00)39[\s./-]?)?"
    r"(?:3[0-9]{2}[\s./-]?[0-9]{2,3}[\s./-]?[0-9]{2}[\s./-]?[0-9]{1,3}"
    r"|0[0-9]{1,3}[\s./-]{0,2}[0-9]{2,4}[\s./-]?[0-9]{2,4}[\s./-]?[0-9]{0,4})(?!\w)"
)
_LEAST_PHONE_DIGITS = 8
_IBAN = re.compile(r"\bIT\s?[0-9]{2}\s?[A-Z](?:\s?[0-9]){10}(?:\s?[0-9A-Z]){12}\b", re.IGNORECASE)
_DATE = r"(?:[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})"
_ONLY_A_DATE = re.compile(rf"{_DATE}(?:[T ][0-9:]+)?")
_MONTHS = (
    "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
)
_IN_WORDS = rf"[0-9]{{1,2}}[°º]?\s(?:{_MONTHS})\s(?:19|20)[0-9]{{2}}"
_BORN = re.compile(
    rf"\b(?:nat[oaie]|nascita)\b[^0-9]{{0,40}}(?:{_DATE}|{_IN_WORDS})", re.IGNORECASE
)
_WORD = (
    r"(?:(?:[Dd][aei]|[Dd]e[l]?|[Dd]ell[ao]|Lo|La|Li)\s)?[A-ZÀ-Ý][a-zà-ÿ]+(?:['’-][A-ZÀ-Ýa-zà-ÿ]+)*"
)
_SURNAME = r"(?:[A-ZÀ-Ý]['’])?" + _WORD
_TWO_NAMES = re.compile(rf"{_WORD}(?:\s{_SURNAME}){{1,3}}")
_TWO_CAPITALS = re.compile(r"[A-ZÀ-Ý][A-ZÀ-Ý'’-]+(?:\s[A-ZÀ-Ý][A-ZÀ-Ý'’-]+){1,3}")
_ADDRESSED = re.compile(
    r"\b(?:[Ss]ig\s|[Ss]ig\.\s?(?:ra|na|r)?\.?|[Ss]ig(?:ra|na|nor[ae]?|norina)\.?|[Dd]ott(?:\.ssa|oressa|\.|or)"
    rf"|[Dd]r\.(?:ssa)?|[Pp]rof(?:\.ssa|essoressa|\.|essore)|famiglia)\s*{_SURNAME}"
)
_PLACE_WORDS = (
    "via", "viale", "vicolo", "piazza", "piazzale", "corso", "largo", "borgo", "strada", "ponte",
    "parco", "giardino", "scuola", "scuole", "istituto", "liceo", "asilo", "nido", "biblioteca",
    "centro", "circolo", "oratorio", "parrocchia", "chiesa", "fondazione", "associazione",
    "cooperativa", "teatro", "palazzo", "villa", "casa", "ospedale", "palestra", "san", "santa",
    "santo", "sant", "quartiere", "piazzetta", "complesso", "polo", "don", "primaria", "media",
)  # fmt: skip
_OPENING_WORDS = (
    "alla", "anche", "ancora", "che", "chi", "come", "con", "cosa", "dal", "dalla", "del", "della",
    "dice", "dopo", "già", "gia", "invece", "nel", "nella", "non", "oggi", "ora", "per", "perche",
    "pero", "poi", "prima", "qui", "secondo", "solo", "sono", "tra", "una", "verso",
)  # fmt: skip
"""Words that open a sentence with a capital letter and are nobody's surname."""
_GIVEN_NAMES = Path(__file__).with_name("given_names.txt")
_HEADERS = {
    FISCAL_CODE: ("codice_fiscale", "cod_fiscale", "cod_fisc", "codfisc", "codicefiscale", "cf"),
    NAME: (
        "cognome", "nominativo", "nome_cognome", "nome_e_cognome", "cognome_nome", "cognome_e_nome",
        "nome", "nomi", "cognomi", "nome_utente", "assistito", "intestatario", "beneficiario",
        "referente", "nome_referente", "utente", "persona", "tutore", "genitore",
    ),
    BIRTH: ("data_nascita", "data_di_nascita", "nascita", "nato_il", "nata_il", "datanascita",
            "data_nasc", "luogo_nascita", "luogo_di_nascita", "comune_di_nascita"),
    MAIL: ("mail", "email", "e_mail", "posta_elettronica", "pec", "indirizzo_mail",
           "indirizzo_email"),
    PHONE: ("telefono", "tel", "cellulare", "cell", "recapito", "numero_di_telefono",
            "numero_telefono", "telefono_cellulare", "fax"),
    "indirizzo di una persona": ("indirizzo", "residenza", "via", "domicilio", "civico",
                                 "indirizzo_di_residenza", "indirizzo_residenza"),
    BANK: ("iban", "conto_corrente", "conto"),
    "documento di una persona": ("documento", "carta_identita", "carta_d_identita", "passaporto",
                                 "tessera_sanitaria", "permesso_di_soggiorno", "matricola"),
}  # fmt: skip
_KIND_OF_HEADER = {header: kind for kind, headers in _HEADERS.items() for header in headers}
_ARTICLES = {
    FISCAL_CODE: "un",
    MAIL: "un",
    PHONE: "un",
    BIRTH: "una",
    NAME: "un",
    BANK: "un",
    "indirizzo di una persona": "l'",
    "documento di una persona": "il",
}


def with_article(kind: str) -> str:
    """Write a kind of personal data with its article, as in `un codice fiscale`."""
    article = _ARTICLES.get(kind, "")
    return f"{article}{kind}" if article.endswith("'") else f"{article} {kind}".strip()


def header_kind(header: str) -> str | None:
    """Kind of personal data that a column is named after, none where it is not."""
    name = plain(header)
    if name in _KIND_OF_HEADER:
        return _KIND_OF_HEADER[name]
    words = set(name.split("_"))
    for sign in ("cognome", "nascita", "email", "telefono", "cellulare", "iban", "nominativo"):
        if sign in words:
            return _KIND_OF_HEADER[sign]
    return FISCAL_CODE if "fiscale" in words else None


def content_kind(text: str) -> str | None:
    """Kind of personal data that stands anywhere in a text, none where there is none.

    Names are not looked for here: see `is_a_name` and `names_someone`.
    """
    text = unmasked(text)
    if has_fiscal_code(text):
        return FISCAL_CODE
    if "@" in text and _MAIL.search(text):
        return MAIL
    if _IBAN.search(text):
        return BANK
    if _BORN.search(text) or _ONLY_A_DATE.fullmatch(text):
        return BIRTH
    return PHONE if _has_phone(text) else None


def has_fiscal_code(text: str) -> bool:
    """Whether a text holds the fiscal code of a person.

    A code whose check character is right is one; a mistyped one still points at somebody, so a
    cell of that shape and nothing else counts too.

    Source:
        Decree of the Ministry of Finance of 23 December 1976: structure and check character.
    """
    text = unmasked(text)
    for found in _FISCAL_CODE.finditer(text):
        code = re.sub(r"[ .-]", "", found.group()).upper()
        if check_character(code[:15]) == code[15] or found.group() == text:
            return True
    return False


def check_character(body: str) -> str:
    """Check character of the first fifteen characters of a fiscal code.

    Args:
        body: fifteen capital letters and digits.

    Raises:
        ValueError: the length is another.
    """
    if len(body) != 15:
        raise ValueError("a fiscal code has fifteen characters before the check character")
    odd = sum(_ODD[_CHARACTERS.index(character)] for character in body[::2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in body[1::2])
    return chr(ord("A") + (odd + even) % 26)


def is_a_name(text: str) -> bool:
    """Whether a whole cell has the shape of a first name and a surname, in whatever language."""
    text = unmasked(text)
    return bool(_TWO_NAMES.fullmatch(text) or _TWO_CAPITALS.fullmatch(text))


def names_someone(text: str) -> bool:
    """Whether a sentence names a person: a title with a surname, or an Italian first name with one.

    A name after a word for a place (`via`, `scuola`, `centro`) is the name of the place.
    """
    text = unmasked(text)
    if _ADDRESSED.search(text):
        return True
    by_given, by_surname = _full_names()
    named = any(
        plain(found["before"] or "") not in _PLACE_WORDS for found in by_given.finditer(text)
    )
    return named or any(
        plain(found["surname"]) not in (*_PLACE_WORDS, *_OPENING_WORDS)
        and plain(found["before"] or "") not in _PLACE_WORDS
        for found in by_surname.finditer(text)
    )


@cache
def _full_names() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """First name and surname, in small or capital letters, and the two the other way round."""
    given = _GIVEN_NAMES.read_text("utf-8").split()
    names, shouted = "|".join(given), "|".join(name.upper() for name in given)
    before = r"(?:\b(?P<before>[\w'’]{1,40})[\s'’]{1,3})?"
    capitals = r"[A-ZÀ-Ý][A-ZÀ-Ý'’-]+"
    by_given = rf"{before}\b(?:(?:{names})\s{_SURNAME}|(?:{shouted})\s{capitals})"
    by_surname = rf"{before}\b(?:(?P<surname>[A-ZÀ-Ý][a-zà-ÿ]{{2,}})\s(?:{names})\b)(?!\s[A-ZÀ-Ý])"
    return re.compile(by_given), re.compile(by_surname)


def _has_phone(text: str) -> bool:
    return any(
        sum(character.isdigit() for character in found.group()) >= _LEAST_PHONE_DIGITS
        for found in _PHONE.finditer(text)
    )
