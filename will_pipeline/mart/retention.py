"""Which releases stay on the shelf: what a channel leads to, what somebody reads, the latest few.

Choosing and removing belong here; a release leaves whole, by one rename.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Sequence
from pathlib import Path

from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.shelf import CHANNELS, Shelf

KEPT = 10
"""Releases that stay whatever happens: who has just followed a link has that long to open it."""


def expendable(
    releases: Sequence[str], *, led_to: Collection[str], keep: int = KEPT
) -> tuple[str, ...]:
    """Releases that may go, oldest first.

    Args:
        releases: numbers of the releases, oldest first.
        led_to: those that a channel leads to.
        keep: how many of the newest stay.

    Raises:
        ValueError: `keep` is not positive.
    """
    if keep < 1:
        raise ValueError(f"at least one release must stay, not {keep}")
    return tuple(number for number in releases[:-keep] if number not in led_to)


def is_being_read(release: Path) -> bool:
    """Whether another process has the mart of a release open.

    DuckDB holds a shared lock on a file that it reads, so a try at an exclusive one tells. Readers
    inside this very process are not seen: it must hold none.

    Args:
        release: folder of the release.

    Source:
        DuckDB, documentation, "Concurrency" (2026).
    """
    file = release / DATABASE_FILE
    if not file.is_file():
        return False
    with file.open("rb+") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def prune(shelf: Shelf, *, keep: int = KEPT) -> tuple[str, ...]:
    """Remove the releases that may go and that nobody is reading; call it while holding the shelf.

    Args:
        shelf: the shelf of releases.
        keep: how many of the newest stay.

    Returns:
        The numbers of the removed releases, oldest first.
    """
    led_to = {number for name in CHANNELS if (number := shelf.led_to(name)) is not None}
    gone = [
        number
        for number in expendable(shelf.numbers(), led_to=led_to, keep=keep)
        if not is_being_read(shelf.releases / number)
    ]
    for number in gone:
        shelf.remove(number)
    return tuple(gone)
