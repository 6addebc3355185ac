"""Good files with one thing wrong: each rule tells its row, its column and what it asks."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.deliveries.examples import (
    GOOD,
    as_csv,
    changed,
    examined,
    refusals,
    without,
)  # fmt: skip
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.problems import MOST_FOUND, MOST_LISTED, Problem, listed
from will_pipeline.deliveries.rules import RULES

USERS = "utenti_servizi"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (
            "area",
            "Q20",
            "«Q20» non è un'area di Provaglia; forse Q02 (Città Alta). Le",
        ),
        ("area", "Q4", "Le aree della città: Q01-Q03, Q10, A01-A02."),
        ("area", "Q05", "forse Q01 (Centro) o Q02 (Città Alta) o Q03 (Colle). Le"),
        ("area", "Centr", "forse Q01 (Centro)"),
        ("area", "099002.Q01", "«099002.Q01» non è un'area di Provaglia"),
        ("area", "Provaglia", "qui serve un quartiere o un'area di censimento"),
        ("area", "", "manca il valore"),
        ("bisogno", "casa", "sono ammessi giovani, solitudine, mobilita, nuove_generazioni"),
        ("anno", "2027", "«2027» è un anno futuro"),
        ("anno", "1975", "è un anno troppo lontano, si parte dal 1990"),
        ("anno", "25", "l'anno ha quattro cifre"),
        ("utenti", "-3", "«-3» è sotto il minimo ammesso, 0"),
        ("utenti", "2,5", "«2,5» non è un numero intero"),
        ("utenti", "1.234", "Scrivi 1234."),
        ("utenti", "1.234.567", "togli i separatori delle migliaia"),
        ("utenti", "1.234,5", "togli i separatori delle migliaia"),
        ("utenti", "1 234", "togli i separatori delle migliaia"),
        ("utenti", "circa 40", "non è un numero"),
        ("utenti", "nan", "non è un numero"),
        ("utenti", "1e3", "non è un numero"),
        ("utenti", "٤٢", "non è un numero"),
        ("utenti", "1000001", "è sopra il massimo ammesso"),
        ("utenti", "<5", "non è un numero"),
    ],
)
def test_a_bad_cell_is_told_with_row_column_and_rule(
    column: str, value: str, said: str, areas: Areas
) -> None:
    [line] = refusals(USERS, changed(USERS, "utenti", 1, **{column: value}), areas)
    assert line.startswith(f"utenti_servizi.csv, riga 3, colonna {column}: ")
    assert said in line


@pytest.mark.parametrize(
    ("kind", "part", "column", "value", "said"),
    [
        ("voce_tavolo", "voci", "data_tavolo", "26/11/2026", "la data è nel futuro"),
        ("voce_tavolo", "voci", "data_tavolo", "30/02/2026", "non esiste nel calendario"),
        ("voce_tavolo", "voci", "data_tavolo", "12/03/26", "si scrive GG/MM/AAAA"),
        ("voce_tavolo", "voci", "data_tavolo", "01/01/1970", "troppo lontana"),
        ("voce_tavolo", "voci", "esito", "boh", "sono ammessi conferma, contraddice"),
        ("voce_tavolo", "voci", "sintesi", "x" * 1001, "ha 1001 caratteri, al massimo sono 1000"),
        ("voce_tavolo", "voci", "sintesi", "a\x07b", "caratteri di controllo"),
        ("voce_tavolo", "voci", "codice", "è un codice", "il codice ha al massimo 40 caratteri"),
        ("presidi", "presidi", "lon", "44,8", "è sopra il massimo ammesso, 19"),
        ("presidi", "presidi", "tipo", "bar", "valore non ammesso"),
        ("misure", "aree", "con_misura", "forse", "scrivi sì oppure no"),
        ("misure", "serie", "valore", "12.345", "si legge in due modi"),
        ("ripartizione", "esercizi", "totale", "-1", "sotto il minimo"),
        ("ripartizione", "aree", "esercizio", "altro", "il codice non c'è in «esercizi»"),
        ("misure", "serie", "misura", "altra", "il codice non c'è in «elenco»"),
    ],
)
def test_every_type_of_cell_has_its_rule(
    kind: str, part: str, column: str, value: str, said: str, areas: Areas
) -> None:
    [line] = refusals(kind, changed(kind, part, 0, **{column: value}), areas)
    assert f"riga 2, colonna {column}: " in line
    assert said in line


def header(text: str) -> dict[str, bytes]:
    return {"utenti_servizi.csv": text.encode()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("area;bisogno;utenti\nQ01;giovani;4\n", "riga 1: manca la colonna «anno»"),
        ("area;bisogno;anno;utentii\nQ01;giovani;2025;4\n", "forse voleva essere «utenti»"),
        ("area;bisogno;anno;utenti;zona\nQ01;giovani;2025;4;1\n", "colonna E: la colonna non è pr"),
        ("area;bisogno;anno;utenti;Area\nQ01;giovani;2025;4;1\n", "la colonna area c'è due volte"),
    ],
)
def test_a_wrong_header_is_told(text: str, said: str, areas: Areas) -> None:
    lines = [str(each) for each in examined(header(text), USERS, areas).problems]
    assert any(said in line for line in lines)


def test_a_repeated_row_names_the_first(areas: Areas) -> None:
    rows = changed(USERS, "utenti", 2, area="Q01", bisogno="Solitudine", anno="2024")
    assert refusals(USERS, rows, areas) == [
        "utenti_servizi.csv, riga 4: ripete la riga 2: area, bisogno, anno devono essere diversi."
    ]


def test_a_name_of_two_areas_asks_for_the_code(area_rows, areas: Areas) -> None:
    twice = area_rows.with_columns(name=area_rows["name"].replace("Colle", "Centro"))
    both = Areas(twice, pro_com=areas.pro_com, town=areas.town)
    [line] = refusals(USERS, changed(USERS, "utenti", 2, area="centro"), both)
    assert "più aree di Provaglia si chiamano così; scrivi il codice" in line


CROSSED = [
    ("copertura_completa", "aree_proprie", without("aree_proprie", "sezioni", 0),
     "mancano 1 sezioni: 990010000001"),
    ("copertura_completa", "aree_proprie",
     changed("aree_proprie", "sezioni", 1, sezione="990010000009"),
     "riga 3, colonna sezione: la sezione non è fra quelle di Provaglia"),
    ("aree_con_sezioni", "aree_proprie", without("aree_proprie", "sezioni", 2),
     "riga 3, colonna area: l'area non ha sezioni"),
    ("nomi_diversi", "aree_proprie", changed("aree_proprie", "elenco", 1, nome=" LEVANTE"),
     "riga 3, colonna nome: il nome è già alla riga 2"),
    ("un_solo_livello", USERS, changed(USERS, "utenti", 1, area="A02"),
     "riga 3, colonna area: è un'area di censimento, mentre nella riga 2 c'è un quartiere"),
    ("area_piccola", USERS, changed(USERS, "utenti", 1, area="Piano", utenti="9"),
     "riga 3, colonna utenti: l'area ha meno di 250 residenti e le persone sono meno di 10"),
    ("non_oltre_i_residenti", USERS, changed(USERS, "utenti", 0, area="Q01", utenti="3001"),
     "riga 2, colonna utenti: le persone seguite sono più dei residenti dell'area al censimento "
     "(3000)"),
    ("area_o_coordinate", "presidi", changed("presidi", "presidi", 1, lat=""),
     "riga 3: longitudine e latitudine vanno insieme"),
    ("area_o_coordinate", "presidi", changed("presidi", "presidi", 0, area=""),
     "riga 2: serve l'area oppure una coppia di coordinate"),
    ("misura_completa", "misure",
     {**GOOD["misure"], "elenco": [*GOOD["misure"]["elenco"],
                                   GOOD["misure"]["elenco"][0] | {"misura": "orti"}]},
     "riga 3, colonna misura: la misura non ha righe in «serie»"),
    ("aree_di_confronto", "misure", changed("misure", "aree", 2, con_misura="sì"),
     "le aree con la misura sono 3 e quelle senza 1"),
    ("serie_senza_buchi", "misure", without("misure", "serie", 5),
     "riga 2, colonna misura: nella serie manca Q02, anno 2022"),
    ("serie_senza_buchi", "misure", without("misure", "aree", 3),
     "colonna area: l'area non è fra quelle della misura"),
    ("anni_prima_e_dopo", "misure", changed("misure", "elenco", 0, anno_inizio="2022"),
     "la serie ha 1 anni prima dell'inizio e 3 dopo"),
    ("anni_prima_e_dopo", "misure", changed("misure", "elenco", 0, anno_inizio="2025"),
     "la serie ha 4 anni prima dell'inizio e 0 dopo"),
    ("esercizio_completo", "ripartizione", without("ripartizione", "aree", 0),
     "l'esercizio ha meno di 2 aree"),
    ("minimi_entro_il_totale", "ripartizione",
     changed("ripartizione", "esercizi", 0, minimo_per_area="600,5"),
     "il minimo per area, moltiplicato per 2 aree, supera il totale"),
    ("classi_di_eta", "popolazione_eta", changed("popolazione_eta", "residenti", 1, eta_da="16"),
     "riga 3, colonna eta_da: la classe parte da 16, ma dopo la precedente si parte da 15"),
    ("classi_di_eta", "popolazione_eta", changed("popolazione_eta", "residenti", 2, eta_a="90"),
     "riga 4, colonna eta_a: l'ultima classe deve essere aperta"),
    ("classi_di_eta", "popolazione_eta", changed("popolazione_eta", "residenti", 1, eta_a=""),
     "riga 4, colonna eta_a: solo l'ultima classe può essere aperta"),
    ("classi_di_eta", "popolazione_eta",
     changed("popolazione_eta", "residenti", 0, eta_da="0", eta_a="14") |
     {"residenti": [row | ({"eta_a": "3"} if row["eta_da"] == "15" else {})
                    for row in GOOD["popolazione_eta"]["residenti"]]},
     "l'ultima età viene prima della prima"),
    ("stesse_classi", "popolazione_eta",
     {"residenti": [row | ({"eta_a": "9"} if row["eta_da"] == "0" else {"eta_da": "10"})
                    if row["area"] == "Q02" and row["eta_da"] in ("0", "15") else row
                    for row in GOOD["popolazione_eta"]["residenti"]]},
     "riga 8: le classi di età di quest'area, anno e sesso sono diverse"),
    ("sessi", "popolazione_eta",
     {"residenti": [row | ({"sesso": "T"} if row["sesso"] == "M" else {})
                    for row in GOOD["popolazione_eta"]["residenti"]]},
     "colonna sesso: per ogni area e anno servono M e F, oppure solo T"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kind", "rows", "said"), CROSSED)
def test_rules_across_rows_are_told(rule: str, kind: str, rows, said: str, areas: Areas) -> None:
    assert rule in {each.name for each in load_templates()[kind].rules}
    lines = refusals(kind, rows, areas)
    assert any(said in line for line in lines), lines


def test_every_rule_has_a_broken_file_and_a_function() -> None:
    named = {rule.name for template in load_templates().values() for rule in template.rules}
    assert named == set(RULES) == {rule for rule, *_ in CROSSED}


def test_small_areas_take_zero_and_ten(areas: Areas) -> None:
    for users in ("0", "10"):
        assert refusals(USERS, changed(USERS, "utenti", 1, area="Q10", utenti=users), areas) == []


def test_all_faults_are_listed_up_to_a_limit(areas: Areas) -> None:
    rows = {
        "utenti": [
            {"area": "Q99", "bisogno": "x", "anno": "2025", "utenti": "-1"} for _ in range(10)
        ]
    }
    problems = examined(as_csv(USERS, rows), USERS, areas).problems
    assert len(problems) == 30
    lines = listed(problems)
    assert len(lines) == MOST_LISTED + 1
    assert lines[-1] == "Ci sono altri 10 difetti."


def test_a_file_of_faults_is_read_no_further_than_needed(areas: Areas) -> None:
    row = {"area": "Q99", "bisogno": "giovani", "anno": "2025", "utenti": "1"}
    problems = examined(as_csv(USERS, {"utenti": [row] * 900}), USERS, areas).problems
    assert len(problems) == MOST_FOUND
    assert listed(problems)[-1] == "Ci sono più di 179 altri difetti."


def test_personal_data_come_first_and_one_left_is_told_as_one() -> None:
    plain = [Problem("f", f"riga {n}", "x") for n in range(MOST_LISTED)]
    lines = listed([*plain, Problem("f", "riga 99", "y", personal=True)])
    assert lines[0] == "f, riga 99: y"
    assert lines[-1] == "C'è un altro difetto."


@settings(max_examples=40)
@given(content=st.binary(max_size=300))
@example(content=b"area;bisogno;anno;utenti\n" + "Q01;giovani;²;3\n".encode())
def test_any_bytes_end_in_a_refusal_and_never_in_a_crash(content: bytes, areas: Areas) -> None:
    for name in ("utenti_servizi.csv", "utenti_servizi.xlsx"):
        found = examined({name: content}, USERS, areas)
        assert found.problems
        assert found.tables == {}


@settings(max_examples=40)
@given(cells=st.lists(st.text(max_size=12), min_size=4, max_size=4))
def test_any_cells_end_in_rows_or_in_a_refusal(cells: list[str], areas: Areas) -> None:
    row = dict(zip(("area", "bisogno", "anno", "utenti"), cells, strict=True))
    found = examined(as_csv(USERS, {"utenti": [row]}), USERS, areas)
    assert bool(found.problems) != bool(found.tables)


@pytest.mark.parametrize(
    ("cell", "advice"),
    [("1.234", "Scrivi 1234."), ("1.000", "Scrivi 1000 oppure 1."), ("1.234,5", "scrivi 1234 e")],
)
def test_advice_for_a_whole_number_is_a_whole_number(cell: str, advice: str, areas: Areas) -> None:
    [line] = refusals(USERS, changed(USERS, "utenti", 0, utenti=cell), areas)
    assert advice in line


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_what_may_be_published_holds_no_cell(kind: str, areas: Areas) -> None:
    marks = ("7654", "765.432", "Q77", "099002.Q08", "3,1415", "2091", "Pasquale", "-98765")
    for part in load_templates()[kind].parts:
        for column in part.columns:
            for mark in marks:
                rows = changed(kind, part.name, 0, **{column.name: mark})
                problems = examined(as_csv(kind, rows), kind, areas).problems
                assert not any(mark in str(problem) for problem in problems)


def test_the_terminal_repeats_no_cell_where_persons_were_found() -> None:
    harmless = Problem("f", "riga 1", "non va bene.", shown="«77» non va bene.")
    person = Problem("f", "riga 2", "sembra esserci un codice fiscale.", personal=True)
    assert listed([harmless], cells=True) == ("f, riga 1: «77» non va bene.",)
    assert listed([harmless]) == ("f, riga 1: non va bene.",)
    assert "77" not in " ".join(listed([harmless, person], cells=True))


@pytest.mark.parametrize("spoiled", ["CittÃ\u00a0 bassa", "perchÃ© sÃ¬", "lâ€™area", "citt\ufffd"])
def test_spoiled_letters_are_told_cell_by_cell(spoiled: str, areas: Areas) -> None:
    rows = changed("voce_tavolo", "voci", 0, sintesi=spoiled)
    [line] = refusals("voce_tavolo", rows, areas)
    assert "riga 2, colonna sintesi: le lettere accentate sono rovinate" in line


@pytest.mark.parametrize("good", ["Città, perché, più: «così» è già lì", "L’Âge d’or a São Paulo"])
def test_letters_of_any_language_are_no_spoil(good: str, areas: Areas) -> None:
    assert refusals("voce_tavolo", changed("voce_tavolo", "voci", 0, sintesi=good), areas) == []


def test_two_files_of_one_table_are_told_as_such(areas: Areas) -> None:
    content = as_csv(USERS, GOOD[USERS])["utenti_servizi.csv"]
    files = {"utenti_servizi.csv": content, "Utenti_Servizi.CSV": content}
    [problem] = examined(files, USERS, areas).problems
    assert str(problem).endswith("è la stessa tabella di Utenti_Servizi.CSV: lasciane una sola.")
