"""The replica speaks as the services do: what is read from it is what was generated."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import openpyxl
import polars as pl
import pytest

from tests.replica.registers import BALANCE
from tests.replica.server import Asked
from tests.replica.services import BAN_ABOVE, FAULTS, Services
from tests.replica.towns import GeneratedTown, places
from tests.replica.world import (
    AGID,
    CENSUS_2011,
    CENSUS_RECENT,
    FOREIGNERS,
    SHAPES_2021,
    World,
)
from will_pipeline.readers.istat_demo import balance
from will_pipeline.readers.istat_sdmx import foreign_residents

FEW = ("003106", "013075", "029041", "039014")
"""A town a region, the small ones."""


@pytest.fixture(scope="module")
def world() -> World:
    return World([place for place in places() if place.pro_com in FEW])


@pytest.fixture
def services(world: World) -> Iterator[Services]:
    world.moved.clear()
    yield Services(world)
    world.moved.clear()


def ask(services: Services, path: str, at: float = 0.0) -> bytes:
    answer = services.answer(Asked(at, path, {}))
    assert answer.status == 200, path
    return answer.body


def members(services: Services, path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(ask(services, path))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_nine_towns_have_about_ten_thousand_sections() -> None:
    count = sum(GeneratedTown(place).numbers.height for place in places())
    assert 9_000 <= count <= 12_000


def test_the_census_of_2011_is_in_cp1252_with_its_layout(services: Services) -> None:
    found = members(services, f"/istat_sito{CENSUS_2011}")
    text = found["Sezioni di Censimento/R08_indicatori_2011_sezioni.csv"].decode("cp1252")
    header = text.splitlines()[0].split(";")
    assert header[:12] == [
        "CODREG", "REGIONE", "CODPRO", "PROVINCIA", "CODCOM", "COMUNE", "PROCOM", "SEZ2011",
        "NSEZ", "ACE", "CODLOC", "CODASC",
    ]  # fmt: skip
    assert len(header) == 152
    assert (header[12], header[-1]) == ("P1", "E31")
    rows = pl.read_csv(io.StringIO(text), separator=";")
    assert (rows["SEZ2011"] == rows["PROCOM"] * 10**7 + rows["NSEZ"]).all()
    assert rows.filter(pl.col("NSEZ") == 8888881).height == 1
    assert "Aree Subcomunali/R01_indicatori_2011_areesubcomunali.csv" not in found


@pytest.mark.parametrize("year", [2021, 2023])
def test_the_permanent_census_is_a_workbook_a_region(services: Services, year: int) -> None:
    found = members(services, f"/istat_esploradati{CENSUS_RECENT.format(year=year)}")
    (name,) = [each for each in found if each.startswith("R05")]
    book = openpyxl.load_workbook(io.BytesIO(found[name]), read_only=True)
    header, first = (next(iter(rows)) for rows in _two(book.worksheets[0]))
    row = dict(zip(header, first, strict=True))
    assert (row["PROCOM"], row["SEZ21_ID"] // 10**7) == (29041, 29041)
    assert row["P1"] == row["P2"] + row["P3"]
    assert ("EM5" in row) == (year == 2023)


def _two(sheet: object) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    rows = list(sheet.iter_rows(min_row=1, max_row=2, values_only=True))  # type: ignore[attr-defined]
    return rows[:1], rows[1:]


def test_territorial_tables_of_2021_are_utf_16_with_tabs(services: Services) -> None:
    found = members(services, f"/istat_sito{SHAPES_2021.format(region='08')}")
    table = found["TAB/ASC1_R08_21.csv"]
    assert table.startswith(b"\xff\xfe")
    header = table.decode("utf-16").splitlines()[0].split("\t")
    assert header[3:7] == ["COM_ASC_1", "COD_ASC_1", "COD_ASC_T_1", "DEN_ASC_1"]
    assert "SHP/R08_21_WGS84.prj" in found


def test_the_map_of_a_town_has_the_people_of_its_sections(services: Services, world: World) -> None:
    content = json.loads(ask(services, f"/agid_cruscotto{AGID.format(town='029041')}"))
    lived = [each for each in content["features"] if each["properties"]["vars"]]
    people = sum(each["properties"]["vars"]["P1"] for each in lived)
    town = world.towns["029041"].sections
    assert people == town["P1"].sum() - town["P1"][-1]
    assert len(content["features"]) > len(lived)


def test_answers_of_demo_and_sdmx_are_read_by_their_readers(services: Services) -> None:
    demo = members(services, f"/istat_demo{BALANCE}")
    assert balance(demo, year=2025, cities=["039014"]).height == 3
    answer = ask(services, f"/istat_esploradati{FOREIGNERS}?startPeriod=2020")
    found = foreign_residents({"fjan.csv": answer}, cities=["034027", "039014"])
    assert found["pro_com"].unique().sort().to_list() == ["034027", "039014"]


@pytest.mark.parametrize(
    "path",
    [
        f"/istat_sito{CENSUS_2011}",
        f"/istat_esploradati{FOREIGNERS}",
        f"/istat_demo{BALANCE}",
    ],
)
def test_a_revision_is_another_file_and_the_same_one_comes_back(
    services: Services, path: str
) -> None:
    host, _, rest = path[1:].partition("/")
    order = f"/_/revise?host={host}&path=/{rest}"
    before = ask(services, path)
    assert ask(services, path) == before
    ask(services, order)
    assert ask(services, path) != before
    ask(services, order)
    assert ask(services, path) == before


def test_files_of_two_replicas_are_the_same_to_the_byte(services: Services) -> None:
    other = World([place for place in places() if place.pro_com in FEW])
    for host, path in [
        ("istat_sito", CENSUS_2011),
        ("istat_sito", SHAPES_2021.format(region="05")),
    ]:
        assert other.get(host, path) == services.world.get(host, path)


def test_the_data_service_bans_above_five_requests_a_minute(services: Services) -> None:
    path = f"/istat_esploradati{FOREIGNERS}"
    for number in range(BAN_ABOVE):
        ask(services, path, at=float(number))
    assert services.answer(Asked(6.0, path, {})).status == 429
    assert services.answer(Asked(80_000.0, path, {})).status == 429
    assert services.violations == 1
    ask(services, path, at=90_000.0)


@pytest.mark.parametrize("fault", [*FAULTS, "T08"])
def test_a_fault_is_played_until_it_is_healed(services: Services, fault: str) -> None:
    path = f"/istat_demo{BALANCE}"
    good = ask(services, path)
    ask(services, f"/_/spoil?host=istat_demo&path={BALANCE}&fault={fault}")
    if fault not in ("F06",):
        spoilt = services.answer(Asked(0.0, path, {}))
        tags = {services.answer(Asked(0.0, path, {})).headers.get("ETag") for _ in range(2)}
        wrong = spoilt.silent or spoilt.drip or spoilt.cut is not None or spoilt.status != 200
        assert wrong or spoilt.body != good or len(tags) == 2
    ask(services, "/_/heal")
    assert ask(services, path) == good


def test_portals_speak_each_its_own_protocol(services: Services) -> None:
    def said(path: str) -> dict[str, object]:
        return json.loads(ask(services, path))

    package = said("/reggio_portale/api/3/action/package_list")["result"][0]  # type: ignore[index]
    shown = said(f"/reggio_portale/api/3/action/package_show?id={package}")
    resource = shown["result"]["resources"][0]  # type: ignore[index]
    assert b"Nazionalita" in ask(services, f"/reggio_portale{resource['url']}")
    assert said("/parma_portale/api/3/action/package_list")["success"]
    wfs = "/reggio_geoserver/geoserver/ows?service=WFS&request="
    assert b"geo_re:AMBITI" in ask(services, f"{wfs}GetCapabilities")
    # The town whose areas they are is not among the few of this world.
    page = said(f"{wfs}GetFeature&typeNames=geo_re:AMBITI&count=4&startIndex=0")
    assert (page["numberReturned"], page["totalFeatures"]) == (0, 0)
    found = said("/socrata_catalogo/api/catalog/v1?q=elenco")
    assert found["resultSetSize"] == 1
