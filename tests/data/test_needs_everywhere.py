"""What is promised for every area on the real figures: index, interval, place, no luck in them."""

from __future__ import annotations

from math import ceil

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.definitions import PROJECT
from will_pipeline.geography.census_areas import (
    LEAST_RANKED_RESIDENTS,
    SOURCE_OF_LEVEL,
    census_counts,
)
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.facts import indicator_facts, unavailable_indicators
from will_pipeline.indicators.goalposts import CITY_METHOD, load_frozen
from will_pipeline.indicators.indices import estimate_all, theme_indices
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.persons_page import FIGURES
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

RINGS = {"013075.A00", "108033.A00"}
TOP = 1 / 5
NO_NEED_LEFT = {"P18", "P19"}
"""Ages that every index counts: without one of them there is no index at all, and a fault."""
MOST_MOVE = 0.05
"""Share of its interval that a published middle may move by when the seed changes."""
Figures = tuple[pl.DataFrame, ...]
Published = tuple[pl.DataFrame, pl.DataFrame]


@pytest.fixture(scope="module")
def figures() -> Figures:
    sources = load_sources(PROJECT / "assets" / "raw")
    return tuple(read_embedded(sources[k], PROJECT / "data" / "raw" / "figures") for k in FIGURES)


def published(figures: Figures, settings: Settings, *gone: str) -> Published:
    """Facts and indices as they are published, without the columns that are gone."""
    pool, series, isolation, census, subareas = figures
    pool, census, subareas = (each.drop(gone, strict=False) for each in (pool, census, subareas))
    counts = census_counts(load_cities(), census, subareas)
    ranked = (pl.col("level") != "C") & (pl.col("P1") >= LEAST_RANKED_RESIDENTS)
    areas = AreaCounts(counts.with_columns(residents="P1", ranked=ranked), LEAST_RESIDENTS)
    specification = load_specification()
    estimates = estimate_all(specification, areas, pool, settings)
    facts = indicator_facts(
        specification,
        areas,
        estimates,
        evidence=Evidence(pool, series, isolation, load_cities()),
        settings=settings,
        year=2011,
        sources=SOURCE_OF_LEVEL,
    )
    reasons = unavailable_indicators(specification, areas, pool)
    told = facts.join(reasons, on="indicatore_id", how="left")
    if NO_NEED_LEFT & set(gone):
        with pytest.raises(ValueError, match="nothing to publish"):
            theme_indices(
                specification, areas, estimates, frozen=load_frozen(), settings=settings, year=2011
            )
        return told, pl.DataFrame(schema={"dimensione": pl.String, "indice": pl.Float64})
    indices = theme_indices(
        specification, areas, estimates, frozen=load_frozen(), settings=settings, year=2011
    )
    return told, indices.rows


@pytest.fixture(scope="module")
def shown(figures: Figures) -> Published:
    return published(figures, Settings())


def test_every_area_but_the_rings_has_an_index_with_interval_and_place(shown: Published) -> None:
    facts, indices = shown
    areas = set(facts.filter(~pl.col("area_id").str.ends_with(".C"))["area_id"])
    levels = pl.Series(sorted(areas)).str.slice(7, 1).value_counts()
    assert dict(levels.iter_rows()) == {"A": 69, "Q": 28}
    own = indices.filter(pl.col("metodo") == CITY_METHOD)
    for theme in load_specification().themes:
        rows = own.filter(pl.col("dimensione") == theme.dimensione)
        assert rows.height == len(areas) - len(RINGS)
        assert set(rows["area_id"]) == areas - RINGS
        numbers = rows.select("indice", "ic_inf", "ic_sup", "rango_min", "rango_max",
                              "p_quinto_alto")  # fmt: skip
        assert numbers.null_count().sum_horizontal().item() == 0
        assert (rows["ic_inf"] <= rows["indice"]).all()
        assert (rows["indice"] <= rows["ic_sup"]).all()
        # An area that is surely not above its city in concentration stands at the reference.
        flat = rows.filter(pl.col("ic_inf") >= pl.col("ic_sup"))
        assert set(flat["indice"]) <= ({100.0} if theme.motivo_parziale else set())
        assert rows["p_quinto_alto"].is_between(0, 1).all()
        assert set(rows["parziale"]) == {theme.dimensione == "nuove_generazioni"}
        by_group = rows.group_by(pl.col("area_id").str.head(8)).agg(
            top=pl.col("p_quinto_alto").sum(), n=pl.len()
        )
        for top, n in by_group.select("top", "n").iter_rows():
            assert top == pytest.approx(ceil(n * TOP), abs=1e-9)


def test_persons_missing_from_parity_are_not_available_and_say_why(shown: Published) -> None:
    rows = shown[0].filter(pl.col("indicatore_id") == "mancata_parita")
    assert rows.height == 69 + 28 + 8
    assert set(rows["stato"]) == {"non_disponibile"}
    for name in ("valore", "ic_inf", "ic_sup", "numeratore", "valore_comune", "indice_100"):
        assert rows[name].null_count() == rows.height
    assert set(rows["motivo"]) == {
        "il censimento 2011 non pubblica per area gli occupati secondo la cittadinanza"
    }


def test_the_same_figures_in_another_order_give_the_same_content(
    figures: Figures, shown: Published
) -> None:
    turned = tuple(
        figure.sample(fraction=1.0, shuffle=True, seed=place)
        for place, figure in enumerate(figures, start=1)
    )
    assert any(not one.equals(two) for one, two in zip(figures, turned, strict=True))
    for one, two in zip(shown, published(turned, Settings()), strict=True):
        assert_frame_equal(one, two, check_exact=True)


def test_another_seed_moves_no_published_middle_by_a_twentieth_of_its_interval(
    figures: Figures, shown: Published
) -> None:
    other = published(figures, Settings(seed=7))
    ends = 0
    for one, two, key, middle in (
        (shown[0], other[0], ["area_id", "indicatore_id"], "valore"),
        (shown[1], other[1], ["area_id", "dimensione", "metodo"], "indice"),
    ):
        both = one.join(two.select(*key, pl.col(middle, "ic_inf", "ic_sup").name.suffix("_two")),
                        on=key, validate="1:1").filter(pl.col(middle).is_not_null())  # fmt: skip
        assert both.height > 300
        move = (both[middle] - both[f"{middle}_two"]).abs()
        assert (move <= MOST_MOVE * (both["ic_sup"] - both["ic_inf"])).all()
        ends += int((both["ic_inf"] != both["ic_inf_two"]).sum())
    # The seed does change what is drawn.
    assert ends > 100


def test_a_deleted_column_is_not_available_everywhere_and_never_zero(figures: Figures) -> None:
    settings = Settings(draws=2)
    base, indices = published(figures, settings)
    specification = load_specification()
    cards = [card for card in specification.indicators.values() if card.estimator.kind != "context"]
    gone = {card.indicatore_id for card in specification.unavailable}
    codes = sorted({code for card in cards for code in specification.codes(card.indicatore_id)})
    assert len(codes) > 40
    for code in codes:
        if code == "P1":
            continue
        facts, scores = published(figures, settings, code)
        touched = {
            card.indicatore_id for card in cards if code in specification.codes(card.indicatore_id)
        }
        rows = facts.filter(pl.col("indicatore_id").is_in(touched))
        assert touched, code
        assert rows.height == len(touched) * 105
        assert set(rows["stato"]) == {"non_disponibile"}, code
        numbers = rows.select("valore", "ic_inf", "ic_sup", "numeratore", "denominatore")
        assert all(hole == rows.height for hole in numbers.null_count().row(0)), code
        assert rows["motivo"].str.contains(rf"\b{code}\b").all()
        others = ~pl.col("indicatore_id").is_in(touched | gone)
        assert_frame_equal(facts.filter(others), base.filter(others), check_exact=True)
        hit = {
            theme.dimensione
            for theme in specification.themes
            if touched & {c.indicatore_id for c in specification.index_indicators(theme.dimensione)}
        }
        # An index with an indicator less would be another index: it is not published.
        assert set(scores["dimensione"]) == set(indices["dimensione"]) - hit, code
        assert np.isfinite(scores["indice"].to_numpy()).all()
