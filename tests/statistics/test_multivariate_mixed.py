"""ISTAT's published example of the multivariate mixed model, and what holds on any sample.

Of the published errors only the first component (g1) is compared, and taken apart: the file pairs
the domains of the population with the effects of the sampled ones by their place in the list, and
not by their code, so that its other components and the coefficients of variation made from them
belong to no domain. Our own errors are tested on what must hold of them instead.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.multivariate_mixed import (
    DomainTotals,
    MultivariateMixedFit,
    multivariate_mixed,
)

RESPONSES = ["emp", "unemp", "inact"]
STATUSES = ["occ_stat_1", "occ_stat_2", "occ_stat_3"]
FACTORS = ["fore", "edu", "sexage"]


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "oracles" / "mind"
    if not path.is_dir():
        pytest.skip("ISTAT's published example is absent")
    return path


@pytest.fixture(scope="module")
def sample(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "data_s.csv.gz")


@pytest.fixture(scope="module")
def published(folder: Path, sample: pd.DataFrame) -> MultivariateMixedFit:
    return multivariate_mixed(
        sample[RESPONSES].to_numpy(),
        dummies(sample, sample),
        sample["mun"].to_numpy(),
        algorithm="expectation-maximisation",
    )


@pytest.fixture(scope="module")
def totals(folder: Path, sample: pd.DataFrame, published: MultivariateMixedFit) -> DomainTotals:
    universe = pd.read_csv(folder / "univ_counts.csv.gz")
    covariates = pd.DataFrame(dummies(universe, sample) * universe[["N"]].to_numpy())
    by_domain = covariates.groupby(universe["dom"].to_numpy()).sum()
    return published.predict(
        by_domain.index.to_numpy(), by_domain.to_numpy(), by_domain[0].to_numpy()
    )


def dummies(frame: pd.DataFrame, levels: pd.DataFrame) -> np.ndarray:
    columns = [np.ones(len(frame))]
    for name in FACTORS:
        columns += [(frame[name] == level).to_numpy(float) for level in np.unique(levels[name])[1:]]
    return np.column_stack(columns)


def small_sample(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    domains = np.repeat(np.arange(15), 8)
    design = np.column_stack([np.ones(120), generator.normal(size=120)])
    effects = generator.normal(0, [[1.0], [0.5]], size=(2, 15)).T
    noise = generator.normal(size=(120, 2))
    return design @ [[1.0, 2.0], [0.5, -1.0]] + effects[domains] + noise, design, domains


def test_reproduces_the_published_deviations(folder: Path, published: MultivariateMixedFit) -> None:
    for name, values in (
        ("sigma_e", published.residual_deviation),
        ("sigma_u", published.domain_deviation),
        ("ICC", published.intraclass),
    ):
        expected = pd.read_csv(folder / f"ex1_{name}.csv").filter(like="occ_stat").to_numpy()[0]
        np.testing.assert_allclose(values, expected, atol=1e-7, rtol=0, err_msg=name)


def test_reproduces_the_published_coefficients(
    folder: Path, published: MultivariateMixedFit
) -> None:
    expected = pd.read_csv(folder / "ex1_beta.csv")["beta_ba_1"].to_numpy().reshape(-1, 3)
    np.testing.assert_allclose(published.coefficients, expected, atol=1e-8, rtol=0)


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("eblup_ex1_expected.csv", "eblup"),
        ("ex1_PROJ.csv", "projection"),
        ("ex1_SYNTH.csv", "synthetic"),
    ],
)
def test_reproduces_the_published_totals(
    folder: Path, totals: DomainTotals, file: str, field: str
) -> None:
    expected = pd.read_csv(folder / file)[STATUSES].to_numpy()
    np.testing.assert_allclose(getattr(totals, field), expected, atol=1e-5, rtol=0)


def test_reproduces_the_published_variance_of_the_sampled_effects(
    folder: Path, published: MultivariateMixedFit, totals: DomainTotals
) -> None:
    # The published g1 pairs the j-th domain of the population with the effect of the j-th sampled
    # one, and only as many rows as there are sampled domains are above zero: taken apart that way,
    # it gives the conditional variance of every sampled effect.
    errors = pd.read_csv(folder / "ex1_mse_EBLUP.csv")
    sampled = published.domains.size
    for column, name in enumerate(STATUSES):
        part = totals.components[column]
        variance = published.residual_deviation[column] ** 2
        remaining = part.residuals / variance
        effect_variance = (errors[f"G1_{name}"] / remaining**2).to_numpy()
        ours = (part.effects / remaining**2)[np.isin(errors["dom"], published.domains)]
        np.testing.assert_allclose(effect_variance[:sampled], ours, rtol=1e-6)
        assert (effect_variance[sampled:] == 0).all()


def test_published_maximum_is_not_reached_by_the_published_iterations(
    sample: pd.DataFrame, published: MultivariateMixedFit
) -> None:
    fit = multivariate_mixed(
        sample[RESPONSES].to_numpy(), dummies(sample, sample), sample["mun"].to_numpy()
    )
    np.testing.assert_allclose(fit.residual_deviation, [0.36203, 0.44255, 0.39643], atol=1e-5)
    np.testing.assert_allclose(fit.domain_deviation, [0.02223, 0.0229, 0.01101], atol=1e-5)
    assert published.iterations == 74
    for column in range(3):
        best = fit.fits[column].restricted_log_likelihood
        assert published.fits[column].restricted_log_likelihood < best


def test_iterations_reach_the_maximum_where_domains_differ() -> None:
    responses, design, domains = small_sample()
    maximum = multivariate_mixed(responses, design, domains)
    iterated = multivariate_mixed(
        responses,
        design,
        domains,
        algorithm="expectation-maximisation",
        tolerance=1e-12,
        max_iterations=20_000,
    )
    np.testing.assert_allclose(iterated.domain_deviation, maximum.domain_deviation, rtol=1e-5)
    np.testing.assert_allclose(iterated.effects, maximum.effects, atol=1e-5)


def test_a_domain_without_sample_gets_the_regression_and_the_largest_error() -> None:
    responses, design, domains = small_sample()
    fit = multivariate_mixed(responses, design, domains)
    labels = np.arange(16)
    sizes = np.full(16, 100.0)
    totals = fit.predict(labels, np.column_stack([sizes, np.zeros(16)]), sizes)
    np.testing.assert_allclose(totals.eblup[15], totals.synthetic[15])
    assert (totals.mse[15] > totals.mse[:15]).all()
    assert (totals.components[0].variances[:15] > 0).all()


def test_a_domain_sampled_to_the_last_unit_has_no_error() -> None:
    responses, design, domains = small_sample()
    fit = multivariate_mixed(responses, design, domains)
    first = domains == 0
    sizes = np.where(np.arange(15) == 0, 8.0, 500.0)
    covariates = np.column_stack([sizes, np.zeros(15)])
    covariates[0] = design[first].sum(axis=0)
    totals = fit.predict(np.arange(15), covariates, sizes)
    np.testing.assert_allclose(totals.eblup[0], responses[first].sum(axis=0))
    np.testing.assert_allclose(totals.mse[0], 0, atol=1e-12)


def test_refusals() -> None:
    responses, design, domains = small_sample()
    with pytest.raises(InvalidInput, match="design: is collinear"):
        multivariate_mixed(responses, np.ones((120, 2)), domains)
    with pytest.raises(InvalidInput, match="domains: must have the length of responses"):
        multivariate_mixed(responses, design, domains[:-1])
    with pytest.raises(InvalidInput, match=r"domains \(distinct\): needs at least 2"):
        multivariate_mixed(responses, design, np.zeros(120))
    with pytest.raises(InvalidInput, match="one domain with two sampled units"):
        multivariate_mixed(responses, design, np.arange(120))
    with pytest.raises(InvalidInput, match="algorithm: is unknown"):
        multivariate_mixed(responses, design, domains, algorithm="x")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(NotConverged, match="expectation-maximisation"):
        multivariate_mixed(
            responses, design, domains, algorithm="expectation-maximisation", max_iterations=1
        )
    fit = multivariate_mixed(responses, design, domains)
    with pytest.raises(InvalidInput, match="lack the sampled domain"):
        fit.predict([0, 1], np.ones((2, 2)), [100, 100])
    sizes = np.where(np.arange(15) == 3, 7, 100)
    with pytest.raises(InvalidInput, match=r"population_sizes\[3\]: is below"):
        fit.predict(np.arange(15), np.ones((15, 2)), sizes)


def test_a_response_explained_exactly_is_refused() -> None:
    _, design, domains = small_sample()
    with pytest.raises(InvalidInput, match="column 0 leaves no residual variance"):
        multivariate_mixed(design @ [[1.0], [2.0]], design, domains)


def test_a_response_constant_inside_domains_is_refused() -> None:
    _, design, domains = small_sample()
    response = np.random.default_rng(1).normal(size=15)[domains]
    with pytest.raises((InvalidInput, NotConverged)):
        multivariate_mixed(response[:, None], design[:, :1], domains)
