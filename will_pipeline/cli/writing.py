"""Files of a command, whole or not at all.

What belongs here is how bytes reach a folder; what stands in them and whether a file may be
overwritten is decided by each command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from will_pipeline.cli.towns import BAD, stop


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Write files so that nobody ever sees half of one; stop the command where one cannot be.

    Every file is first written beside its place, and only when all of them are there do they take
    their names.

    Args:
        files: bytes by path, in folders that are there.
    """
    waiting = {path: path.parent / f".{path.name}.{os.getpid()}.parte" for path in files}
    at = Path()
    try:
        for path, content in files.items():
            at = path
            if path.is_dir():
                raise IsADirectoryError(None, "è una cartella")
            waiting[path].write_bytes(content)
        for path, part in waiting.items():
            at = path
            part.replace(path)
    except OSError as fault:
        stop(f"non posso scrivere {at}: {fault.strerror}.", code=BAD)
    finally:
        for part in waiting.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


def made_folder(folder: Path) -> None:
    """Make a folder where it is not there; stop the command where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        stop(f"non posso scrivere in {folder}: {fault.strerror}.", code=BAD)
