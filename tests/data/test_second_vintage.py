"""The whole engine on an invented town of sections with the variables of 2021 and 2023."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.unit.indicators import country, sections
from will_pipeline.indicators.areas import AreaCounts, areas_of_sections
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.facts import indicator_facts, unavailable_indicators
from will_pipeline.indicators.goalposts import (
    CITY_METHOD,
    CLASSES,
    Frozen,
    freeze,
)
from will_pipeline.indicators.indices import estimate_all, theme_indices
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.persons import Persons, estimate_persons
from will_pipeline.indicators.specification import Specification, load_specification
from will_pipeline.statistics.normalise import Goalposts

SETTINGS = Settings(draws=100)
SERIES = ("02IST006-N22", "02IST010P")
GIVEN = {
    "non_occupazione_15_64", "neet_15_29", "neet_15_29_quota", "famiglie_unipersonali_corrette",
    "anziani_75", "isolati_65", "isolati_65_quota", "bassa_istruzione", "famiglie_numerose",
    "occupazione_femminile", "competenze_inadeguate", "competenze_inadeguate_quota",
    "sovraconcentrazione_under30", "divario_occupazione", "separazione_residenziale",
    "mancata_parita", "giovani_stranieri",
}  # fmt: skip
Found = tuple[Specification, AreaCounts, dict[str, Estimate], dict[str, Persons]]


def evidence() -> Evidence:
    published = pl.concat(
        country.series().with_columns(indicator_code=pl.lit(name)) for name in SERIES
    )
    return country.evidence(pool=sections.pool(), series=published)


def counted(vintage: int) -> AreaCounts:
    made = sections.towns()
    return areas_of_sections(made if vintage == 2023 else made.drop(sections.BORN), floor=250)


def engine(specification: Specification, areas: AreaCounts, known: Evidence) -> Found:
    rates = estimate_all(specification, areas, known.pool, SETTINGS)
    persons = estimate_persons(specification, areas, rates, evidence=known, settings=SETTINGS)
    return specification, areas, rates, persons


@pytest.fixture(scope="module", params=[2021, 2023])
def vintage(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def found(vintage: int) -> Found:
    specification = load_specification(vintage=vintage, layouts=sections.LAYOUTS)
    return engine(specification, counted(vintage), evidence())


def values(found: Found) -> dict[str, np.ndarray]:
    _, _, rates, persons = found
    return {name: each.value for name, each in rates.items()} | {
        name: each.estimate.value for name, each in persons.items()
    }


def test_every_indicator_of_the_vintage_is_computed_in_every_area(
    found: Found, vintage: int
) -> None:
    expected = GIVEN | ({"seconde_generazioni"} if vintage == 2023 else set())
    every = values(found)
    assert set(every) == expected
    for name, value in every.items():
        assert np.isfinite(value).all(), name


def test_values_are_those_of_the_formulas(found: Found, vintage: int) -> None:
    _, areas, rates, persons = found
    city = areas.is_city

    def whole(expression: str) -> np.ndarray:
        return areas.evaluate(expression)[city]

    adult = whole("P17 + P18 + P19 + P20 + P21 + P22 + P23 + P24 + P25 + P26")
    older = adult + whole("P27 + P28 + P29")
    women = whole("P70 + P71 + P72 + P73 + P74 + P75 + P76 + P77 + P78 + P79")
    gap = whole("IT10") / whole("IT2") - whole("ST31") / whole("ST23")
    told = {
        "non_occupazione_15_64": 100 * (1 - whole("P101") / adult),
        "occupazione_femminile": 100 * whole("P103") / women,
        "bassa_istruzione": 100 * (whole("P86 + P87 + P88") - (whole("P83") - older)) / older,
        "famiglie_numerose": 100 * whole("PF8") / whole("PF1"),
        "anziani_75": 100 * whole("P29") / whole("P1"),
        "divario_occupazione": 100 * gap,
        "mancata_parita": gap * whole("ST23"),
        "giovani_stranieri": whole("ST22"),
    }
    for name, expected in told.items():
        np.testing.assert_allclose(rates[name].value[city], expected, err_msg=name)
    if vintage == 2023:
        np.testing.assert_array_equal(rates["seconde_generazioni"].value, areas.evaluate("EM3+EM5"))
    neet = persons["neet_15_29"].estimate
    level = country.share("Novara") / 100
    np.testing.assert_allclose(neet.value[city], level * whole("(P17 + P18 + P19)"))


def test_persons_add_up_and_missing_parity_is_persons(found: Found) -> None:
    _, areas, rates, persons = found
    for name in ("neet_15_29", "isolati_65", "competenze_inadeguate"):
        estimate = persons[name].estimate
        for group in set(areas.groups[~areas.is_city]):
            inside = areas.groups == group
            assert abs(estimate.value[inside].sum() - estimate.city[inside][0]) < 1e-6
    missing = rates["mancata_parita"]
    gap = rates["divario_occupazione"].value
    expected = np.maximum(0, gap) / 100 * areas.evaluate("ST23")
    # Each draws its own rates but both shrink alike.
    np.testing.assert_allclose(missing.value, expected)
    assert (missing.value[areas.is_city] > 50).all()


def frozen_of(found: Found) -> Frozen:
    specification, areas, rates, _ = found
    posts, cuts = freeze(specification, areas, rates, pl.Series(~areas.is_city))
    return Frozen(
        goalposts={
            row["indicator_id"]: Goalposts(
                row["minimum"],
                row["maximum"],
                (row["minimum"] + row["maximum"]) / 2,
                "+" if row["polarity"] > 0 else "-",
            )
            for row in posts.iter_rows(named=True)
        },
        cuts={
            (row["theme"], row["method"]): tuple(row[f"cut_{k}"] for k in range(1, CLASSES))
            for row in cuts.iter_rows(named=True)
        },
    )


def test_new_generations_are_no_longer_partial_and_have_an_index_everywhere(
    found: Found, vintage: int
) -> None:
    specification, areas, rates, _ = found
    cards = specification.index_indicators("nuove_generazioni")
    assert [card.indicatore_id for card in cards] == [
        "sovraconcentrazione_under30", "divario_occupazione", "separazione_residenziale",
    ]  # fmt: skip
    assert not specification.is_partial("nuove_generazioni")
    ranked = AreaCounts(
        areas.frame.with_columns(ranked=pl.col("level") != "C"), areas.floor, areas.units
    )
    rows = theme_indices(
        specification, ranked, rates, frozen=frozen_of(found), settings=SETTINGS, year=vintage
    ).rows
    own = rows.filter(pl.col("metodo") == CITY_METHOD)
    partial = dict(own.group_by("dimensione").agg(pl.col("parziale").all()).iter_rows())
    assert partial == {
        "giovani": True, "solitudine": True, "mobilita": False, "nuove_generazioni": False,
    }  # fmt: skip
    assert own.height == 4 * 2 * sections.AREAS
    shown = own.select("indice", "ic_inf", "ic_sup", "p_quinto_alto")
    assert shown.null_count().sum_horizontal().item() == 0


def test_rows_to_publish_say_the_year_and_what_is_missing_with_its_reason(
    found: Found, vintage: int
) -> None:
    specification, areas, rates, _ = found
    facts = indicator_facts(
        specification,
        areas,
        rates,
        evidence=evidence(),
        settings=SETTINGS,
        year=vintage,
        sources={"C": "whole", "A": "parts"},
    )
    gone = {card.indicatore_id for card in specification.unavailable}
    states = dict(facts.group_by("indicatore_id").agg(pl.col("stato").unique()).iter_rows())
    assert {name for name, found in states.items() if found == ["non_disponibile"]} == gone
    assert set(facts["anno_struttura"]) == {vintage}
    reasons = dict(unavailable_indicators(specification, areas, sections.pool()).iter_rows())
    assert set(reasons) == gone
    assert all(reasons.values())


def test_a_deleted_column_takes_its_indicators_away_with_the_reason(found: Found) -> None:
    specification, areas, _, _ = found
    base, known = values(found), evidence()
    assert areas.units is not None
    used = {code for name in base for code in specification.codes(name)} | {"P1"}
    for code in sorted(used):
        less = AreaCounts(areas.frame.drop(code), areas.floor, areas.units.drop(code, strict=False))
        short = Evidence(
            pool=known.pool.drop(code, strict=False),
            series=known.series,
            isolation=known.isolation,
            cities=known.cities,
        )
        reasons = dict(unavailable_indicators(specification, less, short.pool).iter_rows())
        for name, value in values(engine(specification, less, short)).items():
            if name in reasons:
                assert np.isnan(value).all(), (code, name)
                assert code in reasons[name]
            else:
                np.testing.assert_array_equal(value, base[name], err_msg=f"{code} {name}")
        assert {name for name in base if code in specification.codes(name)} <= set(reasons)


def test_without_sections_only_separation_is_missing_and_says_so() -> None:
    specification = load_specification(vintage=2021)
    areas = counted(2021)
    flat = AreaCounts(areas.frame, areas.floor)
    reasons = dict(unavailable_indicators(specification, flat, sections.pool()).iter_rows())
    assert "sezioni" in reasons["separazione_residenziale"]
    every = values(engine(specification, flat, evidence()))
    assert {name for name, value in every.items() if np.isnan(value).any()} == {
        "separazione_residenziale"
    }
