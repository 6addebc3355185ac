"""A long fuzzing of every reader: `python -m tests.fuzz --secondi 600`.

What breaks a reader is kept in `regressions/`, where the tests find it ever after.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter

from tests.fuzz.targets import REGRESSIONS, Target, accepts, spoilt, targets

LONGEST = 20
"""Seconds after which a call hangs."""


class Hangs(Exception):
    """A call did not end."""


def _ring(*_: object) -> None:
    raise Hangs


def one(target: Target, content: bytes) -> str:
    """How a target ends: accepted, refused, or what broke it."""
    signal.alarm(LONGEST)
    try:
        return "letti" if accepts(target, content) else "rifiutati"
    except Exception:
        return traceback.format_exc(limit=-3)
    finally:
        signal.alarm(0)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Byte rovinati a ogni lettore.")
    parser.add_argument("--secondi", type=float, default=600)
    parser.add_argument("--seme", type=int, default=int(time.time()))
    parser.add_argument("solo", nargs="*", help="solo questi lettori")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGALRM, _ring)
    chance = random.Random(given.seme)  # noqa: S311  (a seeded play, no secret)
    chosen = [each for each in targets().values() if not given.solo or each.name in given.solo]
    counted: dict[str, Counter[str]] = {each.name: Counter() for each in chosen}
    broken = dict[str, str]()
    ends = time.monotonic() + given.secondi
    while time.monotonic() < ends:
        for target in chosen:
            content = (
                spoilt(chance.choice(target.samples), chance)
                if chance.random() < 0.9
                else os.urandom(chance.randrange(300))
            )
            told = one(target, content)
            counted[target.name][told if told in ("letti", "rifiutati") else "rotti"] += 1
            if told not in ("letti", "rifiutati") and (target.name + told) not in broken:
                broken[target.name + told] = target.name
                name = f"{target.name}__{hashlib.sha256(content).hexdigest()[:12]}.bin"
                (REGRESSIONS / name).write_bytes(content)
                print(f"\n{name}\n{told}", file=sys.stderr, flush=True)
    print(f"seme {given.seme}\n| lettore | letti | rifiutati | rotti |\n|---|---|---|---|")
    for name, counts in sorted(counted.items()):
        print(f"| {name} | {counts['letti']} | {counts['rifiutati']} | {counts['rotti']} |")
    total = sum(sum(counts.values()) for counts in counted.values())
    print(f"\nLettori {len(counted)}, prove {total}, rotture diverse {len(broken)}.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
