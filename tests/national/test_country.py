"""A small invented country: outputs against geopandas, halts, badly drawn borders, bad files."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import dagster as dg
import geopandas as gpd
import numpy as np
import polars as pl
import pytest
from shapely.geometry import Polygon
from typer.testing import CliRunner

from assets.italia.regions import regione, tabelle
from benchmarks.country.files import write_country
from benchmarks.italia import same
from benchmarks.sides import plain_route
from will_pipeline.cli.main import app
from will_pipeline.errors import SourceFault
from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.national import partitions
from will_pipeline.national.country import National, formulas_of, run_country
from will_pipeline.national.formulas import GIVEN, RATE
from will_pipeline.national.protection import SHIELD
from will_pipeline.orchestration.national import Country

SECTIONS = 2_000


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paese")
    write_country(folder, sections=SECTIONS)
    return folder


@pytest.fixture(scope="module")
def made(country: Path, tmp_path_factory: pytest.TempPathFactory) -> National:
    return run_country(
        country, tmp_path_factory.mktemp("uscita"), tmp_path_factory.mktemp("lavoro")
    )


def some(country: Path, folder: Path, *regions: str) -> Path:
    folder.mkdir()
    for path in country.iterdir():
        if path.name[1:3] in regions:
            shutil.copy(path, folder)
    return folder


def test_both_sides_of_the_benchmark_give_the_same_numbers(
    country: Path, made: National, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formulas = formulas_of()
    asked = tmp_path / "asked.json"
    rows = [vars(rate) for rate in formulas.rates]
    asked.write_text(json.dumps({"codes": formulas.codes, "rates": rows}))
    words = ["plain_route.py", str(country), str(tmp_path / "theirs"), str(asked)]
    monkeypatch.setattr("sys.argv", words)
    plain_route.main()
    assert max(same(made.folder, tmp_path / "theirs").values()) <= 1e-9
    links = pl.read_parquet(made.folder / "confini_comuni.parquet")
    across = links.filter(pl.col("area_id").str.head(3) != pl.col("other_id").str.head(3))
    assert across.height
    assert made.notes == ()


def test_homeless_count_in_the_municipality_and_in_no_area(made: National) -> None:
    areas = pl.read_parquet(made.counts)
    below = areas.filter(pl.col("level") == "A").group_by("pro_com").agg(pl.col("P1").sum())
    whole = areas.filter(pl.col("level") == "C").join(below, on="pro_com", suffix="_below")
    assert (whole["P1"] > whole["P1_below"]).any()
    assert (whole["P1"] >= whole["P1_below"]).all()


def test_what_is_published_has_rates_and_no_counts(made: National) -> None:
    assert {path.name for path in made.folder.iterdir()} == {
        *("tassi.parquet", "indici.parquet", "contorni.parquet", "confini_comuni.parquet"),
        *("manifesto.json", "LEGGIMI.txt"),
    }
    assert {path.name for path in made.folder.parent.iterdir()} == {made.folder.name, "ultimo"}
    codes = set(formulas_of().codes)
    for table in made.folder.glob("*.parquet"):
        assert not codes & set(pl.read_parquet_schema(table))
    told = (made.folder / "LEGGIMI.txt").read_text("utf-8")
    assert "Fonte: ISTAT" in told
    assert "CC BY" in told


def test_no_group_under_the_floor_comes_back_from_the_published_rates(made: National) -> None:
    table = pl.read_parquet(made.folder / "tassi.parquet")
    assert SHIELD in table["stato"].to_list()
    known = table.join(pl.read_parquet(made.counts).select("area_id", "P1"), on="area_id")
    shown = known.filter(pl.any_horizontal(pl.col(f"^{RATE}.*$").is_not_null()))
    assert shown["P1"].min() >= LEAST_RESIDENTS
    below = shown.filter(level="A").group_by("pro_com").agg(told=pl.col("P1").sum())
    rest = shown.filter(level="C").join(below, on="pro_com")
    assert rest.height
    left = rest["P1"] - rest["told"]
    assert ((left == 0) | (left >= LEAST_RESIDENTS)).all()
    hidden = table.filter(pl.col("stato") != GIVEN)["area_id"]
    scores = pl.read_parquet(made.folder / "indici.parquet")
    scores = scores.filter(pl.col("area_id").is_in(hidden.implode())).drop("area_id")
    assert scores.null_count().row(0) == (scores.height,) * scores.width


def test_counts_that_earlier_versions_published_are_withdrawn(
    country: Path, tmp_path: Path
) -> None:
    old = tmp_path / "out" / "italia-0000"
    for folder in (old, tmp_path / "out" / "partizioni" / "R02-0", tmp_path / "out" / "altro"):
        folder.mkdir(parents=True)
    (old / "conteggi.parquet").touch()
    made = run_country(some(country, tmp_path / "uno", "02"), tmp_path / "out", tmp_path / "work")
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {made.folder.name, "ultimo", "altro"}


def test_a_run_halted_between_and_inside_regions_ends_with_the_same_content(
    country: Path, made: National, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write = partitions._write

    def halt(*given: object, **named: object) -> None:
        write(*given, **named)
        written.append(1)
        if len(written) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(partitions, "_write", halt)
    with pytest.raises(KeyboardInterrupt):
        run_country(country, tmp_path / "out", tmp_path / "work")
    monkeypatch.setattr(partitions, "_write", write)
    (tmp_path / "work" / "partizioni" / ".R07-left").mkdir()
    again = run_country(country, tmp_path / "out", tmp_path / "work")
    assert again.content == made.content
    assert [part.resumed for part in again.partitions] == [True] * 6 + [False] * 14
    assert not list((tmp_path / "work" / "partizioni").glob(".R*"))


def test_a_spoilt_partition_is_made_again(country: Path, tmp_path: Path) -> None:
    folder = some(country, tmp_path / "due", "02", "14")
    first = run_country(folder, tmp_path / "out", tmp_path / "work")
    table = first.partitions[1].folder / "areas.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    again = run_country(folder, tmp_path / "out", tmp_path / "work")
    assert [part.resumed for part in again.partitions] == [True, False]
    assert again.content == first.content


def test_neither_the_order_of_rows_nor_the_format_changes_the_content(
    country: Path, tmp_path: Path
) -> None:
    folder = some(country, tmp_path / "uno", "14")
    first = run_country(folder, tmp_path / "a", tmp_path / "work-a")
    frame = gpd.read_file(folder / "R14_11_WGS84.zip")
    (folder / "R14_11_WGS84.zip").unlink()
    frame.sample(frac=1, random_state=3).to_parquet(folder / "R14_11_WGS84.parquet")
    with zipfile.ZipFile(folder / "R14_indicatori_2011_sezioni.zip") as archive:
        header, *rows = archive.read(archive.namelist()[0]).splitlines()
    (folder / "R14_indicatori_2011_sezioni.zip").unlink()
    text = b"\r\n".join([header, *reversed(rows)])
    (folder / "R14_indicatori_2011_sezioni.csv").write_bytes(text)
    assert run_country(folder, tmp_path / "b", tmp_path / "work-b").content == first.content


def test_badly_drawn_borders_keep_their_links_and_are_said(country: Path, tmp_path: Path) -> None:
    folder = some(country, tmp_path / "uno", "08")
    first = run_country(folder, tmp_path / "a", tmp_path / "work-a")
    path = folder / "R08_11_WGS84.zip"
    frame = gpd.read_file(path)
    path.unlink()
    shapes = frame.geometry.to_numpy()
    # A vertex that no neighbour has, on every border of some sections.
    for place in (0, 5, 9):
        points = np.array(shapes[place].exterior.coords)
        middle = (points[:-1] + points[1:]) / 2
        shapes[place] = Polygon(np.stack([points[:-1], middle], axis=1).reshape(-1, 2))
    frame.set_geometry(shapes).to_parquet(folder / "R08_11_WGS84.parquet")
    drawn = run_country(folder, tmp_path / "b", tmp_path / "work-b")
    assert drawn.partitions[0].mended >= 3
    assert "non combaciano" in drawn.notes[0]
    name, key = "confini_comuni.parquet", ["area_id", "other_id"]
    before, after = (pl.read_parquet(run.folder / name) for run in (first, drawn))
    assert before.select(key).equals(after.select(key))
    assert np.abs((before["metres"] - after["metres"]).to_numpy()).max() < 0.5
    outlines = (pl.read_parquet(run.folder / "contorni.parquet") for run in (first, drawn))
    before, after = (each.sort("area_id")["surface_km2"].to_numpy() for each in outlines)
    assert after == pytest.approx(before, rel=1e-6)


def test_a_bad_cell_is_named_by_row_and_column(country: Path, tmp_path: Path) -> None:
    folder = some(country, tmp_path / "uno", "02")
    archive = folder / "R02_indicatori_2011_sezioni.zip"
    with zipfile.ZipFile(archive) as packed:
        text = packed.read(packed.namelist()[0]).decode("cp1252")
    archive.unlink()
    lines = text.split("\r\n")
    cells = lines[3].split(";")
    cells[12] = "molti"
    lines[3] = ";".join(cells)
    broken = folder / "R02_indicatori_2011_sezioni.csv"
    broken.write_bytes("\r\n".join(lines).encode("cp1252"))
    with pytest.raises(SourceFault, match="riga 4, colonna P1"):
        run_country(folder, tmp_path / "out", tmp_path / "work")


def test_the_command_tells_regions_and_faults(country: Path, tmp_path: Path) -> None:
    folder = some(country, tmp_path / "uno", "02")
    words = ["italia", "--cartella", str(folder), "--uscita", str(tmp_path / "out")]
    words += ["--lavoro", str(tmp_path / "work")]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0
    assert "regione 02" in told.output
    inside = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "out" / "work")])
    assert inside.exit_code == 2
    (folder / "R02_11_WGS84.zip").unlink()
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 1
    assert "regione 02: manca il file" in told.output


def test_the_graph_makes_regions_one_by_one_and_never_at_night(
    country: Path, made: National, tmp_path: Path
) -> None:
    resources = {
        "country": Country(
            folder=str(country), output=str(tmp_path / "out"), workshop=str(tmp_path / "work")
        )
    }
    with dg.DagsterInstance.ephemeral() as instance:
        one = dg.materialize([regione], instance=instance, resources=resources, partition_key="02")
        assert one.success
        whole = dg.materialize(
            [tabelle, regione], selection=[tabelle], instance=instance, resources=resources
        )
    metadata = whole.asset_materializations_for_node("italia__tabelle")[0].metadata
    assert metadata["impronta"].value == made.content
