"""How easy an Italian text is to read.

Only the measure belongs here; which texts must reach which value is for those who publish them.
"""

from __future__ import annotations

import re

LEAST_FOR_EVERYONE = 60.0
"""Threshold of this project: Lucisano and Piemontese find that readers with lower secondary
education read with difficulty below 60."""

_MARKUP = re.compile(r"<[^>]*>|[`*_]")
_GROUPED = re.compile(r"(?<=\d)[.,](?=\d)")
_SENTENCE_END = re.compile(r"[.!?;…]+(?=\s|$|[»\")])")
_WORD = re.compile(r"[^\W_]+")


def gulpease(text: str) -> float:
    """Gulpease readability index of an Italian text.

    89 + (300 x sentences - 10 x letters) / words, kept between 0 and 100. Letters are characters
    of words, digits included; a sentence ends at a full stop, a question or exclamation mark or a
    semicolon, not at a colon, and a text without any is one sentence. Marks inside numbers end
    nothing, markup is not read.

    Args:
        text: Italian text of at least one word.

    Returns:
        From 0 (hardest) to 100 (easiest).

    Raises:
        ValueError: the text has no word.

    Source:
        Lucisano, P. and Piemontese, M. E. (1988), Gulpease: una formula per la predizione della
        difficolta dei testi in lingua italiana, Scuola e citta 39(3), 110-124.
    """
    plain = _GROUPED.sub("", _MARKUP.sub(" ", text))
    words = _WORD.findall(plain)
    if not words:
        raise ValueError("a text without words has no readability")
    parts = [part for part in _SENTENCE_END.split(plain) if _WORD.search(part)]
    letters = sum(len(word) for word in words)
    score = 89.0 + (300.0 * len(parts) - 10.0 * letters) / len(words)
    return min(100.0, max(0.0, score))
