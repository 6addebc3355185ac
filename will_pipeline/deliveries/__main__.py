"""The command that remakes the tables of `docs/consegne.md`: `python -m will_pipeline.deliveries`.

It rewrites what stands between the marks of the page and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.pages import with_tables

PAGE = Path(__file__).parents[2] / "docs" / "consegne.md"


def main() -> None:
    """Rewrite the tables of the page."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8"), load_templates()), "utf-8")
    print(PAGE.name)


if __name__ == "__main__":
    main()
