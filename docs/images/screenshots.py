"""Takes the pictures of the README from a built atlas: `make schermate`.

Which pages and how wide is decided here; the pictures are looked at by people before they stay.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
ATLAS = HERE.parents[1] / "data" / "marts" / "latest" / "atlante"
SIZES = {"desktop": (1280, 900), "telefono": (360, 740)}
FIRST = ("citta", "desktop")
"""The picture that opens the README, under the name it has there."""
PAGES = {
    "home": "index.html",
    "citta": "citta/parma.html#quartieri-solitudine",
    "area": "area/034027.Q04.html",
    "confronto": "confronta.html#034027.Q04+028060.Q01",
}
SHEET = "schede/034027.Q04.pdf"
DOTS_PER_INCH = "72"


def main() -> int:
    """Write every picture; say what is missing where something is."""
    atlas = Path(sys.argv[1]) if len(sys.argv) > 1 else ATLAS
    browser = shutil.which("chromium")
    if browser is None or not (atlas / "index.html").is_file():
        sys.stderr.write("Servono chromium (apt-get install chromium) e un rilascio (make run).\n")
        return 1
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for size, (width, height) in SIZES.items():
            for name, page in PAGES.items():
                target = "atlante" if (name, size) == FIRST else f"{name}-{size}"
                address = f"{atlas.resolve().as_uri()}/{page}"
                _picture(opened, address, HERE / f"{target}.png", width, height)
        opened.close()
    _sheet(atlas / SHEET, HERE / "scheda.png")
    return 0


def _picture(browser: Browser, address: str, target: Path, width: int, height: int) -> None:
    opened = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    opened.goto(address)
    opened.evaluate("() => document.fonts.ready")
    opened.wait_for_timeout(300)
    opened.screenshot(path=str(target))
    opened.close()


def _sheet(sheet: Path, target: Path) -> None:
    """Both sides of a sheet beside each other, where the sheet was made and poppler is there."""
    reader = shutil.which("pdftoppm")
    if reader is None or not sheet.is_file():
        return
    from PIL import Image  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        command = [reader, "-r", DOTS_PER_INCH, "-png", str(sheet), f"{folder}/lato"]
        subprocess.run(command, check=True)  # noqa: S603
        sides = [Image.open(file).convert("RGB") for file in sorted(Path(folder).glob("*.png"))]
        whole = Image.new("RGB", (sum(side.width for side in sides), sides[0].height), "white")
        for place, side in enumerate(sides):
            whole.paste(side, (place * side.width, 0))
        whole.save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
