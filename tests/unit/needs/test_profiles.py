"""Profiles by rule: who joins the set, how sure it is, and how it is said in Italian."""

import numpy as np
import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.specification import Specification, ThemeFile, load_specification
from will_pipeline.needs.profiles import (
    NO_NEED,
    UNCLASSIFIED,
    WHO_KEEPS_IT_SO,
    TopThird,
    assign_profiles,
    possible_profiles,
    profile_id,
    profile_rows,
    unranked_areas,
)


@pytest.fixture(scope="module")
def specification() -> Specification:
    return load_specification()


def need(
    theme: str, *draws: str, partial: bool = False, known: tuple[bool, ...] | None = None
) -> TopThird:
    """Evidence on a need, one word an area, one letter a draw: 1 highest third, v lowest."""
    letters = np.array([list(word) for word in draws]).T
    return TopThird(
        theme,
        partial,
        membership=letters == "1",
        lowest=letters == "v",
        known=np.array(known or (True,) * len(draws)),
    )


def assigned(*evidence: TopThird) -> list[dict[str, object]]:
    areas = [f"A{k}" for k in range(evidence[0].membership.shape[1])]
    return assign_profiles(areas, evidence, {}, year=2011).to_dicts()


def test_a_need_joins_only_above_one_half() -> None:
    rows = assigned(need("giovani", "1100", "1110", "0000"))
    assert [row["profilo_id"] for row in rows] == [NO_NEED, "giovani", NO_NEED]
    assert [row["appartenenza"] for row in rows] == [0.5, 0.75, 1.0]
    assert [row["stabilita"] for row in rows] == [0.0, 0.5, 1.0]
    assert [row["secondo_profilo_id"] for row in rows] == ["giovani", NO_NEED, None]


def test_membership_is_the_share_of_draws_with_exactly_that_set() -> None:
    row = assigned(need("giovani", "11110"), need("mobilita", "11011"))[0]
    assert row["profilo_id"] == "giovani+mobilita"
    assert row["appartenenza"] == pytest.approx(3 / 5)
    assert row["secondo_profilo_id"] in ("giovani", "mobilita")
    assert row["stabilita"] == pytest.approx(0.6)


def test_strengths_are_the_needs_likely_in_the_lowest_third_and_never_partial_ones() -> None:
    rows = assigned(
        need("giovani", "1110", "vvv0", "vv00"),
        need("solitudine", "vvvv", "vvv1", "0000"),
        need("nuove_generazioni", "vvvv", "vvvv", "vvvv", partial=True),
    )
    assert [row["punti_di_forza"] for row in rows] == ["solitudine", "giovani, solitudine", None]


def test_the_second_profile_is_the_next_most_frequent() -> None:
    row = assigned(need("giovani", "1111111"), need("mobilita", "0000110"))[0]
    assert (row["profilo_id"], row["secondo_profilo_id"]) == ("giovani", "giovani+mobilita")
    assert row["appartenenza"] == pytest.approx(5 / 7)


def test_a_set_that_no_draw_shows_may_still_be_assigned() -> None:
    row = assigned(need("a", "110"), need("b", "101"), need("c", "011"))[0]
    assert row["profilo_id"] == "a+b+c"
    assert row["appartenenza"] == 0
    assert row["secondo_profilo_id"] in ("a+b", "a+c", "b+c")


def test_shares_of_all_profiles_sum_to_one() -> None:
    words = ["110010", "101010", "001110"]
    areas = [f"A{k}" for k in range(6)]
    evidence = [need(f"n{k}", *[word[j] * 4 for j in range(6)]) for k, word in enumerate(words)]
    rows = assign_profiles(areas, evidence, {}, year=2011)
    assert rows["appartenenza"].to_list() == [1.0] * 6
    assert rows["secondo_profilo_id"].null_count() == 6
    by_area = dict(rows.select("area_id", "profilo_id").iter_rows())
    assert by_area == {
        "A0": "n0+n1", "A1": "n0", "A2": "n1+n2", "A3": "n2", "A4": "n0+n1+n2", "A5": NO_NEED,
    }  # fmt: skip


def test_a_partial_need_never_stands_alone_and_joins_a_full_one() -> None:
    full = need("giovani", "0000", "1111")
    partial = need("nuove_generazioni", "1111", "1111", partial=True)
    alone, together = assigned(full, partial)
    assert alone["profilo_id"] == NO_NEED
    assert alone["appartenenza"] == 1.0
    assert alone["secondo_profilo_id"] is None
    assert together["profilo_id"] == "giovani+nuove_generazioni"


def test_two_partial_needs_make_no_profile() -> None:
    rows = assigned(need("x", "11", partial=True), need("y", "11", partial=True))
    assert rows[0]["profilo_id"] == NO_NEED


def test_an_area_without_an_index_is_not_classified_and_says_which(
    specification: Specification,
) -> None:
    evidence = [
        need("giovani", "11", "11", known=(True, False)),
        need("mobilita", "00", "00", known=(True, False)),
    ]
    rows = assign_profiles(["A1", "A2"], evidence, {"A3": "meno di 1.000 residenti"}, year=2011)
    by_area = {row["area_id"]: row for row in rows.iter_rows(named=True)}
    assert by_area["A1"]["motivo"] is None
    assert by_area["A2"]["profilo_id"] == UNCLASSIFIED
    assert by_area["A2"]["motivo"] == "manca l'indice di: giovani, mobilita"
    assert by_area["A3"]["motivo"] == "meno di 1.000 residenti"
    for name in ("appartenenza", "secondo_profilo_id", "stabilita", "punti_di_forza"):
        assert by_area["A2"][name] is None
    conform(rows, load_contracts("mart")["fatto_profilo"])


def test_evidence_on_other_areas_is_refused() -> None:
    with pytest.raises(ValueError, match="disagree in length"):
        assign_profiles(["A1", "A2"], [need("giovani", "11")], {}, year=2011)


def test_areas_left_out_are_small_areas_and_never_cities() -> None:
    areas = pl.DataFrame(
        {"area_id": ["c", "q", "a"], "level": ["C", "Q", "A"], "ranked": [False, True, False]}
    )
    assert unranked_areas(areas) == {"a": "meno di 1.000 residenti"}


def test_every_assignable_set_is_a_possible_profile(specification: Specification) -> None:
    possible = {
        profile_id([theme.dimensione for theme in chosen])
        for chosen in possible_profiles(specification)
    }
    assert len(possible) == 15
    assert "nuove_generazioni" not in possible
    themes = specification.themes
    evidence = [
        need(
            theme.dimensione,
            *["1" if area >> k & 1 else "0" for area in range(16)],
            partial=specification.is_partial(theme.dimensione),
        )
        for k, theme in enumerate(themes)
    ]
    assert {row["profilo_id"] for row in assigned(*evidence)} == possible


WORDS = {
    "giovani": ("Giovani in bilico", "Giovani ai margini", "Young people"),
    "solitudine": ("Solitudine", "Solitudini", "Loneliness"),
    "mobilita": ("Mobilità sociale", "Strade in salita", "Uphill roads"),
    "nuove_generazioni": ("Nuove generazioni", "Nuove radici", "New roots"),
}


@pytest.fixture
def told(specification: Specification) -> dict[str, dict[str, str]]:
    """Rows of every profile, with the words above in place of the shipped ones."""
    files = {}
    for theme in specification.themes:
        name, profile, profile_en = WORDS[theme.dimensione]
        words = {"nome": name, "profilo": profile, "profile_en": profile_en}
        files[theme.dimensione] = ThemeFile(
            theme=theme.model_copy(update=words),
            indicators=specification.index_indicators(theme.dimensione),
        )
    nobody = pl.DataFrame({"profilo_id": [], "stabilita": []})
    rows = profile_rows(Specification(files), nobody)
    return {row["profilo_id"]: row for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("profile", "label", "english"),
    [
        ("giovani", "Giovani ai margini", "Young people"),
        ("giovani+nuove_generazioni", "Giovani ai margini e nuove radici",
         "Young people and new roots"),
        ("giovani+solitudine+mobilita", "Giovani ai margini, solitudini e strade in salita",
         "Young people, loneliness and uphill roads"),
        (NO_NEED, "Nessun bisogno spicca sulla città", "No need stands out from the city"),
        (UNCLASSIFIED, "Non classificata", "Not classified"),
    ],
)  # fmt: skip
def test_a_profile_is_named_by_its_needs(
    told: dict[str, dict[str, str]], profile: str, label: str, english: str
) -> None:
    assert told[profile]["etichetta"] == label
    assert told[profile]["label_en"] == english


def test_a_profile_speaks_of_the_area_and_brings_questions(
    told: dict[str, dict[str, str]], specification: Specification
) -> None:
    both = told["solitudine+mobilita"]
    assert "In evidenza: Solitudine e mobilità sociale." in both["descrizione"]
    assert both["tratti_su"] == "solitudine, mobilita"
    assert both["tratti_giu"] is None
    for theme in specification.themes[1:3]:
        for question in theme.domande_per_il_tavolo:
            assert question in both["domande_per_il_tavolo"]
    for row in told.values():
        assert row["domande_per_il_tavolo"].endswith("?")
        if row["tratti_su"]:
            assert "Il profilo descrive l'area, non le persone." in row["descrizione"]
            assert "può non distinguersi dal caso" in row["descrizione"]


def test_shipped_profiles_fit_their_table_and_have_names_of_their_own(
    specification: Specification,
) -> None:
    rows = profile_rows(specification, pl.DataFrame({"profilo_id": [], "stabilita": []}))
    published = conform(rows, load_contracts("mart")["dim_profilo"])
    assert published.height == 16
    assert set(published["k"]) == {15}
    assert published["etichetta"].n_unique() == published["label_en"].n_unique() == 16


def test_stability_of_a_profile_is_the_mean_of_its_areas(specification: Specification) -> None:
    given = pl.DataFrame(
        {
            "profilo_id": ["giovani", "giovani", NO_NEED],
            "stabilita": [0.2, 0.6, 1.0],
            "punti_di_forza": ["mobilita", None, "giovani, mobilita"],
        }
    )
    rows = profile_rows(specification, given)
    stability = dict(rows.select("profilo_id", "stabilita").iter_rows())
    assert stability["giovani"] == pytest.approx(0.4)
    assert stability[NO_NEED] == 1
    assert stability["mobilita"] is None


def test_strengths_of_most_areas_are_told_with_a_question_about_them(
    specification: Specification,
) -> None:
    given = pl.DataFrame(
        {
            "profilo_id": ["solitudine"] * 3 + ["giovani"] * 2,
            "stabilita": [0.5] * 5,
            "punti_di_forza": ["mobilita", "giovani, mobilita", None, "solitudine", None],
        }
    )
    rows = {row["profilo_id"]: row for row in profile_rows(specification, given).to_dicts()}
    lonely, young = rows["solitudine"], rows["giovani"]
    assert lonely["tratti_giu"] == "mobilita"
    assert "Punti di forza: qui di solito il bisogno è basso." in lonely["descrizione"]
    assert "Mobilità sociale bloccata" in lonely["descrizione"]
    assert WHO_KEEPS_IT_SO in lonely["domande_per_il_tavolo"]
    assert young["tratti_giu"] is None
    assert "Punti di forza" not in young["descrizione"]
    assert WHO_KEEPS_IT_SO not in young["domande_per_il_tavolo"]
