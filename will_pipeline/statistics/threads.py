"""One thread for linear algebra that adds up over rows, so that numbers do not depend on threads.

Several threads add partial sums in an order of their own: the last digits would change by machine.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def single_threaded(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a function run its linear algebra (BLAS) on one thread, as a decorator.

    Args:
        function: Any function.

    Returns:
        The function with the limit around every call; threads are restored at its end.
    """

    @wraps(function)
    def limited(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


@cache
def _libraries() -> ThreadpoolController:
    # Looking for the libraries of the process takes milliseconds: once is enough.
    return ThreadpoolController()
