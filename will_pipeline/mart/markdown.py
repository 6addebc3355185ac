"""Texts of sources inside pages in Markdown, where they must stay texts.

Only the escaping lives here; pages are made by the modules that know what they say.
"""

from __future__ import annotations


def cell(text: object) -> str:
    """A text for a cell of a table: on one line, no bar and no markup; nothing for none."""
    plain = "" if text is None else " ".join(str(text).split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
