"""A browser on a built atlas: accessibility, requests and complaints, one page of every template.

Only what needs a browser belongs here; where there is none the text says what to install.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from will_pipeline.atlas.verification import ACCESS, ORIGINS, Finding

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SINGLE = (
    "index.html", "cerca.html", "confronta.html", "pesi.html", "metodo.html", "fonti.html",
    "stato.html", "en/index.html",
)  # fmt: skip
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "preload": False,
}
WIDTH, HEIGHT = 1280, 900
INSTALL = "apt-get install chromium, poi make .venv/.ready-dev"


class NoBrowser(RuntimeError):
    """No browser or no axe-core is installed; the text says in Italian what to install."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"manca {missing}: {INSTALL}")


def one_of_each(folder: Path) -> list[str]:
    """One page of every template: the single ones, a city, the richest and the barest area.

    Args:
        folder: folder of the atlas.
    """
    areas = sorted((folder / "area").glob("*.html"), key=lambda file: (file.stat().st_size, file))
    cities = sorted((folder / "citta").glob("*.html"))
    found = [name for name in SINGLE if (folder / name).is_file()]
    if len(areas) > 1:
        found.append(f"confronta.html#{areas[-1].stem}+{areas[0].stem}")
    found += [f"citta/{file.name}" for file in cities[:1]]
    ends = [areas[0], areas[-1]] if len(areas) > 1 else areas
    return found + [f"area/{file.name}" for file in ends]


def browse(folder: Path) -> tuple[list[Finding], int]:
    """Open one page of every template by day and by night, and let axe-core look at it.

    Args:
        folder: folder of the atlas.

    Returns:
        What was found, and how many pages were opened.

    Raises:
        NoBrowser: playwright, axe-core or the browser is not installed.
    """
    start, axe = _tools()
    pages = one_of_each(folder)
    findings: list[Finding] = []
    with start() as playwright:
        browser = playwright.chromium.launch(executable_path=_browser(), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": WIDTH, "height": HEIGHT}
            )
            for name in pages:
                findings += _looked(context, folder, name, axe)
            context.close()
        browser.close()
    return list(dict.fromkeys(findings)), 2 * len(pages)


def _tools() -> tuple[Any, str]:
    try:
        from axe_playwright_python.base import AXE_FILE_PATH  # type: ignore[import-untyped]  # noqa: PLC0415
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError as fault:
        raise NoBrowser(fault.name or "playwright") from fault
    _browser()
    return sync_playwright, Path(AXE_FILE_PATH).read_text(encoding="utf-8")


def _browser() -> str:
    for name in BROWSERS:
        if (found := shutil.which(name)) is not None:
            return found
    raise NoBrowser("chromium")


def _looked(context: Any, folder: Path, name: str, axe: str) -> Iterator[Finding]:
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{folder.resolve().as_uri()}/{name}")
    page.evaluate(axe)
    seen = page.evaluate("rules => axe.run(document, rules)", RULES)
    page.close()
    for each in seen["violations"]:
        for node in each["nodes"]:
            yield Finding(ACCESS, name, f"{each['id']}: {node['target'][0]}")
    for text in complaints:
        yield Finding(ACCESS, name, f"il browser si lamenta: {text}")
    home = folder.resolve().as_uri()
    for url in asked:
        if not url.startswith((home, "data:")):
            yield Finding(ORIGINS, name, f"la pagina chiede {url}")
