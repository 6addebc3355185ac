"""The commands `will consegne` as a municipality types them."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from will_pipeline.cli.deliveries import consegne

AREAS = (
    "SELECT * FROM (VALUES ('034027.C', '034027', 'C', 'Parma', 175895), "
    "('034027.Q04', '034027', 'Q', 'Pablo', 13673), ('034027.Q05', '034027', 'Q', 'Golese', 9093)) "
    "AS t(area_id, pro_com, livello, nome, popolazione)"
)
GOOD = "area;bisogno;anno;utenti\nPablo;giovani;2024;42\n"
BAD = "area;bisogno;anno;utenti\nQ40;giovani;2024;1.234\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    latest = tmp_path / "data" / "marts" / "latest"
    latest.mkdir(parents=True)
    with duckdb.connect(str(latest / "will_mart.duckdb")) as connection:
        connection.execute(f"CREATE TABLE dim_area AS {AREAS}")
    return tmp_path


def will(*words: object) -> Result:
    return CliRunner().invoke(consegne, [str(word) for word in words])


def handed_in(project: Path, text: str, name: str = "utenti_servizi.csv") -> Path:
    folder = project / "data" / "raw" / "consegne" / "parma"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_good_file_ends_with_zero_and_is_not_stored(project: Path) -> None:
    path = handed_in(project, GOOD)
    result = will("verifica", path, "--citta", "parma", "--progetto", project)
    assert (result.exit_code, result.stdout.strip()) == (0, "Il file va bene. Righe: 1.")
    assert not (project / "data" / "raw" / "consegne_accolte").exists()


def test_a_bad_file_ends_with_one_and_every_fault(project: Path) -> None:
    path = handed_in(project, BAD)
    result = will("verifica", path, "--citta", "parma", "--progetto", project)
    assert result.exit_code == 1
    assert "riga 2, colonna area: «Q40» non è un'area di Parma; forse Q04 (Pablo)" in result.stderr
    assert "riga 2, colonna utenti: «1.234» si legge in due modi" in result.stderr


def test_machines_get_json(project: Path) -> None:
    path = handed_in(project, BAD)
    result = will("verifica", path, "--citta", "parma", "--progetto", project, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["tipo"], told["va_bene"], told["righe"]) == ("utenti_servizi", False, {})
    assert len(told["difetti"]) == 2


def test_the_kind_may_be_said_where_the_name_does_not(project: Path) -> None:
    path = handed_in(project, GOOD, "bozza.csv")
    unsaid = will("verifica", path, "--citta", "parma", "--progetto", project)
    assert unsaid.exit_code == 2
    assert "i tipi sono aree_proprie, confini_aree, " in unsaid.stderr
    said = will(
        "verifica", path, "--citta", "parma", "--tipo", "utenti_servizi", "--progetto", project
    )
    assert said.exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verifica", "utenti_servizi.csv", "--citta", "parma"), "Non trovo utenti_servizi.csv"),
        (("modello", "bilanci"), "Il tipo non c'è; i tipi sono aree_proprie"),
        (
            ("modello", "presidi", "--citta", "roma"),
            "La città «roma» non c'è; le città sono bergamo",
        ),
    ],
)
def test_what_is_not_there_is_told(words: tuple[str, ...], said: str, project: Path) -> None:
    result = will(*words, "--progetto", project)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_without_a_mart_the_way_is_told(tmp_path: Path) -> None:
    result = will("elenco", "--progetto", tmp_path)
    assert result.exit_code == 1
    assert "prima esegui «will esegui»" in result.stderr


@pytest.mark.parametrize(("kind", "form"), [("misure", "csv"), ("presidi", "xlsx")])
def test_a_template_is_written_once_with_the_areas_of_the_city(
    kind: str, form: str, project: Path, tmp_path: Path
) -> None:
    words = (
        "modello", kind, "--citta", "parma", "--formato", form, "--cartella", tmp_path / "qui",
        "--progetto", project,
    )  # fmt: skip
    result = will(*words)
    assert result.exit_code == 0
    written = sorted(path.name for path in (tmp_path / "qui").iterdir())
    expected = {
        "csv": ["misure.aree.csv", "misure.elenco.csv", "misure.leggimi.txt", "misure.serie.csv"],
        "xlsx": ["presidi.xlsx"],
    }
    assert written == expected[form]
    if form == "csv":
        assert "Q04 - Pablo" in (tmp_path / "qui" / "misure.leggimi.txt").read_text("utf-8")
    again = will(*words)
    assert again.exit_code == 2
    assert ("ci sono già" if form == "csv" else "c'è già") in again.stderr


def test_a_template_needs_no_mart_without_a_city(tmp_path: Path) -> None:
    result = will("modello", "presidi", "--cartella", tmp_path, "--progetto", tmp_path / "niente")
    assert result.exit_code == 0
    assert (tmp_path / "presidi.xlsx").is_file()


def test_the_list_tells_states_and_writes_nothing(project: Path) -> None:
    assert "Nessuna consegna" in will("elenco", "--progetto", project).stdout
    handed_in(project, GOOD)
    handed_in(project, "x", "presidi.csv")
    (project / "data" / "raw" / "consegne" / "pama").mkdir()
    result = will("elenco", "--progetto", project)
    assert result.exit_code == 0
    assert "Parma, utenti_servizi: accolta al prossimo percorso" in result.stdout
    assert "Parma, presidi: rifiutata, nessun dato in uso" in result.stdout
    assert "Cartelle di nessuna città: 1." in result.stdout
    assert not (project / "data" / "raw" / "consegne_accolte").exists()
    told = json.loads(will("elenco", "--progetto", project, "--json").stdout)
    assert [(each["tipo"], each["stato"]) for each in told["consegne"]] == [
        ("presidi", "rifiutata"),
        ("utenti_servizi", "accolta"),
    ]
    assert told["cartelle_sconosciute"] == ["pama"]


def test_boundaries_are_checked_like_tables(project: Path) -> None:
    square = [[[10.3, 44.8], [10.4, 44.8], [10.4, 44.9], [10.3, 44.8]]]
    feature = {
        "type": "Feature",
        "properties": {"SEZ2011": 340270000001},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    told = json.dumps({"type": "FeatureCollection", "features": [feature]})
    path = handed_in(project, told, "confini_sezioni.geojson")
    good = will("verifica", path, "--citta", "parma", "--progetto", project)
    assert (good.exit_code, good.stdout.strip()) == (0, "Il file va bene. Righe: 1.")
    elsewhere = will("verifica", path, "--citta", "como", "--progetto", project)
    assert elsewhere.exit_code == 1
    assert "nel file non ci sono sezioni di Como" in elsewhere.stderr
