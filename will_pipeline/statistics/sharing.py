"""Sharing a quantity between areas by their need, with a least quantity for each.

Every rule gives all the quantity away, keeps every least, and works on many needs at once.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

SLACK = 1e-9
ROUNDING = 1e-9


def above_floors(need: ArrayLike, *, total: float, least: ArrayLike) -> FloatArray:
    """Give each area its least, then share the rest in proportion to need.

    Args:
        need: Persons in need by area, shape (n,), or many sets of them, shape (draws, n). Where a
            set is all zero the rest is shared equally.
        total: Quantity to share, not negative.
        least: Least quantity of each area, shape (n,).

    Returns:
        Quantity of each area, in the shape of `need`; each set sums to the total.

    Raises:
        InvalidInput: If arrays are malformed, negative or of different lengths, or the least
            quantities exceed the total.

    Source:
        Moulin (2003), Fair Division and Collective Welfare, chapter 2, MIT Press.
    """
    needs, floors = _checked(need, total, least)
    return np.asarray(floors + (total - floors.sum()) * _shares(needs))


def level_filling(need: ArrayLike, *, total: float, least: ArrayLike) -> FloatArray:
    """Share so that the smallest quantity per person in need is as large as it can be.

    q_i = max(least_i, t need_i), with the one t that gives all the total away. This maximises the
    least coverage, and then the next, of areas not held by their least. It is also a solution of
    the linear programme: minimise the sum of max(0, total need_i / sum of needs - q_i) subject to
    q_i >= least_i and sum of q_i = total. That programme has many solutions and a solver returns
    whichever the order of rows leads to; this one is unique.

    Args:
        need: Persons in need by area, shape (n,), or many sets of them, shape (draws, n). Where a
            set is all zero, what is left over the least quantities is shared equally.
        total: Quantity to share, not negative.
        least: Least quantity of each area, shape (n,).

    Returns:
        Quantity of each area, in the shape of `need`; each set sums to the total.

    Raises:
        InvalidInput: If arrays are malformed, negative or of different lengths, or the least
            quantities exceed the total.

    Source:
        Moulin (2003), Fair Division and Collective Welfare, chapter 2, MIT Press; Luss (1999), On
        equitable resource allocation problems: a lexicographic minimax approach, Operations
        Research 47(3).
    """
    needs, floors = _checked(need, total, least)
    sets = np.atleast_2d(needs)
    with np.errstate(divide="ignore", invalid="ignore"):
        held_until = np.where(sets > 0, floors / sets, np.inf)
    order = np.argsort(held_until, axis=1, kind="stable")
    sorted_need = np.take_along_axis(sets, order, axis=1)
    sorted_floor = floors[order]
    lifted = np.cumsum(sorted_need, axis=1)
    kept = floors.sum() - np.cumsum(sorted_floor, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(lifted > 0, (total - kept) / lifted, np.inf)
    # The level falls as long as one more area is lifted above its least: the lowest is the answer.
    lowest = level.min(axis=1, keepdims=True)
    known = np.isfinite(lowest)
    raised = np.maximum(floors, np.where(known, lowest, 0.0) * sets)
    equal = floors + (total - floors.sum()) / floors.size
    return np.asarray(np.where(known, raised, equal)).reshape(needs.shape)


def least_after_losses(
    today: ArrayLike, *, total: float, least: ArrayLike, loss: float
) -> tuple[FloatArray, float]:
    """Least quantity of each area when none may lose more than a share of what it has.

    What an area has is first brought to the total (today x total / sum of today), so that a budget
    that grows or shrinks is no area's gain or loss. Where floors and bounded losses together exceed
    the total, the share is raised to the smallest that fits.

    Args:
        today: Quantity of each area today, shape (n,).
        total: Quantity to share, not negative.
        least: Least quantity of each area, shape (n,).
        loss: Share that an area may lose, between 0 and 1.

    Returns:
        The least quantities, shape (n,), and the share really used.

    Raises:
        InvalidInput: If arrays are malformed, negative or of different lengths, the least
            quantities exceed the total, or the loss is not between 0 and 1.

    Source:
        Smith (2006), Formula Funding of Public Services, Routledge, for damping: a funding formula
        is phased in by bounding what each authority may lose.
    """
    have, floors = _checked(today, total, least, argument="today")
    checks.confidence_level(loss, argument="loss")
    if have.ndim != 1:
        raise InvalidInput("today", f"must have 1 dimension, found shape {have.shape}")
    scaled = have * (total / have.sum()) if have.sum() > 0 else have
    bounded = np.maximum(floors, (1 - loss) * scaled)
    if bounded.sum() <= total * (1 + SLACK):
        return bounded, loss
    filled = level_filling(scaled, total=total, least=floors)
    lost = np.divide(scaled - filled, scaled, out=np.zeros_like(scaled), where=scaled > 0)
    return filled, float(lost.max())


def whole_shares(shares: ArrayLike, *, total: int, least: ArrayLike) -> NDArray[np.int64]:
    """Round a division of a whole total to whole numbers that still sum to it.

    Largest remainder: everyone gets the whole part, then the largest remainders get one more; equal
    remainders go in the order given.

    Args:
        shares: Quantities, not negative, that sum to the total, shape (n,).
        total: The total, a whole number.
        least: Whole least quantity of each, shape (n,).

    Returns:
        Whole quantities, shape (n,), each less than one from its share and not under its least.

    Raises:
        InvalidInput: If arrays are malformed, negative or of different lengths, the shares do not
            sum to the total, a least quantity is not whole or above its share.

    Source:
        Balinski and Young (2001), Fair Representation, appendix A, Brookings Institution Press.
    """
    exact = checks.counts(shares, argument="shares")
    floors = checks.counts(least, argument="least")
    checks.same_length(shares=exact, least=floors)
    checks.counts([total], argument="total")
    if abs(float(exact.sum()) - total) > SLACK * max(1.0, float(total)):
        raise InvalidInput("shares", f"must sum to {total}, sum to {float(exact.sum())!r}")
    tolerance = ROUNDING + 16 * np.finfo(np.float64).eps * float(total)
    checks.require(floors == np.floor(floors), floors, argument="least", rule="must be whole")
    checks.require(
        exact >= floors - tolerance, exact, argument="shares", rule="must not be under its least"
    )
    # A share that is a hair under a whole number only because of rounding is that whole number.
    whole = np.floor(exact + tolerance).astype(np.int64)
    remainder = np.round(exact - whole, 9)
    missing = int(total - whole.sum())
    whole[np.argsort(-remainder, kind="stable")[:missing]] += 1
    return whole


def _shares(needs: FloatArray) -> FloatArray:
    sums = needs.sum(axis=-1, keepdims=True)
    equal = 1 / needs.shape[-1]
    return np.asarray(np.divide(needs, sums, out=np.full_like(needs, equal), where=sums > 0))


def _checked(
    need: ArrayLike, total: float, least: ArrayLike, *, argument: str = "need"
) -> tuple[FloatArray, FloatArray]:
    needs = checks.count_array(need, argument=argument)
    floors = checks.counts(least, argument="least")
    checks.counts([total], argument="total")
    if needs.shape[-1] != floors.size or needs.ndim > 2:
        raise InvalidInput(argument, f"has shape {needs.shape}, least has {floors.size} areas")
    if floors.sum() > total * (1 + SLACK):
        raise InvalidInput("least", f"sums to {float(floors.sum())!r}, above the total {total!r}")
    return needs, floors
