"""The specification table: faults are named, and the shipped files say what they must."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.kinds import Estimator
from will_pipeline.indicators.methods import METHOD_IN_WORDS, indicator_rows
from will_pipeline.indicators.specification import (
    Indicator,
    Specification,
    SpecificationFault,
    load_specification,
    theme_rows,
)

MakeCard = Callable[..., Indicator]
RATE = {"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}


@pytest.fixture(scope="module")
def shipped() -> Specification:
    return load_specification()


@pytest.fixture
def theme(make_card: MakeCard) -> dict[str, Any]:
    """A file of one full theme, as it would be read from YAML."""
    cards = [make_card(name, estimator=RATE).model_dump() for name in ("uno", "due", "tre")]
    words = ("nome", "name_en", "profilo", "profile_en", "domanda", "descrizione", "cosa_non_dice")
    return {
        "theme": {
            "dimensione": "prova",
            "ordine": 1,
            "domande_per_il_tavolo": ["Chi?"],
            **dict.fromkeys(words, "Parole"),
        },
        "indicators": cards,
    }


def refused(folder: Path, content: object, *named: str) -> None:
    (folder / "prova.yaml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(SpecificationFault) as fault:
        load_specification(folder)
    for word in named:
        assert word in str(fault.value)


def test_a_good_file_is_read_in_its_own_order(tmp_path: Path, theme: dict[str, Any]) -> None:
    (tmp_path / "prova.yaml").write_text(yaml.safe_dump(theme), "utf-8")
    read = load_specification(tmp_path)
    assert [card.indicatore_id for card in read.index_indicators("prova")] == ["uno", "due", "tre"]
    assert read.theme_of == dict.fromkeys(("uno", "due", "tre"), "prova")
    assert not read.is_partial("prova")


def test_an_unknown_field_is_named(tmp_path: Path, theme: dict[str, Any]) -> None:
    theme["indicators"][1]["colour"] = "red"
    refused(tmp_path, theme, "prova.yaml", "indicators.1", "colour")


def test_an_unknown_estimator_is_named(tmp_path: Path, theme: dict[str, Any]) -> None:
    theme["indicators"][0]["estimator"] = {"kind": "guess"}
    refused(tmp_path, theme, "prova.yaml", "guess")


@pytest.mark.parametrize(
    ("field", "value"),
    [("polarita", 2), ("ruolo", "altro"), ("tipo", "vero"), ("decimali", -1),
     ("indicatore_id", "Due Parole"), ("comparabilita", "sempre")],
)  # fmt: skip
def test_a_value_out_of_its_domain_is_named(
    tmp_path: Path, theme: dict[str, Any], field: str, value: object
) -> None:
    theme["indicators"][2][field] = value
    refused(tmp_path, theme, "prova.yaml", f"indicators.2.{field}")


def test_a_missing_word_is_named(tmp_path: Path, theme: dict[str, Any]) -> None:
    del theme["indicators"][0]["cosa_non_dice"]
    refused(tmp_path, theme, "indicators.0.cosa_non_dice")


def test_a_standardisation_names_its_expected_cases_and_the_source_of_the_rates(
    tmp_path: Path, theme: dict[str, Any]
) -> None:
    standardised = {**RATE, "kind": "shrunk_standardised", "expected": "0.1 * Y"}
    theme["indicators"][0]["estimator"] = standardised
    refused(tmp_path, theme, "standard")
    del standardised["expected"]
    standardised["standard"] = "published_rates"
    refused(tmp_path, theme, "expected")


def test_an_indicator_defined_twice_is_named(tmp_path: Path, theme: dict[str, Any]) -> None:
    theme["indicators"][2] = theme["indicators"][0]
    refused(tmp_path, theme, "defined twice", "uno")


def test_a_partial_theme_says_why_and_a_full_one_does_not(
    tmp_path: Path, theme: dict[str, Any]
) -> None:
    short = {**theme, "indicators": theme["indicators"][:2]}
    refused(tmp_path, short, "prova", "says why")
    theme["theme"]["motivo_parziale"] = "Pochi indicatori."
    refused(tmp_path, theme, "prova", "says why")


def test_malformed_yaml_is_refused_with_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "rotto.yaml").write_text("theme: [", "utf-8")
    with pytest.raises(SpecificationFault, match=r"rotto\.yaml"):
        load_specification(tmp_path)


def test_the_four_needs_come_in_order_and_only_the_last_is_partial(shipped: Specification) -> None:
    names = [theme.dimensione for theme in shipped.themes]
    assert names == ["giovani", "solitudine", "mobilita", "nuove_generazioni"]
    assert [shipped.is_partial(name) for name in names] == [False, False, False, True]


def test_what_tells_a_need_has_a_direction_and_what_accompanies_has_none(
    shipped: Specification,
) -> None:
    for card in shipped.indicators.values():
        assert (card.polarita != 0) == (card.ruolo in ("indice", "persone")), card.indicatore_id
    assert shipped.indicators["occupazione_femminile"].polarita == -1


def test_the_presence_of_foreign_residents_is_never_in_an_index(shipped: Specification) -> None:
    for name in ("giovani_stranieri", "stranieri_residenti", "acquisizioni_cittadinanza"):
        assert shipped.indicators[name].ruolo in ("esposizione", "contesto")


def test_values_of_areas_are_never_published_under_250_residents(shipped: Specification) -> None:
    assert all(card.soglia_riservatezza >= 250 for card in shipped.from_census)


def test_every_kind_of_estimator_is_explained(shipped: Specification) -> None:
    union = get_args(get_args(Estimator)[0])
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in union}
    assert set(METHOD_IN_WORDS) == kinds


def test_cards_and_needs_fit_their_published_tables(shipped: Specification) -> None:
    contracts = load_contracts("mart")
    cards = conform(indicator_rows(shipped), contracts["dim_indicatore"])
    assert cards.height == len(shipped.indicators)
    assert cards["metodo"].null_count() == 0
    needs = conform(theme_rows(shipped), contracts["dim_dimensione"])
    reasons = dict(needs.select("dimensione", "motivo_parziale").iter_rows())
    assert reasons["nuove_generazioni"]
    assert reasons["giovani"] is None


def synthetic(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "synthetic",
        "exposed": [{"name": "tutti", "population": "P17"}],
        "signals": [{"name": "uno"}],
        "level": {"kind": "provincial", "series": "S"},
        **changed,
    }


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (synthetic(signals=[{"name": "ignoto"}]), "ignoto"),
        (synthetic(signals=[{"name": "uno", "prior": {"weight": 1, "error": 1}}]), "prior"),
        (
            synthetic(
                level={
                    "kind": "macro_area", "measure": "m", "rate_error": 1, "heterogeneity": 0.1,
                }
            ),
            "prior",
        ),
        ({"kind": "synthetic_share", "of": "uno"}, "uno is no synthetic indicator"),
        ({"kind": "unavailable", "reason": ""}, "reason"),
    ],
)  # fmt: skip
def test_an_indicator_of_persons_that_cannot_work_is_named(
    tmp_path: Path,
    theme: dict[str, Any],
    make_card: MakeCard,
    estimator: dict[str, Any],
    named: str,
) -> None:
    card = make_card("persone", estimator=RATE, ruolo="persone").model_dump()
    theme["indicators"].append({**card, "estimator": estimator})
    refused(tmp_path, theme, named)


def test_a_code_that_no_record_layout_has_is_an_error_at_load(
    tmp_path: Path, theme: dict[str, Any], make_card: MakeCard
) -> None:
    card = make_card("persone", estimator=RATE, ruolo="persone").model_dump()
    theme["indicators"].append({**card, "estimator": synthetic()})
    (tmp_path / "prova.yaml").write_text(yaml.safe_dump(theme), "utf-8")
    known = {2011: {"E", "N", "P17"}}
    assert load_specification(tmp_path, layouts=known).codes("persone") == known[2011]
    with pytest.raises(SpecificationFault, match=r"layout of 2011.*P17"):
        load_specification(tmp_path, layouts={2011: {"E", "N"}})


def test_what_the_figures_cannot_give_never_enters_an_index(shipped: Specification) -> None:
    missing = {card.indicatore_id for card in shipped.unavailable}
    assert missing == {
        "divario_occupazione", "separazione_residenziale", "mancata_parita", "reddito_cap",
        "seconde_generazioni",
    }  # fmt: skip
    entering = {
        card.indicatore_id
        for theme in shipped.themes
        for card in shipped.index_indicators(theme.dimensione)
    }
    assert not missing & entering
    assert all("Non disponibile" in card.cosa_non_dice for card in shipped.unavailable)


def test_estimates_of_persons_are_called_estimates(shipped: Specification) -> None:
    for card in shipped.indicators.values():
        if card.ruolo == "persone":
            assert "stimat" in card.nome or card in shipped.unavailable
            assert card.numeratore_def is None
        words = f"{card.nome} {card.come_si_legge} {card.cosa_non_dice}".lower()
        assert "degradat" not in words
