"""Brings every row of the fault matrix about and prints the table: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict

import pytest

from tests.faults.registry import Row, rows


class Outcomes:
    """Outcomes of the tests that ran, by test without its parameters."""

    def __init__(self) -> None:
        self.seen: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.seen[report.nodeid.partition("[")[0]][report.outcome] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.seen[report.nodeid]["failed"] += 1

    def of(self, row: Row) -> str:
        if not row.tests:
            return f"non riproducibile qui: {row.here}"
        counted = sum((self.seen[test] for test in row.tests), Counter[str]())
        if counted["failed"] or any(not self.seen[test] for test in row.tests):
            return "NON PASSA"
        told = "passa" if counted["passed"] else "saltata"
        some = f", saltate {counted['skipped']}" if counted["passed"] and counted["skipped"] else ""
        return f"{told} ({counted['passed']}{some})" + (f"; {row.here}" if row.here else "")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="La tabella dei guasti.")
    parser.add_argument("righe", nargs="*", help="solo queste righe, per esempio T01 X09")
    wanted = {each.upper() for each in parser.parse_args(arguments).righe}
    chosen = [row for row in rows() if not wanted or row.name in wanted]
    outcomes = Outcomes()
    tests = sorted({test for row in chosen for test in row.tests})
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *tests], plugins=[outcomes])
    print("\n| riga | guasto | esito atteso | prove | esito |\n|---|---|---|---|---|")
    found = [(row, outcomes.of(row)) for row in chosen]
    for row, told in found:
        print(f"| {row.name} | {row.fault} | {row.outcome} | {len(row.tests)} | {told} |")
    bad = [row.name for row, told in found if told == "NON PASSA"]
    print(f"\nRighe {len(found)}, non passano {len(bad)}: {' '.join(bad) or 'nessuna'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
