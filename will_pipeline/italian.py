"""How numbers are written in Italian, for every text and table that people read.

What belongs here is the one way to round and to write a number; sentences live with their subject.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DASH = "–"
MINUS = "\u2212"


def number(value: float | int | None, decimals: int = 0) -> str:
    """Write a number the Italian way: decimal comma, dot between thousands.

    Halves are rounded away from zero on the decimal digits that the number shows, so that 38.15
    becomes 38,2 in every place; its binary form would sometimes go down.

    Args:
        value: the number; none, or what is not a number, gives a dash.
        decimals: decimals to show.

    Returns:
        For example `1.234,5`.
    """
    if value is None or value != value:  # noqa: PLR0124
        return DASH
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(float(value)) if isinstance(value, float) else str(value))
    rounded = rounded.quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    return f"{MINUS}{text}" if rounded < 0 else text


def shortest(value: float, decimals: int = 1) -> str:
    """Write a number with no decimals where they would all be zero."""
    text = number(value, decimals)
    whole, _, rest = text.partition(",")
    return text if rest.strip("0") else whole
