"""`will domande` as a planner types it, on a mart made for the purpose."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner, Result

from will_pipeline.cli.questions import domande
from will_pipeline.domande import catalogue, workbook

QUESTION = """\
-- titolo: Quante persone?
-- parametri: posto (testo) = Centro
-- come_si_legge: Persone stimate, non contate.
SELECT nome, anno, persone, certo FROM aree WHERE nome = $posto
"""


@pytest.fixture
def mart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "domande"
    folder.mkdir()
    (folder / "05_persone.sql").write_text(QUESTION, encoding="utf-8")
    found = catalogue.load_questions(folder)
    monkeypatch.setattr(catalogue, "load_questions", lambda: found)
    path = tmp_path / "will_mart.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(
            "CREATE TABLE aree AS SELECT 'Centro' AS nome, 2011 AS anno, 1234.5 AS persone, "
            "true AS certo UNION ALL SELECT '[red]=1+1', 2011, 7.0, false "
            "UNION ALL SELECT '=cmd()', 2011, 7.0, false"
        )
        made.execute(
            "CREATE TABLE mart_info AS SELECT * FROM (VALUES ('rilascio', '2026.11.1'), "
            "('fatto_il', '2026-11-24T02:30:00+01:00'), ('licenza', 'CC BY 4.0'), "
            "('licenza_uri', 'https://example.org/'), ('citazione', '=cita()')) "
            "AS t(chiave, valore)"
        )
        made.execute(
            "CREATE TABLE dizionario AS SELECT * FROM (VALUES ('altra', 'nome', 'Di altri.'), "
            "('aree', 'nome', 'Nome del posto.')) AS t(tabella, colonna, descrizione)"
        )
        made.execute(
            "CREATE TABLE dim_fonte AS SELECT 'f' AS fonte_id, '=titolo()' AS titolo, 'E' AS ente, "
            "'2011' AS data_riferimento, 'L' AS licenza, 'u' AS licenza_uri, 'a' AS attribuzione"
        )
    return path


def esegui(mart: Path, *said: str) -> Result:
    return CliRunner().invoke(domande, ["esegui", *said, "--mart", str(mart)])


def test_an_answer_is_told_in_italian_numbers_with_how_to_read_it(mart: Path) -> None:
    said = esegui(mart, "5").stdout
    assert "Quante persone?" in said
    assert "1.234,5" in said
    assert "2011" in said
    assert "sì" in said
    assert "Persone stimate, non contate." in said


def test_a_narrow_terminal_gets_one_row_under_the_other(
    mart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    said = esegui(mart, "5", "--con", "posto=Centro").stdout
    assert "  persone  1.234,5" in said
    assert "Persone stimate, non contate." in said
    assert "…" not in said


def test_a_value_that_nobody_gave_is_told_to_be_an_example(mart: Path) -> None:
    assert "Esempio con posto = Centro" in esegui(mart, "5").stdout
    assert "Esempio" not in esegui(mart, "5", "--con", "posto=Centro").stdout
    machine = esegui(mart, "5", "--formato", "json")
    assert "Esempio" in machine.stderr
    assert "Esempio" not in machine.stdout


def test_text_of_the_mart_is_never_taken_for_markup(mart: Path) -> None:
    assert "[red]=1+1" in esegui(mart, "5", "--con", "posto=[red]=1+1").stdout


def test_machines_get_the_numbers_as_they_are(mart: Path) -> None:
    told = json.loads(esegui(mart, "5", "--formato", "json").stdout)
    assert told == [{"nome": "Centro", "anno": 2011, "persone": 1234.5, "certo": True}]
    assert esegui(mart, "5", "--formato", "csv").stdout.splitlines()[1] == "Centro,2011,1234.5,true"


def test_a_spreadsheet_never_gets_a_formula(mart: Path) -> None:
    told = esegui(mart, "5", "--con", "posto==cmd()", "--formato", "csv").stdout
    assert told.splitlines()[1] == "'=cmd(),2011,7.0,false"


def opened(path: Path) -> dict[str, list[list[object]]]:
    """Values of every sheet by its name, after a check that none is a formula."""
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_a_workbook_holds_the_answer_how_to_read_it_and_where_it_comes_from(
    mart: Path, tmp_path: Path
) -> None:
    file = tmp_path / "r.xlsx"
    said = esegui(mart, "5", "--con", "posto==cmd()", "--formato", "xlsx", "--file", str(file))
    assert said.exit_code == 0, said.output
    assert str(file) in said.stdout
    sheets = opened(file)
    assert list(sheets) == ["Leggimi", "Dati", "Dizionario", "Fonti"]
    assert sheets["Dati"] == [
        ["Nome", "Anno", "Persone", "Certo"], ["=cmd()", 2011, 7.0, "no"],
    ]  # fmt: skip
    read_me = {row[0]: row[1] for row in sheets["Leggimi"]}
    assert read_me["Domanda"] == "5. Quante persone?"
    assert read_me["Chiesto per: posto"] == "=cmd()"
    assert read_me["Come si legge"] == "Persone stimate, non contate."
    assert read_me["Rilascio"] == "2026.11.1"
    assert [row[1:] for row in sheets["Dizionario"][1:]] == [
        ["nome", "Nome del posto."],
        *([name, workbook.COMPUTED] for name in ("anno", "persone", "certo")),
    ]
    assert sheets["Fonti"][1][0] == "=titolo()"
    first = file.read_bytes()
    esegui(mart, "5", "--con", "posto==cmd()", "--formato", "xlsx", "--file", str(file))
    assert file.read_bytes() == first


def test_a_workbook_without_an_answer_says_why(
    mart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = esegui(mart, "5", "--con", "posto=Altrove", "--formato", "xlsx")
    assert said.exit_code == 0
    sheets = opened(tmp_path / "domanda_05_persone.xlsx")
    assert len(sheets["Dati"]) == 1
    assert ["Risposta", catalogue.NO_ROWS] in sheets["Leggimi"]


def test_a_file_that_cannot_be_written_ends_with_its_name(mart: Path, tmp_path: Path) -> None:
    file = tmp_path / "manca" / "r.xlsx"
    said = esegui(mart, "5", "--formato", "xlsx", "--file", str(file))
    assert said.exit_code == 1
    assert str(file) in said.stderr.replace("\n", "")
    assert esegui(mart, "5", "--formato", "csv", "--file", str(file)).exit_code == 2


def test_machines_get_the_list_too(mart: Path) -> None:
    told = json.loads(CliRunner().invoke(domande, ["elenco", "--json"]).stdout)
    assert told == [
        {
            "numero": 5, "titolo": "Quante persone?",
            "come_si_legge": "Persone stimate, non contate.",
            "parametri": [{"nome": "posto", "tipo": "testo", "esempio": "Centro"}],
        }
    ]  # fmt: skip


def test_an_empty_answer_says_what_to_try(mart: Path) -> None:
    result = esegui(mart, "5", "--con", "posto=Altrove")
    assert result.exit_code == 0
    assert catalogue.NO_ROWS in result.stdout


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (("9",), "la domanda 9 non c'è"),
        (("5", "--con", "area"), "«area» non dice un valore"),
        (("5", "--con", "comune=Parma"), "non ha il parametro comune"),
    ],
)
def test_what_cannot_be_asked_ends_with_its_reason(
    mart: Path, said: tuple[str, ...], rule: str
) -> None:
    result = esegui(mart, *said)
    assert result.exit_code == 2
    assert rule in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_mart_the_way_to_make_one_is_told(mart: Path, tmp_path: Path) -> None:
    result = esegui(tmp_path / "niente", "5")
    assert result.exit_code == 1
    assert "will esegui" in result.stderr


def test_the_list_shows_title_and_parameters(mart: Path) -> None:
    said = CliRunner().invoke(domande, ["elenco"]).stdout
    assert "5  Quante persone?" in said
    assert "--con posto=…" in said


LONG = """\
-- titolo: Quante persone, area per area?
-- parametri: nessuno
-- come_si_legge: Persone stimate, non contate.
-- senza_numero: persone
SELECT * FROM lunga ORDER BY area_id
"""


@pytest.fixture
def long_mart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ninety areas of one city, one in three without a number."""
    folder = tmp_path / "lunghe"
    folder.mkdir()
    (folder / "06_persone.sql").write_text(LONG, encoding="utf-8")
    found = catalogue.load_questions(folder)
    monkeypatch.setattr(catalogue, "load_questions", lambda: found)
    path = tmp_path / "will_mart.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(
            "CREATE TABLE lunga AS SELECT '034027.Q' || lpad(n::VARCHAR, 2, '0') AS area_id, "
            "'Area ' || n AS area, CASE WHEN n % 2 = 0 THEN 'Q' ELSE 'A' END AS livello, "
            "CASE WHEN n % 3 = 0 THEN NULL ELSE n END AS persone FROM range(90) AS t(n)"
        )
        made.execute("CREATE TABLE dim_comune AS SELECT '034027' AS pro_com, 'Parma' AS nome")
        made.execute("CREATE TABLE dim_area AS SELECT area_id, '034027' AS pro_com, "
                     "area AS nome FROM lunga")  # fmt: skip
    return path


def test_rows_without_a_number_and_beyond_the_first_are_counted(
    long_mart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    said = esegui(long_mart, "6").stdout
    assert len(said.splitlines()) < 100
    assert "altre 44 righe: «--tutte»" in said
    assert "30 righe non hanno un numero, e non vuol dire zero" in said
    assert "–" not in said
    monkeypatch.setenv("COLUMNS", "120")
    assert "righe: «--tutte»" not in esegui(long_mart, "6").stdout
    whole = esegui(long_mart, "6", "--tutte").stdout
    assert whole.count("Area ") == 90
    assert "«--tutte»" not in whole


def test_machines_get_every_row(long_mart: Path) -> None:
    assert len(json.loads(esegui(long_mart, "6", "--formato", "json").stdout)) == 90


def test_one_level_or_one_area_can_be_chosen(long_mart: Path) -> None:
    chosen = json.loads(esegui(long_mart, "6", "--livello", "q", "--formato", "json").stdout)
    assert {row["livello"] for row in chosen} == {"Q"}
    assert len(chosen) == 45
    [only] = json.loads(esegui(long_mart, "6", "--area", "area 7", "--formato", "json").stdout)
    assert only["area_id"] == "034027.Q07"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("--livello", "Z"), "il livello è uno fra Q, A, C"),
        (("--area", "Nessuna"), "l'area «Nessuna» non c'è"),
    ],
)
def test_a_choice_that_is_not_there_is_told(
    long_mart: Path, words: tuple[str, ...], rule: str
) -> None:
    result = esegui(long_mart, "6", *words)
    assert result.exit_code == 2
    assert rule in result.stderr


def test_an_answer_without_areas_cannot_be_narrowed_to_one(mart: Path) -> None:
    result = esegui(mart, "5", "--livello", "Q")
    assert result.exit_code == 2
    assert "la risposta alla domanda 5 non ha la colonna livello" in result.stderr
