"""How a live source is fetched and what its files must look like before anybody reads them.

What belongs here is the shape of the `live` section of a descriptor; fetching and checking are
done elsewhere, with these numbers.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Format = Literal[
    "csv", "sdmx_csv", "csv_zip", "xlsx", "xlsx_zip", "geojson", "json", "shapefile_zip", "osm_pbf"
]
ZIPPED = ("csv_zip", "xlsx_zip", "shapefile_zip")
EXTENSIONS: dict[str, str] = {
    "csv": "csv",
    "sdmx_csv": "csv",
    "csv_zip": "zip",
    "xlsx": "xlsx",
    "xlsx_zip": "zip",
    "geojson": "geojson",
    # Beside `<digest>.json`, which says what is known of the file.
    "json": "testo",
    "shapefile_zip": "zip",
    "osm_pbf": "pbf",
}
"""Extension under which a file of each format is archived."""

COMPANIONS = (".shp", ".shx", ".dbf", ".prj")
_GIGABYTE = 10**9


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Band(_Strict):
    """Least and most that is believed, both included; nothing is never an answer."""

    min: int = Field(ge=1)
    max: int = Field(ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "Band":
        if self.min > self.max:
            raise ValueError("il minimo supera il massimo")
        return self

    def holds(self, value: int) -> bool:
        """Say whether a value is within the band."""
        return self.min <= value <= self.max


class Member(_Strict):
    """A file expected in an archive: the name we give it and the pattern of its own."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9]{2,5}$")]
    pattern: Annotated[str, Field(min_length=1)]

    @field_validator("pattern")
    @classmethod
    def _regular(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"espressione regolare non valida: {error}") from error
        return pattern


class LiveFile(_Strict):
    """One request; the files of a source are taken all together or not at all.

    Attributes:
        name: Our name for the file.
        path: Path below the base address of the host.
        query: Query, by parameter.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    path: Annotated[str, Field(pattern=r"^/[^\s?#\\]*$")]
    query: dict[str, str] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _below(cls, path: str) -> str:
        if ".." in path.split("/"):
            raise ValueError("il percorso esce dall'indirizzo di base")
        return path


class Retry(_Strict):
    """Limits in seconds of a connection, of a silence and of all the source's attempts together."""

    attempts: int = Field(default=3, ge=1, le=3)
    first_wait: float = Field(default=2.0, gt=0, le=60)
    connect: float = Field(default=10.0, gt=0, le=10)
    read: float = Field(default=60.0, gt=0, le=600)
    total: float = Field(default=600.0, gt=0, le=600)


class Gathering(_Strict):
    """How one file is put together out of the answers of a portal, which are never kept.

    Attributes:
        reader: `module:function` of `will_pipeline.readers`; it is given a way to ask.
        options: Its other options.
    """

    reader: Annotated[str, Field(pattern=r"^\w+:\w+$")]
    options: dict[str, Any] = Field(default_factory=dict)


class Live(_Strict):
    """How a source is fetched.

    Attributes:
        host: Name of the host in `hosts.yaml`.
        files: Requests; of a portal, the one file made of its answers and where they begin.
        gathering: How the file is made, where the source is a portal to be asked.
        format: Declared format of every file.
        accept: `Accept` header, where the service chooses the format by it.
        encoding: Encoding of text; UTF-8 where none is given.
        delimiter: Separator of CSV.
        quoting: Whether quotes have a meaning in the CSV.
        preamble: Lines of the CSV before the header.
        stray_cells: By how many cells the rows, all alike, may differ from the header.
        footnotes: Most lines of a single cell after the last row.
        header: Columns that the CSV must have, in any order.
        final_newline: Whether the producer ends the last line; a cut file is seen by it.
        members: Files expected in an archive, each matching one of its names.
        size_bytes: Size of a file as it arrives.
        rows: Rows of a table, features of a map, blocks of an extract of OpenStreetMap.
        unzipped_bytes: Most bytes of an archive once unpacked.
        confirm: Whether to ask again after a download if the file is still the same.
        fresh_days: Days after which a source without a successful check counts as old.
        retry: Limits and attempts.
    """

    host: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    files: tuple[LiveFile, ...] = Field(min_length=1)
    format: Format
    gathering: Gathering | None = None
    accept: str | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    quoting: bool = True
    preamble: int = Field(default=0, ge=0, le=20)
    stray_cells: int = Field(default=0, ge=0, le=2)
    footnotes: int = Field(default=0, ge=0, le=20)
    header: tuple[str, ...] = ()
    final_newline: bool = True
    members: tuple[Member, ...] = ()
    size_bytes: Band
    rows: Band
    unzipped_bytes: int = Field(default=2 * _GIGABYTE, ge=1, le=20 * _GIGABYTE)
    confirm: bool = True
    fresh_days: int = Field(default=400, ge=1)
    retry: Retry = Retry()

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
        except LookupError as error:
            raise ValueError(f"codifica sconosciuta: {encoding}") from error
        return encoding

    @model_validator(mode="after")
    def _coherent(self) -> "Live":
        for repeated in (self.files, self.members):
            names = [each.name for each in repeated]
            if len(set(names)) < len(names):
                raise ValueError("due file hanno lo stesso nome")
        if self.gathering is not None and len(self.files) > 1:
            raise ValueError("da un portale si fa un file solo")
        if self.format in ZIPPED and not self.members:
            raise ValueError("un archivio deve dire quali file contiene")
        if self.format not in ZIPPED and self.members:
            raise ValueError("solo un archivio contiene altri file")
        if self.format == "shapefile_zip":
            self._whole_shapefile()
        return self

    def _whole_shapefile(self) -> None:
        needed = COMPANIONS if self.encoding else (*COMPANIONS, ".cpg")
        stems = {PurePosixPath(member.name).stem for member in self.members}
        suffixes = {PurePosixPath(member.name).suffix for member in self.members}
        missing = sorted(set(needed) - suffixes)
        if missing or len(stems) > 1:
            raise ValueError(
                "uno shapefile vuole un solo nome con .shp, .shx, .dbf, .prj "
                "e, senza codifica dichiarata, .cpg"
            )

    @property
    def extension(self) -> str:
        """Extension of the archived files."""
        return EXTENSIONS[self.format]
