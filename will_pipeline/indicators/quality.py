"""Quality report of every indicator, under the criteria of European statistics.

Only what readers of the mart can recompute belongs here: every measure comes from published rows,
so the report gives away nothing that they withhold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist, median

import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL

CRITERIA = ("rilevanza", "accuratezza", "tempestivita", "comparabilita", "coerenza")
WITHHELD = ("soppresso", "soppresso_secondario")
PERSONS = ("persone", "persone stimate")
INTERVAL_LEVEL = 0.90
DECIMALS = 4
ROLES = {
    "indice": "Entra nell'indice di un bisogno",
    "persone": "Stima quante persone sono nella condizione",
    "esposizione": "Misura la popolazione a cui si guarda, non un bisogno",
    "contesto": "Accompagna la lettura, non entra negli indici",
}
TIERS = {
    "osservato": "Numero come lo pubblica la fonte: resta l'errore della fonte.",
    "derivato": "Rapporto fra dati della fonte: resta l'errore della fonte.",
    "eb": "Tasso avvicinato alla media della città, tanto più quanto meno sono i casi.",
    "sintetico": "Stima sintetica: porta alle aree un dato noto solo per un territorio più grande.",
    "modellato": "Stima da un modello: l'intervallo comprende l'errore del modello.",
    "proxy": "Misura indiretta: sta al posto di ciò che nessuna fonte misura.",
}
COMPARISONS = {
    "tra_comuni": "Si può confrontare anche fra comuni diversi.",
    "entro_comune": "Si può confrontare solo dentro lo stesso comune.",
}
ONLY_CITY = "Riguarda solo il comune intero."
_TO_DEVIATION = 2 * NormalDist().inv_cdf((1 + INTERVAL_LEVEL) / 2)


@dataclass(frozen=True)
class _Case:
    """One indicator and year: its card, its rows, and what the whole table says about it.

    Attributes:
        card: row of `dim_indicatore`.
        areas: rows below the municipality, with `pro_com` and `livello`.
        cities: rows of the municipalities.
        years: years in which the indicator is published.
        newest: newest year of any indicator.
    """

    card: Mapping[str, object]
    areas: pl.DataFrame
    cities: pl.DataFrame
    years: int
    newest: int

    @property
    def units(self) -> pl.DataFrame:
        """Rows that completeness is counted on: areas, or municipalities where there are none."""
        return self.cities if self.areas.is_empty() else self.areas

    @property
    def published(self) -> pl.DataFrame:
        """Rows of areas with a value."""
        return self.areas.filter(pl.col("stato") == "valido")


@dataclass(frozen=True)
class _Finding:
    """What one measure found: a value where there is one, its unit, words."""

    value: float | None
    unit: str | None
    says: str


def quality_rows(facts: pl.DataFrame, cards: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Rows of `qualita_indicatore`.

    Args:
        facts: rows of `fatto_indicatore`.
        cards: rows of `dim_indicatore`.
        areas: rows of `dim_area`, with `area_id`, `pro_com`, `livello`.

    Returns:
        One row per indicator, year, criterion and measure, in that order. A measure that cannot be
        taken has no value and says why; it is never zero.

    Source:
        Eurostat (2021), European Statistical System handbook for quality and metadata reports,
        re-edition 2021: concepts S.12 to S.16 of SIMS 2.0.
    """
    placed = facts.filter(pl.col("gruppo") == "totale").join(
        areas.select("area_id", "pro_com", "livello"), on="area_id", maintain_order="left"
    )
    described = {str(card["indicatore_id"]): card for card in cards.iter_rows(named=True)}
    years = dict(placed.group_by("indicatore_id").agg(pl.col("anno").n_unique()).iter_rows())
    newest = placed.select(pl.col("anno").max()).item()
    whole = pl.col("livello") == MUNICIPALITY_LEVEL
    rows = []
    for (name, year), group in placed.sort("indicatore_id", "anno", "area_id").group_by(
        "indicatore_id", "anno", maintain_order=True
    ):
        case = _Case(
            card=described[str(name)],
            areas=group.filter(~whole),
            cities=group.filter(whole),
            years=years[name],
            newest=newest,
        )
        rows += [
            {
                "indicatore_id": name,
                "anno": year,
                "criterio": criterion,
                "misura": measure,
                "valore": None if found.value is None else round(found.value, DECIMALS),
                "unita": found.unit,
                "testo": found.says,
            }
            for criterion, measure, measured in _MEASURES
            for found in (measured(case),)
        ]
    return pl.DataFrame(
        rows,
        schema={
            "indicatore_id": pl.String,
            "anno": pl.Int32,
            "criterio": pl.String,
            "misura": pl.String,
            "valore": pl.Float64,
            "unita": pl.String,
            "testo": pl.String,
        },
    )


def _use(case: _Case) -> _Finding:
    theme = case.card["dimensione"]
    says = ROLES[str(case.card["ruolo"])]
    return _Finding(None, None, f"{says}: {theme}." if theme else f"{says}.")


def _share_of_units(case: _Case, states: tuple[str, ...], says: str) -> _Finding:
    units = case.units
    noun = "comuni" if case.areas.is_empty() else "aree"
    found = units.filter(pl.col("stato").is_in(states)).height
    return _Finding(100 * found / units.height, "%", f"{says}: {found} {noun} su {units.height}.")


def _published(case: _Case) -> _Finding:
    return _share_of_units(case, ("valido",), "Valore pubblicato")


def _withheld(case: _Case) -> _Finding:
    return _share_of_units(case, WITHHELD, "Non pubblicato per riservatezza")


def _missing(case: _Case) -> _Finding:
    return _share_of_units(
        case, ("non_disponibile", "non_applicabile"), "Valore che manca o non si applica"
    )


def _tier(case: _Case) -> _Finding:
    return _Finding(None, None, TIERS[str(case.card["tipo"])])


def _median_variation(case: _Case) -> _Finding:
    if case.areas.is_empty():
        return _Finding(None, None, f"{ONLY_CITY} La fonte non ne dà l'errore in questa tabella.")
    told = case.published.filter(
        (pl.col("valore") != 0) & pl.col("ic_inf").is_not_null() & pl.col("ic_sup").is_not_null()
    )
    if told.is_empty():
        return _Finding(None, None, "Nessuna area ha un valore diverso da zero con intervallo.")
    deviation = (told["ic_sup"] - told["ic_inf"]) / _TO_DEVIATION
    relative = (100 * deviation / told["valore"].abs()).to_list()
    return _Finding(
        median(relative),
        "%",
        f"Errore relativo tipico: metà delle {told.height} aree con un valore diverso da zero sta "
        "sotto. È ricavato dall'intervallo pubblicato.",
    )


def _share_graded(case: _Case, grade: str) -> _Finding:
    graded = case.areas["affidabilita"].drop_nulls()
    if graded.is_empty():
        return _Finding(None, None, "Nessuna area ha un grado di affidabilità.")
    found = int((graded == grade).sum())
    return _Finding(
        100 * found / graded.len(),
        "%",
        f"Aree con grado {grade}: {found} su {graded.len()} con un grado.",
    )


def _graded(grade: str) -> Callable[[_Case], _Finding]:
    return lambda case: _share_graded(case, grade)


def _structure_lag(case: _Case) -> _Finding:
    year, structure = _years(case)
    says = (
        "Livello e struttura della popolazione sono dello stesso anno."
        if year == structure
        else f"Il livello è del {year}, la struttura della popolazione del {structure}."
    )
    return _Finding(float(year - structure), "anni", says)


def _age(case: _Case) -> _Finding:
    _, structure = _years(case)
    return _Finding(
        float(case.newest - structure),
        "anni",
        f"Distanza fra la struttura ({structure}) e il dato più recente del rilascio "
        f"({case.newest}).",
    )


def _years(case: _Case) -> tuple[int, int]:
    row = case.units.row(0, named=True)
    return int(row["anno"]), int(case.units.select(pl.col("anno_struttura").min()).item())


def _comparison(case: _Case) -> _Finding:
    return _Finding(None, None, COMPARISONS[str(case.card["comparabilita"])])


def _cities_covered(case: _Case) -> _Finding:
    covered = case.cities.filter(pl.col("stato") == "valido")["pro_com"].n_unique()
    return _Finding(float(covered), "comuni", "Comuni con un valore.")


def _years_published(case: _Case) -> _Finding:
    return _Finding(float(case.years), "anni", "Anni pubblicati con la stessa definizione.")


def counts_persons(card: Mapping[str, object]) -> bool:
    """Whether an indicator says how many persons, which add up, and not what share of them.

    Args:
        card: row of `dim_indicatore`, with `unita`: persons, counted or estimated.
    """
    return card["unita"] in PERSONS


def _sum_gap(case: _Case) -> _Finding:
    if case.areas.is_empty():
        return _Finding(None, None, ONLY_CITY)
    count = "valore" if counts_persons(case.card) else "numeratore"
    sums = _complete(case.areas, count).join(
        case.cities.select("pro_com", city=count), on="pro_com"
    )
    sums = sums.filter(pl.col("city") > 0)
    if sums.is_empty():
        return _Finding(None, None, "Nessuna città ha i conteggi di tutte le sue aree.")
    gap = sums.select((100 * (pl.col("total") / pl.col("city") - 1)).abs().max()).item()
    return _Finding(
        gap,
        "%",
        "Scarto più grande fra la somma delle aree e la città, in "
        f"{sums['pro_com'].n_unique()} città con tutti i conteggi pubblicati.",
    )


def _level_gap(case: _Case) -> _Finding:
    if case.areas.is_empty():
        return _Finding(None, None, ONLY_CITY)
    if counts_persons(case.card):
        levels = _complete(case.areas, "valore").select("pro_com", "livello", mean="total")
    else:
        weighted = case.areas.with_columns(mass=pl.col("valore") * pl.col("denominatore"))
        levels = (
            _complete(weighted, "mass")
            .join(
                _complete(weighted, "denominatore").rename({"total": "weight"}),
                on=["pro_com", "livello"],
            )
            .filter(pl.col("weight") > 0)
            .select("pro_com", "livello", mean=pl.col("total") / pl.col("weight"))
        )
    both = levels.group_by("pro_com").agg(
        pl.len().alias("levels"),
        spread=pl.col("mean").max() - pl.col("mean").min(),
        centre=pl.col("mean").mean().abs(),
    )
    both = both.filter((pl.col("levels") > 1) & (pl.col("centre") > 0))
    if both.is_empty():
        return _Finding(None, None, "Nessuna città ha due livelli di aree pubblicati per intero.")
    gap = both.select((100 * pl.col("spread") / pl.col("centre")).max()).item()
    return _Finding(
        gap,
        "%",
        "Scarto più grande, nella stessa città, fra la media calcolata sulle aree di censimento e "
        f"quella sui quartieri: {both.height} città con i due livelli pubblicati per intero.",
    )


def _complete(areas: pl.DataFrame, count: str) -> pl.DataFrame:
    """Sum of `count` by city and level, where every area of the level has it."""
    return (
        areas.group_by("pro_com", "livello")
        .agg(total=pl.col(count).sum(), holes=pl.col(count).null_count())
        .filter(pl.col("holes") == 0)
        .sort("pro_com", "livello")
        .drop("holes")
    )


_MEASURES: tuple[tuple[str, str, Callable[[_Case], _Finding]], ...] = (
    ("rilevanza", "uso", _use),
    ("rilevanza", "aree_pubblicate", _published),
    ("rilevanza", "aree_soppresse", _withheld),
    ("rilevanza", "aree_mancanti", _missing),
    ("accuratezza", "natura", _tier),
    ("accuratezza", "cv_mediano", _median_variation),
    ("accuratezza", "aree_grado_a", _graded("A")),
    ("accuratezza", "aree_grado_b", _graded("B")),
    ("accuratezza", "aree_grado_c", _graded("C")),
    ("tempestivita", "anni_struttura_livello", _structure_lag),
    ("tempestivita", "anni_dal_piu_recente", _age),
    ("comparabilita", "confronto", _comparison),
    ("comparabilita", "comuni_coperti", _cities_covered),
    ("comparabilita", "anni_pubblicati", _years_published),
    ("coerenza", "scarto_somma_aree", _sum_gap),
    ("coerenza", "scarto_fra_livelli", _level_gap),
)
