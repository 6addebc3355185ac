"""The shelf of releases: numbering, the workshop beside it, the atomic switch of its channels.

Readers follow a channel; a release is made in the workshop and appears on the shelf whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Literal

Channel = Literal["latest", "nightly", "stable"]
LATEST: Channel = "latest"
NIGHTLY: Channel = "nightly"
STABLE: Channel = "stable"
CHANNELS: tuple[Channel, ...] = (LATEST, NIGHTLY, STABLE)
STATEMENT_FILE = "stato.json"
JOURNAL_FILE = ".pubblicazione"
LOCK_FILE = ".occupato"
PATIENCE = 30.0
"""Seconds to wait for another publication in the same folder: one takes a few."""
_PAUSE = 0.05
_RELEASE = re.compile(r"^(\d{4})\.(\d{2})\.(\d+)$")


class ShelfBusy(RuntimeError):
    """Another process is publishing on this shelf; the text says in Italian what to do."""

    def __init__(self) -> None:
        super().__init__(
            "un'altra pubblicazione è al lavoro in questa cartella: aspetta che finisca"
        )


@dataclass(frozen=True)
class Statement:
    """What a release says of itself: number, fingerprint of the content, time it was made."""

    release: str
    fingerprint: str
    made_at: str
    contract: str


@dataclass(frozen=True)
class Shelf:
    """The folder of the marts: `releases/<id>/`, the channels and a hidden workshop.

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
        return self.channel(LATEST)

    def channel(self, name: Channel) -> Path:
        """The link of a channel."""
        return self.folder / name

    def led_to(self, name: Channel) -> str | None:
        """Number of the release that a channel leads to, none where it leads nowhere."""
        link = self.channel(name)
        if not link.is_symlink():
            return None
        number = link.readlink().name
        return number if (self.releases / number).is_dir() else None

    def current(self) -> Statement | None:
        """Statement of the release that readers see, none where there is no readable one."""
        file = self.latest / STATEMENT_FILE
        if not file.is_file():
            return None
        try:
            said = json.loads(file.read_text("utf-8"))
            return Statement(**{each.name: said[each.name] for each in fields(Statement)})
        except (ValueError, TypeError, KeyError):
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

    @contextmanager
    def locked(self, *, patience: float = PATIENCE) -> Iterator[None]:
        """Hold the shelf alone; the system lets go of it when the process ends, however it ends.

        Args:
            patience: seconds to wait for whoever holds it.

        Raises:
            ShelfBusy: another process holds it for longer.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        limit = time.monotonic() + patience
        with (self.folder / LOCK_FILE).open("w") as lock:
            while not _taken(lock.fileno()):
                if time.monotonic() > limit:
                    raise ShelfBusy
                time.sleep(_PAUSE)
            yield

    def leftovers(self) -> list[str]:
        """Names of what a dead publication left behind, none on a tidy shelf."""
        left = [JOURNAL_FILE] if self._journal.exists() else []
        left += [link.name for link in self._half_links() if link.is_symlink()]
        if self.workshop.is_dir():
            left += sorted(f"{self.workshop.name}/{each.name}" for each in self.workshop.iterdir())
        return left

    def tidy(self) -> None:
        """Clear what a dead publication left; call it while holding the shelf.

        A release that reached the shelf but no channel was never seen by anybody: it goes. One that
        reached `latest` was published, and `nightly` catches up.
        """
        if self._journal.exists():
            self._settle(self._journal.read_text("utf-8").strip())
        for link in self._half_links():
            link.unlink(missing_ok=True)
        self.clear_workshop()

    def _settle(self, release: str) -> None:
        if release in self.numbers():
            if self.led_to(LATEST) == release:
                self.point_at(NIGHTLY, release)
            elif release not in {self.led_to(name) for name in CHANNELS}:
                self.remove(release)
        self._journal.unlink()

    @property
    def _journal(self) -> Path:
        return self.folder / JOURNAL_FILE

    def _half_links(self) -> list[Path]:
        return [self.folder / f".{name}" for name in CHANNELS]

    def clear_workshop(self) -> Path:
        """Empty the workshop and return it."""
        if self.workshop.exists():
            shutil.rmtree(self.workshop)
        self.workshop.mkdir(parents=True)
        return self.workshop

    def remove(self, release: str) -> None:
        """Take a release off the shelf: one rename, so that no half of it is ever there."""
        self.workshop.mkdir(parents=True, exist_ok=True)
        leaving = self.workshop / f"tolto-{release}"
        if leaving.exists():
            shutil.rmtree(leaving)
        (self.releases / release).rename(leaving)
        shutil.rmtree(leaving)

    def publish(self, made: Path, statement: Statement) -> Path:
        """Put a complete release on the shelf, then point `latest` and `nightly` at it.

        Every step is a rename: a reader sees the old release or the new one, never a part. What is
        being published is written down first, so that the next run can finish or undo it.

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
        for entry in sorted(made.rglob("*")):
            _flush(entry)
        _flush(made)
        self.releases.mkdir(parents=True, exist_ok=True)
        self._journal.write_text(statement.release, "utf-8")
        _flush(self._journal)
        made.rename(target)
        _flush(self.releases)
        self.point_latest_at(statement.release)
        self.point_at(NIGHTLY, statement.release)
        self._journal.unlink()
        return target

    def point_latest_at(self, release: str) -> None:
        """Switch `latest` to a release of the shelf; see `point_at`."""
        self.point_at(LATEST, release)

    def point_at(self, channel: Channel, release: str) -> None:
        """Switch a channel to a release of the shelf, atomically.

        Raises:
            FileNotFoundError: there is no such release.
        """
        if not (self.releases / release).is_dir():
            raise FileNotFoundError(f"il rilascio {release} non è fra quelli pubblicati")
        fresh = self.folder / f".{channel}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("releases") / release, target_is_directory=True)
        fresh.replace(self.channel(channel))
        _flush(self.folder)


def write_statement(
    folder: Path, statement: Statement, about: Mapping[str, object] | None = None
) -> None:
    """Write the statement of a release among its files.

    Args:
        folder: folder of the release.
        statement: its statement.
        about: what else monitoring wants to know, see `will_pipeline.mart.status`.
    """
    write_json(folder / STATEMENT_FILE, {**asdict(statement), **(about or {})})


def write_json(file: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file that people may read too."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush(place: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
