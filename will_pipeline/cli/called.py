"""How this process was called, so that messages name a command that works when it is typed again.

Only the name of the command belongs here; what messages say is said by the commands.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAME = "will"


def called() -> str:
    """Write the command as it was typed: bare where the shell finds it, else with its folder."""
    typed = Path(sys.argv[0])
    if typed.name != NAME or not typed.is_file():
        return NAME
    found = shutil.which(NAME)
    if found is not None and Path(found).samefile(typed):
        return NAME
    near = os.path.relpath(typed)
    return str(typed) if near.startswith(os.pardir) else near


def as_called(text: str) -> str:
    """Put the command that works in the place of every `«will …»` of a message."""
    return text.replace(f"«{NAME} ", f"«{called()} ")
