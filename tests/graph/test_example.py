"""The whole pipeline on the invented towns, beside a project with the real cities."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
import typer
from pypdf import PdfReader
from typer.testing import CliRunner

from tests.graph.conftest import Project
from will_pipeline.atlas.verification import verify
from will_pipeline.cities.catalogue import load_cities
from will_pipeline.cli.example import esempio
from will_pipeline.example.deliveries import EXERCISES, MEASURES, in_need
from will_pipeline.example.testimony import VOICES
from will_pipeline.example.towns import BORGO, TOWNS
from will_pipeline.italian import number

pytestmark = pytest.mark.slow

REAL = tuple(city.pro_com for city in load_cities())
WITH_EXAMPLES_OF_CODES = "dizionario"
PERSONS = {
    "neet_15_29": "giovani",
    "isolati_65": "solitudine",
    "competenze_inadeguate": "mobilita",
}


@dataclass(frozen=True)
class Run:
    """A project after `will esempio`: what it published before, and what was said."""

    project: Project
    before: dict[str, bytes]
    code: int
    said: str
    complained: str

    @property
    def latest(self) -> Path:
        return self.project.marts / "esempio" / "latest"


@pytest.fixture(scope="module")
def example(
    first_night: tuple[Project, dg.ExecuteInProcessResult],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    folder = tmp_path_factory.mktemp("esempio") / "project"
    shutil.copytree(first_night[0].folder, folder, symlinks=True)
    project = Project(folder)
    before = project.snapshot()
    app = typer.Typer()
    app.command()(esempio)
    result = CliRunner().invoke(app, ["--progetto", str(folder)])
    return Run(project, before, result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def mart(example: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(example.latest / "will_mart.duckdb"), read_only=True)
    yield connection
    connection.close()


def tables(mart: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    names = mart.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
    ).fetchall()
    return {name: mart.sql(f'SELECT * FROM "{name}"').pl() for (name,) in names}


def test_it_runs_through_every_check_and_says_that_nothing_is_real(example: Run) -> None:
    assert example.complained == ""
    assert example.code == 0
    assert "INVENTATO" in example.said
    assert str(example.latest / "atlante" / "index.html") in example.said
    assert str(example.latest / "will_mart.duckdb") in example.said


def test_only_invented_towns_are_in_it(mart: duckdb.DuckDBPyConnection) -> None:
    found = tables(mart)
    assert found["dim_comune"]["pro_com"].sort().to_list() == [town.pro_com for town in TOWNS]
    for name, table in found.items():
        if name == WITH_EXAMPLES_OF_CODES:
            continue
        for column in table.select(pl.selectors.string()).columns:
            for code in REAL:
                hits = table.filter(pl.col(column).str.contains(code, literal=True))
                assert hits.is_empty(), (name, column, code)


def test_everything_that_speaks_of_the_towns_is_told_as_invented(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    national = ("iss_passi_argento", "istat_bes_territori", "mef_irpef_cap")
    told = mart.execute(
        "SELECT DISTINCT f.fonte_id, s.titolo, s.ente FROM fatto_indicatore f "
        "JOIN dim_fonte s USING (fonte_id) WHERE f.stato = 'valido'"
    ).fetchall()
    assert told
    for source, title, producer in told:
        assert source not in national
        assert title.startswith("INVENTATO")
        assert "inventate" in producer


def test_what_nobody_said_of_the_towns_is_absent_not_zero(mart: duckdb.DuckDBPyConnection) -> None:
    context = mart.execute(
        "SELECT indicatore_id, valore FROM fatto_indicatore JOIN dim_indicatore "
        "USING (indicatore_id) WHERE area_id LIKE '%.C' AND ruolo = 'contesto' AND valore = 0"
    ).fetchall()
    assert context == []
    known = mart.execute("SELECT DISTINCT indicatore_id FROM fatto_indicatore").fetchall()
    for absent in ("biblioteche", "scuole", "affluenza_europee", "reddito_imponibile_medio"):
        assert (absent,) not in known


def test_every_page_of_the_atlas_carries_the_notice(example: Run) -> None:
    pages = list((example.latest / "atlante").rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        head = page.read_text("utf-8").split("<main", 1)[0]
        assert "INVENTATO" in head or "INVENTED" in head, page.name


def test_the_mart_says_it_too(mart: duckdb.DuckDBPyConnection) -> None:
    card = dict(mart.execute("SELECT chiave, valore FROM mart_info").fetchall())
    assert card["avviso"].startswith("INVENTATO")
    assert card["avviso_en"].startswith("INVENTED")
    assert "INVENTATO" in card["citazione"]


def test_one_town_is_drawn_from_boundaries_and_the_other_by_tiles(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    drawn = mart.execute(
        "SELECT DISTINCT pro_com, schematica FROM area_geometria JOIN dim_area USING (area_id) "
        "ORDER BY pro_com"
    ).fetchall()
    assert drawn == [("999001", False), ("999002", True)]


def test_the_small_neighbourhood_keeps_its_numbers_to_itself(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    states = mart.execute(
        "SELECT DISTINCT stato FROM fatto_indicatore WHERE area_id = '999001.Q12'"
    ).fetchall()
    assert set(states) <= {("soppresso",), ("non_disponibile",)}
    assert ("soppresso",) in states
    beside = mart.execute(
        "SELECT count(*) FROM fatto_indicatore WHERE stato = 'soppresso_secondario'"
    ).fetchall()
    assert beside[0][0] > 0


def test_the_estimates_hold_most_of_the_truth_that_was_planted(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    facts = mart.sql(
        "SELECT area_id, indicatore_id, ic_inf, ic_sup FROM fatto_indicatore "
        "WHERE stato = 'valido' AND area_id LIKE '999001.Q%'"
    ).pl()
    area = pl.format("{}.Q{}", pl.lit(BORGO.pro_com), pl.col("code").cast(pl.String).str.zfill(2))
    both = in_need(BORGO).join(
        facts.with_columns(theme=pl.col("indicatore_id").replace_strict(PERSONS, default=None)),
        left_on=["theme", area],
        right_on=["theme", "area_id"],
    )
    inside = both.filter(pl.col("persons").is_between(pl.col("ic_inf"), pl.col("ic_sup")))
    assert both.height == 33
    assert inside.height >= 28


def test_every_delivery_is_accepted(example: Run) -> None:
    workshop = example.project.marts / "esempio" / "lavoro" / "will.duckdb"
    with duckdb.connect(str(workshop), read_only=True) as warehouse:
        found = warehouse.execute("SELECT kind, state, message FROM core.delivery").fetchall()
    if not found:
        pytest.skip("this graph does not take deliveries in")
    assert {(state, message) for _, state, message in found} == {("accolta", None)}
    assert len(found) == 6


def test_latent_need_tells_who_is_followed_and_who_is_not(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute(
        "SELECT area_id, dimensione, serviti, latenti, latenti_inf, latenti_sup, stato_copertura "
        "FROM bisogno_latente WHERE area_id LIKE '%.Q%'"
    ).fetchall()
    states = {(area[:6], state) for area, *_, state in rows}
    assert ("999001", "nota") in states
    assert {state for town, state in states if town == "999002"} == {"non nota"}
    known = {(area, theme): cells for area, theme, *cells, state in rows if state == "nota"}
    assert len(known) >= 25
    assert all(low <= latent <= high for _, latent, low, high in known.values())
    assert known["999001.Q06", "solitudine"][1] == 0
    for theme, code in (("giovani", "Q02"), ("solitudine", "Q10")):
        share = {
            area: users / (users + latent)
            for (area, of), (users, latent, *_) in known.items()
            if of == theme
        }
        assert min(share, key=share.__getitem__) == f"999001.{code}"


def test_evaluation_finds_the_effect_that_was_planted_and_no_other(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    found = mart.execute("SELECT valutazione_id, ic_inf, ic_sup FROM valutazione").fetchall()
    intervals = {key.removeprefix("999001-"): (low, high) for key, low, high in found}
    for measure in MEASURES:
        low, high = intervals[measure.code]
        assert low <= measure.effect <= high, measure.code
    assert intervals["doposcuola"][1] < 0


def test_allocation_shares_out_the_whole_and_leaves_nobody_under_the_floor(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    rows = mart.execute(
        "SELECT r.quantita, sum(a.proposta), min(a.proposta), r.minimo FROM ripartizione r "
        "JOIN ripartizione_area a USING (esercizio_id) GROUP BY ALL"
    ).fetchall()
    assert len(rows) == len(EXERCISES)
    for whole, shared, least, floor in rows:
        assert shared == pytest.approx(whole)
        assert least >= floor


def test_basins_of_the_drawn_town_are_contiguous(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.execute("SELECT pro_com, contiguo, n_aree FROM bacino").fetchall()
    assert {contiguous for town, contiguous, _ in found if town == "999001"} == {True}
    assert {town for town, *_ in found} == {"999001", "999002"}


def test_the_place_outside_every_area_is_told(mart: duckdb.DuckDBPyConnection) -> None:
    outside = mart.execute("SELECT nome FROM presidio WHERE area_id IS NULL").fetchall()
    assert outside == [("Colonia estiva fuori comune",)]


def test_the_voices_are_published(mart: duckdb.DuckDBPyConnection) -> None:
    assert mart.execute("SELECT count(*) FROM voce_territorio").fetchall() == [(len(VOICES),)]


def test_the_scenario_is_tested_on_the_towns_own_past(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.execute(
        "SELECT count(*) FROM proiezione WHERE area_id LIKE '999001.Q%' AND stato = 'valido' "
        "AND prova = 'propria' AND inf <= persone AND persone <= sup"
    ).fetchall()
    assert found[0][0] >= 30


def test_twins_are_in_the_other_town(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.execute("SELECT area_id, simile_id FROM area_simile").fetchall()
    assert found
    assert all(area[:6] != twin[:6] for area, twin in found)


def test_the_eight_cities_know_nothing_of_it(example: Run) -> None:
    assert example.project.snapshot() == example.before
    assert example.project.night(now="2026-11-25T02:30:00+01:00").success
    assert example.project.snapshot() == example.before


def printed(file: Path) -> str:
    """The text of a PDF; numbers keep their units with spaces that do not break."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_every_area_has_its_sheet_on_two_sides_with_the_numbers_of_the_mart(
    example: Run, mart: duckdb.DuckDBPyConnection
) -> None:
    areas = mart.execute(
        "SELECT area_id, nome, popolazione FROM dim_area WHERE livello <> 'C' ORDER BY 1"
    ).fetchall()
    folder = example.latest / "atlante" / "schede"
    assert sorted(file.stem for file in folder.iterdir()) == [area for area, _, _ in areas]
    for area, name, residents in areas:
        reader = PdfReader(folder / f"{area}.pdf")
        assert len(reader.pages) == 2, area
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"], area
        assert reader.trailer["/Root"]["/Lang"] == "it", area
        assert reader.metadata is not None
        assert str(reader.metadata.title).startswith(name), area
        said = printed(folder / f"{area}.pdf")
        assert "INVENTATO" in said
        assert number(residents) in said
        indices = mart.execute(
            "SELECT indice FROM fatto_indice WHERE area_id = ? AND metodo = 'ampi_citta'", [area]
        ).fetchall()
        values = mart.execute(
            "SELECT valore, decimali FROM fatto_indicatore JOIN dim_indicatore "
            "USING (indicatore_id) WHERE area_id = ? AND gruppo = 'totale' AND stato = 'valido' "
            "AND ruolo IN ('indice', 'persone') QUALIFY anno = max(anno) OVER "
            "(PARTITION BY area_id, indicatore_id)",
            [area],
        ).fetchall()
        persons = mart.execute(
            "SELECT attesi FROM bisogno_latente WHERE area_id = ? AND attesi IS NOT NULL", [area]
        ).fetchall()
        wanted = [number(value, 1) for (value,) in indices]
        wanted += [number(value, decimals) for value, decimals in values]
        wanted += [number(value) for (value,) in persons]
        assert [each for each in wanted if each not in said] == [], area


def test_what_the_table_said_is_on_the_sheet(example: Run, mart: duckdb.DuckDBPyConnection) -> None:
    voices = mart.execute("SELECT area_id, sintesi FROM voce_territorio").fetchall()
    assert voices
    for area, sentence in voices:
        assert sentence in printed(example.latest / "atlante" / "schede" / f"{area}.pdf")


def test_the_published_atlas_passes_its_own_checks(example: Run) -> None:
    verdict = verify(example.latest / "atlante")
    assert verdict.findings == ()
    assert verdict.looked_at["tabella_mappa"] > 50
    assert verdict.looked_at["leggibilita"] > 50
