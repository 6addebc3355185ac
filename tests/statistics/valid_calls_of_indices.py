"""A valid call of every other public function, and how its arguments can be broken.

Read by the `conftest.py` of this folder, which explains the rows.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from will_pipeline.statistics import (
    cluster_stability,
    clustering,
    composite,
    missing,
    monte_carlo,
    normalise,
    outliers,
    recovery,
    regionalisation,
    segregation,
    sobol,
    suppression,
    twins,
)

CITY = np.repeat([0, 1], 4)
SERIES = np.array([3.0, 4, 6, 5, 7, 8, 6, 9])
EVENTS = np.array([2.0, 10, 30, 5, 45, 3, 8, 12])
PERSONS = 10 * EVENTS + 20
TABLE = np.array([[3.0, 5, 9], [6, 2, 8], [1, 7, 4], [9, 9, 2]])
POOL = np.column_stack([SERIES, EVENTS, SERIES[::-1] ** 2])
NAMES = ("a", "b", "c")
POSTS = [normalise.Goalposts.from_pool(column, "+") for column in POOL.T]
WEIGHTS = [0.25, 0.25, 0.5]
RELATIONS = suppression.hierarchy_relations([3, 3, 3, -1])
CELLS = np.array([3.0, 7, 20, 30])
TYPOLOGY = clustering.fit_typology(
    POOL, indicators=NAMES, clusters=2, generator=np.random.default_rng(1), starts=2
)
SEED = {"generator": np.random.default_rng(0)}
FEW = {"starts": 2, "resamples": 2, "resample_starts": 1}

CASES: list[tuple[Any, ...]] = [
    (
        cluster_stability.bootstrap_stability,
        {"values": POOL, "indicators": NAMES, "clusters": 2, **SEED, **FEW},
        {"values": "inf constant"},
        "values",
        True,
    ),
    (
        cluster_stability.choose_clusters,
        {"values": POOL, "indicators": NAMES, "candidates": [2], **SEED, **FEW},
        {"values": "inf constant"},
        "values",
        True,
    ),
    (
        cluster_stability.align_labels,
        {"previous": CITY, "current": 1 - CITY},
        {"previous": [[0.5]], "current": [[0.5]]},
        "previous current",
    ),
    (
        cluster_stability.align_typology,
        {"previous": TYPOLOGY, "current": TYPOLOGY},
        {"current": [replace(TYPOLOGY, indicators=NAMES[::-1])]},
    ),
    (
        clustering.fit_typology,
        {"values": POOL, "indicators": NAMES, "clusters": 2, "starts": 2, **SEED},
        {"values": "inf constant"},
        "values",
        True,
    ),
    (clustering.assign, {"values": POOL, "typology": TYPOLOGY}, {"values": "inf"}),
    (clustering.frozen_membership, {"values": POOL, "typology": TYPOLOGY}, {"values": "inf"}),
    (
        clustering.soft_membership,
        {"values": POOL, "typology": TYPOLOGY, **SEED},
        {"values": "inf"},
        "values",
        True,
    ),
    (
        clustering.pool_of_areas,
        {"values": POOL, "indicators": NAMES, "clusters": 2},
        {"values": "inf constant"},
        "values",
        True,
    ),
    (
        composite.penalised_mean,
        {"normalised": 100 + POOL, "weights": WEIGHTS},
        {"normalised": "nan", "weights": "nan negative total shorter"},
    ),
    (
        composite.ampi,
        {"values": POOL, "goalposts": POSTS, "weights": WEIGHTS},
        {"values": "nan", "weights": "nan negative total shorter"},
    ),
    (
        composite.mpi,
        {"values": POOL, "polarity": ["+", "-", "+"]},
        {"values": "nan constant", "polarity": "shorter"},
        "values",
        True,
    ),
    (
        composite.arithmetic,
        {"normalised": POOL, "weights": WEIGHTS},
        {"normalised": "nan", "weights": "nan negative total shorter"},
    ),
    (
        composite.geometric,
        {"normalised": POOL, "weights": WEIGHTS},
        {"normalised": "nan zero", "weights": "nan negative total shorter"},
    ),
    (composite.exponential_scores, {"ranks": CITY + 1.0, "total": 9}, {"ranks": "nan zero"}),
    (
        composite.exponential_ranks,
        {"ranks": TABLE, "total": 9, "weights": [0.3, 0.3, 0.3]},
        {"ranks": "nan zero", "weights": "nan negative shorter"},
    ),
    (
        composite.z_sum,
        {"values": POOL, "polarity": ["+", "-", "+"]},
        {"values": "nan constant", "polarity": "shorter"},
        "values",
        True,
    ),
    (
        composite.nested_mean,
        {
            "normalised": POOL,
            "codes": NAMES,
            "parents": dict.fromkeys("abc", "top"),
            "weights": {"a": 1.0, "b": 1.0, "c": 2.0},
        },
        {"normalised": "nan", "codes": "shorter"},
    ),
    (missing.matrix_with_gaps, {"values": POOL, "indicators": NAMES}, {"values": "inf"}),
    (
        monte_carlo.simulate_index,
        {
            "draws": POOL + np.zeros((5, 1, 1)),
            "goalposts": POSTS,
            "city": CITY,
            "values": POOL,
            "references": POOL,
            **SEED,
        },
        {"draws": "nan", "city": "nan", "values": "nan", "references": "nan"},
        "city values references",
    ),
    (normalise.signs, {"polarity": ["+", "-"]}, {"polarity": [["+", "x"]]}),
    (
        normalise.goalpost_scores,
        {"values": POOL, "goalposts": POSTS},
        {"values": "nan", "goalposts": "shorter"},
    ),
    (normalise.z_scores, {"values": POOL}, {"values": "nan constant"}, "values", True),
    (normalise.min_max, {"values": POOL}, {"values": "nan constant"}, "values", True),
    (normalise.ranks, {"values": SERIES}, {"values": "nan"}),
    (normalise.inverse_hyperbolic_sine, {"values": POOL}, {"values": "nan"}),
    (outliers.treat_outliers, {"values": POOL}, {"values": "nan constant"}, "values", True),
    (
        outliers.freeze_treatment,
        {"values": POOL[:, 0], "record": outliers.treat_outliers(POOL).columns[0]},
        {"values": "nan"},
    ),
    (
        regionalisation.demand_basins,
        {"profile": POOL, "mass": PERSONS, "neighbours": [[0, 1], [1, 2]], "minimum": 10.0},
        {"profile": "nan", "mass": "nan negative", "minimum": "nan zero"},
        "profile mass",
    ),
    (
        regionalisation.profile_neighbours,
        {"profile": POOL, "groups": CITY},
        {"profile": "nan", "groups": "nan"},
        "profile groups",
    ),
    (
        segregation.dissimilarity,
        {"group": EVENTS, "others": PERSONS},
        {"group": "nan negative", "others": "nan negative"},
        "group others",
    ),
    (
        segregation.isolation,
        {"group": EVENTS, "total": PERSONS},
        {"group": "nan negative >total", "total": "nan negative"},
        "group total",
    ),
    (
        segregation.interaction,
        {"group": EVENTS, "others": EVENTS, "total": PERSONS},
        {"group": "nan negative >total", "others": "nan negative >total", "total": "nan negative"},
        "group others total",
    ),
    (
        segregation.location_quotient,
        {"group": EVENTS, "total": PERSONS},
        {"group": "nan negative >total", "total": "nan zero"},
        "group total",
    ),
    (segregation.entropy_index, {"counts": TABLE}, {"counts": "nan negative"}),
    (
        segregation.separation_by_area,
        {"group": EVENTS, "total": PERSONS, "areas": CITY},
        {"group": "nan negative >total", "total": "nan negative", "areas": "nan"},
        "group total areas",
    ),
    (
        sobol.sobol_indices,
        {"model": lambda x: x[:, 0], "factors": [sobol.Factor("a")], "samples": 64, **SEED},
        {"model": [len], "factors": [[]]},
    ),
    (
        suppression.primary_suppression,
        {"counts": EVENTS, "threshold": 5.0, "denominators": PERSONS},
        {
            "counts": "nan negative >denominators",
            "threshold": "nan zero",
            "denominators": "nan negative",
        },
        "counts denominators",
    ),
    (
        recovery.recoverable_ranges,
        {"published": [[100.0], [60.0], [np.nan]], "ceilings": np.full((3, 1), np.inf)},
        {"ceilings": [np.full((2, 1), np.inf)]},
    ),
    (suppression.hierarchy_relations, {"parent": [1, -1]}, {"parent": [[0.5]]}),
    (suppression.two_way_relations, {"rows": 2, "columns": 2}, {"rows": "zero"}),
    (suppression.bordered, {"table": TABLE}, {"table": "nan negative"}),
    (
        suppression.suppress,
        {"cells": CELLS, "relations": RELATIONS, "threshold": 5.0, "fixed": CELLS > 25},
        {"cells": "nan negative shorter", "threshold": "nan zero", "fixed": "shorter"},
    ),
    (
        suppression.audit,
        {
            "cells": CELLS,
            "relations": RELATIONS,
            "suppressed": CELLS < 10,
            "ceiling": CELLS + 1,
        },
        {
            "cells": "nan negative shorter",
            "suppressed": "shorter",
            "ceiling": [CELLS - 1],
        },
    ),
    (
        twins.nearest_areas,
        {"values": POOL, "cities": CITY, "indicators": NAMES},
        {"values": "inf constant", "cities": "nan"},
        "values cities",
        True,
    ),
]
