"""Neighbours among polygons by libpysal, timed without reading and writing.

Run: python pysal_contiguity.py POLYGONS.parquet LINKS.npz
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
from libpysal.graph import Graph


def main() -> None:
    frame = gpd.read_parquet(sys.argv[1])
    # A first call pays for imports that no side should be charged.
    Graph.build_contiguity(frame.iloc[:10], rook=True)
    begun = time.process_time()
    adjacency = Graph.build_contiguity(frame, rook=True).adjacency
    seconds = time.process_time() - begun
    one = adjacency.index.get_level_values("focal").to_numpy()
    other = adjacency.index.get_level_values("neighbor").to_numpy()
    chosen = (one < other) & (adjacency.to_numpy() > 0)
    np.savez(Path(sys.argv[2]), one=one[chosen], other=other[chosen], seconds=seconds)


if __name__ == "__main__":
    main()
