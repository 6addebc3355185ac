"""Latent need: the identity holds, nothing is invented, and no small number can be worked out."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from tests.unit.needs.demand_town import THEME, TOWN, checked, expected_town, users
from will_pipeline.errors import SourceFault
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.expected import ExpectedPersons
from will_pipeline.needs.latent import latent_rows
from will_pipeline.needs.served import LEAST_USERS, total_relation
from will_pipeline.statistics.suppression import audit

SETTINGS = Settings(draws=400, seed=3)
NOBODY = users({})
CITIES = 200
FOUR = {"A01": 100.0, "A02": 200.0, "A03": 50.0, "A04": 150.0}
MADE_OF_USERS = [
    "serviti", "latenti", "latenti_inf", "latenti_sup", "eccedenza", "divario_equita",
    "divario_inf", "divario_sup", "copertura", "copertura_inf", "copertura_sup", "copertura_eb",
    "copertura_comune",
]  # fmt: skip


def rows(expected: ExpectedPersons, delivered: pl.DataFrame) -> pl.DataFrame:
    return checked(latent_rows(expected, delivered, settings=SETTINGS), "bisogno_latente")


def by_tail(frame: pl.DataFrame) -> dict[str, dict[str, object]]:
    return {row["area_id"].removeprefix(f"{TOWN}."): row for row in frame.to_dicts()}


def test_without_a_file_nothing_is_invented() -> None:
    expected = expected_town(FOUR)
    found = rows(expected, NOBODY)
    assert set(found["stato_copertura"]) == {"non nota"}
    assert found.select(pl.col(MADE_OF_USERS).is_null().all()).row(0) == (True,) * 13
    assert found["anno_serviti"].null_count() == found.height
    same = found.join(expected.frame, on="area_id", suffix="_")
    assert (same["attesi"] == same["attesi_"]).all()
    assert (same["attesi_inf"] == same["attesi_inf_"]).all()


def test_the_numbers_are_those_of_the_formulas() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 20, "A02": 20, "A03": 60, "A04": 0})))
    kappa = 100 / 500
    assert [found[tail]["latenti"] for tail in FOUR] == [80.0, 180.0, 0.0, 150.0]
    assert [found[tail]["eccedenza"] for tail in FOUR] == [0.0, 0.0, 10.0, 0.0]
    assert [found[tail]["copertura"] for tail in FOUR] == [20.0, 10.0, 120.0, 0.0]
    assert [found[tail]["divario_equita"] for tail in FOUR] == [
        0.0, kappa * 200 - 20, 0.0, kappa * 150
    ]  # fmt: skip
    assert {found[tail]["copertura_comune"] for tail in FOUR} == {20.0}


def test_a_whole_city_is_the_sum_of_all_its_areas() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 20, "A02": 20, "A03": 60, "A04": 0})))
    city = found["C"]
    assert (city["stato_copertura"], city["motivo_copertura"]) == ("nota", None)
    assert (city["serviti"], city["latenti"], city["anno_serviti"]) == (100, 400.0, 2025)
    assert city["copertura"] == 20.0
    assert city["copertura_inf"] < 20 < city["copertura_sup"]
    assert city["divario_equita"] is None


def test_a_city_with_areas_missing_says_how_many() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 20, "A02": 30})))
    assert found["C"]["stato_copertura"] == "non nota"
    assert found["C"]["serviti"] is None
    assert found["C"]["motivo_copertura"] == (
        "Per il totale mancano le persone seguite di 2 aree su 4."
    )
    assert found["A03"]["motivo_copertura"] == "Manca nel file del comune."
    nearly = users({"A01": 20, "A02": 30, "A03": 15})
    told = by_tail(rows(expected_town(FOUR), nearly))["C"]["motivo_copertura"]
    assert told == "Per il totale mancano le persone seguite di un'area su 4."


def test_areas_of_another_level_and_of_no_file_say_why() -> None:
    both = expected_town({**FOUR, "Q01": 300.0, "Q02": 200.0})
    found = by_tail(rows(both, users({"Q01": 40, "Q02": 20})))
    assert found["C"]["serviti"] == 60
    assert found["A01"]["motivo_copertura"] == (
        "Il comune ha contato le persone per quartiere: i confini sono altri."
    )
    nothing = by_tail(rows(both, NOBODY))
    assert nothing["C"]["motivo_copertura"] == (
        "Il comune non ha dato il suo file per questo bisogno."
    )


def test_years_that_differ_are_not_summed() -> None:
    mixed = pl.concat([users({"A01": 20, "A02": 30, "A03": 15}), users({"A04": 20}, year=2023)])
    city = by_tail(rows(expected_town(FOUR), mixed))["C"]
    assert city["serviti"] is None
    assert "anni diversi" in str(city["motivo_copertura"])


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"A01": 4, "A02": 40, "A03": 12, "A04": 30}, 86),
        ({"A01": 4, "A02": 0, "A03": 2, "A04": 0}, None),
        ({"A01": 12, "A02": 0, "A03": 0, "A04": 0}, 12),
    ],
)
def test_the_total_is_the_one_small_numbers_are_protected_against(
    counts: dict[str, int], told: int | None
) -> None:
    city = by_tail(rows(expected_town(FOUR), users(counts)))["C"]
    assert city["serviti"] == told
    assert city["stato_copertura"] == ("riservata" if told is None else "nota")


def test_the_latent_interval_is_that_of_the_expected_less_the_served() -> None:
    expected = expected_town(FOUR)
    found = by_tail(rows(expected, users({"A01": 20, "A02": 190})))
    draws = expected.draws(THEME, [f"{TOWN}.A02"])[:, 0]
    lower, upper = np.quantile(np.maximum(0, draws - 190), [0.05, 0.95])
    assert found["A02"]["latenti_inf"] == pytest.approx(lower, abs=0.06)
    assert found["A02"]["latenti_sup"] == pytest.approx(upper, abs=0.06)
    assert found["A02"]["latenti_inf"] == 0.0


def test_areas_without_a_row_are_unknown_and_never_zero() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 20, "A02": 30})))
    assert [found[tail]["stato_copertura"] for tail in FOUR] == [
        "nota", "nota", "non nota", "non nota"
    ]  # fmt: skip
    assert all(found["A03"][name] is None for name in MADE_OF_USERS)
    assert found["A01"]["copertura_comune"] == pytest.approx(16.7)


def test_one_covered_area_has_coverage_but_no_gap() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 20})))
    assert found["A01"]["copertura"] == 20.0
    assert found["A01"]["copertura_inf"] < 20 < found["A01"]["copertura_sup"]
    assert found["A01"]["divario_equita"] is None
    assert found["A01"]["copertura_comune"] is None


def test_the_latest_year_counts_and_is_told() -> None:
    delivered = pl.concat(
        [
            users({"A01": 90, "A02": 90, "A03": 15}, year=2023),
            users({"A01": 20, "A02": 30}, year=2025),
        ]
    )
    found = by_tail(rows(expected_town(FOUR), delivered))
    assert [found[tail]["serviti"] for tail in ("A01", "A02", "A03")] == [20, 30, 15]
    assert [found[tail]["anno_serviti"] for tail in FOUR] == [2025, 2025, 2023, None]


def test_a_city_may_change_level_but_not_mix_levels() -> None:
    both = expected_town({**FOUR, "Q01": 300.0, "Q02": 200.0})
    moved = pl.concat([users({"A01": 90}, year=2023), users({"Q01": 40, "Q02": 20}, year=2025)])
    found = by_tail(rows(both, moved))
    assert found["A01"]["stato_copertura"] == "non nota"
    assert found["Q01"]["latenti"] == 260.0
    with pytest.raises(SourceFault) as caught:
        rows(both, pl.concat([users({"A01": 90}), users({"Q01": 40})]))
    assert str(caught.value) == (
        "persone seguite dai servizi, file core.service_users, comune 099001, bisogno solitudine: "
        "aree di due livelli nello stesso anno (A, Q): se ne usa uno solo"
    )


def test_an_area_that_does_not_exist_is_named() -> None:
    with pytest.raises(SourceFault, match=r"area 099001\.A77: l'area non esiste"):
        rows(expected_town(FOUR), users({"A77": 20}))


def test_a_small_number_is_withheld_with_the_area_that_would_give_it_back() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 4, "A02": 40, "A03": 12, "A04": 30})))
    states = [found[tail]["stato_copertura"] for tail in FOUR]
    assert states == ["riservata", "nota", "riservata", "nota"]
    for tail in ("A01", "A03"):
        assert all(found[tail][name] is None for name in MADE_OF_USERS)
        assert found[tail]["attesi"] == FOUR[tail]
    assert found["A02"]["copertura_comune"] == pytest.approx(100 * 86 / 500)


def test_a_city_with_too_few_users_shows_none_of_them() -> None:
    found = by_tail(rows(expected_town(FOUR), users({"A01": 4, "A02": 0, "A03": 2, "A04": 0})))
    assert [found[tail]["stato_copertura"] for tail in FOUR] == ["riservata"] * 4


@pytest.mark.parametrize("status", ["soppresso", "non_disponibile"])
def test_an_area_under_the_floor_keeps_its_users_whatever_their_number(status: str) -> None:
    expected = expected_town({"A00": None, **FOUR}, residents={"A00": 70}, status={"A00": status})
    delivered = users({"A00": 25, "A01": 20, "A02": 40, "A03": 12, "A04": 30})
    found = by_tail(rows(expected, delivered))
    assert found["A00"]["stato_copertura"] == "riservata"
    assert found["A03"]["stato_copertura"] == "riservata"
    # Its expected persons count in the mean only as what everybody can work out.
    remainder = round(502.0 - 500.0, 1)
    assert found["A01"]["copertura_comune"] == pytest.approx(
        100 * 127 / (500 + remainder), abs=0.05
    )


def test_users_of_a_theme_without_expected_persons_have_no_coverage() -> None:
    blank = expected_town(
        {"A01": None, "A02": None}, status={"A01": "non_disponibile", "A02": "non_disponibile"}
    )
    found = by_tail(rows(blank, users({"A01": 20, "A02": 40})))
    assert [found[tail]["serviti"] for tail in ("A01", "A02")] == [20, 40]
    assert [found[tail]["stato_copertura"] for tail in ("A01", "A02")] == ["non nota"] * 2


def test_what_is_withheld_lends_no_strength_to_the_others() -> None:
    """Two ways of sharing the same withheld total give the same table."""
    expected = expected_town({**FOUR, "A05": 120.0, "A06": 180.0})
    rest = {"A02": 40, "A04": 30, "A05": 25, "A06": 33}
    one = rows(expected, users({"A01": 3, "A03": 9, **rest}))
    two = rows(expected, users({"A01": 9, "A03": 3, **rest}))
    assert one.filter(pl.col("stato_copertura") == "riservata").height == 2
    assert one.equals(two)


def test_a_rounded_area_tells_its_coverage_from_published_ends() -> None:
    expected = expected_town(
        {"A00": None, **FOUR, "A03": 90.0}, residents={"A00": 70}, steps={"A03": 5.0}
    )
    delivered = users({"A01": 30, "A02": 60, "A03": 12, "A04": 45})
    draws = expected.estimates[THEME].draws.copy()
    draws[:, expected.positions[f"{TOWN}.A03"]] *= 1.5
    draws[:, expected.positions[f"{TOWN}.A00"]] *= 0.1
    moved = replace(expected, estimates={THEME: replace(expected.estimates[THEME], draws=draws)})
    assert rows(expected, delivered).equals(rows(moved, delivered))
    one = by_tail(rows(expected, delivered))["A03"]
    assert one["copertura_inf"] < one["copertura"] < one["copertura_sup"]
    assert one["divario_inf"] < one["divario_equita"] < one["divario_sup"]


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.15, 0.3, 0.5])
def test_intervals_of_coverage_and_gap_hold_the_truth_as_often_as_they_say(spread: float) -> None:
    """Simulated cities whose take-up varies by area: nominal 90 %, wider rather than narrower."""
    generator = np.random.default_rng(20_261_201)
    held: dict[str, list[bool]] = {"copertura": [], "divario": [], "latenti": []}
    for seed in range(CITIES):
        guess = {
            f"A{place:02d}": float(each)
            for place, each in enumerate(generator.uniform(80, 500, 10).round(1))
        }
        expected = expected_town(guess, seed=seed)
        names = [f"{TOWN}.{tail}" for tail in guess]
        true = expected.draws(THEME, names)[0]
        take_up = generator.gamma(spread**-2, 0.2 * spread**2, size=true.size)
        served = generator.poisson(take_up * true)
        found = latent_rows(
            expected, users(dict(zip(guess, served.tolist(), strict=True))), settings=SETTINGS
        ).filter(pl.col("area_id").is_in(names) & pl.col("latenti").is_not_null())
        place = [names.index(each) for each in found["area_id"]]
        mean = (take_up * true).sum() / true.sum()
        truths = {
            "copertura": (100 * take_up)[place],
            "divario": np.maximum(0, mean * true - take_up * true)[place],
            "latenti": np.maximum(0, true - served)[place],
        }
        for name, truth in truths.items():
            low, high = (found[f"{name}_{end}"].to_numpy() for end in ("inf", "sup"))
            held[name] += ((low <= truth + 1e-9) & (truth <= high + 1e-9)).tolist()
    shares = {name: float(np.mean(inside)) for name, inside in held.items()}
    assert all(0.87 <= share <= 0.99 for share in shares.values()), shares


counts = st.lists(st.integers(0, 60), min_size=1, max_size=9)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[ExpectedPersons, dict[str, int], int]:
    served = draw(counts)
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    tails = [f"A{place:02d}" for place in range(len(served) + 1)]
    persons: dict[str, float | None] = {
        tail: round(float(each), 1)
        for tail, each in zip(tails, generator.uniform(6, 90, len(tails)), strict=True)
    }
    small = draw(st.booleans())
    if small:
        persons["A00"] = None
    expected = expected_town(persons, residents={"A00": 100} if small else None)
    return expected, dict(zip(tails, served, strict=False)), draw(st.integers(0, 1_000))


@tuned(deadline=None, max_examples=25)
@given(deliveries())
def test_the_identity_holds_and_the_order_of_rows_does_not_matter(
    case: tuple[ExpectedPersons, dict[str, int], int],
) -> None:
    expected, served, seed = case
    found = rows(expected, users(served))
    known = found.filter(pl.col("stato_copertura") == "nota")
    gap = known["attesi"] - known["serviti"] - known["latenti"] + known["eccedenza"]
    assert gap.abs().max() is None or gap.abs().max() <= 1e-9
    assert known["serviti"].to_list() == [
        served[area.removeprefix(f"{TOWN}.")] for area in known["area_id"]
    ]
    again = latent_rows(
        replace(expected, frame=expected.frame.sample(fraction=1, shuffle=True, seed=seed)),
        users(served).sample(fraction=1, shuffle=True, seed=seed),
        settings=SETTINGS,
    )
    assert checked(again, "bisogno_latente").equals(found)


@tuned(deadline=None, max_examples=25)
@given(deliveries())
def test_an_attacker_with_the_city_s_total_cannot_tell_a_withheld_number(
    case: tuple[ExpectedPersons, dict[str, int], int],
) -> None:
    expected, served, _ = case
    found = by_tail(rows(expected, users(served)))
    hidden = np.array([found[tail]["stato_copertura"] == "riservata" for tail in served])
    true = np.array(list(served.values()), dtype=np.float64)
    floor = np.array([found[tail]["stato_attesi"] == "soppresso" for tail in served])
    primary = floor | ((true > 0) & (true < LEAST_USERS))
    assert (hidden | ~primary).all()
    shown = [found[tail]["serviti"] for tail in served]
    assert [each for each in shown if each is not None] == true[~hidden].tolist()
    # Everything made of users is published only where they are.
    for name in MADE_OF_USERS:
        assert all(found[t][name] is None for t, h in zip(served, hidden, strict=True) if h)
    if not primary.any() or true.size < 2 or true.sum() < max(LEAST_USERS, true[primary].max() + 1):
        return
    learnt = audit(
        np.append(true, true.sum()), total_relation(true.size), np.append(hidden, values=False)
    )
    assert not learnt.exposed(np.append(primary, values=False), threshold=LEAST_USERS).any()
