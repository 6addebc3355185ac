"""The response workbook filled in as people do, handed in and refused."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import Result
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from will_pipeline.cli.main import app
from will_pipeline.deliveries.areas import Areas
from will_pipeline.kit import workbook

PARMA = "034027"
ROWS = (
    (f"{PARMA}.C", PARMA, "C", "Parma", 175895),
    (f"{PARMA}.Q04", PARMA, "Q", "Pablo", 13673),
    (f"{PARMA}.Q05", PARMA, "Q", "Golese", 9093),
)
SAID = ("Q04 - Pablo", "giovani", date(2026, 3, 12), "scuola", "conferma", "È così.", None)
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def areas() -> Areas:
    names = ["area_id", "pro_com", "level", "name", "residents"]
    return Areas(pl.DataFrame(ROWS, schema=names, orient="row"), pro_com=PARMA, town="Parma")


def filled(areas: Areas, *rows: tuple[object, ...]) -> bytes:
    """The workbook of the kit with some rows typed in."""
    book = load_workbook(io.BytesIO(workbook.response_workbook(areas)[workbook.FILE]))
    for row in rows:
        book[workbook.PART].append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_lists_offer_what_the_delivery_accepts(areas: Areas) -> None:
    book = load_workbook(io.BytesIO(workbook.response_workbook(areas)[workbook.FILE]))
    sheet, lists = book[workbook.PART], book["Elenchi"]
    offered = {
        column[0].value: [cell.value for cell in column[1:] if cell.value]
        for column in lists.iter_cols()
    }
    assert offered["voci: area"] == ["C - Parma", "Q04 - Pablo", "Q05 - Golese"]
    assert offered["voci: esito"] == ["conferma", "contraddice", "integra", "propone"]
    assert offered["voci: bisogno"] == ["giovani", "solitudine", "mobilita", "nuove_generazioni"]
    limited = {str(each.sqref)[0] for each in sheet.data_validations.dataValidation}
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    assert {letters[name] for name in ("area", "bisogno", "attore", "esito")} <= limited
    assert all(cell.comment for cell in sheet[1])


def test_a_filled_workbook_becomes_statements(areas: Areas) -> None:
    content = filled(areas, ("1", *SAID), (2, *SAID))
    examined = workbook.check({"risposte.xlsx": content}, areas, today=TODAY)
    assert examined.problems == ()
    rows = examined.tables["table_statement"]
    assert rows["statement_id"].to_list() == [f"{PARMA}-1", f"{PARMA}-2"]
    assert set(rows["area_id"]) == {f"{PARMA}.Q04"}


def test_an_empty_workbook_is_no_answer(areas: Areas) -> None:
    examined = workbook.check({"voce_tavolo.xlsx": filled(areas)}, areas, today=TODAY)
    assert [str(each) for each in examined.problems] == [
        "voce_tavolo.xlsx, foglio voci: c'è l'intestazione ma nessuna riga."
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    latest = tmp_path / "data" / "marts" / "latest"
    latest.mkdir(parents=True)
    with duckdb.connect(str(latest / "will_mart.duckdb")) as connection:
        connection.execute(
            f"CREATE TABLE dim_area AS SELECT * FROM (VALUES {', '.join(map(str, ROWS))}) "
            "AS t(area_id, pro_com, livello, nome, popolazione)"
        )
    return tmp_path


def will(project: Path, *words: object) -> Result:
    typed = ["tavolo", "importa", *words, "--progetto", project]
    return CliRunner().invoke(app, [str(word) for word in typed])


def handed_in(project: Path) -> list[str]:
    folder = project / "data" / "raw" / "consegne" / "parma"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def written(project: Path, content: bytes, name: str = "risposte.xlsx") -> Path:
    path = project / name
    path.write_bytes(content)
    return path


def statements(project: Path, areas: Areas) -> list[str]:
    path = project / "data" / "raw" / "consegne" / "parma" / workbook.FILE
    examined = workbook.check({path.name: path.read_bytes()}, areas, today=TODAY)
    assert examined.problems == ()
    return examined.tables["table_statement"]["statement_id"].to_list()


def test_a_good_workbook_is_handed_in(project: Path, areas: Areas) -> None:
    path = written(project, filled(areas, *((str(each), *SAID) for each in range(6))))
    result = will(project, path, "--citta", "Comune di Parma")
    assert result.exit_code == 0, result.output
    assert "Il foglio va bene: 6 osservazioni dal tavolo di Parma." in result.stdout
    assert handed_in(project) == ["voce_tavolo.xlsx"]
    again = will(project, path, "--citta", "PR", "--json")
    assert json.loads(again.stdout)["osservazioni"] == 6
    assert len(statements(project, areas)) == 6


def test_a_broken_workbook_is_refused_with_the_address_of_its_cells(
    project: Path, areas: Areas
) -> None:
    bad = ("1", "Q40", "lavoro", "ieri", "scuola", "forse", "Chiamare il 333 1234567.", None)
    path = written(project, filled(areas, ("7", *SAID), bad))
    result = will(project, path, "--citta", "parma")
    assert result.exit_code == 1
    for cell in ("B3 (area)", "C3 (bisogno)", "D3 (data_tavolo)", "F3 (esito)", "G3 (sintesi)"):
        assert f"risposte.xlsx, foglio voci, cella {cell}" in result.stderr
    assert "333" not in result.stderr
    assert handed_in(project) == []
    machine = will(project, path, "--citta", "parma", "--json")
    assert (machine.exit_code, len(json.loads(machine.stdout)["difetti"])) == (1, 5)


def test_a_second_table_never_silently_takes_the_place_of_the_first(
    project: Path, areas: Areas
) -> None:
    first = written(project, filled(areas, ("1", *SAID)), "uno.xlsx")
    second = written(project, filled(areas, ("2", *SAID), ("3", *SAID)), "due.xlsx")
    clash = written(project, filled(areas, (*("1", *SAID)[:6], "No.", None)), "tre.xlsx")
    assert will(project, first, "--citta", "parma").exit_code == 0
    asked = will(project, second, "--citta", "parma")
    assert asked.exit_code == 1
    assert "scegli --aggiungi o --sostituisci" in asked.stderr
    assert statements(project, areas) == [f"{PARMA}-1"]
    assert will(project, second, "--citta", "parma", "--aggiungi").exit_code == 0
    assert statements(project, areas) == [f"{PARMA}-{each}" for each in (1, 2, 3)]
    refused = will(project, clash, "--citta", "parma", "--aggiungi")
    assert refused.exit_code == 1
    assert "tre.xlsx, foglio voci, cella A2 (codice): questo codice è già" in refused.stderr
    assert will(project, second, "--citta", "parma", "--sostituisci").exit_code == 0
    assert statements(project, areas) == [f"{PARMA}-2", f"{PARMA}-3"]


def test_a_workbook_takes_the_place_of_a_csv(project: Path, areas: Areas) -> None:
    folder = project / "data" / "raw" / "consegne" / "parma"
    folder.mkdir(parents=True)
    (folder / "voce_tavolo.csv").write_text(
        "codice;area;bisogno;data_tavolo;attore;esito;sintesi;risorsa\n"
        "a;Pablo;giovani;12/03/2026;scuola;conferma;Vero.;\n",
        "utf-8",
    )
    path = written(project, filled(areas, ("2", *SAID)))
    assert will(project, path, "--citta", "parma", "--aggiungi").exit_code == 0
    assert handed_in(project) == ["voce_tavolo.xlsx"]
    assert statements(project, areas) == [f"{PARMA}-2", f"{PARMA}-a"]


@pytest.mark.parametrize("left", ["voce_tavolo.xlsx.txt", ".voce_tavolo.xlsx.9.parte"])
def test_a_leftover_is_no_delivery(project: Path, areas: Areas, left: str) -> None:
    folder = project / "data" / "raw" / "consegne" / "parma"
    folder.mkdir(parents=True)
    (folder / left).write_bytes(b"mezzo")
    path = written(project, filled(areas, ("1", *SAID)))
    result = will(project, path, "--citta", "parma")
    assert result.exit_code == 0, result.output
    assert handed_in(project) == sorted([left, "voce_tavolo.xlsx"])
    assert statements(project, areas) == [f"{PARMA}-1"]


@pytest.mark.parametrize("option", ["--aggiungi", "--sostituisci"])
def test_two_files_of_one_delivery_are_named_and_kept(
    project: Path, areas: Areas, option: str
) -> None:
    folder = project / "data" / "raw" / "consegne" / "parma"
    folder.mkdir(parents=True)
    for name in ("voce_tavolo.csv", "voce_tavolo.ods"):
        (folder / name).write_text("prima", "utf-8")
    path = written(project, filled(areas, ("1", *SAID)))
    result = will(project, path, "--citta", "parma", option)
    assert result.exit_code == 1
    assert "voce_tavolo.csv, voce_tavolo.ods. Lasciane uno solo." in result.stderr
    assert handed_in(project) == ["voce_tavolo.csv", "voce_tavolo.ods"]


def test_a_first_csv_that_is_added_keeps_its_extension(project: Path) -> None:
    path = project / "risposte.csv"
    path.write_text(
        "codice;area;bisogno;data_tavolo;attore;esito;sintesi;risorsa\n"
        "a;Pablo;giovani;12/03/2026;scuola;conferma;Vero.;\n",
        "utf-8",
    )
    assert will(project, path, "--citta", "parma", "--aggiungi").exit_code == 0
    assert handed_in(project) == ["voce_tavolo.csv"]


def test_a_folder_that_cannot_be_made_is_told(project: Path, areas: Areas) -> None:
    (project / "data" / "raw").write_text("un file", "utf-8")
    path = written(project, filled(areas, ("1", *SAID)))
    result = will(project, path, "--citta", "parma")
    assert result.exit_code == 1
    assert "Non posso scrivere in" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nessuno.xlsx", "--citta", "parma"), "Non trovo nessuno.xlsx"),
        (("nessuno.xlsx", "--citta", "parma", "--aggiungi", "--sostituisci"), "una sola opzione"),
    ],
)
def test_wrong_use_is_told(project: Path, words: tuple[str, ...], said: str) -> None:
    result = will(project, *words)
    assert result.exit_code == 2
    assert said in result.stderr
