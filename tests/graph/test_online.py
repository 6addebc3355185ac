"""Nights of `will esegui --online` against the replica: eight cities, and a ninth by its file.

One scenario, told in order: a first night, one without news, one with a revision and a broken
portal, and, in the long form, the night in which everything is well again.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from tests.graph.conftest import FEW_DRAWS, make_project
from tests.replica.openstreetmap import PLACES
from tests.replica.portals import REGISTRY
from tests.replica.process import Served, served
from tests.replica.registers import BALANCE
from tests.replica.towns import HOMELESS, GeneratedTown, places
from tests.replica.world import AGID, CENSUS_2011, FOREIGNERS
from will_pipeline.cli.main import app
from will_pipeline.cli.run import Outcome
from will_pipeline.cli.run_online import NOTHING_NEW, run_online
from will_pipeline.definitions import PROJECT, REPLICA_NOTICE, replica_home
from will_pipeline.domande.catalogue import ask, load_questions
from will_pipeline.orchestration.marts import EstimationSettings, MartShelf
from will_pipeline.orchestration.territory import Territory
from will_pipeline.sources.descriptor import load_sources

RAVENNA = Path(__file__).parents[1] / "replica" / "citta" / "ravenna.yaml"
SDMX = {"host": "istat_esploradati", "path": FOREIGNERS}
PORTAL = {"host": "parma_portale", "path": REGISTRY}
DEMO = {"host": "istat_demo", "path": BALANCE}
COMO_2023 = {"host": "agid_cruscotto", "path": AGID.format(town="013075")}
COMPARED = ("013075", "034027", "039014")
"""Como has census areas only; Parma and Ravenna have both levels."""

LONG = pytest.mark.skipif(not os.environ.get("WILL_LONG"), reason="the long form only")


@dataclass
class Night:
    """How a night ended, what the portals were asked, and what is read afterwards."""

    outcome: Outcome
    asked: list[dict[str, Any]]
    release: str
    sources: pl.DataFrame


@dataclass
class Scenario:
    """A project, its cities and the replica."""

    folder: Path
    cities: Path
    replica: Served

    @property
    def shelf(self) -> Path:
        return replica_home(self.folder)

    def read(self, query: str) -> pl.DataFrame:
        mart = self.shelf / "latest" / "will_mart.duckdb"
        with duckdb.connect(str(mart), read_only=True) as connection:
            return connection.sql(query).pl()

    def night(self) -> Night:
        self.replica.order("forget")
        outcome = run_online(
            self.folder,
            self.replica.addresses,
            replaced={
                "territory": Territory(folder=str(self.cities)),
                "estimation": EstimationSettings(draws=FEW_DRAWS),
                "mart_shelf": MartShelf(
                    folder=str(self.shelf),
                    notice=REPLICA_NOTICE[0],
                    notice_en=REPLICA_NOTICE[1],
                    sheets=False,
                ),
            },
        )
        assert not outcome.faults, outcome.faults
        return Night(
            outcome,
            self.replica.order("asked")["asked"],
            str((self.shelf / "latest").readlink()),
            self.read("SELECT * FROM dim_fonte ORDER BY fonte_id"),
        )


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    folder = tmp_path_factory.mktemp("dal_vivo")
    project = make_project(folder / "progetto")
    cities = folder / "citta"
    shutil.copytree(PROJECT / "will_pipeline" / "cities", cities, ignore=_all_but_yaml)
    # All that a ninth town takes.
    shutil.copy(RAVENNA, cities)
    with served(folder) as replica:
        yield Scenario(project.folder, cities, replica)


def _all_but_yaml(_: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".yaml")]


@pytest.fixture(scope="module")
def first(scenario: Scenario) -> Night:
    return scenario.night()


@pytest.fixture(scope="module")
def second(scenario: Scenario, first: Night) -> Night:
    return scenario.night()


@pytest.fixture(scope="module")
def third(scenario: Scenario, second: Night) -> Night:
    """Three files are revised; another service sends a page in place of its file."""
    scenario.replica.order("revise", **SDMX)
    scenario.replica.order("revise", **PORTAL)
    scenario.replica.order("revise", **COMO_2023)
    scenario.replica.order("spoil", **DEMO, fault="T06")
    return scenario.night()


@pytest.mark.slow
def test_a_first_night_publishes_without_warnings(first: Night) -> None:
    assert first.outcome.faults == ()
    assert first.outcome.warnings == ()
    assert first.outcome.message.startswith("Pubblicato il rilascio")
    assert first.sources["aggiornata"].all()


@pytest.mark.slow
def test_residents_add_up_from_sections_to_areas_to_cities(
    scenario: Scenario, first: Night
) -> None:
    published = scenario.read("SELECT pro_com, livello, area_id, popolazione FROM dim_area")
    for place in (each for each in places() if each.pro_com in COMPARED):
        sections = GeneratedTown(place).sections
        own = published.filter(pl.col("pro_com") == place.pro_com)
        people = {
            f"{place.pro_com}.C": int(sections["P1"].sum()),
            **_summed(sections, place.pro_com, "ace", "A"),
            **_summed(sections.drop_nulls("asc"), place.pro_com, "asc", "Q"),
        }
        assert dict(own.select("area_id", "popolazione").iter_rows()) == people


def _summed(sections: pl.DataFrame, town: str, column: str, level: str) -> dict[str, int]:
    rows = sections.group_by(column).agg(pl.col("P1").sum()).iter_rows()
    return {f"{town}.{level}{code:02d}": persons for code, persons in rows}


@pytest.mark.slow
def test_later_censuses_add_up_from_sections_to_areas_to_cities(
    scenario: Scenario, first: Night
) -> None:
    """Every town and both years: residents of the sections, as the portals serve them."""
    warehouse = scenario.shelf / "lavoro" / "warehouse" / "will.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        summed = connection.sql(
            "SELECT vintage, pro_com, sum(P1)::BIGINT AS residents, "
            "(sum(P1) FILTER (fictitious))::BIGINT AS homeless FROM core.recent_section "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    expected = []
    for year in (2021, 2023):
        for place in sorted(places(), key=lambda each: each.pro_com):
            sections = GeneratedTown(place).sections
            homeless = sections.filter(pl.col("number") >= HOMELESS)
            people = int(sections["P1"].sum())
            expected.append((year, place.pro_com, people, int(homeless["P1"].sum())))
    assert summed == expected
    areas = scenario.read(
        "SELECT pro_com, sum(popolazione) FILTER (livello <> 'C') AS inside, "
        "max(popolazione) FILTER (livello = 'C') AS whole FROM area_edizione GROUP BY 1 ORDER BY 1"
    )
    told = [(town, people - homeless, people) for year, town, people, homeless in expected[9:]]
    assert [tuple(map(str, row)) for row in areas.rows()] == [tuple(map(str, row)) for row in told]


@pytest.mark.slow
def test_later_censuses_stand_beside_that_of_2011(scenario: Scenario, first: Night) -> None:
    told = scenario.read(
        "SELECT anno_struttura, count(DISTINCT area_id) AS areas, "
        "count(DISTINCT indicatore_id) AS indicators FROM fatto_annata "
        "WHERE stato = 'valido' AND area_id LIKE '%@2021' GROUP BY 1 ORDER BY 1"
    )
    assert told["anno_struttura"].to_list() == [2021, 2023]
    assert told["indicators"].to_list() == [13, 14]
    # The ring around Como has too few residents.
    assert told["areas"].to_list() == [56, 56]
    weights = scenario.read(
        "SELECT area_da, sum(peso_popolazione) AS whole FROM ponte_aree GROUP BY 1"
    )
    assert weights["whole"].is_between(1 - 1e-9, 1 + 1e-9).all()
    years = scenario.read(
        "SELECT DISTINCT anno, tramite_ponte FROM serie_storica "
        "WHERE area_id LIKE '%@2021' ORDER BY 1"
    )
    assert years.rows() == [(2011, True), (2021, False), (2023, False)]
    mart = scenario.shelf / "latest" / "will_mart.duckdb"
    with duckdb.connect(str(mart), read_only=True) as connection:
        answer = ask(connection, load_questions()[4], {"comune": "Parma"})
    pablo = answer.filter((pl.col("dove") == "Pablo") & (pl.col("anno") == 2011))
    notes = dict(pablo.select("che_cosa", "nota").iter_rows())
    taught = "Residenti di 15 anni e più con al più la licenza media"
    assert "la formula è cambiata" in notes[taught]
    assert "Da allora al 2023" in notes["Residenti di 75 anni e più"]


@pytest.mark.slow
def test_every_area_has_its_own_shape(scenario: Scenario, first: Night) -> None:
    drawn = scenario.read("SELECT schematica, count(*) AS areas FROM area_geometria GROUP BY 1")
    assert drawn["schematica"].to_list() == [False]


@pytest.mark.slow
def test_a_ninth_town_takes_a_file(scenario: Scenario, first: Night) -> None:
    areas = scenario.read("SELECT livello FROM dim_area WHERE pro_com = '039014'")
    assert sorted(areas["livello"]) == ["A"] * 6 + ["C"] + ["Q"] * 3
    needs = scenario.read(
        "SELECT count(*) AS found FROM fatto_indice WHERE area_id LIKE '039014.Q%' "
        "AND indice IS NOT NULL"
    )
    assert needs["found"][0] > 0


@pytest.mark.slow
def test_places_of_openstreetmap_stay_in_their_own_files(scenario: Scenario, first: Night) -> None:
    apart = scenario.shelf / "latest" / "osm"
    assert sorted(file.name for file in apart.iterdir()) == [
        "LICENZA.txt", "presidi_osm.csv", "presidi_osm.gpkg",
    ]  # fmt: skip
    rows = pl.read_csv(apart / "presidi_osm.csv", schema_overrides={"pro_com": pl.String})
    # The ninth town has no extract in the description of the source.
    assert rows.height == PLACES * 8
    assert rows["pro_com"].n_unique() == 8
    assert set(rows["tipo"]) == {"biblioteca", "scuola"}
    columns = scenario.read(
        "SELECT table_name AS name FROM duckdb_columns() WHERE column_name = 'fonte_id' "
        "AND schema_name = 'main' AND table_name IN (SELECT table_name FROM duckdb_tables())"
    )
    naming = [
        name
        for name in sorted(columns["name"])
        if scenario.read(f"SELECT 1 FROM \"{name}\" WHERE fonte_id = 'osm_presidi'").height
    ]
    assert naming == ["dim_fonte"]
    told = (scenario.shelf / "latest" / "ATTRIBUZIONI.md").read_text("utf-8")
    assert "© OpenStreetMap contributors. Strato a parte, in `osm/`" in told


@pytest.mark.slow
def test_what_a_replica_serves_never_reaches_the_project(scenario: Scenario, first: Night) -> None:
    assert sorted(each.name for each in (scenario.folder / "data" / "raw").iterdir()) == ["figures"]
    assert not (scenario.folder / "data" / "marts" / "latest").exists()
    notice = scenario.read("SELECT valore FROM mart_info WHERE chiave = 'avviso'")
    assert "replica" in notice["valore"][0]


@pytest.mark.slow
def test_every_source_comes_from_the_night_and_istat_bans_nobody(
    scenario: Scenario, first: Night
) -> None:
    assert scenario.replica.order("asked")["violations"] == 0
    sources = load_sources(PROJECT / "assets" / "raw").values()
    made = {source.key for source in sources if source.online is not None}
    assert made <= set(first.sources["fonte_id"])
    fresh = first.sources.filter(pl.col("fonte_id").is_in(sorted(made)))
    assert (fresh["scaricato_il"] == date.today()).all()


@pytest.mark.slow
def test_schools_without_coordinates_get_an_area_by_their_address(
    scenario: Scenario, first: Night
) -> None:
    told = scenario.read(
        "SELECT pro_com, sum(quota) AS found FROM qualita_presidi WHERE fonte_id = 'mim_scuole' "
        "AND misura = 'indirizzo' AND esito LIKE 'civico%' AND esito NOT IN "
        "('civico_ambiguo', 'civico_ignoto') GROUP BY 1"
    )
    assert told.height == 9
    # One number in ten is not in the archive, and some addresses have none.
    assert told["found"].is_between(60, 95).all()
    placed = scenario.read(
        "SELECT count(*) AS placed FROM presidio WHERE tipo LIKE 'scuola%' "
        "AND coordinate = 'civico' AND area_id IS NOT NULL"
    )
    assert placed["placed"][0] > 400
    kinds = scenario.read("SELECT count(*) AS found FROM presidio WHERE tipo = 'farmacia'")
    assert kinds["found"][0] == 9 * 11


@pytest.mark.slow
def test_a_night_without_news_only_asks_and_publishes_nothing(first: Night, second: Night) -> None:
    assert second.outcome.message == NOTHING_NEW
    assert second.outcome.made == ()
    assert second.release == first.release
    asked = Counter((each["host"], each["path"], each["query"]) for each in second.asked)
    assert set(asked) == {(each["host"], each["path"], each["query"]) for each in first.asked}
    # Bergamo and Monza are looked up in one catalogue; nothing else is asked twice.
    twice = [question[0] for question, times in asked.items() if times > 1]
    assert twice == ["socrata_catalogo"]
    assert all(each["conditional"] for each in second.asked)


@pytest.mark.slow
def test_a_revised_file_makes_again_only_what_depends_on_it(third: Night) -> None:
    assert third.outcome.faults == ()
    assert set(third.outcome.made) == {
        "raw/istat_stranieri",
        "raw/parma_anagrafe",
        "core/registry_population",
        "marts/proiezione",
        "raw/agid_censimento_citta",
        "core/recent_section",
        "core/area_bridge",
        "core/recent_area",
        "marts/area_edizione",
        "marts/ponte_aree",
        "marts/fatto_annata",
        "marts/serie_storica",
        "marts/dim_fonte",
        "marts/controllo",
        "marts/mart_info",
        "marts/novita",
        "marts/rilascio",
    }
    again = {each["host"] for each in third.asked if not each["conditional"]}
    assert again == {PORTAL["host"]}


@pytest.mark.slow
def test_a_broken_portal_leaves_its_last_good_copy_marked(second: Night, third: Night) -> None:
    assert third.release != second.release
    late = third.sources.filter(~pl.col("aggiornata"))
    assert late["fonte_id"].to_list() == ["istat_bilancio_2025"]
    assert "resta in uso quella del" in late["problemi_noti"][0]
    before = second.sources.filter(pl.col("fonte_id") == "istat_bilancio_2025")
    assert late["sha256"].to_list() == before["sha256"].to_list()
    (warning,) = third.outcome.warnings
    assert "istat_bilancio_2025" in warning
    assert "una pagina web al posto del file" in warning


def test_an_address_that_may_not_be_called_stops_before_anything(tmp_path: Path) -> None:
    addresses = tmp_path / "altrove.yaml"
    addresses.write_text('hosts: {istat_sito: {base: "http://example.org"}}', "utf-8")
    given = ["esegui", "--online", "--progetto", str(tmp_path), "--configurazione", str(addresses)]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 1
    assert "deve cominciare con https://" in result.stderr
    assert "Quello che era pubblicato resta com'era" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["altrove.yaml"]


@LONG
@pytest.mark.slow
def test_a_revision_of_the_census_makes_the_figures_again(scenario: Scenario, third: Night) -> None:
    scenario.replica.order("heal")
    scenario.replica.order("revise", host="istat_sito", path=CENSUS_2011)
    night = scenario.night()
    assert night.sources["aggiornata"].all()
    assert {"core/census_2011", "marts/fatto_indicatore"} <= set(night.outcome.made)
    assert "raw/istat_bes_territori" not in night.outcome.made
    quiet = scenario.night()
    assert (quiet.outcome.message, quiet.release) == (NOTHING_NEW, night.release)
