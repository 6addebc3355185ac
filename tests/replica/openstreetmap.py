"""Extracts of OpenStreetMap of the generated towns: a few places around the centre of each.

Objects have the numbers of their town, so that one of them is told from those of the others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import osmium
from osmium.osm.mutable import Node, Way

from tests.replica.towns import Place

EXTRACT = "/output/pbf/comuni/{town}_{name}.osm.pbf"
SIDE = 0.001
PLACES = 2
"""Places of each town that are of a kind which is kept: a library and a school."""


def pbf(objects: Sequence[Node | Way]) -> bytes:
    """An extract with some objects, nodes before ways."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "estratto.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for each in objects:
                if isinstance(each, Node):
                    writer.add_node(each)
                else:
                    writer.add_way(each)
        return path.read_bytes()


def extract(place: Place) -> bytes:
    """A library, a school with a yard, and a church, which is no place of ours."""
    centre = gpd.GeoSeries.from_xy([place.centre[0]], [place.centre[1]], crs=32632).to_crs(4326)
    west, south = float(centre.x.iloc[0]), float(centre.y.iloc[0])
    first = place.number * 10
    yard = [(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)]
    corners = [
        Node(id=first + 2 + number, location=(west + east, south + north))
        for number, (east, north) in enumerate(yard)
    ]
    tags = {"amenity": "library", "name": f"Biblioteca di {place.name}", "addr:city": place.name}
    church = {"amenity": "place_of_worship", "name": "Duomo"}
    ring = [corner.id for corner in (*corners, corners[0])]
    return pbf([
        Node(id=first, location=(west, south), tags=tags),
        Node(id=first + 1, location=(west, south), tags=church),
        *corners,
        Way(id=first, nodes=ring, tags={"amenity": "school", "name": "Scuola Rodari"}),
    ])  # fmt: skip
