"""Places of OpenStreetMap: a few kinds, the centre of a yard, and broken extracts refused."""

from __future__ import annotations

import sys

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from tests.replica.openstreetmap import pbf
from will_pipeline.errors import SourceFault
from will_pipeline.readers.osm_places import KINDS, extracts, places
from will_pipeline.sources.containers import ContainerFault
from will_pipeline.sources.osm_pbf import count_blocks

NAME = "c034027.pbf"
PARMA = shapely.box(10.2, 44.6, 10.5, 44.9)
LIBRARY = Node(
    id=9,
    location=(10.33, 44.8),
    tags={"amenity": "library", "name": "Civica", "addr:street": "Vicolo Santa Maria",
          "addr:housenumber": "5", "addr:postcode": "43125", "phone": "0521",
          "operator": "M. Rossi"},
)  # fmt: skip
CORNERS = [
    Node(id=number, location=place)
    for number, place in enumerate([(10.3, 44.7), (10.34, 44.7), (10.34, 44.72), (10.3, 44.72)], 11)
]
SCHOOL = Way(id=9, nodes=[11, 12, 13, 14, 11], tags={"amenity": "school"})


def of(kind: str, number: int, east: float = 10.33) -> Node:
    return Node(id=number, location=(east, 44.8), tags={"amenity": kind})


def read(*objects: Node | Way, within: shapely.Geometry | None = None) -> list[tuple[object, ...]]:
    table = places(pbf(objects), name=NAME, pro_com="034027", within=within)
    return table.select("osm_id", "kind", "longitude", "latitude", "position").rows()


def test_a_node_is_a_point_and_a_closed_way_its_centre() -> None:
    assert read(LIBRARY, *CORNERS, SCHOOL) == [
        ("n9", "library", 10.33, 44.8, "observed"),
        ("w9", "school", 10.32, 44.71, "centre"),
    ]


def test_an_address_is_kept_and_who_runs_a_place_is_not() -> None:
    row = places(pbf([LIBRARY]), name=NAME, pro_com="034027").row(0, named=True)
    assert (row["pro_com"], row["name"], row["street"]) == (
        "034027",
        "Civica",
        "Vicolo Santa Maria",
    )
    assert (row["house_number"], row["postcode"], row["city"]) == ("5", "43125", None)
    assert not {"0521", "M. Rossi"} & set(row.values())


def test_only_the_kinds_that_are_listed_are_kept() -> None:
    other = [of("place_of_worship", 90), of("pub", 91), Node(id=92, location=(10.3, 44.8))]
    kept = [of(kind, number) for number, kind in enumerate(KINDS, 1)]
    assert {row[1] for row in read(*kept, *other)} == set(KINDS)
    assert len(read(*kept, *other)) == len(KINDS)


def test_an_open_way_is_no_place_and_one_without_corners_has_no_position() -> None:
    path = Way(id=3, nodes=[11, 12, 13], tags={"amenity": "school"})
    cut = Way(id=4, nodes=[11, 12, 99, 11], tags={"amenity": "school"})
    assert read(*CORNERS, path, cut) == [("w4", "school", None, None, "missing")]


def test_places_outside_the_municipality_are_left_out() -> None:
    assert [row[0] for row in read(of("school", 1), of("school", 2, 11.0), within=PARMA)] == ["n1"]
    with pytest.raises(SourceFault, match=r"c034027\.pbf.*nessun luogo cade nel comune 034027"):
        read(of("school", 2, 11.0), within=PARMA)


def test_extracts_are_told_apart_by_name_and_do_not_depend_on_their_order() -> None:
    files = {
        "osm_presidi/c034027.pbf": pbf([of("library", 2)]),
        "c013075.pbf": pbf([of("school", 1)]),
    }
    table = extracts(files)
    assert table.select("pro_com", "osm_id").rows() == [("013075", "n1"), ("034027", "n2")]
    assert extracts(dict(reversed(files.items()))).equals(table)
    assert extracts(files, cities=["034027", "039014"])["osm_id"].to_list() == ["n2"]
    assert extracts({}).height == 0
    box = {"034027": [10.2, 44.6, 10.5, 44.9]}
    assert extracts(files, boxes=box).equals(table)
    with pytest.raises(SourceFault, match=r"riquadro del comune 034027: .* ovest, sud, est e nord"):
        extracts(files, boxes={"034027": [10.5, 44.6, 10.2, 44.9]})
    with pytest.raises(SourceFault, match=r"parma\.pbf.*il nome del file non dice il comune"):
        extracts({"parma.pbf": b""})


GOOD = pbf([LIBRARY, *CORNERS, SCHOOL])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "il file è vuoto"),
        (b"<html>", "non è un estratto di OpenStreetMap in PBF"),
        (b"PK\x03\x04" + GOOD[4:9], "non è un estratto"),
        (GOOD[:-1], "troncato"),
        (GOOD[:40], "troncato"),
        (GOOD + b"\0\0", "troncato"),
        (b"\x7f" + GOOD[1:], "mal scritto"),
        (GOOD[:-30] + bytes(30), "l'estratto non si legge"),
    ],
)  # fmt: skip
def test_a_broken_extract_is_refused_with_its_name_and_rule(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rf"osm_presidi, file c034027\.pbf.*{rule}"):
        places(content, name=NAME, pro_com="034027")


def test_an_object_that_is_there_twice_is_refused() -> None:
    with pytest.raises(SourceFault, match="oggetto n1: l'oggetto è ripetuto"):
        read(of("school", 1), of("school", 1))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_a_fault_or_a_table(at: int, bit: int) -> None:
    spoilt = bytearray(GOOD)
    spoilt[at] ^= 1 << bit
    rows, refused = 0, ""
    try:
        rows = places(bytes(spoilt), name=NAME, pro_com="034027").height
    except SourceFault as fault:
        refused = fault.file
    assert refused == NAME or (refused == "" and rows <= 2)


def test_blocks_are_counted_and_an_unknown_kind_is_refused() -> None:
    assert count_blocks(GOOD) >= 1
    with pytest.raises(ContainerFault, match="mal scritto"):
        count_blocks(GOOD.replace(b"OSMData", b"OSMDatb"))


def test_without_osmium_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(SourceFault, match=r"serve il pacchetto osmium"):
        places(GOOD, name=NAME, pro_com="034027")
