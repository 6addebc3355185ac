"""Sections of Parma and Napoli as the producer draws them: dissolved, repaired, bridged.

Neither file ships with the project: the tests skip where they are absent.
"""

import io
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely

from will_pipeline.geography.bridges import bridge_of_polygons, bridge_of_sections, carry
from will_pipeline.geography.contiguity import contiguous_areas
from will_pipeline.geography.coverage import METRIC, dissolve, projected, repair
from will_pipeline.readers.istat_sections_2021 import area_totals, sections
from will_pipeline.readers.polygon_files import section_polygons

PARMA = "figures/census_2011/parma_sections/parma_sezioni_2011.gpkg"
NAPOLI = "formats/napoli/R15_21_SHP"
PARMA_2021 = "oracles/parma_2021/parma_sezioni_2021.csv"
FIGURES = Path(__file__).parents[3] / "data" / "raw" / "figures"


def present(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path.name} is absent")
    return path


def shapes(frame: pl.DataFrame) -> np.ndarray:
    return np.asarray(shapely.from_wkb(frame["geom_wkb"].to_list()), dtype=object)


def areas(polygons: pl.DataFrame, level: str, **given: float) -> pl.DataFrame:
    coded = polygons.filter(pl.col(level).is_not_null())
    members = coded.with_columns(
        area_id=pl.col(level).cast(pl.String).str.zfill(2), polygon_id="section_id"
    )
    return dissolve(members, **given)


@pytest.fixture(scope="module")
def parma(shared: Path) -> pl.DataFrame:
    path = present(shared / PARMA)
    return section_polygons(path.name, path.read_bytes())


@pytest.fixture(scope="module")
def napoli(shared: Path) -> pl.DataFrame:
    folder = present(shared / NAPOLI)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"SHP/{path.name}")
    return section_polygons("napoli.zip", packed.getvalue())


def test_the_sections_of_parma_need_no_repair(parma: pl.DataFrame) -> None:
    assert parma.height == 1281
    good, log = repair(parma.rename({"section_id": "polygon_id"}))
    assert log.is_empty()
    assert good["geom_wkb"].to_list() == parma["geom_wkb"].to_list()


@pytest.mark.parametrize(("level", "count"), [("asc1", 13), ("ace", 10)])
def test_parma_dissolves_to_a_valid_coverage_of_the_same_ground(
    parma: pl.DataFrame, level: str, count: int
) -> None:
    found = areas(parma, level)
    assert found.height == count
    assert found["members"].sum() == 1281
    outlines = shapes(found)
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)
    ground = shapely.area(projected(shapes(parma))).sum() / 1e6
    assert ground == pytest.approx(260.598, abs=0.001)
    assert found["surface_km2"].sum() == pytest.approx(ground, rel=1e-9)


@pytest.mark.parametrize(("level", "name"), [("asc1", "asc"), ("ace", "ace")])
def test_the_embedded_areas_of_parma_are_these(parma: pl.DataFrame, level: str, name: str) -> None:
    embedded = pl.read_parquet(FIGURES / "istat_parma_aree_2011.parquet").filter(
        pl.col("level") == name
    )
    found = areas(parma, level).with_columns(code=pl.col("area_id").cast(pl.Int64))
    both = found.join(embedded, on="code", validate="1:1")
    assert both.height == found.height == embedded.height
    assert both.select((pl.col("surface_km2") - pl.col("area_km2")).abs().max()).item() < 1e-6
    ours, theirs = shapes(found.sort("code")), embedded.sort("code")["geometry_wkb"].to_list()
    assert shapely.hausdorff_distance(ours, shapely.from_wkb(theirs)).max() < 1e-6


def test_the_official_counts_join_to_the_thirteen_quartieri(parma: pl.DataFrame) -> None:
    census = pl.read_parquet(FIGURES / "istat_censimento_2011_asc.parquet").filter(
        pl.col("pro_com") == "034027"
    )
    found = areas(parma, "asc1").with_columns(asc_code=pl.col("area_id").cast(pl.Int64))
    joined = found.join(census, on="asc_code", how="full", validate="1:1")
    assert joined.height == 13
    assert joined.select(pl.col("P1", "members").null_count().sum()).row(0) == (0, 0)
    assert joined["P1"].sum() == 175_895


def test_the_neighbours_of_the_quartieri_of_parma_are_known(parma: pl.DataFrame) -> None:
    found = areas(parma, "asc1", tolerance_m=0)
    borders = contiguous_areas(found, crs=METRIC)
    assert borders.height == 26
    total = shapely.length(shapely.unary_union(projected(shapes(found))).exterior)
    inner = (found["perimeter_km"].sum() * 1_000 - total) / 2
    assert borders["shared_m"].sum() == pytest.approx(inner, rel=1e-3)


def test_the_one_broken_polygon_of_napoli_is_rebuilt_and_told(napoli: pl.DataFrame) -> None:
    assert napoli.height == 5726
    good, log = repair(napoli.rename({"section_id": "polygon_id"}))
    assert log.select("polygon_id", "action").rows() == [("0630496522361", "anello rifatto")]
    assert log["problem"][0].startswith("Ring Self-intersection")
    assert log["after_m2"][0] == pytest.approx(log["before_m2"][0], rel=1e-9)
    assert shapely.is_valid(shapes(good)).all()
    assert shapely.coverage_is_valid(shapes(good))


def test_the_two_levels_of_napoli_stay_apart(napoli: pl.DataFrame) -> None:
    good, _ = repair(napoli.with_columns(polygon_id="section_id"))
    ten, thirty = areas(good, "asc1"), areas(good, "asc2")
    assert (ten.height, thirty.height) == (10, 30)
    shared_codes = set(ten["area_id"]) & set(thirty["area_id"])
    assert shared_codes == set(ten["area_id"])
    assert ten["surface_km2"].sum() == pytest.approx(thirty["surface_km2"].sum(), rel=1e-9)
    assert ten["surface_km2"].to_list() != thirty.head(10)["surface_km2"].to_list()
    for level in (ten, thirty):
        assert shapely.coverage_is_valid(shapes(level))


def test_people_cross_from_the_small_to_the_large_areas_of_napoli_whole(
    napoli: pl.DataFrame,
) -> None:
    good, _ = repair(napoli.with_columns(polygon_id="section_id"))
    lived = good.filter(~pl.col("fictitious"))
    metres = shapely.area(projected(shapes(lived)))
    bridge = bridge_of_sections(
        lived.select(
            "section_id",
            area_from=pl.col("asc2").cast(pl.String),
            area_to=pl.col("asc1").cast(pl.String),
            population="residents",
        ).with_columns(pl.Series("surface_m2", metres))
    )
    values = lived.group_by(area_id=pl.col("asc2").cast(pl.String)).agg(
        value=pl.col("residents").sum().cast(pl.Float64)
    )
    carried = carry(values, bridge)
    assert carried["value"].sum() == pytest.approx(921_142 - 6_596, rel=1e-9)
    totals = lived.group_by(area_id=pl.col("asc1").cast(pl.String)).agg(pl.col("residents").sum())
    both = carried.join(totals, on="area_id", validate="1:1")
    assert both.height == 10
    assert (both["value"] - both["residents"]).abs().max() < 1e-6
    assert not carried["estimated"].any()


@pytest.mark.parametrize("method", ["intersezione", "punto"])
def test_the_census_areas_of_parma_cross_to_its_quartieri_with_every_resident(
    parma: pl.DataFrame, method: str
) -> None:
    census = pl.read_parquet(FIGURES / "istat_censimento_2011_ace_citta.parquet").filter(
        pl.col("pro_com") == "034027"
    )
    quartieri = areas(parma, "asc1")
    # Residents by section are not among the figures: the ground of a section stands in for them.
    metres = shapely.area(projected(shapes(parma)))
    old = parma.select("section_id", "geom_wkb", area_from=pl.col("ace").cast(pl.String))
    bridge = bridge_of_polygons(
        old.with_columns(pl.Series("population", metres)), quartieri, method=method
    )
    values = census.select(area_id=pl.col("ace").cast(pl.String), value=pl.col("P1") * 1.0)
    carried = carry(values, bridge)
    assert carried["area_id"].null_count() == 0
    assert carried["value"].sum() == pytest.approx(175_895, rel=1e-9)


def test_the_sections_of_2021_of_parma_add_up_by_quartiere(shared: Path) -> None:
    path = present(shared / PARMA_2021)
    quartieri = area_totals(sections({path.name: path.read_bytes()}))
    assert quartieri.height == 13
    assert quartieri["residents"].sum() == 195_436 - 330
