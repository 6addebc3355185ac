"""From pages to PDF/UA: tagged, titled, with their fonts inside, the same bytes every time.

Layout and the sharing of work between processes belong here; what a page says does not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "scheda.css"
SIDES = 2
VARIANT = "pdf/ua-1"
WORTH_A_PROCESS = 8
"""Fewer sheets than this are printed sooner than a second process starts."""


class SheetTooLong(ValueError):
    """A sheet does not fit its two sides in any way; the text names it in Italian."""

    def __init__(self, name: str, sides: int) -> None:
        super().__init__(f"La scheda {name} occupa {sides} facciate: devono essere {SIDES}.")


def print_sheets(
    pages: Mapping[str, Sequence[str]], *, workers: int | None = None
) -> dict[str, bytes]:
    """Print sheets, each in the first of its forms that fits two sides.

    Args:
        pages: forms of every sheet by path, roomiest first, as HTML.
        workers: processes to share the work between; as many as the processors where none is
            given, one where the sheets are few.

    Returns:
        PDF/UA-1 by path, in the order of the paths. The same pages always give the same bytes.

    Raises:
        SheetTooLong: no form of a sheet fits two sides.
    """
    names = sorted(pages)
    most = max(1, len(names) // WORTH_A_PROCESS)
    shared = min(workers or os.cpu_count() or 1, most)
    jobs = [(name, tuple(pages[name])) for name in names]
    if shared == 1:
        return dict(map(_printed, jobs))
    # A fresh process: a fork would copy the threads of the readers of tables half-way.
    with ProcessPoolExecutor(shared, mp_context=get_context("spawn")) as pool:
        return dict(pool.map(_printed, jobs, chunksize=4))


def _printed(job: tuple[str, tuple[str, ...]]) -> tuple[str, bytes]:
    name, forms = job
    sides = 0
    for form in forms:
        document = _page(form).render(
            stylesheets=[_style()], font_config=_fonts(), pdf_variant=VARIANT
        )
        sides = len(document.pages)
        if sides == SIDES:
            return name, _written(document, name)
    raise SheetTooLong(name, sides)


def _written(document: Any, name: str) -> bytes:
    written: bytes = document.write_pdf(
        pdf_variant=VARIANT, pdf_tags=True, pdf_identifier=name.encode()
    )
    return written


def _page(form: str) -> Any:
    from weasyprint import HTML  # noqa: PLC0415

    # A page refers to nothing outside itself, whatever a name or a statement holds.
    return HTML(string=form, url_fetcher=_fetching(frozenset()))


@cache
def _fonts() -> Any:
    """The fonts, read once by process."""
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    return FontConfiguration()


@cache
def _style() -> Any:
    """The style of the sheets, read once by process."""
    from weasyprint import CSS  # noqa: PLC0415

    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return CSS(
        filename=str(STYLE), font_config=_fonts(), url_fetcher=_fetching(frozenset({"file"}))
    )


@cache
def _fetching(protocols: frozenset[str]) -> Any:
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    return URLFetcher(allowed_protocols=protocols)
