"""How long the printed sheets take: the areas of the latest release, repeated up to a hundred.

Prints seconds, processes and bytes; the promise is a hundred sheets in a minute on two cores.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

from will_pipeline.atlas.printing import print_sheets
from will_pipeline.atlas.static import sheet_forms
from will_pipeline.atlas.views import build_atlas
from will_pipeline.mart.opening import published_tables

LATEST = Path(__file__).parents[1] / "data" / "marts" / "latest"
MANY = 100
PROMISED = 60.0


def main() -> int:
    forms = sheet_forms(build_atlas(published_tables(LATEST), release="prova"))
    every = itertools.islice(itertools.cycle(forms.items()), MANY)
    pages = {f"{place:03}/{path}": form for place, (path, form) in enumerate(every)}
    started, before = time.monotonic(), os.times()
    printed = print_sheets(pages)
    seconds, after = time.monotonic() - started, os.times()
    work = sum(after[:4]) - sum(before[:4])
    size = sum(map(len, printed.values()))
    sys.stdout.write(
        f"{len(printed)} sheets: {seconds:.0f} s, {work:.0f} s of processor on "
        f"{os.cpu_count()} cores, {size / 1e6:.1f} MB\n"
    )
    return int(seconds > PROMISED)


if __name__ == "__main__":
    sys.exit(main())
