"""Which test of a measure keeps its 5 % with few areas: false alarms of five of them, side by side.

Run as `python benchmarks/few_areas.py --write`; it rewrites the table of tests in
`docs/method/valutazione.md` from its own results.
"""

import argparse
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

PAGE = Path(__file__).resolve().parents[1] / "docs" / "method" / "valutazione.md"
START_MARK, END_MARK = "<!-- prove -->", "<!-- fine prove -->"
BEFORE, AFTER = 4, 3
SIZE, TIE = 0.05, 1e-9
DEPENDENCE = 0.7
BOOTSTRAPS = 999
BATCH = 100
DESIGNS = ((12, 3), (12, 4), (8, 2), (13, 6))

Floats = NDArray[np.float64]
Noise = Callable[[np.random.Generator, int, int], Floats]


def independent(generator: np.random.Generator, areas: int, _: int) -> Floats:
    """Independent years, shape (areas, years)."""
    return generator.normal(size=(areas, BEFORE + AFTER))


def dependent(generator: np.random.Generator, areas: int, treated: int) -> Floats:
    """Autocorrelated years."""
    values = independent(generator, areas, treated)
    values[:, 0] /= np.sqrt(1 - DEPENDENCE**2)
    for column in range(1, values.shape[1]):
        values[:, column] += DEPENDENCE * values[:, column - 1]
    return values


def random_walk(generator: np.random.Generator, areas: int, treated: int) -> Floats:
    """Years that never return to a mean."""
    return independent(generator, areas, treated).cumsum(axis=1)


def heavy_tails(generator: np.random.Generator, areas: int, treated: int) -> Floats:
    """Autocorrelated years, some areas far noisier than others at random."""
    scale = np.sqrt(3 / generator.chisquare(3, size=(areas, 1)))
    return dependent(generator, areas, treated) * scale


def louder_treated(generator: np.random.Generator, areas: int, treated: int) -> Floats:
    """Autocorrelated years, areas with the measure twice as noisy."""
    scale = np.where(np.arange(areas) < treated, 2.0, 1.0)
    return dependent(generator, areas, treated) * scale[:, None]


WORLDS: dict[str, Noise] = {
    "anni indipendenti": independent,
    "anni dipendenti (0,7)": dependent,
    "passeggiata a caso": random_walk,
    "code pesanti": heavy_tails,
    "doppio rumore con la misura": louder_treated,
}
TESTS = ("Raggruppati", "t comune", "Permutazione", "Permutazione t", "Bootstrap selvaggio")


def p_values(change: Floats, treated: int, generator: np.random.Generator) -> Floats:
    """P-values of the five tests on changes of shape (runs, areas), the first areas treated."""
    runs, areas = change.shape
    others = areas - treated
    estimate, spread = _groups(change, treated)
    rows = areas * (BEFORE + AFTER)
    factor = areas / (areas - 1) * (rows - 1) / (rows - 4)
    sandwich = np.sqrt(factor * (spread[0] / treated**2 + spread[1] / others**2))
    pooled = np.sqrt(spread.sum(axis=0) / (areas - 2) * (1 / treated + 1 / others))
    sets = np.zeros((len(list(combinations(range(areas), treated))), areas))
    for row, own in enumerate(combinations(range(areas), treated)):
        sets[row, list(own)] = 1
    inside, squares = change @ sets.T, (change**2) @ sets.T
    total, every = change.sum(axis=1)[:, None], (change**2).sum(axis=1)[:, None]
    gaps = np.abs(inside / treated - (total - inside) / others)
    within = squares - inside**2 / treated
    without = every - squares - (total - inside) ** 2 / others
    ratios = gaps / np.sqrt(within / (treated * (treated - 1)) + without / (others * (others - 1)))
    signs = generator.choice([-1.0, 1.0], size=(BOOTSTRAPS, areas))
    centred = change - change.mean(axis=1, keepdims=True)
    drawn = (centred[:, None, :] * signs).reshape(-1, areas)
    drawn_estimate, drawn_spread = _groups(drawn, treated)
    wild = np.abs(drawn_estimate) / np.sqrt(
        drawn_spread[0] / treated**2 + drawn_spread[1] / others**2
    )
    real = np.abs(estimate) / np.sqrt(spread[0] / treated**2 + spread[1] / others**2)
    return np.column_stack(
        [
            2 * stats.t.sf(np.abs(estimate / sandwich), areas - 1),
            2 * stats.t.sf(np.abs(estimate / pooled), areas - 2),
            (gaps >= gaps[:, [0]] - TIE).mean(axis=1),
            (ratios >= ratios[:, [0]] - TIE).mean(axis=1),
            (wild.reshape(runs, BOOTSTRAPS) >= real[:, None] - TIE).mean(axis=1),
        ]
    )


def _groups(change: Floats, treated: int) -> tuple[Floats, Floats]:
    """Difference of means, and sums of squares within the two groups, shape (2, runs)."""
    groups = (change[:, :treated], change[:, treated:])
    means = [group.mean(axis=1) for group in groups]
    squares = [
        ((group - mean[:, None]) ** 2).sum(axis=1)
        for group, mean in zip(groups, means, strict=True)
    ]
    return np.asarray(means[0] - means[1]), np.array(squares)


def false_alarms(noise: Noise, areas: int, treated: int, simulations: int, seed: int) -> Floats:
    """Share of true nulls that each test rejects at 5 %."""
    generator = np.random.default_rng(seed)
    values = np.stack([noise(generator, areas, treated) for _ in range(simulations)])
    change = values[:, :, BEFORE:].mean(axis=2) - values[:, :, :BEFORE].mean(axis=2)
    found = [
        p_values(change[first : first + BATCH], treated, generator) <= SIZE
        for first in range(0, simulations, BATCH)
    ]
    return np.asarray(np.vstack(found).mean(axis=0))


def main() -> None:
    """Measure every test in every world and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20_260)
    parser.add_argument("--write", action="store_true", help="rewrite the page")
    arguments = parser.parse_args()
    lines = [
        START_MARK,
        f"Rifiuti di un effetto nullo al 5 %, in %, su {arguments.simulations} simulazioni per "
        "riga, senza filtro delle tendenze.",
        "",
        f"| Serie | Aree | {' | '.join(TESTS)} |",
        f"|---|---|{'---:|' * len(TESTS)}",
    ]
    for name, noise in WORLDS.items():
        for areas, treated in DESIGNS:
            rates = false_alarms(noise, areas, treated, arguments.simulations, arguments.seed)
            shown = " | ".join(f"{100 * rate:.1f}".replace(".", ",") for rate in rates)
            lines.append(f"| {name} | {treated} su {areas} | {shown} |")
    text = "\n".join([*lines, END_MARK])
    print(text)
    if arguments.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(START_MARK)
        PAGE.write_text(before + text + rest.partition(END_MARK)[2], "utf-8")


if __name__ == "__main__":
    main()
