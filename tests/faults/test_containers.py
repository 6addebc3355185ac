"""Section B of the fault matrix, and the rows of section I on archives, XML and parsers."""

from __future__ import annotations

import codecs
import io
import json
import stat
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from osmium.osm.mutable import Node, Way

from tests.faults.archives import (
    TABLE,
    declared,
    shapefile,
    with_member,
    workbook,
    zipped,
)
from tests.replica.openstreetmap import pbf
from will_pipeline.errors import SourceFault
from will_pipeline.sources import containers, delimited
from will_pipeline.sources.intake import extract, inspect
from will_pipeline.sources.live import Live
from will_pipeline.sources.safe_xml import DEEPEST, XmlFault, count, tree

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    b"<worksheet><row>&b;</row></worksheet>"
)
STRANGER = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b"<worksheet><row>&x;</row></worksheet>"
)
OUTSIDE = b'<!DOCTYPE l SYSTEM "http://127.0.0.1/l.dtd"><worksheet/>'
PAYLOADS = pytest.mark.parametrize("payload", [LAUGHS, STRANGER, OUTSIDE])


def look(tmp_path: Path, content: bytes, live: Live) -> int:
    path = tmp_path / "arrivato"
    path.write_bytes(content)
    return inspect(path, live, source="prova", name="dati")


def refused(tmp_path: Path, content: bytes, live: Live) -> str:
    with pytest.raises(SourceFault) as caught:
        look(tmp_path, content, live)
    assert caught.value.source == "prova"
    return str(caught.value)


def unpacked(tmp_path: Path, content: bytes, live: Live) -> dict[str, bytes]:
    """What a reader would find in an archive."""
    path, folder = tmp_path / "arrivato.zip", tmp_path / "aperto"
    path.write_bytes(content)
    folder.mkdir(exist_ok=True)
    return {name: found.read_bytes() for name, found in extract(path, live, folder).items()}


def collection(features: int = 3) -> dict[str, Any]:
    one = {"type": "Feature", "geometry": None, "properties": {}}
    return {"type": "FeatureCollection", "features": [one] * features}


GOOD: dict[str, tuple[bytes, int]] = {
    "csv": (TABLE, 2),
    "sdmx_csv": (b"DATAFLOW;X\nIT1:1;1\nIT1:1;2\n", 2),
    "csv_zip": (zipped({"dati/R08.csv": TABLE, "leggimi.txt": b"x"}), 2),
    "xlsx": (workbook(4), 4),
    "xlsx_zip": (zipped({"R08.xlsx": workbook(5)}), 5),
    "geojson": (json.dumps(collection()).encode(), 3),
    "json": (json.dumps({"anno": 2022, "righe": [[1], [2], [3]]}).encode(), 3),
    "shapefile_zip": (zipped(shapefile()), 2),
    "osm_pbf": (pbf([Node(id=1), Way(id=1, nodes=[1])]), 2),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file_of_every_format_is_counted(tmp_path: Path, kind: str) -> None:
    content, rows = GOOD[kind]
    assert look(tmp_path, content, declared(kind)) == rows


@pytest.mark.parametrize("kind", GOOD)
def test_f04_a_file_of_any_other_format_is_refused(tmp_path: Path, kind: str) -> None:
    for other, (content, _) in GOOD.items():
        # SDMX-CSV is a CSV, with a first column of its own; GeoJSON is JSON.
        if other != kind and (other, kind) not in (("sdmx_csv", "csv"), ("geojson", "json")):
            refused(tmp_path, content, declared(kind))


@pytest.mark.parametrize(
    "start", [b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1", b"\x1f\x8b\x08", b"7z"]
)
@pytest.mark.parametrize("kind", ["csv", "csv_zip", "xlsx", "geojson", "json"])
def test_f04_the_type_is_that_of_the_bytes(tmp_path: Path, start: bytes, kind: str) -> None:
    refused(tmp_path, start + b"\n" + TABLE, declared(kind))


@pytest.mark.parametrize("kind", ["csv_zip", "xlsx", "xlsx_zip", "shapefile_zip", "osm_pbf"])
def test_f01_an_archive_cut_anywhere_is_refused(tmp_path: Path, kind: str) -> None:
    content, _ = GOOD[kind]
    for share in (0.1, 0.5, 0.9, 0.999):
        refused(tmp_path, content[: int(len(content) * share)], declared(kind))


@pytest.mark.parametrize("kind", ["csv_zip", "xlsx_zip", "shapefile_zip"])
def test_f02_a_flipped_bit_in_what_is_packed_is_refused_or_changes_nothing(
    tmp_path: Path, kind: str
) -> None:
    content, _ = GOOD[kind]
    whole = unpacked(tmp_path, content, declared(kind))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
    begin = first.header_offset + 30 + len(first.filename)
    outcomes = Counter[str]()
    for at in range(begin, begin + first.compress_size):
        damaged = bytearray(content)
        damaged[at] ^= 1 << (at % 8)
        try:
            look(tmp_path, bytes(damaged), declared(kind))
        except SourceFault:
            outcomes["refused"] += 1
        else:
            # Some bits of a packed file mean nothing, such as those that fill its last byte.
            assert unpacked(tmp_path, bytes(damaged), declared(kind)) == whole
            outcomes["harmless"] += 1
    assert outcomes["refused"] > 4 * outcomes["harmless"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, "l'archivio è vuoto"),
        ({"dati/": b""}, "l'archivio è vuoto"),
        ({"leggimi.txt": b"x"}, "manca il file atteso tabella.csv"),
        ({"a.csv": TABLE, "b.csv": TABLE}, "più file possono essere tabella.csv"),
        ({"a.csv": TABLE[:-8]}, "membro tabella.csv, riga 3: 2 celle invece di 3"),
        ({"a.csv": b"<html></html>"}, "membro tabella.csv: è una pagina web"),
    ],
)
def test_f03_an_archive_without_what_was_expected_is_refused(
    tmp_path: Path, members: dict[str, bytes], told: str
) -> None:
    assert told in refused(tmp_path, zipped(members), declared("csv_zip"))


def test_f03_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    twice = zipped({"a/r.csv": TABLE, "a\\r.csv": TABLE})
    assert "lo stesso nome" in refused(tmp_path, twice, declared("csv_zip"))


def test_f04_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = zipped({"r.csv": TABLE})
    for name in ("altro.zip", "dati.bin", "r2.csv.gz"):
        both = zipped({"r.csv": TABLE, name: inner})
        assert "contiene un altro archivio" in refused(tmp_path, both, declared("csv_zip"))
    assert "altro archivio" in refused(tmp_path, zipped({"r.csv": inner}), declared("csv_zip"))
    # Beside its tables ISTAT ships the same as a workbook: it is left alone.
    beside = zipped({"r.csv": TABLE, "r.xlsx": workbook()})
    assert look(tmp_path, beside, declared("csv_zip")) == 2


def test_f04_a_workbook_that_is_not_one_is_refused(tmp_path: Path) -> None:
    sheet = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"})
    assert "non è una cartella di lavoro" in refused(tmp_path, sheet, declared("xlsx"))
    inside = zipped({"r.xlsx": sheet})
    assert "membro tabella.xlsx" in refused(tmp_path, inside, declared("xlsx_zip"))
    plain = zipped({"r.xlsx": TABLE})
    assert "troncato o rovinato" in refused(tmp_path, plain, declared("xlsx_zip"))


@pytest.mark.parametrize("end", ["shp", "shx", "dbf", "prj"])
def test_f06_a_shapefile_wants_all_its_files(tmp_path: Path, end: str) -> None:
    members = shapefile()
    del members[f"SHP/R08_21_WGS84.{end}"]
    told = refused(tmp_path, zipped(members), declared("shapefile_zip"))
    assert f"manca il file atteso confini.{end}" in told


@pytest.mark.parametrize(
    ("end", "change"),
    [
        ("shp", lambda content: content[:-10]),
        ("shp", lambda content: b"\0\0\0\0" + content[4:]),
        ("shx", lambda content: content[:50]),
        ("dbf", lambda content: content[:-1]),
        ("dbf", lambda _: b""),
        ("prj", lambda _: b"non lo so"),
    ],
)
def test_f06_a_cut_part_of_a_shapefile_is_refused(tmp_path: Path, end: str, change: Any) -> None:
    members, name = shapefile(), f"SHP/R08_21_WGS84.{end}"
    members[name] = change(members[name])
    assert f"membro confini.{end}" in refused(tmp_path, zipped(members), declared("shapefile_zip"))


def test_f06_a_descriptor_cannot_leave_out_projection_or_encoding() -> None:
    for missing in ("prj", "dbf"):
        members = [
            {"name": f"c.{end}", "pattern": end}
            for end in ("shp", "shx", "dbf", "prj")
            if end != missing
        ]
        with pytest.raises(ValueError, match="uno shapefile vuole"):
            declared("shapefile_zip", members=members)
    with pytest.raises(ValueError, match="senza codifica dichiarata"):
        declared("shapefile_zip", encoding=None)


@pytest.mark.parametrize(
    "name",
    ["../fuori.csv", "dati/../../fuori.csv", "/etc/fuori.csv", "C:/fuori.csv", "..\\fuori.csv"],
)
def test_x01_a_member_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    hostile = zipped({name: TABLE, "r.csv": TABLE})
    assert "fuori dalla cartella" in refused(tmp_path, hostile, declared("csv_zip"))
    folder = tmp_path / "dentro"
    folder.mkdir()
    with pytest.raises(containers.ContainerFault):
        extract(tmp_path / "arrivato", declared("csv_zip"), folder)
    assert sorted(tmp_path.rglob("*.csv")) == []


def test_x01_a_link_is_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        member = zipfile.ZipInfo("r.csv")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    assert "un collegamento" in refused(tmp_path, made.getvalue(), declared("csv_zip"))


def test_x01_members_get_the_names_we_chose(tmp_path: Path) -> None:
    path = tmp_path / "arrivato.zip"
    path.write_bytes(zipped({"dati\\L'Aquila; rm -rf.csv": TABLE}))
    folder = tmp_path / "dentro"
    folder.mkdir()
    found = extract(path, declared("csv_zip"), folder)
    assert found == {"tabella.csv": folder / "tabella.csv"}
    assert list(folder.iterdir()) == [folder / "tabella.csv"]
    assert found["tabella.csv"].read_bytes() == TABLE


def test_x02_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    bomb = zipped({"r.csv": b"0" * 5_000_000})
    assert len(bomb) < 10_000
    assert "oltre ogni misura" in refused(tmp_path, bomb, declared("csv_zip"))
    many = zipped({f"{number}.txt": b"0" * 500_000 for number in range(10)} | {"r.csv": TABLE})
    assert "oltre ogni misura" in refused(tmp_path, many, declared("csv_zip"))


def test_x02_bytes_are_counted_and_headers_not_believed(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 800
    large = zipped({"r.csv": TABLE, "altro.bin": noise}, zipfile.ZIP_STORED)
    small = declared("csv_zip", unzipped_bytes=100_000)
    assert "supera 100000 byte" in refused(tmp_path, large, small)
    liar = bytearray(zipped({"r.csv": b"0" * 3_000_000}))
    for at in range(len(liar) - 3):
        if liar[at : at + 4] == (3_000_000).to_bytes(4, "little"):
            liar[at : at + 4] = (10).to_bytes(4, "little")
    assert "troncato o rovinato" in refused(tmp_path, bytes(liar), declared("csv_zip"))


def test_x02_too_many_members_are_refused(tmp_path: Path) -> None:
    many = {f"{number}.txt": b"" for number in range(containers.MOST_MEMBERS)}
    crowd = zipped({**many, "r.csv": TABLE}, zipfile.ZIP_STORED)
    assert "più di 2000 file" in refused(tmp_path, crowd, declared("csv_zip"))


def test_x02_other_compressions_and_encrypted_members_are_refused(tmp_path: Path) -> None:
    packed = zipped({"r.csv": TABLE}, zipfile.ZIP_LZMA)
    assert "in un modo non ammesso" in refused(tmp_path, packed, declared("csv_zip"))
    hidden = bytearray(zipped({"r.csv": TABLE}))
    hidden[6] |= 1
    hidden[hidden.index(b"PK\x01\x02") + 8] |= 1
    assert "è cifrato" in refused(tmp_path, bytes(hidden), declared("csv_zip"))


@PAYLOADS
def test_x03_a_document_type_is_refused_in_every_part_of_a_workbook(
    tmp_path: Path, payload: bytes
) -> None:
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        book = with_member(workbook(), part, payload)
        assert "tipo di documento" in refused(tmp_path, book, declared("xlsx"))
        inside = zipped({"r.xlsx": book})
        assert "tipo di documento" in refused(tmp_path, inside, declared("xlsx_zip"))


@PAYLOADS
def test_x03_the_parser_refuses_them_in_any_encoding(payload: bytes) -> None:
    plain = payload.decode()
    for content in (payload, codecs.BOM_UTF8 + payload, plain.encode("utf-16")):
        with pytest.raises(XmlFault):
            tree(io.BytesIO(content))
        with pytest.raises(XmlFault):
            count(io.BytesIO(content), "row")


def test_x03_a_good_document_is_read_and_a_deep_or_cut_one_is_not() -> None:
    good = b'<a xmlns="urn:x" xmlns:y="urn:y"><y:b c="1">t\xc3\xa0</y:b><b/></a>'
    root = tree(io.BytesIO(good))
    assert (root.tag, root[0].tag, root[0].text) == ("{urn:x}a", "{urn:y}b", "tà")
    assert root[0].attrib == {"c": "1"}
    assert count(io.BytesIO(good), "b") == 2
    deep = b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1)
    with pytest.raises(XmlFault, match="profondità"):
        tree(io.BytesIO(deep))
    with pytest.raises(XmlFault, match="ben formato"):
        count(io.BytesIO(good[:-2]), "b")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (TABLE.replace(b"Parma", b"Par\0a"), "riga 2: contiene byte nulli"),
        (TABLE.decode().encode("utf-16"), "comincia come utf-16, ma è dichiarato utf-8"),
        (TABLE.decode().encode("utf-16-le"), "byte nulli"),
        (TABLE.replace(b"Parma", b"Forl\xec"), "non è testo utf-8"),
        (TABLE.replace(b"Parma", b"Forl\xef\xbf\xbd"), "riga 2: contiene caratteri perduti"),
        (TABLE + b"1;2;3;4\r\n", "riga 4: 4 celle invece di 3"),
        (TABLE + b'1;"due;3\r\n', "le virgolette o una cella non si chiudono"),
        (TABLE + b'1;"du"e;3\r\n', "le virgolette o una cella non si chiudono"),
        (TABLE + b"1;2;" + b"9" * 200_000 + b"\r\n", "una cella non si chiud"),
        (TABLE + b"Dati provvisori.\r\n", "riga 4: 1 celle invece di 3"),
        (TABLE[:-2], "riga 3: l'ultima riga è troncata"),
        (b"\r\n", "il file è vuoto"),
        (b"a;" * 2001 + b"b\n", "più di 2000 colonne"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_x12_p02_p03_p04_text_that_would_be_read_wrong_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    assert told in refused(tmp_path, content, declared("csv"))


@pytest.mark.parametrize(
    ("content", "given", "told"),
    [
        (TABLE.replace(b"20\r\n", b"20;\r\n"), {"stray_cells": 1}, "riga 3: 4 celle invece di 3"),
        (TABLE.replace(b"0\r\n", b"0;;\r\n"), {"stray_cells": 1}, "riga 2: 5 celle invece di 3"),
        (TABLE + b"Nota\r\n1;2;3\r\n", {"footnotes": 2}, "riga 5: 3 celle"),
        (TABLE + b"Nota\r\nNota\r\n", {"footnotes": 1}, "riga 5: 1 celle"),
        (TABLE + b"0340", {"footnotes": 1}, "riga 4: l'ultima riga è troncata"),
    ],
)
def test_x12_what_is_allowed_around_a_table_does_not_loosen_it(
    tmp_path: Path, content: bytes, given: dict[str, Any], told: str
) -> None:
    assert told in refused(tmp_path, content, declared("csv", **given))


def test_p04_another_separator_is_seen_by_the_columns_that_must_be_there(tmp_path: Path) -> None:
    commas = declared("csv", header=["codice", "persone"])
    told = refused(tmp_path, TABLE.replace(b";", b","), commas)
    assert "riga 1: manca la colonna codice" in told


def test_x12_a_line_without_end_is_refused(tmp_path: Path) -> None:
    endless = TABLE + b"1;2;" + b"x" * (delimited.MOST_LINE + 10)
    assert "una riga supera" in refused(tmp_path, endless, declared("csv"))


@pytest.mark.parametrize(
    ("content", "given"),
    [
        (codecs.BOM_UTF8 + TABLE, {}),
        (TABLE.decode().encode("utf-16"), {"encoding": "utf-16"}),
        (codecs.BOM_UTF16_LE + TABLE.decode().encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (TABLE.replace(b"Parma", b"Forl\xec"), {"encoding": "cp1252"}),
        (b"Titolo\r\n" + TABLE, {"preamble": 1}),
        (TABLE.replace(b"Parma", b'Via "X"'), {"quoting": False}),
        (TABLE.replace(b"Parma", b'"Par;\r\nma"'), {}),
        (TABLE[:-2], {"final_newline": False}),
        (TABLE + b"\r\n\r\n", {}),
        (TABLE.replace(b"0\r\n", b"0;\r\n"), {"stray_cells": 1}),
        (TABLE.replace(b"persone", b"persone;"), {"stray_cells": 1}),
        (TABLE + b"Dati provvisori.\r\nFonte: ISTAT\r\n", {"footnotes": 2}),
    ],
)
def test_text_as_producers_write_it_is_accepted_when_declared(
    tmp_path: Path, content: bytes, given: dict[str, Any]
) -> None:
    asked = {"header": ["codice", "nome", "persone"], **given}
    assert look(tmp_path, content, declared("csv", **asked)) == 2


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(collection())[:-3],
        json.dumps({"type": "Topology", "features": []}),
        json.dumps([1, 2]),
        json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature"}]}),
        '{"type": "FeatureCollection", "features": [NaN]}',
        '{"error": "too many requests"}',
        "[" * 200_000,
        "",
    ],
    ids=range(8),
)
def test_a_map_that_is_cut_or_is_none_is_refused(tmp_path: Path, content: str) -> None:
    refused(tmp_path, content.encode(), declared("geojson"))


@pytest.mark.parametrize("kind", GOOD)
def test_t06_a_page_is_told_as_one_whatever_was_expected(tmp_path: Path, kind: str) -> None:
    page = b" \r\n<!doctype html><title>Manutenzione</title>"
    assert "una pagina web al posto del file" in refused(tmp_path, page, declared(kind))


def test_sizes_out_of_the_band_are_refused(tmp_path: Path) -> None:
    low = declared("csv", size_bytes={"min": 1000, "max": 2000})
    assert f"{len(TABLE)} byte, attesi fra 1000 e 2000" in refused(tmp_path, TABLE, low)
