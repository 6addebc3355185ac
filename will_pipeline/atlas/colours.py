"""Colour arithmetic on the style sheet of the atlas, from published formulas only.

sRGB to CIELAB (IEC 61966-2-1, D65), CIEDE2000 (Sharma, Wu and Dalal 2005) and the appearance of a
colour to a deuteranope (Machado, Oliveira and Fernandes 2009, severity 1).
"""

from __future__ import annotations

from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

Triple = tuple[float, float, float]
WHITE = (0.95047, 1.0, 1.08883)
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


def linear(colour: str) -> Triple:
    """Linear light of a colour written `#rrggbb` or `#rgb`."""
    digits = colour.removeprefix("#")
    pairs = (
        [each * 2 for each in digits]
        if len(digits) == 3
        else [digits[i : i + 2] for i in (0, 2, 4)]
    )
    red, green, blue = (_straight(int(pair, 16) / 255) for pair in pairs)
    return red, green, blue


def _straight(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def seen(light: Triple, *, deuteranope: bool) -> Triple:
    """The light as a deuteranope sees it, or as it is."""
    if not deuteranope:
        return light
    red, green, blue = (min(1.0, max(0.0, each)) for each in _times(DEUTERANOPIA, light))
    return red, green, blue


def mixed(first: Triple, second: Triple, share: float) -> Triple:
    """The light of a hatch seen from afar: `share` of the first colour, the rest of the second."""
    red, green, blue = (
        share * one + (1 - share) * other for one, other in zip(first, second, strict=True)
    )
    return red, green, blue


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def luminance(light: Triple) -> float:
    """Relative luminance, as in WCAG."""
    return _times(TO_XYZ, light)[1]


def contrast(first: Triple, second: Triple) -> float:
    """Contrast ratio of WCAG 2.1."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def lab(light: Triple) -> Triple:
    """CIELAB of linear light."""
    x, y, z = (
        _root(value / white) for value, white in zip(_times(TO_XYZ, light), WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(share: float) -> float:
    return share ** (1 / 3) if share > (6 / 29) ** 3 else share / (3 * (6 / 29) ** 2) + 4 / 29


def ciede2000(first: Triple, second: Triple) -> float:
    """Difference of two CIELAB colours."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = (hypot(a1, b1) + hypot(a2, b2)) / 2
    stretch = 1 + (1 - sqrt(mean**7 / (mean**7 + 25**7))) / 2
    c1, c2 = hypot(stretch * a1, b1), hypot(stretch * a2, b2)
    h1 = degrees(atan2(b1, stretch * a1)) % 360 if c1 else 0.0
    h2 = degrees(atan2(b2, stretch * a2)) % 360 if c2 else 0.0
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue_step = 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    tilt = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    of_light = 1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2)
    of_chroma, of_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * tilt
    twist = -2 * sqrt(chroma**7 / (chroma**7 + 25**7))
    twist *= sin(radians(60 * exp(-(((hue - 275) / 25) ** 2))))
    terms = ((l2 - l1) / of_light, (c2 - c1) / of_chroma, hue_step / of_hue)
    return sqrt(sum(term**2 for term in terms) + twist * terms[1] * terms[2])
