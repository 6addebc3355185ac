"""The replica in a process of its own, and the orders it takes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.replica.__main__ import READY
from tests.replica.towns import ROOT


@dataclass(frozen=True)
class Served:
    """A running replica.

    Attributes:
        base: Its address.
        addresses: File for `WILL_HOSTS`.
    """

    base: str
    addresses: Path

    def order(self, what: str, **given: str) -> dict[str, Any]:
        """Give an order; the requests it had since the latest `forget`."""
        url = f"{self.base}/_/{what}?{urllib.parse.urlencode(given)}"
        return json.loads(self.get(url))

    def get(self, url: str) -> bytes:
        """Ask something, as any client would."""
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310
            return answer.read()


@contextlib.contextmanager
def served(folder: Path, *, only: Sequence[str] = ()) -> Iterator[Served]:
    """Start a replica on a free port and stop it afterwards.

    Args:
        folder: Where its addresses are written.
        only: Codes of the towns it knows; all nine where none is given.
    """
    addresses = folder / "replica.yaml"
    words = [sys.executable, "-m", "tests.replica", "--porta", "0", "--indirizzi", str(addresses)]
    process = subprocess.Popen(
        [*words, *(["--solo", *only] if only else [])], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ready, _, base = process.stdout.readline().strip().partition(" ")
        assert ready == READY
        yield Served(base, addresses)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
