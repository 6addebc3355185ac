"""Deliveries through the whole graph: a good file, a broken one, and the night after."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from tests.graph.conftest import Project
from will_pipeline.cli.main import app
from will_pipeline.cli.towns import areas_of, town_named
from will_pipeline.domande.catalogue import ask, load_questions
from will_pipeline.kit import workbook
from will_pipeline.kit.chapter import Paragraph, chapter
from will_pipeline.kit.town import read_town
from will_pipeline.mart.opening import open_mart
from will_pipeline.orchestration.deliveries import DELIVERIES, STRANGERS

HEADER = "area;bisogno;anno;utenti\n"
USERS = HEADER + "Pablo;solitudine;2024;42\nQ05;giovani;2025;17\n"
BROKEN = HEADER + "Q99;solitudine;2025;42\n"
PERSONS = HEADER + "Q01;RSSMRA80A01H501U;2025;42\n"
SAID = "<img src=x onerror=alert(1)>'; DROP TABLE voce_territorio; --"
VOICE = (
    "codice;area;bisogno;data_tavolo;attore;esito;sintesi;risorsa\n"
    f'1;Q04;solitudine;12/03/2026;abitanti;integra;"{SAID}";\n'
)
AREA_OF_THE_TABLE = "013075.A03"
OUTCOMES = ("conferma", "contraddice", "integra", "propone", "integra", "propone")
NEXT_NIGHT, LATER = "2026-11-25T02:30:00+01:00", "2026-11-26T02:30:00+01:00"


def put(project: Project, slug: str, name: str, text: str) -> None:
    folder = project.consegne / slug
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def warnings(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Checks that did not pass, by name."""
    return {
        each.check_name: str(each.description)
        for each in result.get_asset_check_evaluations()
        if not each.passed
    }


def import_workbook(project: Project, slug: str) -> None:
    """Fill in the workbook of the kit with six statements and hand it in, as people do."""
    areas = areas_of(town_named(slug), project.folder)
    book = load_workbook(io.BytesIO(workbook.response_workbook(areas)[workbook.FILE]))
    area = areas.entry(AREA_OF_THE_TABLE)
    for number, outcome in enumerate(OUTCOMES, start=1):
        day = date(2026, 11, number)
        row = (number, area, "solitudine", day, "abitanti", outcome, f"Voce {number}.", "")
        book[workbook.PART].append(row)
    path = project.folder / "risposte.xlsx"
    book.save(path)
    typed = ["tavolo", "importa", path, "--citta", slug, "--progetto", project.folder]
    result = CliRunner().invoke(app, [str(word) for word in typed])
    assert result.exit_code == 0, result.output


Night = tuple[Project, dg.ExecuteInProcessResult]


@pytest.fixture(scope="module")
def first_delivery(
    first_night: Night, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, dg.ExecuteInProcessResult]:
    """The night after files were handed in, shared by the tests that only look."""
    folder = tmp_path_factory.mktemp("delivered") / "project"
    shutil.copytree(first_night[0].folder, folder, symlinks=True)
    project = Project(folder)
    put(project, "parma", "utenti_servizi.csv", USERS)
    put(project, "parma", "voce_tavolo.csv", VOICE)
    put(project, "monza", "utenti_servizi.csv", BROKEN)
    put(project, "padova", "utenti_servizi.csv", PERSONS)
    put(project, "pama", "presidi.csv", "x")
    import_workbook(project, "como")
    return project, project.night(now=NEXT_NIGHT)


@pytest.fixture
def delivered(first_delivery: Night, tmp_path: Path) -> Project:
    """A copy of that project, for tests that change it."""
    folder = tmp_path / "project"
    shutil.copytree(first_delivery[0].folder, folder, symlinks=True)
    return Project(folder)


def asked(project: Project, question: str) -> list[tuple[object, ...]]:
    mart = project.marts / "latest" / "will_mart.duckdb"
    with duckdb.connect(str(mart), read_only=True) as connection:
        return connection.execute(question).fetchall()


def core(project: Project, question: str) -> list[tuple[object, ...]]:
    path = project.folder / "data" / "raw" / "warehouse" / "will.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(question).fetchall()


def test_a_good_file_is_published_beside_broken_ones_of_other_towns(first_delivery: Night) -> None:
    delivered, result = first_delivery
    assert result.success
    assert warnings(result) == {
        DELIVERIES: "Consegne rifiutate: monza/utenti_servizi, padova/utenti_servizi.",
        STRANGERS: "Cartelle di nessun comune: 1.",
    }
    severities = {each.severity for each in result.get_asset_check_evaluations() if not each.passed}
    assert severities == {dg.AssetCheckSeverity.WARN}
    assert core(delivered, "SELECT area_id, users FROM core.service_users ORDER BY 1") == [
        ("034027.Q04", 42),
        ("034027.Q05", 17),
    ]
    assert asked(
        delivered,
        "SELECT area_id, sintesi, fonte_id FROM voce_territorio "
        "WHERE area_id.starts_with('034027')",
    ) == [("034027.Q04", SAID, "consegna_voce_tavolo_034027")]
    assert asked(
        delivered,
        "SELECT fonte_id, ente, aggiornata, CAST(scaricato_il AS VARCHAR) FROM dim_fonte "
        "WHERE fonte_id LIKE 'consegna%' ORDER BY 1",
    ) == [
        ("consegna_utenti_servizi_034027", "Comune di Parma", True, "2026-11-25"),
        ("consegna_voce_tavolo_013075", "Comune di Como", True, "2026-11-25"),
        ("consegna_voce_tavolo_034027", "Comune di Parma", True, "2026-11-25"),
    ]
    outcomes = asked(
        delivered,
        "SELECT oggetto, esito, gravita FROM controllo WHERE controllo = 'consegna_accolta' "
        "ORDER BY 1",
    )
    assert outcomes == [
        ("consegna_utenti_servizi_028060", "fallito", "avviso"),
        ("consegna_utenti_servizi_034027", "superato", "avviso"),
        ("consegna_utenti_servizi_108033", "fallito", "avviso"),
        ("consegna_voce_tavolo_013075", "superato", "avviso"),
        ("consegna_voce_tavolo_034027", "superato", "avviso"),
    ]
    published = b"".join(delivered.snapshot().values())
    assert b"RSSMRA80A01H501U" not in published
    assert b"<img src=x onerror" not in b"".join(
        content for name, content in delivered.snapshot().items() if name.endswith(".html")
    )


def test_the_answers_of_a_table_are_on_the_sheet_and_in_question_13(first_delivery: Night) -> None:
    delivered, _ = first_delivery
    latest = delivered.marts / "latest"
    sheet = (latest / "atlante" / "area" / f"{AREA_OF_THE_TABLE}.html").read_text("utf-8")
    assert "6 osservazioni dai tavoli di quartiere." in sheet
    assert sheet.count("«Voce ") == 6
    with open_mart(latest) as mart:
        answer = ask(mart, load_questions()[13], {"comune": "Como"})
        town = read_town(mart, "Como")
    assert answer["il_tavolo"].value_counts().height == len(set(OUTCOMES))
    assert set(answer["sintesi"]) == {f"Voce {number}." for number in range(1, 7)}
    told = [block.text for block in chapter(town).blocks if isinstance(block, Paragraph)]
    assert "Finora ci sono 6 osservazioni dal tavolo." in told


def test_the_night_after_a_broken_file_keeps_the_good_one_and_a_quiet_night_publishes_nothing(
    delivered: Project,
) -> None:
    before = delivered.snapshot()
    assert delivered.night(now=LATER).success
    assert delivered.snapshot() == before
    users = core(delivered, "SELECT * FROM core.service_users ORDER BY ALL")
    put(delivered, "parma", "utenti_servizi.csv", BROKEN)
    result = delivered.night(now=LATER)
    assert result.success
    assert "parma/utenti_servizi" in warnings(result)[DELIVERIES]
    assert core(delivered, "SELECT * FROM core.service_users ORDER BY ALL") == users
    [(current, day, problems)] = asked(
        delivered,
        "SELECT aggiornata, CAST(scaricato_il AS VARCHAR), problemi_noti FROM dim_fonte "
        "WHERE fonte_id = 'consegna_utenti_servizi_034027'",
    )
    assert (current, day) == (False, "2026-11-25")
    assert "restano i dati accolti il 25/11/2026" in str(problems)


def test_nothing_handed_in_or_all_withdrawn_is_the_same_mart(published: Project) -> None:
    before = published.snapshot()
    put(published, "parma", "utenti_servizi.csv", USERS)
    assert published.night(now=NEXT_NIGHT).success
    assert published.snapshot() != before
    (published.consegne / "parma" / "utenti_servizi.csv").unlink()
    assert published.night(now=LATER).success
    said = "SELECT valore FROM mart_info WHERE chiave = 'impronta'"
    with duckdb.connect(
        str(published.marts / "releases" / "2026.11.1" / "will_mart.duckdb"), read_only=True
    ) as first:
        assert asked(published, said) == first.execute(said).fetchall()
