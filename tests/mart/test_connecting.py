"""The recipes of `docs/collegare-i-dati.md`, each followed as far as it can be here."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import geopandas
import mapbox_vector_tile
import odfdo
import openpyxl
import polars as pl
import pyogrio
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles
from rdflib import Graph

from tests.mart.sections import grid
from will_pipeline.atlas.static import render_atlas
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.disclosure_audit import audit_mart
from will_pipeline.mart.disclosure_page import PAGE as PAGE_OF_THE_AUDIT
from will_pipeline.mart.disclosure_page import confidentiality_page
from will_pipeline.mart.exports import write_checksums, write_exports, write_files
from will_pipeline.mart.news import news_rows
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.plain_text import FORMULA_STARTS

PAGE = Path(__file__).parents[2] / "docs" / "collegare-i-dati.md"
AREAS = ("034027.C", "034027.Q01", "034027.Q02", "028060.C")
HOSTILE = (
    "'; DROP TABLE dim_area; --",
    '=HYPERLINK("https://evil.example";"qui")',
    "<img src=x onerror=alert(1)>",
    "Reggio nell'''Emilia",
)
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(scope="module")
def release(
    tmp_path_factory: pytest.TempPathFactory,
    tables: Mapping[str, pl.DataFrame],
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
) -> Path:
    """A release whose names are hostile, all of its areas with a boundary."""
    folder = tmp_path_factory.mktemp("progetto") / "data" / "marts" / "latest"
    folder.mkdir(parents=True)
    named = dict(tables)
    named["dim_area"] = tables["dim_area"].with_columns(
        nome=pl.col("area_id").replace_strict(dict(zip(AREAS, HOSTILE, strict=True)))
    )
    named["dim_comune"] = tables["dim_comune"].with_columns(nome=pl.Series(HOSTILE[2:]))
    named["dim_fonte"] = tables["dim_fonte"].with_columns(
        titolo=pl.lit(HOSTILE[1]), ente=pl.lit(HOSTILE[2]), attribuzione=pl.lit(HOSTILE[0])
    )
    named["presidio"] = tables["presidio"].with_columns(nome=pl.lit(HOSTILE[1]))
    square = shapely.to_wkb(shapely.box(10.2, 44.7, 10.4, 44.9))
    named["area_geometria"] = tables["area_geometria"].with_columns(
        geom_wkb=pl.lit(square), path_svg=pl.lit("M0 0L10 0L10 10Z"), schematica=False
    )
    named["dim_indicatore"] = tables["dim_indicatore"].with_columns(nome=pl.lit(HOSTILE[1]))
    told = news_rows(named, tables, contracts, release="2026.11.1", before="2026.10.1")
    named["novita"] = conform(told, contracts["novita"])
    write_database(folder / DATABASE_FILE, named, contracts, views)
    sections = grid().with_columns(section_id=pl.lit(HOSTILE[0]), pro_com=pl.lit(HOSTILE[3]))
    write_exports(folder, named, contracts=contracts, views=views, sections=sections)
    write_files(folder, {PAGE_OF_THE_AUDIT: confidentiality_page(named, audit_mart(named))})
    # The atlas has no page for the town that is there to be resembled.
    alone = {**named, "area_simile": named["area_simile"].clear()}
    write_files(folder / "atlante", render_atlas(alone, release="2026.11.1"))
    write_checksums(folder)
    return folder


def test_hostile_names_are_text_in_the_mart(release: Path) -> None:
    with open_mart(release) as mart:
        assert set(mart.sql("SELECT nome FROM dim_area").pl()["nome"]) == set(HOSTILE)
        assert set(mart.sql("SELECT area FROM v_aree_larga").pl()["area"]) == set(HOSTILE[1:3])
        assert mart.sql("SELECT count(*) FROM en.area").pl().item() == 4


def test_hostile_names_are_text_in_every_other_file(release: Path) -> None:
    wide = pl.read_csv(release / "aree_larga.csv", infer_schema=False)
    assert wide["area"].to_list() == [f"'{HOSTILE[1]}", HOSTILE[2]]
    italian = pl.read_csv(release / "aree_larga_excel_it.csv", separator=";", infer_schema=False)
    assert italian.to_series(wide.columns.index("area")).to_list() == wide["area"].to_list()
    for frame in (wide, italian):
        texts = [value for row in frame.rows() for value in row if value]
        assert [text for text in texts if text.startswith(FORMULA_STARTS) and len(text) > 8] == []
    areas = pyogrio.read_dataframe(release / "aree.gpkg")
    assert set(areas["area"]) == set(HOSTILE[:3])
    book = openpyxl.load_workbook(release / "aree_larga.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b", "d"}
    assert HOSTILE[1] in {cell.value for cell in cells}
    pages = [*release.glob("*.md"), *release.rglob("*.html")]
    assert len(pages) > 5
    for page in pages:
        assert "<img src=x" not in page.read_text("utf-8"), page.name


def test_hostile_names_are_text_in_open_documents_and_geographic_tables(release: Path) -> None:
    book = odfdo.Document(release / "aree_larga.ods")
    cells = [cell for table in book.body.tables for row in table.rows for cell in row.cells]
    assert all(cell.formula is None for cell in cells)
    assert set(HOSTILE[1:3]) <= {cell.value for cell in cells}
    assert set(geopandas.read_parquet(release / "aree.parquet")["area"]) == set(HOSTILE[:3])
    facts = pl.read_csv(
        release / "fatto_indicatore_excel_it.csv", separator=";", infer_schema=False
    )
    assert {f"'{HOSTILE[1]}"} == set(facts["Indicatore"])
    assert {f"'{HOSTILE[1]}", HOSTILE[2]} <= set(facts["Area"])


def test_hostile_names_are_text_in_what_describes_the_files(release: Path) -> None:
    package = json.loads((release / "datapackage.json").read_text("utf-8"))
    assert HOSTILE[1] in {each["title"] for each in package["sources"]}
    record = Graph().parse(release / "dcat.ttl")
    assert set(record) == set(Graph().parse(release / "dcat.rdf", format="xml"))
    news = (release / "NOVITA.md").read_text("utf-8")
    assert "DROP TABLE" in news
    assert HOSTILE[3] in news
    for page in ("NOVITA.md", "ATTRIBUZIONI.md", "DIZIONARIO.md", PAGE_OF_THE_AUDIT):
        assert "<img" not in (release / page).read_text("utf-8"), page
    assert "=HYPERLINK" in (release / PAGE_OF_THE_AUDIT).read_text("utf-8")


def test_hostile_names_are_text_in_tiles(release: Path) -> None:
    archive = (release / "sezioni.pmtiles").read_bytes()
    assert Reader(MemorySource(archive)).metadata()["attribution"] == HOSTILE[0]
    for _, tile in all_tiles(MemorySource(archive)):
        layers = mapbox_vector_tile.decode(gzip.decompress(tile))
        for feature in layers["sezioni_2011"]["features"]:
            assert feature["properties"]["sezione"] == HOSTILE[0]
            assert feature["properties"]["pro_com"] == HOSTILE[3]


def test_areas_open_in_a_geographic_program(release: Path) -> None:
    areas = pyogrio.read_dataframe(release / "aree.gpkg", layer="aree")
    assert areas.crs.to_epsg() == 4326
    assert areas.geometry.is_valid.all()
    assert len(areas) == 3
    assert geopandas.read_parquet(release / "aree.parquet").crs.to_epsg() == 4326


def infilter() -> str:
    found = re.search(r'--infilter="([^"]+)"', PAGE.read_text("utf-8"))
    assert found is not None
    return found[1]


@pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice is not installed (apt-get install libreoffice-calc)"
)
def test_the_italian_text_opens_in_libreoffice_with_numbers_as_numbers(
    release: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [
            str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profilo", "--headless",
            f"--infilter={infilter()}", "--convert-to", "xlsx", "--outdir", str(tmp_path),
            str(release / "aree_larga_excel_it.csv"),
        ],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "aree_larga_excel_it.xlsx").active
    headings, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    plain = pl.read_csv(release / "aree_larga.csv", schema_overrides={"pro_com": pl.String})
    italian = pl.read_csv(release / "aree_larga_excel_it.csv", separator=";", infer_schema=False)
    assert italian.columns == headings
    assert len(plain.columns) == len(headings)
    assert len(rows) == plain.height == 2
    numbers = [i for i, kind in enumerate(plain.dtypes) if kind.is_numeric()]
    assert len(numbers) > 10
    for opened, written in zip(rows, plain.rows(), strict=True):
        for place in numbers:
            assert opened[place] == written[place]
            assert not isinstance(opened[place], str)
        assert opened[plain.columns.index("pro_com")] == "034027"
    formulas = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert formulas == []


def test_the_recipe_of_python_runs_as_written(release: Path) -> None:
    code = re.search(r"## Python\n\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert code is not None
    escape = "mart.execute(\"SELECT * FROM read_text('/etc/hostname')\")"
    ran = subprocess.run(
        [sys.executable, "-c", code[1]],
        cwd=release.parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "giovani" in ran.stdout
    refused = subprocess.run(
        [sys.executable, "-c", f"{code[1]}\n{escape}"],
        cwd=release.parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "PermissionException" in refused.stderr


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_the_list_is_one_that_sha256sum_reads(release: Path) -> None:
    command = ["sha256sum", "--check", "--quiet", "sha256sums.txt"]
    assert subprocess.run(command, cwd=release, check=False).returncode == 0


def test_every_tool_of_the_page_has_its_trap() -> None:
    text = PAGE.read_text("utf-8")
    tools = re.findall(r"^\| (\w[\w ]*?) \|", text, re.MULTILINE)[1:]
    assert len(tools) == 9
    for tool in tools:
        section = text.split(f"\n## {tool}\n", 1)[1].split("\n## ", 1)[0]
        assert "**La trappola.**" in section, tool
