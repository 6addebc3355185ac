"""Time the named questions from a cold open of a published mart, with whatever DuckDB is installed.

Run: python benchmarks/questions.py [data/marts/latest/will_mart.duckdb]; it needs DuckDB alone, so
that an environment with an old version runs it too.
"""

import os
import re
import statistics
import sys
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "will_pipeline" / "domande"
MART = ROOT / "data" / "marts" / "latest" / "will_mart.duckdb"
PARAMETER = re.compile(r"([a-z_]+) \((testo|numero)\) = ([^;\n]+)")
PROMISED = 0.100
REPEATS = 5


def examples(text: str) -> dict[str, object]:
    """Values of the head of a question, as in its front matter."""
    head = next((line for line in text.splitlines() if line.startswith("-- parametri:")), "")
    return {
        name: float(example) if kind == "numero" else example.strip()
        for name, kind, example in PARAMETER.findall(head)
    }


def taken(mart: Path, text: str, values: dict[str, object]) -> tuple[float, float]:
    """Seconds of work and of the clock from opening the file to the last row and closing it.

    The system may have the file in memory; what DuckDB knows of it is read anew every time.
    """
    worked, started = time.process_time(), time.perf_counter()
    connection = duckdb.connect(str(mart), read_only=True)
    connection.execute(text, values or None).fetchall()
    connection.close()
    return time.process_time() - worked, time.perf_counter() - started


def main() -> int:
    """Print the times of every question; fail where the work alone is over the promise.

    The work is what is promised: the clock also counts what else the machine does.
    """
    mart = Path(sys.argv[1]) if len(sys.argv) > 1 else MART
    files = sorted(QUESTIONS.glob("*.sql"))
    slow = []
    print(f"DuckDB {duckdb.__version__}, {os.cpu_count()} cores, {len(files)} questions")
    for file in files:
        text = file.read_text(encoding="utf-8")
        values = examples(text)
        works, clocks = zip(*(taken(mart, text, values) for _ in range(REPEATS)), strict=True)
        work = statistics.median(works)
        print(f"  work {1000 * work:6.1f} ms, clock {1000 * min(clocks):6.1f} ms  {file.stem}")
        if work > PROMISED:
            slow.append(file.stem)
    print(f"over {1000 * PROMISED:.0f} ms: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
