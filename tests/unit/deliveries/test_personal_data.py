"""Persons have no place in a delivery: they are found, refused, and never repeated."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.deliveries.examples import GOOD, as_csv, as_workbook, changed, examined
from will_pipeline.deliveries import personal_data
from will_pipeline.deliveries.areas import Areas

USERS = "utenti_servizi"
INVENTED = "RSSMRA80A01H501U"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (INVENTED, True),
        (INVENTED.lower(), True),
        ("RSS MRA 80A01 H501U", True),
        ("RSSMRA80A01H501X", True),  # alone in a cell, even with a wrong check character
        ("il codice RSSMRA80A01H501U.", True),
        ("il codice RSSMRA80A01H501X.", False),
        ("RSSMRAU0A01H501A", True),  # a digit replaced by a letter (omocodia)
        ("RSSMRA80Z01H501U", False),  # no such month
        ("RSSMRA80A01H501", False),
        ("XRSSMRA80A01H501U", False),
    ],
)
def test_fiscal_codes(code: str, found: bool) -> None:
    assert personal_data.has_fiscal_code(code) is found


def test_the_check_character_is_that_of_the_decree() -> None:
    assert personal_data.check_character("RSSMRA80A01H501") == "U"
    assert personal_data.check_character("VRDGPP13R10B293") == "P"
    with pytest.raises(ValueError, match="fifteen"):
        personal_data.check_character("RSS")


MASKED = {
    "zero width": "RSS\u200bMRA80A01H501U",
    "Cyrillic": "RSSMR\u041080A01H501U",
    "full width": "ＲＳＳＭＲＡ８０Ａ０１Ｈ５０１Ｕ",
    "spaced": " ".join(INVENTED),
}


@pytest.mark.parametrize("text", MASKED.values(), ids=list(MASKED))
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert personal_data.has_fiscal_code(f"Parla {text} di casa")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mario.rossi [at] example.org", personal_data.MAIL),
        ("m.rossi(chiocciola)example.org", personal_data.MAIL),
        ("tel (333) 1234567", personal_data.PHONE),
        ("nato il 3 marzo 1980", personal_data.BIRTH),
        ("il tavolo è nato il 3 gruppi fa", None),
        ("Il 3 marzo 2026 riapre il centro.", None),
        ("scrivere a m.rossi@example.org", personal_data.MAIL),
        ("3331234567", personal_data.PHONE),
        ("333 123 4567", personal_data.PHONE),
        ("+39 333-1234567", personal_data.PHONE),
        ("tel. 0521 123456", personal_data.PHONE),
        ("02/1234567", personal_data.PHONE),
        ("nato il 12.03.1980", personal_data.BIRTH),
        ("data di nascita: 1980-03-12", personal_data.BIRTH),
        ("12/03/1980", personal_data.BIRTH),
        ("IT60X0542811101000000123456", personal_data.BANK),
        ("La sera non passa l'autobus.", None),
        ("Via della Prova 12, 43121 Provaglia", None),
        ("Il tavolo del 12/03/2026 conferma i dati 2020-2025.", None),
        ("Servono 1200 ore e 40 posti.", None),
        ("10,3333333", None),
        ("Attivo dal 1998, 3 sedi", None),
    ],
)
def test_kinds_of_content(text: str, kind: str | None) -> None:
    assert personal_data.content_kind(text) == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ne ha parlato Mario Rossi.", True),
        ("La sig.ra Bianchi aiuta i vicini.", True),
        ("il signor Verdi", True),
        ("Il dott. Neri propone", True),
        ("Giulia D'Angelo propone", True),
        ("MARIO ROSSI vive solo", True),
        ("Rossi Mario non esce di casa", True),
        ("\uff2dario \uff32ossi non esce", True),
        ("\u039cario Rossi non esce", True),
        ("Giulia della Rovere aiuta", True),
        ("Il Sig Rossi aiuta", True),
        ("La famiglia Bianchi aiuta", True),
        ("La famiglia chiede aiuto.", False),
        ("Secondo Maria serve un bus.", False),
        ("In Piazza Maria serve luce.", False),
        ("L'oratorio Don Bosco apre la sera.", False),
        ("La scuola Mario Lodi ha posto.", False),
        ("In via Giuseppe Verdi manca la luce.", False),
        ("Gli anziani del quartiere San Leonardo.", False),
        ("La signora del bar, ascoltata dal tavolo.", False),
    ],
)
def test_names_in_sentences(text: str, found: bool) -> None:
    assert personal_data.names_someone(text) is found


@pytest.mark.parametrize(
    "header",
    ["Cognome", "codice fiscale", "COD_FISC", "Data di nascita", "e-mail", "Telefono casa",
     "Indirizzo", "Nominativo", "nome e cognome", "IBAN", "Recapito"],
)  # fmt: skip
def test_a_column_named_after_persons_is_refused_even_when_empty(header: str, areas: Areas) -> None:
    text = f"area;bisogno;anno;utenti;{header}\nQ01;giovani;2025;12;\n"
    [problem] = examined({"utenti_servizi.csv": text.encode()}, USERS, areas).problems
    assert problem.personal
    assert problem.where == "colonna E"
    assert "toglila dal file" in problem.rule


def test_headers_of_the_template_are_not_suspect(areas: Areas) -> None:
    assert examined(as_csv("presidi", GOOD["presidi"]), "presidi", areas).good
    assert personal_data.header_kind("nome") == personal_data.NAME


@pytest.mark.parametrize(
    ("kind", "part", "column"),
    [
        (USERS, "utenti", "area"), (USERS, "utenti", "utenti"),
        ("voce_tavolo", "voci", "sintesi"), ("voce_tavolo", "voci", "risorsa"),
        ("voce_tavolo", "voci", "codice"), ("presidi", "presidi", "nome"),
        ("presidi", "presidi", "ente"), ("presidi", "presidi", "indirizzo"),
        ("misure", "elenco", "titolo"), ("ripartizione", "esercizi", "unita"),
    ],
)  # fmt: skip
def test_a_fiscal_code_is_refused_wherever_it_stands(
    kind: str, part: str, column: str, areas: Areas
) -> None:
    rows = changed(kind, part, 0, **{column: INVENTED})
    # A workbook takes ten times as long to write, and its cells are read by the same code.
    for write in (as_csv, as_workbook) if kind == "voce_tavolo" else (as_csv,):
        found = examined(write(kind, rows), kind, areas)
        assert found.tables == {}
        assert any(problem.personal for problem in found.problems)
        assert INVENTED not in "".join(map(str, found.problems))


def test_a_headerless_list_of_persons_is_refused_without_echo(areas: Areas) -> None:
    text = f"Mario Rossi;{INVENTED};area\nLuisa Bianchi;VRDGPP13R10B293P;Q01\n"
    lines = [str(p) for p in examined({"utenti_servizi.csv": text.encode()}, USERS, areas).problems]
    assert not any(word in line for line in lines for word in ("Mario", "Rossi", INVENTED, "Luisa"))
    assert any("colonna A: nella riga 2 sembra esserci un nome e cognome" in line for line in lines)


LETTERS = st.text(alphabet="bcdfglmnprstv", min_size=3, max_size=7)


@st.composite
def personal(draw: st.DrawFn) -> str:
    word, other = draw(LETTERS), draw(LETTERS)
    digits = draw(st.text(alphabet="0123456789", min_size=7, max_size=7))
    day, month, year = draw(st.dates()).strftime("%d %m %Y").split()
    body = f"{word[:3]}{other[:3]}80A01H501".upper()
    return draw(
        st.sampled_from(
            [
                f"{word.title()} {other.title()}",
                f"{word}.{other}@example.org",
                f"333{digits}",
                f"0521 {digits}",
                body + personal_data.check_character(body),
                f"{day}/{month}/{year}",
            ]
        )
    )


@settings(max_examples=50)
@given(
    value=personal(),
    place=st.sampled_from(["area", "bisogno", "anno", "utenti", "note", "header"]),
)
def test_no_message_ever_repeats_a_personal_value(value: str, place: str, areas: Areas) -> None:
    cells = {"area": "Q01", "bisogno": "giovani", "anno": "2025", "utenti": "12", "note": ""}
    names = list(cells)
    if place == "header":
        names[-1] = value
    else:
        cells[place] = value
    text = ";".join(names) + "\n" + ";".join(cells.values()) + "\n"
    found = examined({"utenti_servizi.csv": text.encode()}, USERS, areas)
    assert found.problems
    assert found.tables == {}
    told = "\n".join(map(str, found.problems))
    assert value not in told
    pieces = [piece for piece in re.split(r"[@./\s]", value) if len(piece) > 3]
    assert [piece for piece in pieces if piece in told.replace("2025", "")] == []
