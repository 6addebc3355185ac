"""A strip plot as SVG text: one row per group, a mark per value, a bar at the median.

Drawing only; the same numbers always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import median
from xml.sax.saxutils import escape

from will_pipeline.atlas.words import number

WIDTH, LEFT, RIGHT = 760.0, 170.0, 30.0
TOP, ROW, BOTTOM = 14.0, 34.0, 66.0
TICKS = 6
INK, MARK, MEDIAN, GRID = "#1a1a1a", "#0b5aa2", "#b3261e", "#d0d0d0"


@dataclass(frozen=True)
class Strip:
    """One row of the plot.

    Attributes:
        name: what is written beside the row.
        values: values of its areas.
        whole: value of the whole, drawn as a diamond; none where it is not known.
    """

    name: str
    values: tuple[float, ...]
    whole: float | None


def strip_plot(strips: Sequence[Strip], *, title: str, unit: str) -> str:
    """Draw the strips on one common axis.

    Args:
        strips: rows from the top; at least one value among them.
        title: accessible name of the drawing.
        unit: unit of the values, written under the axis.

    Raises:
        ValueError: there is no value to draw.
    """
    found = [
        value for strip in strips for value in (*strip.values, strip.whole) if value is not None
    ]
    if not found:
        raise ValueError("a strip plot needs at least one value")
    ticks, decimals = axis_ticks(min(found), max(found))
    height = TOP + ROW * len(strips) + BOTTOM
    scale = (WIDTH - LEFT - RIGHT) / (ticks[-1] - ticks[0])

    def across(value: float) -> str:
        return f"{LEFT + (value - ticks[0]) * scale:.1f}"

    foot = TOP + ROW * len(strips)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" '
        'font-family="sans-serif" font-size="14">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for tick in ticks:
        lines += [
            f'<line x1="{across(tick)}" y1="{TOP:.0f}" x2="{across(tick)}" y2="{foot:.0f}" '
            f'stroke="{GRID}"/>',
            f'<text x="{across(tick)}" y="{foot + 18:.0f}" text-anchor="middle" fill="{INK}">'
            f"{number(tick, decimals)}</text>",
        ]
    for place, strip in enumerate(strips):
        lines += _row(strip, TOP + ROW * (place + 0.5), across)
    lines += [
        f'<text x="{LEFT:.0f}" y="{foot + 38:.0f}" fill="{INK}">{escape(unit)}</text>',
        f'<text x="{LEFT:.0f}" y="{foot + 57:.0f}" fill="{INK}">{_legend(strips)}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def axis_ticks(low: float, high: float) -> tuple[tuple[float, ...], int]:
    """Round ticks that enclose a range, and the decimals they need.

    Steps are 1, 2 or 5 times a power of ten (Heckbert 1990, Nice numbers for graph labels).

    Args:
        low: least value.
        high: greatest value.
    """
    span = high - low if high > low else abs(high) or 1.0
    rough = span / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    last = max(last, first + 1)
    decimals = max(0, -floor(log10(step) + 1e-9))
    return tuple(round(place * step, 10) for place in range(first, last + 1)), decimals


def _row(strip: Strip, y: float, across: Callable[[float], str]) -> list[str]:
    lines = [f'<text x="0" y="{y + 5:.1f}" fill="{INK}">{escape(strip.name)}</text>']
    lines += [
        f'<circle cx="{across(value)}" cy="{y:.1f}" r="5" fill="{MARK}" fill-opacity="0.45"/>'
        for value in sorted(strip.values)
    ]
    if strip.values:
        middle = across(median(strip.values))
        lines.append(
            f'<line x1="{middle}" y1="{y - 12:.1f}" x2="{middle}" y2="{y + 12:.1f}" '
            f'stroke="{MEDIAN}" stroke-width="3"/>'
        )
    if strip.whole is not None:
        lines.append(
            f'<path d="M{across(strip.whole)} {y - 7:.1f}l7 7l-7 7l-7 -7z" fill="#ffffff" '
            f'fill-opacity="0.7" stroke="{INK}" stroke-width="1.5"/>'
        )
    return lines


def _legend(strips: Sequence[Strip]) -> str:
    marks = []
    if any(strip.values for strip in strips):
        marks.append(f'<tspan fill="{MARK}">●</tspan> area')
        marks.append(f'<tspan fill="{MEDIAN}">┃</tspan> mediana delle aree')
    if any(strip.whole is not None for strip in strips):
        marks.append("◇ città intera")
    return " · ".join(marks)
