"""The map of a city as a drawing that carries its own colours: SVG for PDF, PNG for documents.

Only marks on paper belong here; outlines, labels and readings come from the records of the atlas.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape

from PIL import Image, ImageChops, ImageDraw, ImageFont

from will_pipeline.atlas.drawing import rings
from will_pipeline.atlas.model import Area, Score, Shape
from will_pipeline.italian import number

CLASSES = {
    "c1": "#cfe2f5",
    "c2": "#97c1e8",
    "c3": "#5c9dd8",
    "c4": "#2b6cb0",
    "c5": "#0b3a75",
    "near": "#efe6cc",
    "withheld": "#f7f7f7",
    "missing": "#ffffff",
}
"""Ground of every drawing, the same as in the pages of the atlas."""
LEGEND = (
    ("c1", "1, meno bisogno"),
    ("c2", "2"),
    ("c3", "3"),
    ("c4", "4"),
    ("c5", "5, più bisogno"),
    ("near", "non distinguibile dalla città"),
    ("withheld", "nessun indice: riservatezza o area piccola"),
    ("missing", "dato mancante"),
)
DARK, PATTERNED = frozenset({"c4", "c5"}), frozenset({"near", "withheld"})
BORDER, INK, PAPER = "#33475b", "#10233a", "#ffffff"
HATCH, DOT = "#6b6b6b", "#8c7640"
MARGIN = 6.0
"""Free space around the outlines, in drawing units."""
_STEP, _DOTS = 14, 22
_SMOOTH = 2
"""Pixels drawn for each pixel kept, along each side."""

Scored = Iterable[tuple[Area, Score]]


def svg_map(box: str, scores: Scored, *, title: str) -> str:
    """Draw the areas of a level, coloured by one need.

    Args:
        box: `viewBox` of the level.
        scores: areas with their state on the need; those without an outline are left out.
        title: what the drawing shows, for who cannot see it.

    Returns:
        An `<svg>` element without style sheets or references to other files.
    """
    left, top, width, height = _box(box)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}"'
        f' role="img" aria-label="{escape(title)}">',
        _PATTERNS,
    ]
    shown = _shown(scores)
    parts += [_outline(shape, score) for shape, score in shown]
    parts += [_label(shape, score) for shape, score in shown]
    return "".join([*parts, "</svg>"])


def svg_swatch(mark: str) -> str:
    """Draw the entry of the legend of one drawing."""
    dot = f'<circle cx="13" cy="9" r="3" fill="{INK}"/>' if mark == "missing" else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 18" width="26" height="18">'
        f'{_PATTERNS}<rect x="1" y="1" width="24" height="16" fill="{_fill(mark)}" '
        f'stroke="{BORDER}"/>{dot}</svg>'
    )


def png_map(box: str, scores: Scored, *, width: int = 1400) -> bytes:
    """Draw the same map as a picture, for documents that cannot hold an SVG.

    Args:
        box: `viewBox` of the level.
        scores: areas with their state on the need.
        width: width of the picture in pixels.

    Returns:
        The bytes of a PNG; the same records always give the same pixels.
    """
    left, top, wide, high = _box(box)
    scale = width * _SMOOTH / wide
    canvas = Image.new("RGB", (width * _SMOOTH, round(high * scale)), PAPER)
    shown = _shown(scores)
    for shape, score in shown:
        _paint(canvas, shape, score, (left, top, scale))
    for shape, score in shown:
        _write(ImageDraw.Draw(canvas), shape, score, (left, top, scale))
    buffer = io.BytesIO()
    kept = (width, canvas.height // _SMOOTH)
    canvas.resize(kept, Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


Frame = tuple[float, float, float]
"""Left, top and pixels per drawing unit."""


def _box(text: str) -> tuple[float, float, float, float]:
    left, top, width, height = (float(each) for each in text.replace(",", " ").split())
    return left - MARGIN, top - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN


def _shown(scores: Scored) -> list[tuple[Shape, Score]]:
    return [(area.shape, score) for area, score in scores if area.shape is not None]


def _fill(mark: str) -> str:
    return {"withheld": "url(#tratti)", "near": "url(#punti)"}.get(mark, CLASSES[mark])


def _outline(shape: Shape, score: Score) -> str:
    return (
        f'<path d="{escape(shape.path)}" fill="{_fill(score.mark)}" stroke="{BORDER}" '
        'stroke-width="2" fill-rule="evenodd"/>'
    )


def _lines(shape: Shape, score: Score) -> list[tuple[str, float, str]]:
    """Lines of a label with their ordinate; the last one is the index where it has room."""
    texts = [(line, "normal") for line in shape.lines]
    if shape.figure and score.value is not None:
        texts.append((number(score.value.index, 1), "bold"))
    first = shape.y - shape.size * 1.2 * (len(texts) - 1) / 2
    return [
        (text, first + place * shape.size * 1.2, weight)
        for place, (text, weight) in enumerate(texts)
    ]


def _label(shape: Shape, score: Score) -> str:
    ink = PAPER if score.mark in DARK else INK
    written = []
    for text, y, weight in _lines(shape, score):
        place = (
            f'x="{shape.x:g}" y="{y + shape.size / 3:.1f}" font-size="{shape.size}" '
            f'text-anchor="middle" font-weight="{weight}"'
        )
        # Not every reader of SVG can paint a stroke below its own fill.
        if score.mark in PATTERNED:
            halo = f'fill="{PAPER}" stroke="{PAPER}" stroke-width="5"'
            written.append(f"<text {place} {halo}>{escape(text)}</text>")
        written.append(f'<text {place} fill="{ink}">{escape(text)}</text>')
    return "".join(written)


def _paint(canvas: Image.Image, shape: Shape, score: Score, frame: Frame) -> None:
    left, top, scale = frame
    outlines = [
        [((x - left) * scale, (y - top) * scale) for x, y in ring] for ring in rings(shape.path)
    ]
    mask = Image.new("1", canvas.size, 0)
    for outline in outlines:
        # Rings inside rings are holes, as the even-odd rule of the SVG has it.
        ring = Image.new("1", canvas.size, 0)
        ImageDraw.Draw(ring).polygon(outline, fill=1)
        mask = ImageChops.logical_xor(mask, ring)
    canvas.paste(_ground(canvas.size, score.mark, scale), (0, 0), mask)
    pen = ImageDraw.Draw(canvas)
    for outline in outlines:
        pen.line([*outline, outline[0]], fill=BORDER, width=max(1, round(2 * scale)), joint="curve")


def _ground(size: tuple[int, int], mark: str, scale: float) -> Image.Image:
    ground = Image.new("RGB", size, CLASSES[mark])
    pen = ImageDraw.Draw(ground)
    if mark == "withheld":
        step = round(_STEP * 1.4 * scale)
        for start in range(-size[1], size[0], step):
            pen.line(
                [(start, size[1]), (start + size[1], 0)], fill=HATCH, width=max(1, step * 2 // 5)
            )
    elif mark == "near":
        step, radius = round(_DOTS * scale / 2), max(1, round(1.7 * scale))
        for row, y in enumerate(range(0, size[1], step)):
            for x in range(step // 2 if row % 2 else 0, size[0], 2 * step):
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=DOT)
    return ground


def _write(pen: ImageDraw.ImageDraw, shape: Shape, score: Score, frame: Frame) -> None:
    left, top, scale = frame
    face = ImageFont.load_default(shape.size * scale)
    dark = score.mark in DARK
    halo = round(3 * scale) if score.mark in PATTERNED else 0
    for text, y, _ in _lines(shape, score):
        pen.text(
            ((shape.x - left) * scale, (y - top) * scale),
            # The face that comes with the library has no glyph for the space that does not break.
            text.replace("\u00a0", " "),
            fill=PAPER if dark else INK,
            font=face,
            anchor="mm",
            stroke_width=halo,
            stroke_fill=PAPER,
        )


_PATTERNS = (
    '<defs><pattern id="tratti" width="14" height="14" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="14" height="14" fill="{CLASSES["withheld"]}"/>'
    f'<rect width="6" height="14" fill="{HATCH}"/></pattern>'
    '<pattern id="punti" width="22" height="22" patternUnits="userSpaceOnUse">'
    f'<rect width="22" height="22" fill="{CLASSES["near"]}"/>'
    f'<circle cx="5" cy="5" r="1.7" fill="{DOT}"/><circle cx="16" cy="16" r="1.7" fill="{DOT}"/>'
    "</pattern></defs>"
)
