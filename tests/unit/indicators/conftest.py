"""Two towns of four census areas each, with counts small enough to work by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.specification import Indicator, Specification, Theme, ThemeFile

TOWNS = ("001001", "001002")
Counts = Sequence[float]
MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]
MakeSpecification = Callable[..., Specification]


@pytest.fixture(scope="session")
def make_town() -> MakeTown:
    """Areas from eight counts a code: four of the first town, four of the second."""

    def make(**codes: Counts) -> AreaCounts:
        frames = []
        for town, pro_com in enumerate(TOWNS):
            own = {code: list(counts[4 * town : 4 * town + 4]) for code, counts in codes.items()}
            frames.append(
                pl.DataFrame(
                    {
                        "area_id": [f"{pro_com}.A{k:02d}" for k in range(1, 5)] + [f"{pro_com}.C"],
                        "pro_com": [pro_com] * 5,
                        "level": ["A"] * 4 + ["C"],
                        **{code: [*counts, sum(counts)] for code, counts in own.items()},
                    }
                )
            )
        return AreaCounts(pl.concat(frames))

    return make


@pytest.fixture(scope="session")
def make_card() -> MakeCard:
    """An indicator with the given estimator and words of no importance."""

    def make(identifier: str = "prova", /, *, estimator: dict[str, Any], **given: Any) -> Indicator:
        return Indicator.model_validate(
            {
                "indicatore_id": identifier,
                "nome": "Nome",
                "nome_breve": "Nome",
                "name_en": "Name",
                "ruolo": "indice",
                "unita": "%",
                "polarita": 1,
                "comparabilita": "tra_comuni",
                "tipo": "eb",
                "formula": "E / N",
                "come_si_legge": "Così.",
                "cosa_non_dice": "Il perché.",
                "decimali": 1,
                "estimator": estimator,
                **given,
            }
        )

    return make


@pytest.fixture(scope="session")
def make_specification() -> MakeSpecification:
    """A specification of one theme for every group of indicators given."""

    def make(**themes: Sequence[Indicator]) -> Specification:
        return Specification(
            {
                name: ThemeFile(
                    theme=Theme(
                        dimensione=name,
                        nome=name,
                        name_en=name,
                        profilo=name,
                        profile_en=name,
                        domanda="Dove?",
                        descrizione="Che cosa.",
                        cosa_non_dice="Chi.",
                        ordine=place,
                        motivo_parziale=(
                            "Pochi indicatori."
                            if sum(card.ruolo == "indice" for card in cards) < 3
                            else None
                        ),
                        domande_per_il_tavolo=("Chi lo sa?",),
                    ),
                    indicators=tuple(cards),
                )
                for place, (name, cards) in enumerate(themes.items(), start=1)
            }
        )

    return make


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(draws=200, seed=7)


@pytest.fixture(scope="session")
def no_pool() -> pl.DataFrame:
    """A pool for indicators that learn nothing from outside."""
    return pl.DataFrame()
