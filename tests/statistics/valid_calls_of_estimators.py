"""A valid call of every public function that estimates, and how its arguments can be broken.

Read by the `conftest.py` of this folder, which explains the rows.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from will_pipeline.statistics import (
    area_permutation,
    battese_harter_fuller,
    benchmarking,
    cohort_projection,
    difference_in_differences,
    empirical_bayes,
    fay_herriot,
    ipf,
    linear_log_odds,
    logit_shrinkage,
    multivariate_mixed,
    nested_error,
    sharing,
    standardisation,
    standardised_proportion,
    structural_series,
    synthetic,
    synthetic_intervals,
)

CITY = np.repeat([0, 1], 4)
DESIGN = np.column_stack([np.ones(8), np.arange(8.0)])
SERIES = np.array([3.0, 4, 6, 5, 7, 8, 6, 9])
EVENTS = np.array([2.0, 10, 30, 5, 45, 3, 8, 12])
PERSONS = 10 * EVENTS + 20
SIGNALS = SERIES[:, None]
TABLE = np.array([[3.0, 5, 9], [6, 2, 8], [1, 7, 4], [9, 9, 2]])
TILT = synthetic.Tilt(np.array([0.1]), np.array([[0.01]]), 0.1)
POPULATIONS = PERSONS[:, None] * [1.0, 2.0]
GROUPS = {"populations": POPULATIONS, "rates": np.array([0.1, 0.2])}
TREATED = np.repeat([True, False], [8, 8])
AREAS = np.repeat(np.arange(4), 4)
YEARS = np.tile(np.arange(2019.0, 2023), 4)
PANEL = np.random.default_rng(2).normal(size=16)
WOMEN = np.array([[30.0, 25, 40], [60, 70, 90]])
SEXES = ("earlier_women", "later_women", "earlier_men", "later_men")
SUMS = nested_error.domain_sums(SIGNALS, DESIGN[:, :1], CITY)
SURVEY = {"areas": [0, 1], "population_means": [[1.0], [1.0]], "population_sizes": [50.0, 60.0]}
RATES_OF = {"events": EVENTS, "trials": PERSONS}
RATE_BROKEN = {"events": "nan negative >trials", "trials": "nan zero"}

CASES: list[tuple[Any, ...]] = [
    (
        battese_harter_fuller.battese_harter_fuller,
        {"response": SERIES, "design": DESIGN[:, :1], "sample_areas": CITY, **SURVEY},
        {
            "response": "nan",
            "design": "nan",
            "sample_areas": "nan",
            "areas": "nan",
            "population_means": "nan",
            "population_sizes": "nan zero",
        },
        "response design sample_areas",
        True,
    ),
    (
        benchmarking.ratio,
        {"estimates": EVENTS, "totals": {0: 90.0, 1: 80.0}, "groups": CITY},
        {"estimates": "nan negative", "groups": "nan"},
        "estimates groups",
    ),
    (
        benchmarking.difference,
        {"estimates": EVENTS, "totals": 200.0, "variances": PERSONS},
        {"estimates": "nan", "variances": "nan negative"},
        "estimates variances",
    ),
    (
        benchmarking.largest_remainder,
        {"values": EVENTS, "totals": {0: 47.0, 1: 68.0}, "groups": CITY},
        {"values": "nan negative", "groups": "nan"},
        "values groups",
    ),
    (
        cohort_projection.cohort_change_ratios,
        {"earlier": WOMEN, "later": WOMEN},
        {"earlier": "nan negative", "later": "nan negative"},
        "earlier later",
    ),
    (
        cohort_projection.hamilton_perry,
        {
            **dict.fromkeys(SEXES, WOMEN),
            "fertile": [[0.0, 1.0, 0.0]],
        },
        {
            **dict.fromkeys(SEXES, "nan negative"),
            "fertile": "nan above_one",
        },
        "earlier_women later_women earlier_men later_men",
    ),
    (
        cohort_projection.blend_with_no_change,
        {"projected": WOMEN, "launch": WOMEN, "no_change_share": [0.0, 0.5, 0.0]},
        {
            "projected": "nan negative",
            "launch": "nan negative",
            "no_change_share": "nan above_one shorter",
        },
        "projected launch",
    ),
    (
        cohort_projection.rake_to_totals,
        {"projected": WOMEN, "by_age": [80.0, 90.0, 100.0]},
        {"projected": "nan negative", "by_age": "nan negative shorter"},
    ),
    (
        cohort_projection.back_test,
        {"projected": PERSONS, "actual": EVENTS},
        {"projected": "nan zero", "actual": "nan zero"},
        "projected actual",
    ),
    (
        cohort_projection.error_interval,
        {
            "projected": PERSONS,
            "test": cohort_projection.back_test(PERSONS, PERSONS + 1),
            "level": 0.8,
        },
        {"projected": "nan negative"},
    ),
    (
        difference_in_differences.two_by_two,
        {"outcome": PANEL, "treated": TREATED, "after": YEARS > 2020, "area": AREAS, "level": 0.9},
        {"outcome": "nan", "area": "nan", "level": "zero above_one"},
        "outcome treated after area",
        True,
    ),
    (
        difference_in_differences.event_study,
        {"outcome": PANEL, "treated": TREATED, "period": YEARS, "area": AREAS, "start": 2021.0},
        {"outcome": "nan", "period": "nan", "area": "nan"},
        "outcome treated period area",
        True,
    ),
    (
        difference_in_differences.minimum_detectable_effect,
        {"standard_error": 1.0, "degrees_of_freedom": 9, "size": 0.05, "power": 0.8},
        {"standard_error": "nan negative", "degrees_of_freedom": "zero", "power": "above_one"},
    ),
    (
        empirical_bayes.marshall,
        {"events": EVENTS, "population": PERSONS},
        {"events": "nan negative", "population": "nan zero"},
        "events population",
        True,
    ),
    (
        empirical_bayes.beta_binomial,
        {**RATES_OF, "groups": CITY, "level": 0.9},
        {**RATE_BROKEN, "groups": "nan", "level": "nan above_one"},
        "events trials groups",
    ),
    (
        empirical_bayes.gamma_poisson,
        {"observed": EVENTS, "expected": PERSONS, "groups": CITY},
        {"observed": "nan negative", "expected": "nan zero", "groups": "nan"},
        "observed expected groups",
    ),
    (empirical_bayes.jeffreys, RATES_OF, RATE_BROKEN, "events trials"),
    (empirical_bayes.poisson_interval, {"events": EVENTS}, {"events": "nan negative"}),
    (
        fay_herriot.fay_herriot,
        {"direct": SERIES, "variances": EVENTS, "design": DESIGN},
        {"direct": "nan", "variances": "nan zero", "design": "nan"},
        "direct variances design",
        True,
    ),
    (
        fay_herriot.posterior,
        {"direct": SERIES, "variances": EVENTS, "design": DESIGN},
        {"direct": "nan", "variances": "nan zero", "design": "nan"},
        "direct variances design",
        True,
    ),
    (
        ipf.rake,
        {"seed": TABLE, "margins": {(0,): TABLE.sum(axis=1), (1,): TABLE.sum(axis=0)}},
        {"seed": "nan negative"},
        "seed",
    ),
    (
        ipf.spree,
        {
            "structure": TABLE,
            "area_totals": TABLE.sum(axis=1),
            "category_totals": TABLE.sum(axis=0),
        },
        {
            "structure": "nan negative",
            "area_totals": "nan negative",
            "category_totals": "nan negative total shorter",
        },
        "structure area_totals",
    ),
    (
        ipf.loglinear,
        {"observed": TABLE, "interactions": [(0,), (1,)]},
        {"observed": "nan negative"},
    ),
    (
        linear_log_odds.linear_log_odds,
        {
            "model": linear_log_odds.AGE_UK_ELSA,
            "shares": {"widowed": [0.1, 0.2], "household_size": [2.0, 1.5]},
        },
        {"shares": [{}]},
    ),
    (linear_log_odds.prevalence, {"log_odds": SERIES}, {"log_odds": "nan"}),
    (
        linear_log_odds.calibrate,
        {"log_odds": -SERIES, "population": PERSONS, "target": 0.1},
        {"log_odds": "nan", "population": "nan negative", "target": "nan zero above_one"},
        "log_odds population",
    ),
    (
        logit_shrinkage.shrink_logit,
        {**RATES_OF, "parent": CITY},
        {**RATE_BROKEN, "parent": "nan"},
        "events trials parent",
        True,
    ),
    (
        multivariate_mixed.multivariate_mixed,
        {"responses": SIGNALS, "design": DESIGN[:, :1], "domains": CITY},
        {"responses": "nan", "design": "nan", "domains": "nan"},
        "responses design domains",
        True,
    ),
    (
        nested_error.domain_sums,
        {"responses": SIGNALS, "design": DESIGN[:, :1], "domains": CITY},
        {"responses": "nan", "design": "nan", "domains": "nan"},
        "responses design domains",
        True,
    ),
    (nested_error.locate, {"sums": SUMS, "domains": [0, 1, 2]}, {"domains": "nan"}),
    (
        standardisation.indirect,
        {"observed": EVENTS[:4], "population_by_band": TABLE, "standard_rates": [0.1, 0.2, 0.3]},
        {
            "observed": "nan negative",
            "population_by_band": "nan negative",
            "standard_rates": "nan negative shorter",
        },
        "observed population_by_band",
    ),
    (
        standardisation.ecological_stratum_rates,
        {"counts": EVENTS[:4], "population_by_band": 20 * TABLE},
        {"counts": "nan negative", "population_by_band": "nan negative"},
        "counts population_by_band",
        True,
    ),
    (
        standardised_proportion.standardised_proportion,
        {"observed": EVENTS, "expected": EVENTS + 1, "trials": PERSONS, "groups": CITY},
        {
            "observed": "nan negative >trials",
            "expected": "nan zero >trials",
            "trials": "nan zero",
            "groups": "nan",
        },
        "observed expected trials groups",
    ),
    (
        structural_series.project_series,
        {"values": SERIES, "years": np.arange(2015, 2023), "horizon": 2, "scale": "log"},
        {
            "values": "nan zero constant",
            "scale": ["logs"],
            "years": [np.arange(8) + 0.5],
            "horizon": "zero",
        },
        "values years",
        True,
    ),
    (synthetic.relative_risk, {"signals": SIGNALS, "tilt": TILT}, {"signals": "nan"}),
    (
        synthetic.estimate_tilt,
        {
            "observed": PERSONS,
            "standard_errors": EVENTS,
            "expected": PERSONS,
            "signals": SIGNALS,
        },
        {
            "observed": "nan zero",
            "standard_errors": "nan zero",
            "expected": "nan zero",
            "signals": "nan constant",
        },
        "observed standard_errors expected signals",
        True,
    ),
    (
        synthetic.synthetic_counts,
        {**GROUPS, "total": 99.0, "risks": np.ones(8)},
        {
            "populations": "nan negative",
            "rates": "nan negative above_one shorter",
            "risks": "nan zero",
        },
        "populations risks",
    ),
    (
        synthetic.tilt_sensitivity,
        {**GROUPS, "total": 99.0, "signals": SIGNALS, "tilt": TILT, "factors": [0.0, 1.0]},
        {
            "populations": "nan negative",
            "rates": "nan above_one shorter",
            "signals": "nan",
            "factors": "nan",
        },
        "populations signals",
    ),
    (
        synthetic.exposed_structure,
        GROUPS,
        {"populations": "nan negative", "rates": "nan negative above_one shorter"},
    ),
    (synthetic.check_tilt, {"tilt": TILT}, {"tilt": [replace(TILT, bound=0.5)]}),
    (
        synthetic_intervals.bootstrap_intervals,
        {
            **GROUPS,
            "generator": np.random.default_rng(0),
            "total": 99.0,
            "rate_errors": [0.01, 0.01],
            "total_error": 2.0,
            "signals": SIGNALS,
            "tilt": TILT,
            "population_errors": POPULATIONS / 9,
            "draws": 100,
        },
        {
            "populations": "nan negative",
            "rates": "nan negative above_one shorter",
            "rate_errors": "nan negative shorter",
            "total": "nan zero",
            "total_error": "nan negative",
            "signals": "nan",
            "population_errors": "nan negative",
            "draws": "zero",
        },
        "populations signals population_errors",
    ),
    (
        area_permutation.attainable_size,
        {"treated": 4, "control": 8, "size": 0.05},
        {"treated": "zero", "control": "zero", "size": "zero above_one"},
    ),
    (
        area_permutation.permuted_effect,
        {
            "change": SERIES,
            "treated": np.repeat([True, False], [3, 5]),
            "generator": np.random.default_rng(0),
            "power": 0.8,
        },
        {"change": "nan", "power": "above_one"},
        "change treated",
        True,
    ),
    (
        area_permutation.permuted_trends,
        {
            "paths": np.column_stack([SERIES, EVENTS]),
            "treated": np.repeat([True, False], [3, 5]),
            "generator": np.random.default_rng(0),
        },
        {"paths": "nan"},
        "paths treated",
        True,
    ),
    (
        sharing.above_floors,
        {"need": EVENTS, "total": 100.0, "least": np.full(8, 2.0)},
        {"need": "nan negative", "total": "nan negative", "least": "nan negative"},
        "need least",
    ),
    (
        sharing.level_filling,
        {"need": EVENTS, "total": 100.0, "least": np.full(8, 2.0)},
        {"need": "nan negative", "total": "nan negative", "least": "nan negative"},
        "need least",
    ),
    (
        sharing.least_after_losses,
        {"today": EVENTS, "total": 100.0, "least": np.full(8, 2.0), "loss": 0.2},
        {"today": "nan negative", "total": "nan negative", "least": "nan", "loss": "above_one"},
        "today least",
    ),
    (
        sharing.whole_shares,
        {"shares": EVENTS, "total": 115, "least": np.full(8, 2.0)},
        {"shares": "nan negative", "total": "nan negative", "least": "nan negative"},
        "shares least",
    ),
]
