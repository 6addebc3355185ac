"""A chapter as ODT: real headings, real tables with header rows, pictures with their text.

Only the format belongs here; what the chapter says comes as records.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from odfdo import Document, Element
from PIL import Image

from will_pipeline.kit.chapter import Block, Chapter, Heading, Paragraph, Picture, Space, Table
from will_pipeline.kit.docx_file import EMPTY_LINES, LANGUAGE, without_moments

MOMENT = datetime(2000, 1, 1)
_WIDTH = 16.0
"""Width of the text on the page, in centimetres."""
_BORDER = 'fo:border="0.5pt solid #33475b" fo:padding="0.08cm"'
_STYLES = (
    '<style:style style:name="WillSpace" style:family="paragraph" '
    'style:parent-style-name="Standard"><style:text-properties fo:font-style="italic"/>'
    "</style:style>",
    '<style:style style:name="WillCaption" style:family="paragraph" '
    'style:parent-style-name="Standard"><style:paragraph-properties fo:keep-with-next="always" '
    'fo:margin-top="0.3cm"/><style:text-properties fo:font-weight="bold"/></style:style>',
    '<style:style style:name="WillCell" style:family="table-cell">'
    f"<style:table-cell-properties {_BORDER}/></style:style>",
    '<style:style style:name="WillHead" style:family="paragraph" '
    'style:parent-style-name="Standard"><style:text-properties fo:font-weight="bold" '
    'fo:font-size="9pt"/></style:style>',
    '<style:style style:name="WillText" style:family="paragraph" '
    'style:parent-style-name="Standard"><style:text-properties fo:font-size="9pt"/>'
    "</style:style>",
    '<style:style style:name="WillNumber" style:family="paragraph" '
    'style:parent-style-name="Standard"><style:paragraph-properties fo:text-align="end"/>'
    '<style:text-properties fo:font-size="9pt"/></style:style>',
)


def odt_file(told: Chapter) -> bytes:
    """Write a chapter as ODT.

    Args:
        told: the chapter.

    Returns:
        The bytes of the file: titled, in Italian, tables with a row of headings that repeats on
        every page. The same chapter always gives the same bytes.
    """
    document = Document("text")
    _describe(document, told)
    body = document.body
    body.clear()
    body.append(_heading(1, told.title))
    body.append(_paragraph(told.subtitle))
    for place, block in enumerate(told.blocks, start=1):
        for element in _elements(document, block, place):
            body.append(element)
    buffer = io.BytesIO()
    document.save(buffer)
    return without_moments(buffer.getvalue())


def _describe(document: Any, told: Chapter) -> None:
    document.set_language(LANGUAGE)
    about = document.meta
    about.set_title(told.title)
    about.set_subject(told.subtitle)
    about.set_initial_creator("will-pipeline")
    about.set_creator("will-pipeline")
    about.set_creation_date(MOMENT)
    about.set_modification_date(MOMENT)
    for style in _STYLES:
        document.insert_style(Element.from_tag(style), automatic=True)


def _elements(document: Any, block: Block, place: int) -> list[Element]:
    if isinstance(block, Heading):
        return [_heading(block.level + 1, block.text)]
    if isinstance(block, Paragraph):
        return [_paragraph(block.text)]
    if isinstance(block, Space):
        return [
            _paragraph(block.prompt, style="WillSpace"),
            *(_paragraph("") for _ in range(EMPTY_LINES)),
        ]
    if isinstance(block, Table):
        return [
            _paragraph(block.caption, style="WillCaption"),
            _table(block, place),
            *(_paragraph(note, style="WillText") for note in block.notes),
            _paragraph(""),
        ]
    return [_picture(document, block, place), _paragraph(block.caption)]


def _heading(level: int, text: str) -> Element:
    style = f"Heading_20_{level}"
    return Element.from_tag(
        f'<text:h text:outline-level="{level}" text:style-name="{style}">{escape(text)}</text:h>'
    )


def _paragraph(text: str, *, style: str = "Standard") -> Element:
    return Element.from_tag(f'<text:p text:style-name="{style}">{escape(text)}</text:p>')


def _table(block: Table, place: int) -> Element:
    columns = f'<table:table-column table:number-columns-repeated="{len(block.header)}"/>'
    header = _row(block.header, ["WillHead"] * len(block.header))
    styles = [
        "WillNumber" if position in block.numeric else "WillText" if position else "WillHead"
        for position in range(len(block.header))
    ]
    rows = "".join(_row(row, styles) for row in block.rows)
    return Element.from_tag(
        f'<table:table table:name="Tabella{place}">{columns}'
        f"<table:table-header-rows>{header}</table:table-header-rows>{rows}</table:table>"
    )


def _row(texts: tuple[str, ...], styles: list[str]) -> str:
    cells = "".join(
        '<table:table-cell table:style-name="WillCell" office:value-type="string">'
        f'<text:p text:style-name="{style}">{escape(text)}</text:p></table:table-cell>'
        for text, style in zip(texts, styles, strict=True)
    )
    return f"<table:table-row>{cells}</table:table-row>"


def _picture(document: Any, block: Picture, place: int) -> Element:
    name = f"Pictures/disegno{place}.png"
    document.set_part(name, block.png)
    document.manifest.add_full_path(name, "image/png")
    with Image.open(io.BytesIO(block.png)) as image:
        height = _WIDTH * image.height / image.width
    return Element.from_tag(
        '<text:p text:style-name="WillCaption">'
        f'<draw:frame draw:name="Disegno{place}" text:anchor-type="as-char" '
        f'svg:width="{_WIDTH:.2f}cm" svg:height="{height:.2f}cm">'
        f'<draw:image xlink:href={quoteattr(name)} xlink:type="simple" xlink:show="embed" '
        'xlink:actuate="onLoad"/>'
        f"<svg:desc>{escape(block.alternative)}</svg:desc></draw:frame></text:p>"
    )
