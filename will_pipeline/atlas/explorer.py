"""The section explorer: a page that draws the census sections of a release, beside its atlas.

Sections are read from the published tiles, areas from the published mart; no number is shown.
"""

from __future__ import annotations

import gzip
import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mapbox_vector_tile  # type: ignore[import-untyped]
import polars as pl
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles

from will_pipeline.atlas.templating import TEMPLATES, template_environment
from will_pipeline.mart.exports import CHECKSUM_FILE, write_files
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.vector_tiles import EXTENT, FILE, LAYER, NAMES

FOLDER = "esploratore"
LIBRARIES = f"{FOLDER}/librerie"
OWN = ("esploratore.js", "esploratore.css")
EDITION = "censimento {}"
"""How the mart names the boundaries of an edition of the sections."""
LEVELS = (("asc1", "Q"), ("ace", "A"))
"""Code of a section that names an area, and level of that area."""
DECIMALS = 5
"""Of a degree: a metre."""


class NoSections(FileNotFoundError):
    """The release holds no tiles of sections; the text says in Italian when it does."""

    def __init__(self) -> None:
        super().__init__(
            f"questo rilascio non ha il file {FILE}: c'è solo dove un comune ha consegnato i "
            "confini delle sezioni. Che cosa manca lo dice «will consegne elenco»"
        )


class WrongFolder(ValueError):
    """A folder where the explorer may not be written; the text says why in Italian."""


@dataclass(frozen=True)
class Section:
    """One section as the tiles show it.

    Attributes:
        areas: identifiers that its codes would give to its areas, finest last.
        point: longitude and latitude of a point inside.
        bounds: west, south, east, north.
    """

    edition: str
    code: str
    town: str
    areas: tuple[str, ...]
    point: tuple[float, float]
    bounds: tuple[float, float, float, float]


@dataclass
class Group:
    """Sections of the same areas; `areas` holds name and page of those that have one."""

    areas: tuple[tuple[str, str], ...]
    sections: list[Section] = field(default_factory=list)


@dataclass
class Town:
    """Sections of a municipality in one edition, in groups, and the box that holds them."""

    edition: str
    code: str
    name: str
    groups: dict[tuple[tuple[str, str], ...], Group] = field(default_factory=dict)
    bounds: tuple[float, float, float, float] = (180.0, 90.0, -180.0, -90.0)

    @property
    def sections(self) -> int:
        """How many sections it has."""
        return sum(len(group.sections) for group in self.groups.values())


def sections_of(archive: bytes) -> list[Section]:
    """Sections that are in some tiles, at the closest zoom.

    Args:
        archive: content of a PMTiles file made by `mart.vector_tiles`.

    Returns:
        One per edition and code, sorted: the place is that of its largest piece.
    """
    deepest = Reader(MemorySource(archive)).header()["max_zoom"]
    pieces: dict[tuple[str, str], list[tuple[float, Section]]] = {}
    for (zoom, column, row), tile in all_tiles(MemorySource(archive)):
        if zoom == deepest:
            for size, piece in _pieces(gzip.decompress(tile), zoom, column, row):
                pieces.setdefault((piece.edition, piece.code), []).append((size, piece))
    return [_whole(pieces[key]) for key in sorted(pieces)]


def _pieces(tile: bytes, zoom: int, column: int, row: int) -> Iterator[tuple[float, Section]]:
    start = LAYER.format("")
    layers = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    for name, layer in layers.items():
        for feature in layer["features"]:
            shape = shapely.geometry.shape(feature["geometry"])
            said = feature["properties"]
            inside = shape.representative_point()
            left, top, right, bottom = shape.bounds
            west, north = _degrees(left, top, zoom, column, row)
            east, south = _degrees(right, bottom, zoom, column, row)
            found = [(level, said.get(NAMES[code])) for code, level in LEVELS]
            yield (
                shape.area,
                Section(
                    edition=name.removeprefix(start),
                    code=said["sezione"],
                    town=said["pro_com"],
                    areas=tuple(
                        f"{said['pro_com']}.{level}{number:02d}"
                        for level, number in found
                        if number is not None
                    ),
                    point=_degrees(inside.x, inside.y, zoom, column, row),
                    bounds=(west, south, east, north),
                ),
            )


def _degrees(x: float, y: float, zoom: int, column: int, row: int) -> tuple[float, float]:
    across, down = (column + x / EXTENT) / 2**zoom, (row + y / EXTENT) / 2**zoom
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))
    return round(across * 360 - 180, DECIMALS), round(latitude, DECIMALS)


def _whole(pieces: list[tuple[float, Section]]) -> Section:
    largest = max(pieces, key=lambda each: (each[0], each[1].point))[1]
    boxes = [piece.bounds for _, piece in pieces]
    return Section(
        largest.edition, largest.code, largest.town, largest.areas, largest.point, _around(boxes)
    )


def _around(boxes: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def known_areas(tables: Mapping[str, pl.DataFrame]) -> dict[tuple[str, str], tuple[str, str]]:
    """Name and page of the areas, by edition of the boundaries and identifier in that edition.

    Args:
        tables: `dim_area` and `area_edizione`, as in the contracts.
    """
    areas = tables["dim_area"]
    names = dict(areas.select("area_id", "nome").iter_rows())
    own = areas.select("edizione_confini", "area_id", stable="area_id")
    later = tables["area_edizione"].select("edizione_confini", "area_id", stable="area_stabile_id")
    return {
        (edition, area): (str(names[stable]), f"area/{stable}.html")
        for edition, area, stable in [*later.iter_rows(), *own.iter_rows()]
        if stable in names
    }


def explorer_files(
    archive: bytes,
    tables: Mapping[str, pl.DataFrame],
    libraries: Mapping[str, bytes],
    *,
    pages: frozenset[str],
) -> dict[str, bytes]:
    """Every file of the explorer.

    Args:
        archive: content of the PMTiles file.
        tables: `dim_area`, `dim_comune`, `area_edizione` and `mart_info`, as in the contracts.
        libraries: files of the libraries by name.
        pages: paths of the pages of the atlas beside it; an area without one is not linked.

    Returns:
        Content by path from the folder of the atlas.
    """
    areas = known_areas(tables)
    names = dict(tables["dim_comune"].select("pro_com", "nome").iter_rows())
    towns: dict[tuple[str, str], Town] = {}
    for section in sections_of(archive):
        fresh = Town(section.edition, section.town, str(names.get(section.town, section.town)))
        town = towns.setdefault((section.edition, section.town), fresh)
        found = [areas.get((EDITION.format(section.edition), area)) for area in section.areas]
        linked = tuple(each for each in found if each is not None and each[1] in pages)
        town.groups.setdefault(linked, Group(linked)).sections.append(section)
        town.bounds = _around([town.bounds, section.bounds])
    # The newest boundaries first, the towns by name.
    shown = sorted(towns.values(), key=lambda each: (each.name, each.code))
    shown.sort(key=lambda each: each.edition, reverse=True)
    info = dict(tables["mart_info"].select("chiave", "valore").iter_rows())
    page = template_environment().get_template("explorer.html").render(
        root="../",
        path=f"{FOLDER}/index.html",
        atlas={"release": info["rilascio"]},
        info=info,
        towns=shown,
        attribution=Reader(MemorySource(archive)).metadata().get("attribution", ""),
    )  # fmt: skip
    return {
        f"{FOLDER}/index.html": page.encode(),
        f"{FOLDER}/{FILE}": archive,
        **{f"{FOLDER}/{name}": (TEMPLATES / name).read_bytes() for name in OWN},
        **{f"{LIBRARIES}/{name}": content for name, content in libraries.items()},
    }


def tiles_of(release: Path) -> bytes:
    """Tiles of the sections of a release.

    Args:
        release: folder of a release or a channel.

    Raises:
        NoSections: the release has none.
    """
    if not (release / FILE).is_file():
        raise NoSections
    return (release / FILE).read_bytes()


def tables_of(release: Path) -> dict[str, pl.DataFrame]:
    """Tables of a release that the explorer reads.

    Args:
        release: folder of a release or a channel.

    Raises:
        NoMart: nothing is published there.
    """
    with open_mart(release) as mart:
        wanted = ("dim_area", "dim_comune", "area_edizione", "mart_info")
        return {name: mart.sql(f'SELECT * FROM main."{name}"').pl() for name in wanted}


def check_copy(copy: Path, release_number: str) -> None:
    """Refuse a folder that is not a copy of the atlas of a release, nor empty.

    Args:
        copy: folder that the reader chose.
        release_number: number of the release.

    Raises:
        WrongFolder: it is inside a release, holds something else or another release.
    """
    place = copy.resolve()
    if any((each / CHECKSUM_FILE).is_file() for each in (place, *place.parents)):
        raise WrongFolder(
            f"{copy} sta dentro un rilascio, che non si tocca: scegli un'altra cartella"
        )
    if not copy.exists():
        return
    if not copy.is_dir() or (any(copy.iterdir()) and not (copy / "index.html").is_file()):
        raise WrongFolder(f"{copy} non è vuota e non è un atlante: non la tocco")
    home = copy / "index.html"
    if home.is_file() and f"Rilascio {release_number} " not in home.read_text("utf-8"):
        raise WrongFolder(
            f"l'atlante in {copy} non è del rilascio {release_number}: togli quella cartella o "
            "scegline una nuova"
        )


def write_explorer(
    copy: Path, release: Path, libraries: Mapping[str, bytes], tables: Mapping[str, pl.DataFrame]
) -> int:
    """Write the explorer in a copy of the atlas; the copy is made where there is none.

    Args:
        copy: a folder that `check_copy` accepts.
        release: folder of the release, which is only read.
        libraries: files of the libraries by name.
        tables: as `tables_of` gives them.

    Returns:
        Bytes written for the explorer.

    Raises:
        NoSections: the release has no tiles.
    """
    archive = tiles_of(release)
    if not (copy / "index.html").is_file():
        shutil.copytree(release / "atlante", copy, dirs_exist_ok=True)
    pages = frozenset(f"area/{page.name}" for page in (copy / "area").glob("*.html"))
    files = explorer_files(archive, tables, libraries, pages=pages)
    write_files(copy, files)
    return sum(len(content) for content in files.values())
