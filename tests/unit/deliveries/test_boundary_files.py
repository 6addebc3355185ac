"""Boundaries and counts by section as municipalities hand them in, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from shapely.geometry import box, mapping

from tests.unit.deliveries.examples import GOOD, SECTIONS, TODAY, as_csv, section_file
from will_pipeline.deliveries.archive import Archive
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.boundary_files import boundary_kind, examine_boundaries
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.folder import FIRST_KINDS, Folder, Outcome

LATER = date(2026, 12, 24)
COUNTS = "PROCOM;SEZ2011;NSEZ;ACE;CODASC;P1;PF1\n"


def area_file(**squares: float) -> dict[str, bytes]:
    """GeoJSON of areas by name, each a square that starts at some degrees east."""
    features = [
        {
            "type": "Feature",
            "properties": {"nome": name},
            "geometry": mapping(box(x, 45, x + 1, 46)),
        }
        for name, x in squares.items()
    ]
    told = json.dumps({"type": "FeatureCollection", "features": features})
    return {"confini_aree.geojson": told.encode()}


def said(kind: str, files: dict[str, bytes], areas: Areas) -> str:
    return "\n".join(each.with_cell() for each in examine_boundaries(kind, files, areas).problems)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("confini_sezioni.gpkg", "confini_sezioni"),
        ("Confini_Aree.ZIP", "confini_aree"),
        ("conteggi_sezioni.csv", "conteggi_sezioni"),
        ("conteggi_sezioni.gpkg", None),
        ("confini_aree.csv", None),
        ("altro.gpkg", None),
    ],
)
def test_a_file_is_of_a_kind_by_its_name(name: str, kind: str | None) -> None:
    assert boundary_kind(name) == kind


def test_sections_become_rows_with_their_codes(areas: Areas) -> None:
    found = examine_boundaries(
        "confini_sezioni", section_file(*SECTIONS, COM_ASC=99001004, ACE=0), areas
    )
    assert found.problems == ()
    [rows] = found.tables.values()
    assert rows.select("section_id", "edition", "asc1", "ace", "residents").row(0) == (
        "0990010000001", "2011", 4, 0, None,
    )  # fmt: skip
    assert set(rows["source_id"]) == {"consegna_confini_sezioni_099001"}


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({"confini_sezioni.gpkg": b"x"}, "il file geografico non si legge"),
        ({"confini_sezioni.zip": b"PK"}, "l'archivio è rovinato"),
        (section_file(350330000001), "non ci sono sezioni di Provaglia"),
        (section_file(SECTIONS[0], SECTIONS[0]), "poligono 0990010000001: è ripetuto"),
        (
            {"confini_sezioni.geojson": section_file(*SECTIONS)["confini_sezioni.geojson"].replace(
                b"SEZ2011", b"SEZIONE")},
            "manca il codice della sezione",
        ),
    ],
)  # fmt: skip
def test_sections_that_cannot_be_used_are_refused(
    files: dict[str, bytes], rule: str, areas: Areas
) -> None:
    assert rule in said("confini_sezioni", files, areas)


@pytest.mark.parametrize("cell", ["Mario Rossi 3331234567", "PERSONA", "3331234567x"])
def test_what_may_be_published_of_a_file_of_sections_holds_no_cell(cell: str, areas: Areas) -> None:
    counts = (COUNTS + f"99001;{cell};1;;;5;6\n" + f"99001;990010000001;1;;;{cell};6\n").encode()
    drawn = section_file(*SECTIONS)["confini_sezioni.geojson"].replace(
        str(SECTIONS[0]).encode(), cell.encode()
    )
    for kind, files in (
        ("conteggi_sezioni", {"c.csv": counts}),
        ("confini_sezioni", {"confini_sezioni.geojson": drawn}),
    ):
        found = examine_boundaries(kind, files, areas).problems
        assert found
        assert all(cell not in str(problem) for problem in found)


def test_areas_of_a_level_are_taken_all_together(areas: Areas) -> None:
    whole = area_file(**{"Centro": 10, "Città Alta": 11, "Colle": 12, "Piano": 13})
    [rows] = examine_boundaries("confini_aree", whole, areas).tables.values()
    assert rows["area_id"].to_list() == [f"099001.Q{n}" for n in ("01", "02", "03", "10")]
    assert rows["surface_km2"].min() > 8_000
    some = area_file(Centro=10, Colle=11)
    assert "mancano i confini di Q02 - Città Alta, Q10 - Piano" in said("confini_aree", some, areas)
    assert "non è un'area di Provaglia" in said("confini_aree", area_file(Ignoto=10), areas)
    over = area_file(**{"Centro": 10, "Città Alta": 10.4, "Colle": 12, "Piano": 13})
    assert "si sovrappone ai vicini" in said("confini_aree", over, areas)


def test_counts_by_section_are_those_of_the_city(areas: Areas) -> None:
    rows = "99001;990010000001;1;;;120;60\r\n99002;990020000001;1;;;7;3\r\n"
    found = examine_boundaries("conteggi_sezioni", {"c.csv": (COUNTS + rows).encode()}, areas)
    [table] = found.tables.values()
    assert table.select("section_number", "variable", "value").rows() == [
        (990010000001, "P1", 120), (990010000001, "PF1", 60),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (COUNTS + "99001;990010000001;1;;;;60\n", "colonna P1: il conteggio manca"),
        (
            COUNTS + "99001;990010000001;1;;;1.5;60\n",
            "P1: il valore non è un numero intero",
        ),
        (COUNTS + "99001;990010000001;1;;;5;6\n" * 2, "la sezione è ripetuta"),
        (COUNTS + "99002;990020000001;1;;;5;6\n", "non ci sono sezioni del comune 099001"),
        ("a;b\n1;2\n", "manca la colonna PROCOM"),
    ],
)
def test_counts_that_cannot_be_used_are_refused(text: str, rule: str, areas: Areas) -> None:
    assert rule in said("conteggi_sezioni", {"c.csv": text.encode()}, areas)


class Night:
    """A folder with its archive, looked into night by night."""

    def __init__(self, home: Path, municipalities: pl.DataFrame, areas: pl.DataFrame) -> None:
        self.home, self.municipalities, self.areas = home, municipalities, areas

    def put(self, files: dict[str, bytes]) -> None:
        folder = self.home / "consegne" / "provaglia"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)

    def run(self, today: date = TODAY, *, first: bool = True) -> dict[str, Outcome]:
        archive = Archive(self.home / "accolte")
        folder = Folder(self.home / "consegne", archive, load_templates(), today)
        kinds = set(FIRST_KINDS) if first else folder.kinds() - set(FIRST_KINDS)
        made = replace(folder, today=today).examine(
            self.municipalities, self.areas, keep=True, kinds=kinds
        )
        return {each.kind: each for each in made}


@pytest.fixture
def night(tmp_path: Path, municipalities: pl.DataFrame, area_rows: pl.DataFrame) -> Night:
    return Night(tmp_path, municipalities, area_rows)


def test_own_areas_wait_for_the_sections_and_then_cover_them(night: Night) -> None:
    night.put(as_csv("aree_proprie", GOOD["aree_proprie"]))
    alone = night.run()["aree_proprie"]
    assert alone.state == "rifiutata"
    assert "consegna prima confini_sezioni" in str(alone.message)
    night.put(section_file(*SECTIONS))
    assert {kind: each.state for kind, each in night.run().items()} == {
        "aree_proprie": "accolta", "confini_sezioni": "accolta",
    }  # fmt: skip
    night.put(section_file(*SECTIONS, SECTIONS[-1] + 1))
    assert night.run()["aree_proprie"].state == "ultima_buona"


def test_a_broken_file_of_sections_leaves_the_last_good_one(night: Night) -> None:
    night.put(section_file(*SECTIONS))
    good = night.run()["confini_sezioni"]
    assert night.run(LATER)["confini_sezioni"].pointer == good.pointer
    night.put({"confini_sezioni.geojson": b"{}"})
    kept = night.run(LATER)["confini_sezioni"]
    assert (kept.state, kept.pointer) == ("ultima_buona", good.pointer)


def test_the_two_rounds_share_the_kinds_between_them(night: Night) -> None:
    night.put(section_file(*SECTIONS) | as_csv("presidi", GOOD["presidi"]) | {"x.pdf": b"x"})
    assert set(night.run()) == {"confini_sezioni"}
    assert set(night.run(first=False)) == {"presidi", "non_riconosciuta"}
