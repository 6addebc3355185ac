"""A chapter as DOCX: real headings, real tables with header rows, pictures with their text.

Only the format belongs here; what the chapter says comes as records.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from will_pipeline.kit.chapter import Block, Chapter, Heading, Paragraph, Picture, Space, Table

LANGUAGE = "it-IT"
EMPTY_LINES = 4
"""Lines left empty under a question."""
# A content without moments of its own: the same release gives the same bytes.
MOMENT = datetime(2000, 1, 1)
_WIDTH, _AIR = Cm(16), Pt(2)


def docx_file(told: Chapter) -> bytes:
    """Write a chapter as DOCX.

    Args:
        told: the chapter.

    Returns:
        The bytes of the file: titled, in Italian, tables with a row of headings that repeats on
        every page. The same chapter always gives the same bytes.
    """
    document = Document()
    _describe(document, told)
    document.add_heading(told.title, level=0)
    document.add_paragraph(told.subtitle)
    for block in told.blocks:
        _add(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return without_moments(buffer.getvalue())


def _describe(document: Any, told: Chapter) -> None:
    about = document.core_properties
    about.title, about.subject, about.language = told.title, told.subtitle, LANGUAGE
    about.author, about.last_modified_by, about.comments = "will-pipeline", "", ""
    about.created = about.modified = MOMENT
    style = document.styles["Normal"]
    style.font.size = Pt(10.5)
    _speak(document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")))


def _speak(defaults: Any) -> None:
    """Set the language of the whole document."""
    properties = defaults.find(qn("w:rPr"))
    language = properties.find(qn("w:lang"))
    if language is None:
        language = OxmlElement("w:lang")
        properties.append(language)
    for attribute in ("w:val", "w:eastAsia", "w:bidi"):
        language.set(qn(attribute), LANGUAGE)


def _add(document: Any, block: Block) -> None:
    if isinstance(block, Heading):
        document.add_heading(block.text, level=block.level)
    elif isinstance(block, Paragraph):
        document.add_paragraph(block.text)
    elif isinstance(block, Space):
        document.add_paragraph(block.prompt).runs[0].italic = True
        for _ in range(EMPTY_LINES):
            document.add_paragraph()
    elif isinstance(block, Table):
        _add_table(document, block)
    else:
        _add_picture(document, block)


def _add_table(document: Any, block: Table) -> None:
    caption = document.add_paragraph(block.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1 + len(block.rows), cols=len(block.header), style="Table Grid")
    # Cells are asked for once: the library counts the whole table at every call.
    for row, texts in zip(table.rows, (block.header, *block.rows), strict=True):
        for position, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_before = _AIR
            paragraph.paragraph_format.space_after = _AIR
            paragraph.paragraph_format.line_spacing = 1.0
            run = paragraph.add_run(text)
            run.font.size = Pt(9)
            run.bold = texts is block.header or position == 0
            if position in block.numeric:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _repeat(table.rows[0])
    for row in table.rows:
        _keep_whole(row)
    for note in block.notes:
        document.add_paragraph().add_run(note).font.size = Pt(9)
    document.add_paragraph()


def _repeat(row: Any) -> None:
    """Mark a row as the headings of its table."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))


def _add_picture(document: Any, block: Picture) -> None:
    shape = document.add_picture(io.BytesIO(block.png), width=_WIDTH)
    shape._inline.docPr.set("descr", block.alternative)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(block.caption, style="Caption")


def without_moments(content: bytes) -> bytes:
    """Write a document, which is an archive, with the same moment on all of its members.

    The order of the members and how the type of an ODT is stored stay as they were.
    """
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            entry = zipfile.ZipInfo(member.filename, date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = member.compress_type
            target.writestr(entry, source.read(member))
    return buffer.getvalue()
