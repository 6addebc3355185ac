"""`make replica`: the services on this machine, with generated towns, until interrupted."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

import yaml

from tests.replica.server import Replica
from tests.replica.services import Services
from tests.replica.towns import places
from tests.replica.world import World
from will_pipeline.sources.hosts import ALLOWED

READY = "pronta"
SDMX = "istat_esploradati"
MINUTE = 4.0
"""Seconds that stand for a minute of ISTAT's service: it bans all the same, in less time."""


def configuration(port: int) -> str:
    """The file for `WILL_HOSTS`: every listed host leads here.

    ISTAT's wait stays, as long against the service's minute as it is against a real one.
    """
    names = yaml.safe_load(ALLOWED.read_text("utf-8"))["hosts"]
    waits = {SDMX: names[SDMX]["spacing_seconds"] * MINUTE / 60}
    hosts = {
        name: {"base": f"http://127.0.0.1:{port}/{name}", "spacing_seconds": waits.get(name, 0)}
        for name in names
    }
    return yaml.safe_dump({"hosts": hosts})


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Una replica dei servizi, con città generate.")
    parser.add_argument("--porta", type=int, default=8111)
    parser.add_argument("--indirizzi", type=Path, required=True, help="file da scrivere")
    parser.add_argument("--solo", nargs="*", default=[], metavar="CODICE", help="solo queste città")
    options = parser.parse_args()
    chosen = [each for each in places() if not options.solo or each.pro_com in options.solo]
    services = Services(World(chosen), minute=MINUTE)
    replica = Replica(port=options.porta, otherwise=services.answer)
    options.indirizzi.parent.mkdir(parents=True, exist_ok=True)
    options.indirizzi.write_text(configuration(replica.port), encoding="utf-8")
    with replica.running():
        print(f"{READY} http://127.0.0.1:{replica.port}", flush=True)
        print(f"  WILL_HOSTS={options.indirizzi} .venv/bin/will esegui --online", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
