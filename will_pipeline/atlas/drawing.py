"""Geometry of the drawings: scales, dots with intervals, labels inside shapes.

Numbers only; the SVG elements are written by the templates.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

REFERENCE = 100.0
SMALLEST_SPAN = 20.0
LABEL_SIZES = (30, 27, 24, 21, 18)
GLYPH_WIDTH = 0.56
"""Mean width of a letter of a sans-serif face as a share of its size."""
LINE_HEIGHT = 1.2

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMMANDS = re.compile(r"[^MLZ0-9\s,.\-]")


def span(values: Iterable[float]) -> float:
    """Half width of a scale centred on 100 that holds every value.

    Args:
        values: indices and interval ends.

    Returns:
        20 (the scale 80–120) or the next ten that reaches the farthest value: nothing is cut.
    """
    farthest = max((abs(value - REFERENCE) for value in values), default=0.0)
    return max(SMALLEST_SPAN, math.ceil(farthest / 10) * 10)


def position(value: float, half: float, width: float) -> float:
    """Abscissa of a value on a scale of the given half width drawn over `width` units."""
    return round((value - REFERENCE + half) / (2 * half) * width, 1)


def ticks(half: float) -> list[int]:
    """Round values to write along a scale, always with 100 in the middle."""
    step = 10 if half <= 30 else 20 if half <= 60 else 50
    reach = int(half // step) * step
    return [int(REFERENCE) + offset for offset in range(-reach, reach + 1, step)]


@dataclass(frozen=True, slots=True)
class Extent:
    """Width and height of an outline in drawing units."""

    width: float
    height: float


def extent(path: str) -> Extent:
    """Measure an outline made of absolute M, L and Z commands.

    Args:
        path: SVG path, as in area_geometria.path_svg.

    Returns:
        Its width and height.

    Raises:
        ValueError: the path holds anything else than absolute moves, lines and closures.
    """
    if not path.startswith("M") or _COMMANDS.search(path):
        raise ValueError(f"Tracciato SVG non ammesso: {path[:40]!r}.")
    numbers = [float(text) for text in _NUMBER.findall(path)]
    xs, ys = numbers[0::2], numbers[1::2]
    if not ys or len(xs) != len(ys):
        raise ValueError(f"Tracciato SVG senza coppie di coordinate: {path[:40]!r}.")
    return Extent(max(xs) - min(xs), max(ys) - min(ys))


def wrap(text: str, letters: int) -> list[str] | None:
    """Break a name at its spaces into lines of at most `letters`; None if a word is longer."""
    lines: list[str] = []
    for word in text.split():
        if len(word) > letters:
            return None
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def label(candidates: Sequence[str], room: Extent, reserved: int = 1) -> tuple[list[str], int]:
    """Choose the largest label that fits a shape.

    Args:
        candidates: names from the fullest to the shortest.
        room: width and height at hand.
        reserved: lines to keep free below the name, for the value.

    Returns:
        Lines and size in drawing units; no lines where not even the shortest name fits.
    """
    for name in candidates:
        for size in LABEL_SIZES:
            lines = wrap(name, int(room.width / (size * GLYPH_WIDTH)))
            if lines and (len(lines) + reserved) * size * LINE_HEIGHT <= room.height:
                return lines, size
    return [], LABEL_SIZES[-1]
