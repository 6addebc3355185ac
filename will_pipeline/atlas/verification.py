"""What a machine can check on a built atlas: links, origins, colours, words, tables against maps.

A check reads the files as a reader's browser would get them; what needs a browser is in `browsing`.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from will_pipeline.atlas.colours import ciede2000, contrast, lab, linear, mixed, seen
from will_pipeline.atlas.reading import PageRead
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease

LINKS, ORIGINS, COLOURS = "collegamenti", "altre_origini", "contrasto"
WORDS, TABLES, ACCESS = "leggibilita", "tabella_mappa", "accessibilita"
LEAST_DIFFERENCE, LEAST_CONTRAST = 10.0, 4.5
HATCH_SHARE = 6 / 14
"""Dark part of the hatch of a withheld area."""
CLASSES = tuple(f"class-{number}" for number in range(1, 6))
CHOICES = frozenset({"cerca.html", "pesi.html", "confronta.html"})
"""Pages whose fragment is a choice of the reader, not an anchor."""
PDF_MARK = b"%PDF-"
LIBRARIES = "esploratore/librerie/"
"""Scripts of others, known by their sha512: the policy of their page says what they may ask for."""

_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)")
_CALLS = re.compile(
    r"\b(?:fetch|importScripts|sendBeacon)\s*\(|\bnew\s+(?:XMLHttpRequest|WebSocket|EventSource)\b"
    r"|\bimport\s*\("
)
_DECLARED = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in one file of an atlas; the message is in Italian."""

    check: str
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of the checks: what was wrong, and how many things each check looked at."""

    findings: tuple[Finding, ...]
    looked_at: Mapping[str, int]


class NoAtlas(FileNotFoundError):
    """There is no built atlas in a folder; the text says in Italian what to do."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"in {folder.name} non c'è un atlante: si fa con «will esegui» o con "
            "«will atlante costruisci»"
        )


def verify(folder: Path) -> Verdict:
    """Check a built atlas without a browser.

    Args:
        folder: folder of the atlas, with its index.html.

    Raises:
        NoAtlas: the folder holds no atlas.
    """
    if not (folder / "index.html").is_file():
        raise NoAtlas(folder)
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    pages = {
        name: PageRead(path.read_text(encoding="utf-8"))
        for name, path in files.items()
        if name.endswith(".html")
    }
    css = {
        name: path.read_text(encoding="utf-8")
        for name, path in files.items()
        if name.endswith(".css")
    }
    scripts = {
        name: path.read_text(encoding="utf-8")
        for name, path in files.items()
        if name.endswith(".js") and not name.startswith(LIBRARIES)
    }
    findings = [
        *_links(pages, set(files)),
        *_sheets(files),
        *_origins(pages, css, scripts),
        *_colours(css.get("stile.css", "")),
        *_words(pages),
        *_tables(pages),
    ]
    looked_at = {
        LINKS: sum(len(page.links) + len(page.fetched) for page in pages.values()),
        ORIGINS: len(pages) + len(css) + len(scripts),
        COLOURS: len(CLASSES) + 3,
        WORDS: sum(len(page.sentences) for page in pages.values()),
        TABLES: sum(len(page.drawn) for page in pages.values()),
    }
    return Verdict(tuple(findings), looked_at)


def _links(pages: Mapping[str, PageRead], files: set[str]) -> Iterator[Finding]:
    for name, page in pages.items():
        if not page.title or not page.language:
            yield Finding(LINKS, name, "la pagina non ha titolo o lingua")
        for target in dict.fromkeys((*page.links, *page.fetched)):
            if urlsplit(target).scheme:
                continue
            file, _, anchor = target.partition("#")
            near = posixpath.join(posixpath.dirname(name), unquote(file))
            found = posixpath.normpath(near) if file else name
            if found not in files:
                yield Finding(LINKS, name, f"il collegamento {target} non porta a niente")
            elif found in CHOICES and anchor and file:
                yield from _chosen(name, found, anchor, files)
            elif anchor and found in pages and unquote(anchor) not in pages[found].identifiers:
                yield Finding(LINKS, name, f"il punto #{anchor} non c'è in {found}")


def _chosen(name: str, found: str, anchor: str, files: set[str]) -> Iterator[Finding]:
    if found != "confronta.html":
        return
    for area in anchor.split("+"):
        if f"area/{area}.html" not in files:
            yield Finding(LINKS, name, f"il confronto nomina un'area che non c'è: {area}")


def _sheets(files: Mapping[str, Path]) -> Iterator[Finding]:
    for name, path in files.items():
        if name.endswith(".pdf") and not path.read_bytes().startswith(PDF_MARK):
            yield Finding(LINKS, name, "la scheda non è un PDF")


def _origins(
    pages: Mapping[str, PageRead], css: Mapping[str, str], scripts: Mapping[str, str]
) -> Iterator[Finding]:
    for name, page in pages.items():
        for target in page.fetched:
            if urlsplit(target).netloc or urlsplit(target).scheme not in {"", "data"}:
                yield Finding(ORIGINS, name, f"la pagina chiede {target}")
        if "default-src 'none'" not in page.policy:
            yield Finding(ORIGINS, name, "la pagina non vieta le richieste ad altri siti")
        for each in page.inline:
            yield Finding(ORIGINS, name, f"codice o stile scritto nella pagina: {each}")
    yield from _styles_and_scripts(css, scripts)


def _styles_and_scripts(css: Mapping[str, str], scripts: Mapping[str, str]) -> Iterator[Finding]:
    for name, text in css.items():
        asked = [*_URL.findall(text), *(["@import"] if "@import" in text else [])]
        for target in asked:
            if target == "@import" or urlsplit(target).netloc:
                yield Finding(ORIGINS, name, f"lo stile chiede {target}")
    for name, text in scripts.items():
        for call in _CALLS.findall(text):
            yield Finding(ORIGINS, name, f"lo script può chiedere altro: {call.strip('( ')}")


def _colours(css: str) -> Iterator[Finding]:
    day = dict(_DECLARED.findall(css.partition("@media")[0]))
    dark = css.partition("prefers-color-scheme: dark")[2].partition(".top {")[0]
    night = day | dict(_DECLARED.findall(dark))
    absent = {*CLASSES, "near", "missing", "hatch", "hatch-ground"} - set(day)
    if absent:
        yield Finding(COLOURS, "stile.css", f"mancano i colori {', '.join(sorted(absent))}")
        return
    light = {name: linear(day[name]) for name in (*CLASSES, "near", "missing")}
    light["withheld"] = mixed(linear(day["hatch"]), linear(day["hatch-ground"]), HATCH_SHARE)
    for blind, (one, other) in itertools.product(
        (False, True), itertools.combinations(sorted(light), 2)
    ):
        first, second = (lab(seen(light[name], deuteranope=blind)) for name in (one, other))
        if (apart := ciede2000(first, second)) < LEAST_DIFFERENCE:
            eye = " per chi non distingue il verde" if blind else ""
            yield Finding(COLOURS, "stile.css", f"{one} e {other}{eye}: differenza {apart:.1f}")
    for hour, colours in (("giorno", day), ("notte", night)):
        for ink, ground in itertools.product(("text", "muted", "link", "ink"), ("paper", "wash")):
            if (ratio := contrast(linear(colours[ink]), linear(colours[ground]))) < LEAST_CONTRAST:
                yield Finding(
                    COLOURS, "stile.css", f"{ink} su {ground}, {hour}: contrasto {ratio:.1f}"
                )


def _words(pages: Mapping[str, PageRead]) -> Iterator[Finding]:
    for name, page in pages.items():
        for sentence in page.sentences:
            score = gulpease(sentence)
            if score < LEAST_FOR_EVERYONE:
                yield Finding(WORDS, name, f"Gulpease {score:.0f}: {sentence}")


def _tables(pages: Mapping[str, PageRead]) -> Iterator[Finding]:
    for name, page in pages.items():
        drawn, listed = Counter(page.drawn), Counter(page.listed)
        for area, shown in sorted((drawn - listed) + (listed - drawn)):
            told = "mappa" if drawn[area, shown] > listed[area, shown] else "tabella"
            yield Finding(TABLES, name, f"{area}: «{shown}» è solo nella {told}")
