"""Every public function refuses bad input by argument, position and rule."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

import will_pipeline.statistics
from will_pipeline.statistics import (
    clustering,
    missing,
    nested_error,
    normalise,
    screened_starts,
    synthetic,
)
from will_pipeline.statistics.checks import InvalidInput

# The checks themselves have their own tests; the others take what has already been checked.
CHECKS = {"checks", "grouping", "prior_moments", "streams", "threads"}
INNER: set[Callable[..., object]] = {
    clustering.k_means,
    clustering.repetitions,
    missing.complete_rows,
    missing.reasons,
    nested_error.fit_at,
    screened_starts.screened_k_means,
    nested_error.maximise,
    nested_error.prediction_error,
    nested_error.ratio_variance,
    synthetic.bounded_risk,
}
# These check or look up and estimate nothing.
WITHOUT_SOURCE: set[Callable[..., object]] = {
    clustering.pool_of_areas,
    missing.matrix_with_gaps,
    nested_error.locate,
    normalise.signs,
    synthetic.check_tilt,
    synthetic.exposed_structure,
}


def public_methods() -> list[Callable[..., object]]:
    """Methods of the public classes of the library, properties left out."""
    found = []
    for module in pkgutil.iter_modules(will_pipeline.statistics.__path__):
        content = importlib.import_module(f"will_pipeline.statistics.{module.name}")
        for name, item in vars(content).items():
            if inspect.isclass(item) and item.__module__ == content.__name__ and name[0] != "_":
                found += [
                    getattr(item, method)
                    for method, kind in vars(item).items()
                    if method[0] != "_" and isinstance(kind, FunctionType | classmethod)
                ]
    return found


def public_functions() -> set[Callable[..., object]]:
    found: set[Callable[..., object]] = set()
    for module in pkgutil.iter_modules(will_pipeline.statistics.__path__):
        if module.name not in CHECKS:
            content = importlib.import_module(f"will_pipeline.statistics.{module.name}")
            found |= {
                item
                for name, item in vars(content).items()
                if inspect.isfunction(item)
                and item.__module__ == content.__name__
                and not name.startswith("_")
            }
    return found


def test_every_public_function_has_a_row(listed: set[Callable[..., object]]) -> None:
    assert public_functions() == listed | INNER


def test_every_function_states_shapes_errors_and_source(valid_call: Any) -> None:
    text = inspect.getdoc(valid_call.function) or ""
    sections = ["Args:", "Raises:"]
    if inspect.signature(valid_call.function).return_annotation is not None:
        sections += ["Returns:"]
    if valid_call.function not in WITHOUT_SOURCE:
        sections += ["Source:"]
    assert [section for section in sections if section not in text] == []


@pytest.mark.parametrize("method", public_methods(), ids=lambda method: method.__qualname__)
def test_every_method_states_shapes_errors_and_source(method: Callable[..., object]) -> None:
    text = inspect.getdoc(method) or ""
    sections = ("Args:", "Returns:", "Raises:", "Source:")
    assert [section for section in sections if section not in text] == []


@pytest.mark.parametrize(
    "function", sorted(INNER, key=lambda function: function.__name__), ids=lambda f: f.__name__
)
def test_every_inner_function_states_what_it_takes_and_gives(
    function: Callable[..., object],
) -> None:
    text = inspect.getdoc(function) or ""
    assert "Args:" in text
    assert "Returns:" in text


def test_every_array_of_a_row_can_be_broken(valid_call: Any) -> None:
    parameters = inspect.signature(valid_call.function).parameters
    required = {name for name, item in parameters.items() if item.default is item.empty}
    assert required <= set(valid_call.valid)
    assert set(valid_call.valid) <= set(parameters)
    assert set(valid_call.broken) | set(valid_call.rows.split()) <= set(valid_call.valid)
    assert valid_call.broken


def test_a_valid_call_passes(valid_call: Any) -> None:
    valid_call.function(**valid_call.valid)


def test_bad_input_is_named(broken_call: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        broken_call.function(**broken_call.arguments)
    error = caught.value
    assert error.argument.startswith(broken_call.named)
    assert error.rule
    assert str(error).startswith(error.argument)
    if broken_call.position is not None:
        assert error.position == broken_call.position
