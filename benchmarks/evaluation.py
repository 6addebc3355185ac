"""Error rates of the evaluation of a measure: false alarms, effects found, designs held back.

Run as `python benchmarks/evaluation.py`; it rewrites the measured part of
`docs/method/valutazione.md` from its own results.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.comparison import Baseline, Delivered
from will_pipeline.needs.evaluation import evaluate_measures

PAGE = Path(__file__).resolve().parents[1] / "docs" / "method" / "valutazione.md"
START_MARK, END_MARK = "<!-- misure -->", "<!-- fine misure -->"
TOWN, THEMES = "999001", ("giovani", "solitudine", "mobilita", "nuove_generazioni")
BEFORE, AFTER, FIRST = 4, 3, 2019
DEPENDENCE = 0.6
SIZE = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """A way to simulate a measure.

    `choose` gives a score by which treated areas are taken, from indices and outcome; `effect` is
    in smallest detectable effects of the design, `drift` in standard deviations a year, `louder`
    multiplies the noise of treated areas.
    """

    name: str
    areas: int = 12
    treated: int = 4
    named: bool = True
    choose: Callable[[np.random.Generator, Floats, Floats], Floats] | None = None
    effect: float = 0.0
    drift: float = 0.0
    louder: float = 1.0


def random_choice(generator: np.random.Generator, indices: Floats, _: Floats) -> Floats:
    """Areas drawn by lot."""
    return generator.random(len(indices))


def by_need(generator: np.random.Generator, indices: Floats, _: Floats) -> Floats:
    """Areas of most need, not exactly."""
    return -(indices[:, 0] + 0.5 * generator.normal(size=len(indices)))


def by_bad_years(_: np.random.Generator, __: Floats, outcome: Floats) -> Floats:
    """Areas with the highest outcome before the start."""
    return -outcome[:, :BEFORE].mean(axis=1)


SCENARIOS = (
    Scenario("nessun effetto, 4 aree su 12"),
    Scenario("nessun effetto, 3 aree su 12", treated=3),
    Scenario("nessun effetto, 2 aree su 8", areas=8, treated=2),
    Scenario("nessun effetto, 6 aree su 13", areas=13, treated=6),
    Scenario("nessun effetto, 4 su 13 a caso, confronto abbinato", 13, 4, False, random_choice),
    Scenario("nessun effetto, 4 su 13 per bisogno, confronto abbinato", 13, 4, False, by_need),
    Scenario("nessun effetto, 4 su 13 per anni cattivi, abbinato", 13, 4, False, by_bad_years),
    Scenario("nessun effetto, 4 su 12 con il doppio di rumore", louder=2.0),
    Scenario("effetto pari al minimo rilevabile, 4 su 12", effect=1.0),
    Scenario("effetto doppio del minimo rilevabile, 4 su 12", effect=2.0),
    Scenario("effetto doppio, 4 su 13 per bisogno, abbinato", 13, 4, False, by_need, 2.0),
    Scenario("già prima 0,3 deviazioni standard all'anno, 4 su 12", drift=0.3),
    Scenario("già prima 0,6 deviazioni standard all'anno, 4 su 12", drift=0.6),
)


def simulate(
    scenario: Scenario, generator: np.random.Generator, measure_id: str
) -> tuple[Delivered, Baseline]:
    """One measure of an invented town, and what was known of the town before."""
    n, years = scenario.areas, BEFORE + AFTER
    noise = generator.normal(size=(n, years))
    noise[:, 0] /= np.sqrt(1 - DEPENDENCE**2)
    for column in range(1, years):
        noise[:, column] += DEPENDENCE * noise[:, column - 1]
    indices = generator.normal(size=(n, len(THEMES)))
    outcome = 20 + (2 * indices[:, 0] + generator.normal(size=n))[:, None] + noise
    score = (scenario.choose or random_choice)(generator, indices, outcome)
    treated = np.zeros(n, dtype=bool)
    treated[np.argsort(score)[: scenario.treated]] = True
    outcome[treated] += (scenario.louder - 1) * noise[treated]
    outcome[np.ix_(treated, np.arange(years) >= BEFORE)] += scenario.effect * detectable(scenario)
    outcome[treated] += scenario.drift * np.arange(years)
    ids = [f"{TOWN}.Q{code:02d}" for code in range(1, n + 1)]
    return _delivered(measure_id, ids, outcome, treated, named=scenario.named), _baseline(
        ids, indices
    )


def detectable(scenario: Scenario) -> float:
    """Smallest effect that the true variance of the change lets this design see."""
    lags = np.abs(np.subtract.outer(np.arange(BEFORE + AFTER), np.arange(BEFORE + AFTER)))
    covariance = DEPENDENCE**lags / (1 - DEPENDENCE**2)
    weights = np.r_[np.full(BEFORE, -1 / BEFORE), np.full(AFTER, 1 / AFTER)]
    variance = float(weights @ covariance @ weights)
    others = scenario.areas - scenario.treated
    error = np.sqrt(variance * (1 / scenario.treated + 1 / others))
    student = stats.t(scenario.areas - 2)
    return float((student.ppf(1 - SIZE / 2) + student.ppf(0.8)) * error)


def measured(scenario: Scenario, simulations: int, seed: int) -> dict[str, float]:
    """Shares of the simulations by what came of them."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(simulations):
        delivered, baseline = simulate(scenario, generator, f"{TOWN}-{number}")
        result = evaluate_measures(delivered, baseline, settings=Settings(seed=seed))
        rows.append(result.measures)
    table = pl.concat(rows)
    told = table.filter(pl.col("effetto").is_not_null())
    freedom = (told["aree"] + told["aree_confronto"] - 1).to_numpy()
    ratio = (told["effetto"] / told["errore_standard"]).abs().to_numpy()
    clustered = 2 * stats.t.sf(ratio, freedom) <= SIZE
    seen = table["stato"].is_in(["va_meglio", "va_peggio"])
    return {
        "seen": float(seen.mean() or 0.0),
        "clustered": float(clustered.sum() / simulations),
        "held": float((table["stato"] == "tendenze_diverse").mean() or 0.0),
        "few": float((table["stato"] == "poche_aree").mean() or 0.0),
        "compared": float(table["aree_confronto"].mean() or 0.0),
    }


def report(results: list[tuple[Scenario, dict[str, float]]], simulations: int) -> str:
    """The measured part of the page."""
    lines = [
        START_MARK,
        f"{simulations} simulazioni per riga, {BEFORE} anni prima e {AFTER} dopo, dipendenza fra "
        f"anni {_number(DEPENDENCE)}; quote in %.",
        "",
        "| Caso | Effetto visto | Con errori raggruppati | Tendenze diverse | Poche aree | "
        "Aree di confronto |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {scenario.name} | {_number(100 * each['seen'])} | {_number(100 * each['clustered'])} | "
        f"{_number(100 * each['held'])} | {_number(100 * each['few'])} | "
        f"{_number(each['compared'])} |"
        for scenario, each in results
    ]
    return "\n".join([*lines, END_MARK])


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _delivered(
    measure_id: str, ids: list[str], outcome: Floats, treated: NDArray[np.bool_], *, named: bool
) -> Delivered:
    measure = {
        "measure_id": measure_id,
        "pro_com": TOWN,
        "title": "Prova",
        "theme": THEMES[0],
        "outcome_name": "Prova",
        "unit": "per mille",
        "higher_is": "peggio",
        "start": FIRST + BEFORE,
    }
    members = [
        (measure_id, area_id, bool(has))
        for area_id, has in zip(ids, treated, strict=True)
        if has or named
    ]
    values = [
        (measure_id, area_id, FIRST + column, float(value))
        for area_id, line in zip(ids, outcome, strict=True)
        for column, value in enumerate(line)
    ]
    return Delivered(
        pl.DataFrame([measure]),
        pl.DataFrame(members, schema=["measure_id", "area_id", "treated"], orient="row"),
        pl.DataFrame(values, schema=["measure_id", "area_id", "year", "value"], orient="row"),
    )


def _baseline(ids: list[str], indices: Floats) -> Baseline:
    n = len(ids)
    return Baseline(
        pl.DataFrame(
            {
                "area_id": ids,
                "pro_com": [TOWN] * n,
                "livello": ["Q"] * n,
                "popolazione": [5_000] * n,
            }
        ),
        pl.DataFrame(
            {
                "area_id": np.repeat(ids, len(THEMES)),
                "dimensione": list(THEMES) * n,
                "anno": [2011] * (n * len(THEMES)),
                "metodo": ["ampi_citta"] * (n * len(THEMES)),
                "indice": 100 + 5 * indices.ravel(),
            }
        ),
        pl.DataFrame(
            {
                "area_id": ids,
                "anno": [2011] * n,
                "modello": ["regola"] * n,
                "profilo_id": [
                    "+".join(t for t, value in zip(THEMES, line, strict=True) if value > 0.7)
                    or "nessuno"
                    for line in indices
                ],
            }
        ),
    )


def main() -> None:
    """Measure every scenario and rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_260)
    parser.add_argument("--write", action="store_true", help="rewrite the page")
    arguments = parser.parse_args()
    results = [
        (scenario, measured(scenario, arguments.simulations, arguments.seed))
        for scenario in SCENARIOS
    ]
    text = report(results, arguments.simulations)
    print(text)
    if arguments.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(START_MARK)
        PAGE.write_text(before + text + rest.partition(END_MARK)[2], "utf-8")


if __name__ == "__main__":
    main()
