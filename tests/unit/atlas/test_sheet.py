"""What a printed sheet says: three plain sentences for every state, sources numbered, cuts told."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from tests.unit.atlas.collective_town import Q1, Q2, Q5
from will_pipeline.atlas.finding import find_areas
from will_pipeline.atlas.model import Score, Value
from will_pipeline.atlas.sheet import FITS, VOICE_LETTERS, sheets, three_sentences
from will_pipeline.atlas.static import render_atlas, sheet_forms
from will_pipeline.atlas.views import build_atlas
from will_pipeline.atlas.words import PEOPLE, profile_caution
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.indicators.specification import load_specification

LONG = "parola " * 60


def one(atlas, code):
    (found,) = find_areas(atlas, code)
    return found


@pytest.fixture(scope="module")
def atlas(town):
    return build_atlas(town, release="2026.11.1")


@pytest.fixture(scope="module")
def area(atlas):
    return one(atlas, Q1).area


def scored(area, *readings):
    """The area with needs above, below, near, flat, or without an index."""
    ends = {"above": (101.0, 105.0), "below": (90.0, 99.0), "near": (97.0, 103.0),
            "flat": (100.0, 100.0)}  # fmt: skip
    words = {"above": "sopra", "below": "sotto"}
    scores = []
    for score, reading in zip(area.scores, readings, strict=True):
        if reading == "none":
            scores.append(Score(score.theme, "mancante", "dato mancante", None, None))
            continue
        low, high = ends[reading]
        value = Value((low + high) / 2, low, high, words.get(reading, "non_distinguibile"),
                      4, 1, 3, 6, partial=False, year=2011)  # fmt: skip
        scores.append(Score(score.theme, "valido", "", value, None))
    return replace(area, scores=tuple(scores))


@pytest.mark.parametrize(
    ("readings", "opening", "ending"),
    [
        (
            ("above", "above", "above", "above"),
            "sopra la media della città per «Giovani",
            "il caso",
        ),
        (("above", "below", "near", "flat"), "È sotto la media per «Solitudine»", "«Strade in sal"),
        (("below", "below", "near", "near"), "Nessun bisogno è chiaramente sopra", "«Strade in sa"),
        (
            ("near", "near", "near", "near"),
            "nessun bisogno si vede sopra o sotto",
            "dovuta al caso",
        ),
        (("above", "none", "flat", "flat"), "sopra la media della città per «Giov", "«Solitudine»"),
        (("none", "none", "none", "none"), "Qui non calcoliamo indici: dato manc", "non vuol dire"),
    ],
)
def test_every_branch_says_what_the_intervals_say_in_plain_words(area, readings, opening, ending):
    first, second, third = three_sentences(scored(area, *readings))
    assert opening in first
    assert "circa 310 persone di 65 anni e più a rischio di isolamento sociale. Stima: " in second
    assert ending in third
    assert gulpease(" ".join((first, second, third))) >= LEAST_FOR_EVERYONE


def test_an_area_under_the_floor_says_why_and_shows_no_persons(atlas):
    told = three_sentences(one(atlas, Q5).area)
    assert "meno di 250 residenti" in told[0]
    assert told[1] == "Di quest'area non pubblichiamo persone stimate."


def test_every_number_of_a_source_leads_to_the_list(atlas):
    found = one(atlas, Q2)
    for sheet in sheets(atlas, found.city, found.level, found.area):
        named = {str(line.fact["fonte_id"]) for group in sheet.groups for line in group.lines}
        assert named <= set(sheet.reference)
        assert sorted(sheet.reference.values()) == list(range(1, len(sheet.sources) + 1))


def test_what_a_tight_sheet_leaves_out_is_counted(tables):
    voices = pl.DataFrame(
        {
            "voce_id": [f"v{place}" for place in range(9)],
            "area_id": [Q2] * 9,
            "dimensione": ["giovani"] * 9,
            "data_tavolo": [date(2026, 3, 12)] * 9,
            "tipo_attore": ["sanita"] * 9,
            "esito": ["conferma"] * 9,
            "sintesi": [LONG.strip()] * 9,
            "risorsa_indicata": [None] * 9,
        },
        schema_overrides={"risorsa_indicata": pl.String},
    )
    atlas = build_atlas({**tables, "voce_territorio": voices}, release="1")
    found = one(atlas, Q2)
    roomy, *_, tight = sheets(atlas, found.city, found.level, found.area)
    every = sum(len(group.lines) for group in found.area.groups)
    assert (roomy.left_out, roomy.more_voices) == (0, 9 - FITS[0].voices)
    assert roomy.voices[0].text == LONG.strip()
    assert tight.more_voices == 9 - FITS[-1].voices
    assert len(tight.voices[0].text) <= VOICE_LETTERS + 1
    assert tight.voices[0].text.endswith("parola…")
    assert tight.left_out == every - sum(len(group.lines) for group in tight.groups)
    forms = sheet_forms(atlas, only=Q2)[f"schede/{Q2}.pdf"]
    assert f"{tight.more_voices} altre osservazioni" in forms[-1]


def test_a_hostile_name_is_text_on_the_sheet(atlas):
    (forms,) = sheet_forms(atlas, only="099001.Q06").values()
    assert "<img" not in forms[0]
    assert "&lt;img src=x onerror=" in forms[0]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("099001.q02", ["Molino, Borgo Prova"]),
        ("MOLÌNO", ["Molino, Borgo Prova"]),
        ("area di censimento 1, borgo prova", ["Area di censimento 1, Borgo Prova"]),
        ("storico", ["Centro storico, Borgo Prova"]),
        ("nessuna", []),
        (" ", []),
    ],
)
def test_areas_are_found_by_code_by_name_and_by_words(atlas, asked, names):
    assert [found.name for found in find_areas(atlas, asked)] == names


def test_a_name_of_many_areas_gives_them_all(atlas):
    assert len(find_areas(atlas, "area di censimento")) > 1


def test_pages_lead_to_the_sheets_only_where_they_are_made(tables, pages):
    assert "schede/" not in pages[f"area/{Q1}.html"]
    assert not [path for path in pages if path.startswith("schede/")]
    assert "OFL.txt" in {path.rpartition("/")[2] for path in render_atlas(tables, release="1")}


@pytest.mark.parametrize(
    ("profile", "readings", "said"),
    [
        ("giovani", ("above", "near", "below", "none"), ""),
        ("giovani+solitudine", ("above", "near", "below", "none"), "Solitudine: non distinguibile"),
        ("giovani+mobilita", ("above", "near", "below", "none"), "Strade in salita: sotto la c"),
        ("giovani+solitudine", ("near", "near", "none", "none"), "Giovani in bilico e Solitudine:"),
        ("nessuno", ("near", "near", "flat", "below"), ""),
        (
            "nessuno",
            ("near", "above", "near", "above"),
            "Solitudine e Nuove generazioni: sopra la ",
        ),
    ],
)
def test_a_profile_says_where_its_needs_and_the_indices_differ(area, profile, readings, said):
    told = profile_caution(profile, scored(area, *readings).scores)
    assert told.startswith(said)
    assert bool(told) is bool(said)


def test_pages_say_it_beside_the_profile(pages):
    # The hand-made profile is that of the young, whose index is 100,4 here.
    caution = "Giovani in bilico: non distinguibile dalla città"
    assert caution in pages["area/099001.Q03.html"].partition('id="profilo"')[2]
    city = pages["citta/borgo-prova.html"]
    assert f'<small class="caution">{caution}</small>' in city
    assert f"; {caution})" in city.partition('id="profili"')[2]
    assert caution not in pages["area/099001.Q06.html"].partition('id="profilo"')[2]


def test_the_persons_of_a_need_are_called_as_its_indicator_calls_them():
    suffix = ", persone stimate"
    names = [each.nome for each in load_specification().indicators.values()]
    told = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    assert sorted(name[0].lower() + name[1:] for name in told) == sorted(PEOPLE.values())
