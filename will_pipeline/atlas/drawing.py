"""Geometry of the drawings: scales, dots with intervals, labels inside shapes.

Numbers only; the SVG elements are written by the templates.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

REFERENCE = 100.0
NARROWEST = (80.0, 120.0)
STEP = 10
LABEL_SIZES = (32, 29, 26)
"""On a map 460 pixels wide the smallest is 12 pixels high; what does not fit is left out."""
GLYPH_WIDTH = 0.56
"""Mean width of a letter of a sans-serif face as a share of its size."""
BOLD_WIDTH = 0.62
LINE_HEIGHT = 1.2
MOST_LINES = 3

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMMANDS = re.compile(r"[^MLZ0-9\s,.\-]")
_LAST_NUMBER = re.compile(r" (\d+)$")


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of a scale; 100 lies inside, in the middle only by chance."""

    low: float
    high: float


def scale(values: Iterable[float]) -> Scale:
    """The scale that holds every value.

    Each end moves by itself, so that a need that is never below the city does not open an axis
    on values that cannot be.

    Args:
        values: indices and interval ends.

    Returns:
        80-120, or from the ten below the least value to the ten above the greatest one: nothing
        is cut.
    """
    found = list(values)
    low = min((math.floor(value / STEP) * STEP for value in found), default=NARROWEST[0])
    high = max((math.ceil(value / STEP) * STEP for value in found), default=NARROWEST[1])
    return Scale(float(min(NARROWEST[0], low)), float(max(NARROWEST[1], high)))


def position(value: float, along: Scale, width: float) -> float:
    """Abscissa of a value on a scale drawn over `width` units."""
    return round((value - along.low) / (along.high - along.low) * width, 1)


def ticks(along: Scale) -> list[int]:
    """Round values to write along a scale, 100 always among them."""
    breadth = along.high - along.low
    step = 10 if breadth <= 60 else 20 if breadth <= 120 else 50
    first = math.ceil((along.low - REFERENCE) / step)
    last = math.floor((along.high - REFERENCE) / step)
    return [int(REFERENCE) + place * step for place in range(first, last + 1)]


Ring = list[tuple[float, float]]


def rings(path: str) -> list[Ring]:
    """Read the closed rings of an outline made of absolute M, L and Z commands.

    Args:
        path: SVG path, as in area_geometria.path_svg.

    Returns:
        Vertices of every ring in drawing units.

    Raises:
        ValueError: the path holds anything else than absolute moves, lines and closures.
    """
    if not path.startswith("M") or _COMMANDS.search(path):
        raise ValueError(f"Tracciato SVG non ammesso: {path[:40]!r}.")
    found: list[Ring] = []
    for part in path.split("M")[1:]:
        numbers = [float(text) for text in _NUMBER.findall(part)]
        if not numbers or len(numbers) % 2:
            raise ValueError(f"Tracciato SVG senza coppie di coordinate: {path[:40]!r}.")
        found.append(list(zip(numbers[0::2], numbers[1::2], strict=True)))
    return found


def free_width(shape: Sequence[Ring], x: float, y: float, height: float) -> float:
    """Width of the text of a given height that can be centred on a point inside a shape.

    Args:
        shape: rings of the shape, holes included.
        x: abscissa of the centre of the text.
        y: ordinate of the centre of the text.
        height: height of the text.

    Returns:
        Twice the distance from the centre to the nearest border along the top, the middle and
        the bottom of the text; zero where one of them lies outside the shape.
    """
    return min(_width_along(shape, x, level) for level in (y - height / 2, y, y + height / 2))


def _width_along(shape: Sequence[Ring], x: float, y: float) -> float:
    crossings = sorted(
        x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        for ring in shape
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (y0 <= y) != (y1 <= y)
    )
    before = [crossing for crossing in crossings if crossing <= x]
    after = [crossing for crossing in crossings if crossing > x]
    if len(before) % 2 == 0 or not after:
        return 0.0
    return 2 * min(x - before[-1], after[0] - x)


def wrap(text: str, letters: int) -> list[str] | None:
    """Break a name at its spaces into lines of at most `letters`; None if a word is longer.

    A number at the end of a name stays on the line of the word before it.
    """
    lines: list[str] = []
    for word in _LAST_NUMBER.sub("\u00a0\\1", text).split(" "):
        if len(word) > letters:
            return None
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def label(
    candidates: Sequence[str], width_at: Callable[[float], float], *, figure: str
) -> tuple[list[str], int]:
    """Choose the largest label that fits a shape.

    Args:
        candidates: names from the fullest to the shortest.
        width_at: free width for a text of a given height (see `free_width`).
        figure: widest text of the line kept free below the name, in bold; empty for no such line.

    Returns:
        Lines and size in drawing units; no lines where not even the shortest name fits.
    """
    for name in candidates:
        for size in LABEL_SIZES:
            for count in range(1, MOST_LINES + 1):
                room = width_at((count + bool(figure)) * size * LINE_HEIGHT)
                if room < len(figure) * size * BOLD_WIDTH:
                    continue
                lines = wrap(name, int(room / (size * GLYPH_WIDTH)))
                if lines and len(lines) <= count:
                    return lines, size
    return [], LABEL_SIZES[-1]
