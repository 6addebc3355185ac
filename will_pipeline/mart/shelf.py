"""The shelf of releases: numbering, the workshop beside it, the atomic switch of `latest`.

Readers follow `latest`; a release is made in the workshop and appears on the shelf whole.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

STATEMENT_FILE = "stato.json"
_RELEASE = re.compile(r"^(\d{4})\.(\d{2})\.(\d+)$")


@dataclass(frozen=True)
class Statement:
    """What a release says of itself: number, fingerprint of the content, time it was made."""

    release: str
    fingerprint: str
    made_at: str
    contract: str


@dataclass(frozen=True)
class Shelf:
    """The folder of the marts: `releases/<id>/`, the link `latest` and a hidden workshop.

    Attributes:
        folder: folder of the marts, e.g. `data/marts`.
    """

    folder: Path

    @property
    def releases(self) -> Path:
        """Folder of the complete releases."""
        return self.folder / "releases"

    @property
    def workshop(self) -> Path:
        """Folder where the next release is being made; nobody reads it."""
        return self.folder / ".cantiere"

    @property
    def latest(self) -> Path:
        """The link that readers follow."""
        return self.folder / "latest"

    def current(self) -> Statement | None:
        """Statement of the release that readers see, none where there is no readable one."""
        file = self.latest / STATEMENT_FILE
        if not file.is_file():
            return None
        try:
            return Statement(**json.loads(file.read_text("utf-8")))
        except (ValueError, TypeError):
            return None

    def numbers(self) -> list[str]:
        """Numbers of the releases on the shelf, oldest first."""
        found = [match for entry in self._entries() if (match := _RELEASE.match(entry))]
        return [
            match[0] for match in sorted(found, key=lambda each: tuple(map(int, each.groups())))
        ]

    def next_number(self, today: date) -> str:
        """Number of the next release: `<year>.<month>.<count within the month>`."""
        month = (today.year, today.month)
        counts = [
            int(found[3])
            for entry in self._entries()
            if (found := _RELEASE.match(entry)) and (int(found[1]), int(found[2])) == month
        ]
        return f"{today.year:04d}.{today.month:02d}.{max(counts, default=0) + 1}"

    def _latest_is_a_link(self) -> None:
        if self.latest.exists() and not self.latest.is_symlink():
            raise FileExistsError(
                f"{self.latest.name} è una cartella e non un collegamento ai rilasci: spostala, "
                "poi ripeti"
            )

    def _entries(self) -> list[str]:
        return [entry.name for entry in self.releases.iterdir()] if self.releases.is_dir() else []

    def clear_workshop(self) -> Path:
        """Empty the workshop and return it."""
        if self.workshop.exists():
            shutil.rmtree(self.workshop)
        self.workshop.mkdir(parents=True)
        return self.workshop

    def publish(self, made: Path, statement: Statement) -> Path:
        """Put a complete release on the shelf, then point `latest` at it.

        Both steps are renames: a reader sees the old release or the new one, never a part.

        Args:
            made: folder in the workshop that holds every file of the release, its statement
                included.
            statement: its statement.

        Returns:
            The folder of the release on the shelf.

        Raises:
            FileExistsError: the number is already on the shelf (releases are immutable), or
                `latest` is a folder.
            FileNotFoundError: the folder has no statement.
        """
        self._latest_is_a_link()
        target = self.releases / statement.release
        if target.exists():
            raise FileExistsError(f"il rilascio {statement.release} esiste già")
        if not (made / STATEMENT_FILE).is_file():
            raise FileNotFoundError(f"al rilascio {statement.release} manca {STATEMENT_FILE}")
        for file in sorted(made.rglob("*")):
            if file.is_file():
                _flush(file)
        self.releases.mkdir(parents=True, exist_ok=True)
        made.rename(target)
        self.point_latest_at(statement.release)
        return target

    def point_latest_at(self, release: str) -> None:
        """Switch `latest` to a release of the shelf, atomically.

        Raises:
            FileNotFoundError: there is no such release.
        """
        if not (self.releases / release).is_dir():
            raise FileNotFoundError(f"il rilascio {release} non è fra quelli pubblicati")
        fresh = self.folder / ".latest"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("releases") / release, target_is_directory=True)
        fresh.replace(self.latest)


def write_statement(folder: Path, statement: Statement) -> None:
    """Write the statement of a release among its files."""
    text = json.dumps(asdict(statement), indent=2, ensure_ascii=False) + "\n"
    (folder / STATEMENT_FILE).write_text(text, "utf-8")


def _flush(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
