"""What a file must be before it becomes a snapshot: itself, whole, and within its bands.

What belongs here is the check of bytes against the declared format; the meaning of what is inside
is read later, by the readers.
"""

from __future__ import annotations

import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

from will_pipeline.errors import SourceFault
from will_pipeline.sources.containers import (
    ZIP_MAGIC,
    ContainerFault,
    matched,
    opened,
    plain_name,
    unpack,
)
from will_pipeline.sources.delimited import TextFault, check_text, is_markup
from will_pipeline.sources.live import ZIPPED, Live
from will_pipeline.sources.osm_pbf import count_blocks_of
from will_pipeline.sources.safe_xml import XmlFault, count

PAGES = ("text/html", "application/xhtml+xml")
_SHAPE_MAGIC = 9994
_DBASE_HEADER = 32
_SNIFFED = 4096
_SIGNATURES = {
    b"%PDF": "un PDF",
    b"\xd0\xcf\x11\xe0": "un documento di Office vecchio (.xls, .doc)",
    b"\x1f\x8b": "un file compresso con gzip",
    b"Rar!": "un archivio RAR",
    b"7z\xbc\xaf": "un archivio 7z",
    b"\x89PNG": "un'immagine",
    b"PAR1": "un Parquet",
}


def inspect(path: Path, live: Live, *, source: str, name: str, content_type: str = "") -> int:
    """Check a file against its declaration.

    Args:
        path: The file.
        live: Its declaration.
        source: Key of the source, for faults.
        name: Our name for the file, for faults.
        content_type: Type that the server gave it.

    Returns:
        Rows of the table, or features of the map; of an archive, all its tables together.

    Raises:
        SourceFault: The file is not what it is declared to be, is not whole, or is out of its
            bands.
    """
    shown = f"{name}.{live.extension}"

    def fault(where: str, rule: str) -> SourceFault:
        return SourceFault(source, shown, where, rule)

    size = path.stat().st_size
    if size == 0:
        raise fault("", "il file è vuoto")
    with path.open("rb") as file:
        start = file.read(_SNIFFED)
    if is_markup(start) or content_type.partition(";")[0].strip().lower() in PAGES:
        raise fault("", "il servizio ha mandato una pagina web al posto del file")
    if not live.size_bytes.holds(size):
        low, high = live.size_bytes.min, live.size_bytes.max
        raise fault("", f"{size} byte, attesi fra {low} e {high}")
    try:
        _check_signature(start, live)
        rows = _CHECKS[live.format](path, live)
    except TextFault as error:
        raise fault(f"riga {error.row}" if error.row else "", str(error)) from error
    except ContainerFault as error:
        raise fault(f"membro {error.member}" if error.member else "", str(error)) from error
    except XmlFault as error:
        raise fault("", str(error)) from error
    if not live.rows.holds(rows):
        low, high = live.rows.min, live.rows.max
        raise fault("", f"{rows} righe, attese fra {low} e {high}")
    return rows


def extract(path: Path, live: Live, folder: Path) -> dict[str, Path]:
    """Write the expected members of an archived file under the names we chose.

    Args:
        path: A file that `inspect` accepted.
        live: Its declaration.
        folder: Where to write; nothing is written elsewhere.

    Returns:
        Files by name; the file itself, by its own name, where it is no archive.

    Raises:
        ContainerFault: The archive is not the one that was accepted.
    """
    if live.format not in ZIPPED:
        return {path.name: path}
    with opened(path, most_bytes=live.unzipped_bytes) as archive:
        found = matched(archive, live.members)
        for name, member in found.items():
            unpack(archive, member, folder / name)
    return {name: folder / name for name in found}


def _check_signature(start: bytes, live: Live) -> None:
    zipped = live.format in ZIPPED or live.format == "xlsx"
    if zipped and start.startswith(ZIP_MAGIC):
        return
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise ContainerFault(f"è {what}, non {live.format}")
    if zipped:
        raise ContainerFault(f"non è un archivio zip, e {live.format} lo è")
    if start.startswith(ZIP_MAGIC):
        raise ContainerFault(f"è un archivio zip, non {live.format}")


def _check_csv(path: Path, live: Live) -> int:
    with path.open("rb") as file:
        return check_text(file, live)


def _check_sdmx(path: Path, live: Live) -> int:
    with path.open("rb") as file:
        start = file.read(_SNIFFED).lstrip(b"\xef\xbb\xbf").lstrip(b'"')
    if not start.startswith((b"DATAFLOW", b"STRUCTURE")):
        raise TextFault("la prima colonna non è DATAFLOW: non è SDMX-CSV", 1)
    return _check_csv(path, live)


def _check_csv_zip(path: Path, live: Live) -> int:
    rows = 0
    with opened(path, most_bytes=live.unzipped_bytes) as archive:
        for name, member in matched(archive, live.members).items():
            with archive.open(member) as stream:
                rows += _member_text(name, stream, live)
    return rows


def _member_text(name: str, stream: IO[bytes], live: Live) -> int:
    try:
        return check_text(stream, live)
    except TextFault as error:
        row = f", riga {error.row}" if error.row else ""
        raise ContainerFault(str(error), name + row) from error


def _check_xlsx_zip(path: Path, live: Live) -> int:
    rows = 0
    with opened(path, most_bytes=live.unzipped_bytes) as archive:
        for name, member in matched(archive, live.members).items():
            # A workbook is an archive itself, and an archive is read from a file.
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".parte") as inner:
                unpack(archive, member, Path(inner.name))
                try:
                    rows += _check_xlsx(Path(inner.name), live)
                except ContainerFault as error:
                    raise ContainerFault(str(error), name) from error
    return rows


def _check_xlsx(path: Path, live: Live) -> int:
    """Check a workbook; the rows counted are those of its largest sheet."""
    rows = 0
    with opened(path, most_bytes=live.unzipped_bytes) as archive:
        names = {plain_name(each): each for each in archive.infolist()}
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= set(names):
            raise ContainerFault("l'archivio non è una cartella di lavoro .xlsx")
        for name, member in names.items():
            if name.endswith((".xml", ".rels")):
                with archive.open(member) as stream:
                    found = count(stream, "row")
                rows = max(rows, found if name.startswith("xl/worksheets/") else 0)
    return rows


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise TextFault("non è testo utf-8") from error
    except json.JSONDecodeError as error:
        raise TextFault("il JSON è troncato o mal scritto", error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise TextFault("il JSON contiene valori o annidamenti non ammessi") from error


def _check_json(path: Path, live: Live) -> int:
    """Check a document; the rows counted are those of its longest list."""
    content = _parsed(path)
    lists = content.values() if isinstance(content, dict) else [content]
    found = [len(each) for each in lists if isinstance(each, list)]
    if not found:
        raise TextFault("il JSON non contiene un elenco")
    return max(found)


def _check_geojson(path: Path, live: Live) -> int:
    content = _parsed(path)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise TextFault("non è una FeatureCollection")
    if not all(_is_feature(each) for each in features):
        raise TextFault("contiene elementi che non sono Feature")
    return len(features)


def _is_feature(each: Any) -> bool:
    return isinstance(each, dict) and each.get("type") == "Feature" and "geometry" in each


def _check_osm(path: Path, _: Live) -> int:
    return count_blocks_of(path)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _check_shapefile(path: Path, live: Live) -> int:
    with opened(path, most_bytes=live.unzipped_bytes) as archive:
        rows = 0
        for name, member in matched(archive, live.members).items():
            check = _SHAPE_CHECKS.get(PurePosixPath(name).suffix)
            if check is not None:
                with archive.open(member) as stream:
                    found = check(stream, member)
                if found is None:
                    raise ContainerFault("è troncato o non è quello che dice di essere", name)
                rows += found
    return rows


def _check_shapes(stream: IO[bytes], member: zipfile.ZipInfo) -> int | None:
    """Header of .shp and .shx: magic number, and length in words of 16 bits."""
    header = stream.read(100)
    if len(header) < 100:
        return None
    magic, words = struct.unpack(">i20xi", header[:28])
    return 0 if magic == _SHAPE_MAGIC and words * 2 == member.file_size else None


def _check_dbase(stream: IO[bytes], member: zipfile.ZipInfo) -> int | None:
    """Header of .dbf: records, length of the header and of a record."""
    header = stream.read(_DBASE_HEADER)
    if len(header) < _DBASE_HEADER:
        return None
    records, offset, width = struct.unpack("<4xIHH", header[:12])
    return int(records) if offset + records * width <= member.file_size else None


def _check_projection(stream: IO[bytes], _: zipfile.ZipInfo) -> int | None:
    return 0 if b"GCS" in stream.read(_SNIFFED).upper().replace(b"GEOGCRS", b"GCS") else None


_SHAPE_CHECKS: dict[str, Callable[[IO[bytes], zipfile.ZipInfo], int | None]] = {
    ".shp": _check_shapes,
    ".shx": _check_shapes,
    ".dbf": _check_dbase,
    ".prj": _check_projection,
}
_CHECKS: dict[str, Callable[[Path, Live], int]] = {
    "csv": _check_csv,
    "sdmx_csv": _check_sdmx,
    "csv_zip": _check_csv_zip,
    "xlsx": _check_xlsx,
    "xlsx_zip": _check_xlsx_zip,
    "geojson": _check_geojson,
    "json": _check_json,
    "shapefile_zip": _check_shapefile,
    "osm_pbf": _check_osm,
}
