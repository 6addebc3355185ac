"""The machine-written seal of an embedded table: what it is made of and which bytes it has.

What belongs here is the pin's shape, its JSON and the digest; what the figures mean is the
descriptor's matter.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from will_pipeline.errors import SourceFault

SUFFIX = ".pin.json"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SourceFile(BaseModel):
    """An official file the table was made from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: Digest


class Pin(BaseModel):
    """Seal of one Parquet file: bytes, rows, date of retrieval and the official files behind it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: Digest
    bytes: int = Field(ge=0)
    rows: int = Field(ge=0)
    retrieved: date
    source_files: tuple[SourceFile, ...]


def sha256(content: bytes) -> str:
    """Return the SHA-256 digest (FIPS 180-4) of some bytes.

    Args:
        content: Any bytes.

    Returns:
        Sixty-four hexadecimal digits.
    """
    return hashlib.sha256(content).hexdigest()


def write_pin(pin: Pin, folder: Path) -> Path:
    """Write a pin beside its Parquet file.

    Args:
        pin: The pin; its `file` gives the name.
        folder: Folder of the Parquet file.

    Returns:
        Path of `<key>.pin.json`.
    """
    path = folder / f"{Path(pin.file).stem}{SUFFIX}"
    text = json.dumps(pin.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def read_pin(key: str, folder: Path) -> Pin:
    """Read the pin of a source.

    Args:
        key: Key of the source.
        folder: Folder of the embedded figures.

    Returns:
        The pin.

    Raises:
        SourceFault: The file is absent or is not a pin.
    """
    path = folder / f"{key}{SUFFIX}"
    if not path.is_file():
        raise SourceFault(key, path.name, "", f"manca il sigillo dei dati; {how_to_recover(path)}")
    try:
        return Pin.model_validate_json(path.read_bytes())
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        where = f"campo {field}" if field else ""
        rule = f"il sigillo non è leggibile; {how_to_recover(path)}"
        raise SourceFault(key, path.name, where, rule) from error


def how_to_recover(path: Path) -> str:
    """Say in Italian how to get an embedded file back.

    Args:
        path: The file, absent or damaged.

    Returns:
        The advice, with the command to type from the root of the project.
    """
    return f"per riaverlo: git checkout -- data/raw/figures/{path.name}"
