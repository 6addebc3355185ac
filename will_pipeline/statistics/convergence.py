"""The error of iterative estimators that stop before they reach their answer.

Iterations that end without meeting their tolerance never return a half-finished estimate.
"""


class NotConverged(RuntimeError):
    """An iterative estimator met its limit of iterations before its tolerance.

    Attributes:
        estimator: Name of the estimator.
        iterations: Iterations done.
        discrepancy: Last value of the quantity that had to fall below the tolerance.
        tolerance: The tolerance that was asked for.
    """

    def __init__(
        self, estimator: str, *, iterations: int, discrepancy: float, tolerance: float
    ) -> None:
        self.estimator = estimator
        self.iterations = iterations
        self.discrepancy = discrepancy
        self.tolerance = tolerance
        super().__init__(
            f"{estimator} did not converge in {iterations} iterations: "
            f"discrepancy {discrepancy:.3g}, tolerance {tolerance:.3g}"
        )
