"""Which drawing of the areas of a city is in use, and areas joined from sections."""

import polars as pl
import pytest

from tests.unit.geography.grid_town import town
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.geography.boundaries import (
    BOUNDARIES,
    boundaries_in_use,
    boundaries_left_out,
    delivered_boundaries,
    section_boundaries,
)

BERGAMO, PARMA = "016024", "034027"
NOTHING = pl.DataFrame(schema=BOUNDARIES)
CORE = load_contracts("core")


def drawing(hand: str, *areas: str, edition: str = "2011") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": areas,
            "pro_com": [area[:6] for area in areas],
            "level": [area[7] for area in areas],
            "edition": [edition] * len(areas),
            "surface_km2": [1.0] * len(areas),
            "geom_wkb": [hand.encode()] * len(areas),
            "source_id": [hand] * len(areas),
        },
        schema=BOUNDARIES,
    )


def known(*areas: str) -> pl.DataFrame:
    return drawing("", *areas).select("area_id", "pro_com", "level")


def used(areas: pl.DataFrame, **hands: pl.DataFrame) -> dict[str, str]:
    given = {"embedded": NOTHING, "sections": NOTHING, "delivered": NOTHING} | hands
    rows = conform(boundaries_in_use(areas, **given), CORE["area_boundary"])
    return dict(rows.select("area_id", "source_id").iter_rows())


Q = [f"{PARMA}.Q01", f"{PARMA}.Q02"]


def test_the_town_s_own_drawing_wins_then_the_sections_of_the_census() -> None:
    areas, built_in = known(*Q), drawing("compresi", *Q)
    old, new = drawing("sez11", *Q), drawing("sez21", *Q, edition="2021")
    own = drawing("comune", *Q, edition="comune")
    assert used(areas, embedded=built_in) == dict.fromkeys(Q, "compresi")
    assert used(areas, embedded=built_in, sections=new) == dict.fromkeys(Q, "compresi")
    assert used(areas, sections=new) == dict.fromkeys(Q, "sez21")
    assert used(areas, embedded=built_in, sections=old) == dict.fromkeys(Q, "sez11")
    assert used(areas, embedded=built_in, sections=old, delivered=own) == dict.fromkeys(Q, "comune")


def test_a_drawing_with_a_hole_is_not_used_nor_mixed_with_another() -> None:
    areas, part = known(*Q, f"{PARMA}.A01"), drawing("sez11", Q[0], f"{PARMA}.A01")
    assert used(areas, sections=part) == {f"{PARMA}.A01": "sez11"}
    assert used(areas, sections=part, embedded=drawing("compresi", *Q)) == {
        **dict.fromkeys(Q, "compresi"), f"{PARMA}.A01": "sez11",
    }  # fmt: skip
    left = boundaries_left_out(
        boundaries_in_use(areas, embedded=NOTHING, sections=part, delivered=NOTHING),
        sections=part,
        delivered=NOTHING,
    )
    assert left.rows() == [("sez11", "Q", 1)]


def test_areas_that_nobody_publishes_are_not_drawn() -> None:
    assert used(known(Q[0]), sections=drawing("sez11", *Q)) == {Q[0]: "sez11"}


@pytest.fixture
def sections() -> pl.DataFrame:
    cells = town(4, 2, shift=20)
    count = cells.height
    return conform(
        pl.DataFrame(
            {
                "section_id": [f"0160240{n:06d}" for n in range(1, count + 1)],
                "pro_com": [BERGAMO] * count,
                "edition": ["2011"] * count,
                "fictitious": [False] * count,
                "asc1": [None] * count,
                "asc2": [9] * count,
                "asc3": [None] * count,
                "ace": [0, 0, 1, 1, 1, 1, 2, 2],
                "residents": [None] * count,
                "households": [None] * count,
                "geom_wkb": cells["geom_wkb"],
                "source_id": ["consegna_confini_sezioni_016024"] * count,
            },
            schema_overrides=dict.fromkeys(("asc1", "asc3", "residents", "households"), pl.Int64),
        ),
        CORE["section"],
    )


def test_sections_make_census_areas_and_the_town_s_own_areas(sections: pl.DataFrame) -> None:
    own = pl.DataFrame(
        {
            "section_number": sections["section_id"].cast(pl.Int64),
            "pro_com": [BERGAMO] * 8,
            "code": [1, 2] * 4,
        },
        schema_overrides={"code": pl.Int32},
    )
    found = section_boundaries(sections, own)
    assert found["area_id"].to_list() == [
        f"{BERGAMO}.{code}" for code in ("A00", "A01", "A02", "Q101", "Q102")
    ]
    ground = found.group_by("level").agg(pl.col("surface_km2").sum())["surface_km2"]
    assert ground[0] == pytest.approx(ground[1], rel=1e-9)
    # The second level of sub-municipal areas never becomes a neighbourhood.
    assert f"{BERGAMO}.Q09" not in found["area_id"].to_list()
    without = section_boundaries(sections, own.clear())
    assert set(without["level"]) == {"A"}


def test_without_deliveries_there_is_nothing(sections: pl.DataFrame) -> None:
    none = empty(CORE["own_area_section"])
    assert section_boundaries(sections.clear(), none).is_empty()
    assert delivered_boundaries(empty(CORE["delivered_boundary"])).schema == BOUNDARIES
