"""The published index of Asia-Europe connectivity, rebuilt stage by stage from the raw figures.

Each stage starts from our own result of the one before, so that the chain as a whole is tested.
Denominators and the filling of gaps with group means belong to that index and not to this library,
which fills nothing: they are done here.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from will_pipeline.statistics.composite import geometric, nested_mean
from will_pipeline.statistics.normalise import min_max, z_scores
from will_pipeline.statistics.outliers import treat_outliers

TOLERANCE = 1e-10
LEAST_PRESENT = 0.65
close = partial(np.testing.assert_allclose, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "oracles" / "coinr"
    if not path.is_dir():
        pytest.skip("the published index of connectivity is absent")
    return path


@pytest.fixture(scope="module")
def meta(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "ASEM_iMeta.csv").set_index("iCode")


@pytest.fixture(scope="module")
def data(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "ASEM_iData.csv").set_index("uCode")


def published(folder: Path, stage: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"ASEM_stage_{stage}.csv").set_index("uCode")


@pytest.fixture(scope="module")
def denominated(folder: Path, meta: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    values = published(folder, "Raw").astype(float)
    for code, denominator in meta["Denominator"].dropna().items():
        values[code] = values[code] / data.loc[values.index, denominator]
    return values


@pytest.fixture(scope="module")
def imputed(denominated: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    group = data.loc[denominated.index, "EurAsia_group"]
    return denominated.fillna(denominated.groupby(group).transform("mean"))


@pytest.fixture(scope="module")
def treated(imputed: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        treat_outliers(imputed.to_numpy()).values, index=imputed.index, columns=imputed.columns
    )


def signs(meta: pd.DataFrame, codes: Any) -> list[str]:
    return ["+" if meta.loc[code, "Direction"] > 0 else "-" for code in codes]


def aggregate(meta: pd.DataFrame, folder: Path, values: np.ndarray, codes: Any) -> pd.DataFrame:
    weights = pd.read_csv(folder / "ASEM_weights.csv").set_index("iCode")["Weight"]
    parents = meta["Parent"].dropna().to_dict()
    return pd.DataFrame(
        nested_mean(
            values,
            codes=list(codes),
            parents=parents,
            weights=weights.loc[list(parents)].to_dict(),
        ),
        index=published(folder, "Raw").index,
    )


def test_denominated(folder: Path, denominated: pd.DataFrame) -> None:
    expected = published(folder, "Denominated")
    close(denominated[expected.columns], expected)
    assert int(denominated.isna().sum().sum()) == 65


def test_imputed_and_screened(
    folder: Path, denominated: pd.DataFrame, imputed: pd.DataFrame
) -> None:
    expected = published(folder, "Imputed")
    close(imputed[expected.columns], expected)
    assert (denominated.notna().mean(axis=1) > LEAST_PRESENT).all()
    close(imputed[expected.columns], published(folder, "Screened"))


def test_treated(folder: Path, imputed: pd.DataFrame, treated: pd.DataFrame) -> None:
    expected = published(folder, "Treated")
    close(treated[expected.columns], expected)
    moved = ((treated / imputed - 1).abs() > 1e-12).sum()
    details = pd.read_csv(folder / "ASEM_treat_details.csv").set_index("iCode")
    assert moved[moved > 0].to_dict() == details["winsorise.nwin"].dropna().astype(int).to_dict()
    assert int((moved > 0).sum()) == 15


def test_normalised(folder: Path, meta: pd.DataFrame, treated: pd.DataFrame) -> None:
    expected = published(folder, "Normalised")
    values = min_max(treated.to_numpy(), polarity=signs(meta, treated.columns))
    close(values, expected[treated.columns])


def test_aggregated(folder: Path, meta: pd.DataFrame, treated: pd.DataFrame) -> None:
    expected = published(folder, "Aggregated")
    values = min_max(treated.to_numpy(), polarity=signs(meta, treated.columns))
    scores = aggregate(meta, folder, values, treated.columns)
    assert set(scores) == set(expected) - set(treated)
    close(scores, expected.loc[scores.index, scores.columns])
    close(
        scores.loc[["CHE", "NLD", "DNK", "NOR", "BEL"], "Index"],
        [68.38372424, 64.81951617, 64.80407996, 64.46777585, 63.53951989],
        rtol=1e-9,
    )


def test_standardised_variant(folder: Path, meta: pd.DataFrame, treated: pd.DataFrame) -> None:
    values = z_scores(
        treated.to_numpy(),
        polarity=signs(meta, treated.columns),
        mean=100,
        standard_deviation=10,
    )
    index = aggregate(meta, folder, values, treated.columns)["Index"]
    close(index[["AUS", "AUT"]], [97.66176182, 103.99975259], rtol=1e-9)


def test_geometric_variant(folder: Path, meta: pd.DataFrame, treated: pd.DataFrame) -> None:
    values = min_max(treated.to_numpy(), polarity=signs(meta, treated.columns), lower=1, upper=100)
    known = pd.DataFrame(values, index=treated.index, columns=treated.columns)
    for level in (2, 3, 4):
        for parent in meta.index[meta["Level"] == level]:
            children = meta.index[meta["Parent"] == parent]
            known[parent] = geometric(known[children].to_numpy())
    close(known.loc[["AUS", "AUT"], "Index"], [28.97368423, 52.91523310], rtol=1e-9)
