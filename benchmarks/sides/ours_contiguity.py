"""Neighbours among polygons by the library, timed without reading and writing.

Run: python ours_contiguity.py POLYGONS.parquet LINKS.npz
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np

from will_pipeline.national.borders import common_borders


def main() -> None:
    shapes = np.asarray(gpd.read_parquet(sys.argv[1]).geometry.values, dtype=object)
    common_borders(shapes[:10])
    begun = time.process_time()
    found = common_borders(shapes)
    seconds = time.process_time() - begun
    np.savez(Path(sys.argv[2]), one=found.first, other=found.second, seconds=seconds)


if __name__ == "__main__":
    main()
