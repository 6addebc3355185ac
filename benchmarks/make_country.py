"""Write an invented country in official formats.

Run: python -m benchmarks.make_country FOLDER [--sezioni 400000] [--seme 2011] [--geoparquet]
"""

import argparse
from pathlib import Path

from benchmarks.country.files import write_country


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sezioni", type=int, default=400_000)
    parser.add_argument("--seme", type=int, default=2011)
    parser.add_argument("--geoparquet", action="store_true")
    options = parser.parse_args()
    write_country(
        options.folder, sections=options.sezioni, seed=options.seme, parquet=options.geoparquet
    )


if __name__ == "__main__":
    main()
