"""What the archive of live sources writes about the files it keeps.

What belongs here is the shape of its documents; when they are written is the archive's matter.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.sources.pins import Digest


class Document(BaseModel):
    """Immutable, and deaf to no field."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(Document):
    """What is known of an archived file, written once when its bytes first arrived.

    Attributes:
        file: Its name in the archive.
        sha256: Digest of its bytes.
        bytes: Their number.
        rows: Rows or features counted at intake.
        url: Address that was asked for.
        answered_by: Address that answered.
        redirects: Addresses passed on the way.
        retrieved_at: When, UTC.
        etag: What the server said to recognise it.
        last_modified: Idem.
        content_type: Type the server gave it.
        licence: Terms under which it was published then.
        pipeline: Version of the pipeline that fetched it.
    """

    file: str
    sha256: Digest
    bytes: int = Field(ge=1)
    rows: int = Field(ge=1)
    url: str
    answered_by: str
    redirects: tuple[str, ...]
    retrieved_at: datetime
    etag: str | None
    last_modified: str | None
    content_type: str
    licence: str
    pipeline: str


class Snapshot(Document):
    """The files of a source that were taken together.

    Attributes:
        taken_at: When they first were, UTC.
        files: Digest of each, by our name for it.
    """

    taken_at: datetime
    files: dict[str, Digest]

    @property
    def id(self) -> str:
        """Digest of names and digests: equal for equal content, whenever it was taken."""
        return snapshot_id(self.files)


class LastValidators(Document):
    """What a server last said to recognise the file in use; `url` is the address asked for."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


class Pointer(Document):
    """Which snapshot is in use.

    Attributes:
        snapshot: Its id.
        checked_at: When the source last confirmed it, UTC.
        validators: What to ask with the next time, by our name for the file.
        pinned: Whether it stays in use whatever the source does.
    """

    snapshot: Digest
    checked_at: datetime
    validators: dict[str, LastValidators]
    pinned: bool = False


class Attempt(Document):
    """How the latest refresh ended.

    Attributes:
        at: When, UTC.
        outcome: What came of it.
        reason: Why, in Italian; empty where all went well.
        hint: What may have happened, in Italian.
        failures: Failed refreshes in a row, this one included.
    """

    at: datetime
    outcome: Literal["nuova", "invariata", "ultima_buona", "mai_riuscita"]
    reason: str = ""
    hint: str = ""
    failures: Annotated[int, Field(ge=0)] = 0


def snapshot_id(files: Mapping[str, str]) -> str:
    """Digest of the names and digests of files.

    Args:
        files: Digest of each file, by name.
    """
    return hashlib.sha256(json.dumps(dict(sorted(files.items()))).encode()).hexdigest()
