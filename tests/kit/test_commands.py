"""`will citta`, `confronta`, `novita`, `aggiungi-citta`, `tavolo kit`, `relazione` as typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.kit.conftest import fill
from will_pipeline.cities.catalogue import load_cities
from will_pipeline.cli.adding import CITIES
from will_pipeline.cli.main import app

RAVENNA = (
    "Ravenna", "--codice", "039014", "--sigla", "ra", "--provincia", "Ravenna",
    "--codice-provincia", "ITD57", "--nuts3", "ITH57", "--regione", "Emilia-Romagna",
    "--codice-regione", "08", "--catastale", "h199",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tables: Mapping[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose mart holds the two towns of the atlas tests, one of them called Como."""
    folder = tmp_path_factory.mktemp("project")
    latest = folder / "data" / "marts" / "latest"
    latest.mkdir(parents=True)
    with duckdb.connect(str(latest / "will_mart.duckdb")) as mart:
        fill(mart, tables)
        mart.execute("UPDATE dim_comune SET nome = 'Como' WHERE nome = 'Borgo Prova'")
    return folder


def will(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_cities_are_listed_with_what_is_known(project: Path) -> None:
    told = json.loads(will("citta", "--progetto", project, "--json").stdout)
    assert [(each["nome"], each["quartieri"], each["aree_di_censimento"]) for each in told] == [
        ("Como", 6, 2),
        ("Marina Prova", 0, 2),
    ]
    assert told[0]["valori_mancanti"] > 0
    said = will("citta", "marina prova", "--progetto", project).stdout
    assert "Marina Prova (099002)" in said
    assert "0 quartieri, 2 aree di censimento" in said
    assert "Como" not in said


def test_two_areas_of_one_city_are_compared_with_their_city(project: Path) -> None:
    result = will("confronta", "Molino", "099001.Q03", "--progetto", project)
    assert result.exit_code == 0, result.output
    assert "100 è la media della città." in result.stdout
    assert "104,2" in result.stdout
    [_, stazione] = json.loads(
        will("confronta", "Molino", "Stazione", "--progetto", project, "--json").stdout
    )
    missing = [need for need in stazione["bisogni"].values() if need["indice"] is None]
    assert [need["motivo"] for need in missing] == ["dato mancante"]


def test_areas_of_two_cities_are_compared_with_all_cities(project: Path) -> None:
    said = will("confronta", "Molino", "099002.A01", "--progetto", project).stdout
    assert "100 è la media di tutte le città" in said
    assert "si confronta solo dentro una città" in said


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("Molino",), "da 2 a 4"),
        (("Molino", "Nessuna"), "l'area «Nessuna» non c'è"),
        (("Molino", "099001.Q02"), "due volte"),
    ],
)
def test_areas_that_cannot_be_compared_are_told(
    project: Path, words: tuple[str, ...], rule: str
) -> None:
    result = will("confronta", *words, "--progetto", project)
    assert result.exit_code == 2
    assert rule in result.stderr.replace("L'area", "l'area")


def release(marts: Path, number: str, residents: int, seal: str) -> None:
    folder = marts / "releases" / number
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "will_mart.duckdb")) as mart:
        mart.execute(
            "CREATE TABLE dim_fonte AS SELECT 'istat' AS fonte_id, 'Residenti' AS titolo, "
            f"'{seal}' AS sha256, true AS aggiornata"
        )
        mart.execute(
            "CREATE TABLE dim_comune AS SELECT '013075' AS pro_com, 'Como' AS nome, "
            f"{residents} AS popolazione, 'istat' AS fonte_id"
        )


def test_what_changed_between_two_releases_is_told_with_its_reason(tmp_path: Path) -> None:
    marts = tmp_path / "data" / "marts"
    for number, residents, seal in (("2026.01.1", 10, "a"), ("2026.01.2", 11, "b")):
        release(marts, number, residents, seal)
    (marts / "latest").symlink_to(Path("releases") / "2026.01.2")
    said = will("novita", "--progetto", tmp_path).stdout
    assert "Dal rilascio 2026.01.1 al rilascio 2026.01.2" in said
    assert "È cambiata la fonte «Residenti»." in said
    assert "dim_comune: 1 modificato" in said
    told = json.loads(
        will("novita", "2026.01.1", "2026.01.2", "--progetto", tmp_path, "--json").stdout
    )
    assert (told["prima"], told["dopo"]) == ("2026.01.1", "2026.01.2")
    [row] = [each for each in told["righe"] if each["oggetto"] == "dim_comune"]
    assert (row["prima"], row["dopo"]) == ("popolazione = 10", "popolazione = 11")
    same = will("novita", "2026.01.1", "2026.01.1", "--progetto", tmp_path).stdout
    assert "Nessuna riga delle tabelle è cambiata." in same


def test_machines_read_the_shelf(tmp_path: Path) -> None:
    marts = tmp_path / "data" / "marts"
    release(marts, "2026.01.1", 10, "a")
    (marts / "latest").symlink_to(Path("releases") / "2026.01.1")
    told = json.loads(will("rilasci", "--progetto", tmp_path, "--json").stdout)
    assert told == {
        "rilasci": ["2026.01.1"],
        "latest": "2026.01.1",
        "stable": None,
        "nightly": None,
    }
    broken = will("verifica", "--progetto", tmp_path, "--json")
    assert broken.exit_code == 1
    assert not json.loads(broken.stdout)["integro"]


def test_a_release_that_is_not_there_is_told(tmp_path: Path) -> None:
    release(tmp_path / "data" / "marts", "2026.01.1", 10, "a")
    result = will("novita", "2025.01.1", "2026.01.1", "--progetto", tmp_path)
    assert result.exit_code == 2
    assert "Il rilascio 2025.01.1 non c'è" in result.stderr


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    for file in CITIES.glob("*.yaml"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path


def test_a_ninth_city_is_a_file(cities: Path) -> None:
    result = will("aggiungi-citta", *RAVENNA, "--cartella", cities)
    assert result.exit_code == 0, result.output
    last = load_cities(cities)[-1]
    assert (last.name, last.pro_com, last.order, last.sigla) == ("Ravenna", "039014", 9, "RA")
    assert "will esegui --online" in result.stdout
    again = will("aggiungi-citta", *RAVENNA, "--cartella", cities)
    assert again.exit_code == 2
    assert "pro_com 039014 è già di Ravenna" in again.stderr


def test_a_rehearsal_writes_nothing_and_bad_codes_are_named(cities: Path) -> None:
    shown = will("aggiungi-citta", *RAVENNA, "--prova", "--cartella", cities)
    assert 'pro_com: "039014"' in shown.stdout
    wrong = [word.replace("039014", "39014").replace("ITH57", "RA") for word in RAVENNA]
    result = will("aggiungi-citta", *wrong, "--cartella", cities)
    assert result.exit_code == 2
    assert "non vanno bene: --codice; --nuts3" in result.stderr
    assert len(load_cities(cities)) == 8


def test_nothing_to_publish_is_told_before_anything_starts(tmp_path: Path) -> None:
    result = will("pubblica", "--progetto", tmp_path)
    assert result.exit_code == 1
    assert "Non c'è ancora niente da pubblicare" in result.stderr


def test_the_kit_and_the_chapter_are_written_and_never_over_other_files(
    project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "kit"
    words = ("--citta", "COMO", "--cartella", folder, "--progetto", project)
    result = will("tavolo", "kit", *words)
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in folder.iterdir())
    assert [name for name in written if name.startswith("manifesto_")] == [
        "manifesto_1_giovani.pdf",
        "manifesto_2_solitudine.pdf",
        "manifesto_3_mobilita.pdf",
        "manifesto_4_nuove_generazioni.pdf",
    ]
    assert {"scheda_di_chi_guida.pdf", "voce_tavolo.xlsx"} <= set(written)
    again = will("tavolo", "kit", *words)
    assert again.exit_code == 2
    assert "ci sono già manifesto_1_giovani.pdf" in again.stderr
    told = json.loads(will("relazione", *words, "--json").stdout)
    assert [Path(each).name for each in told["file"]] == [
        "relazione_sociale_como.docx",
        "relazione_sociale_como.odt",
    ]


@pytest.mark.parametrize("command", [("tavolo", "kit"), ("relazione",)])
def test_without_a_mart_the_way_to_make_one_is_told(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = will(*command, "--citta", "como", "--progetto", tmp_path)
    assert result.exit_code == 1
    assert "will esegui" in result.stderr


def test_the_sheet_as_json_has_numbers_and_the_notice(
    tables: Mapping[str, pl.DataFrame], project: Path, tmp_path: Path
) -> None:
    latest = project / "data" / "marts" / "latest"
    plain = json.loads(will("scheda", "Molino", "--mart", latest, "--json").stdout)
    assert "avviso" not in plain
    assert isinstance(plain["residenti"], int)
    [need, *_] = [each for each in plain["bisogni"] if each["indice"] is not None]
    low, high = need["intervallo"]
    assert low <= need["indice"] <= high
    assert "persone" not in plain
    assert plain["persone_stimate"]
    for row in plain["persone_stimate"]:
        assert isinstance(row["stima"], float)
    invented = tmp_path / "will_mart.duckdb"
    shutil.copy(latest / "will_mart.duckdb", invented)
    with duckdb.connect(str(invented)) as mart:
        mart.execute("INSERT INTO mart_info VALUES ('avviso', 'Città inventate.', '')")
    told = json.loads(will("scheda", "Molino", "--mart", tmp_path, "--json").stdout)
    assert told["avviso"] == "Città inventate."


def test_the_sheet_is_never_written_over_a_file_unless_asked(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "mio.pdf"
    target.write_bytes(b"mio")
    words = ("scheda", "Molino", "--mart", project / "data" / "marts" / "latest", "--come", target)
    result = will(*words)
    assert result.exit_code == 2
    assert "--sovrascrivi" in result.stderr
    assert target.read_bytes() == b"mio"
    assert will(*words, "--sovrascrivi").exit_code == 0
    assert target.read_bytes().startswith(b"%PDF")
    assert [path.name for path in tmp_path.iterdir()] == ["mio.pdf"]
