"""Fuzzing of the core parsers guided by coverage: `python -m tests.fuzz.atheris_core`.

The first byte chooses the parser; arguments are those of libFuzzer, such as `-max_total_time=600`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["will_pipeline.sources", "will_pipeline.readers"]):
    from tests.fuzz.targets import accepts, targets

CORE = ("file-csv", "file-csv_zip", "file-xlsx", "file-geojson", "file-shapefile_zip", "xml",
        "portale-ckan-risorse", "portale-wfs-strati", "idise", "correzioni")  # fmt: skip


def one_input(content: bytes) -> None:
    if content:
        accepts(targets()[CORE[content[0] % len(CORE)]], content[1:])


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
