"""Text as a person reads it, whatever characters it is written with.

What belongs here is undoing what makes the same text look the same and compare differently; what
the text says is looked for elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

INVISIBLE = "Cf"
"""Unicode category of characters that take no place, such as the zero-width space."""
_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіјкмнорстухΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ",
    "ABESIJKMHOPCTYXabesijkmhopctyxABEZHIKMNOPTYXaiknoptux",
)
"""Cyrillic and Greek letters that read as Latin ones (Unicode Technical Standard 39)."""
_AT = re.compile(r"\s?[\[({]\s?(?:at|chiocciola)\s?[\])}]\s?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\((\+?[0-9]{2,4})\)")


def unmasked(text: str) -> str:
    """Write a text with the plain characters it reads as.

    Compatibility forms become plain ones, invisible characters go, letters of other alphabets that
    look Latin become Latin, `[at]` becomes `@`, and digits leave their brackets.
    """
    shown = unicodedata.normalize("NFKC", text)
    seen = "".join(each for each in shown if unicodedata.category(each) != INVISIBLE)
    return _IN_BRACKETS.sub(r"\1", _AT.sub("@", seen.translate(_LOOK_ALIKES)))
