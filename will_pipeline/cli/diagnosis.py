"""What can be wrong with a set-up, looked at one thing at a time, each with its mend in Italian.

Looking belongs here, and nothing is mended; printing belongs to `will_pipeline.cli.doctor`.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

Outcome = Literal["bene", "avviso", "guasto"]
GOOD: Outcome = "bene"
WARNING: Outcome = "avviso"
FAULT: Outcome = "guasto"
PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 15)
DUCKDB_FROM = (1, 5, 5)
LEAST_ROOM = 500 * 1024 * 1024
"""Bytes that a run wants besides three times the release before: warehouse and workshop."""
MEGABYTE = 1024 * 1024
PORT = 3000
HEARTBEAT = 120.0
"""Seconds after which a scheduler that gave no sign is taken for stopped; it gives one every 30."""
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;)?")
SHOWN = 5
AGAIN = "make run"


@dataclass(frozen=True)
class Examination:
    """One thing looked at: how it is, and what to do where it is not well."""

    name: str
    outcome: Outcome
    says: str
    mend: str = ""


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _free(folder: Path) -> int:
    # A folder that is not there yet lies on the disk of the nearest one that is.
    there = next(each for each in (folder, *folder.resolve().parents) if each.exists())
    return shutil.disk_usage(there).free


@dataclass(frozen=True)
class World:
    """What surrounds the project; tests put another in its place.

    Attributes:
        python: version of Python.
        installed: version of an installed package, none where it is not there.
        free: free bytes of the disk of a folder.
        environment: variables of the environment.
        port: port of the Dagster UI.
        now: seconds since the epoch.
    """

    python: tuple[int, int] = sys.version_info[:2]
    installed: Callable[[str], str | None] = _installed
    free: Callable[[Path], int] = _free
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    port: int = PORT
    now: Callable[[], float] = time.time


def examine(project: Path, world: World) -> Iterator[Examination]:
    """Look at everything, in the order in which it is worth mending.

    Args:
        project: project folder, with `data/` and `.dagster/`.
        world: what surrounds it.
    """
    for look in (
        _python, _packages, _duckdb, _home, _folders, _room, _figures, _release, _leftovers,
        _contact, _night, _port,
    ):  # fmt: skip
        yield look(project, world)


def _python(_: Path, world: World) -> Examination:
    told = ".".join(map(str, world.python))
    if PYTHON_FROM <= world.python < PYTHON_BELOW:
        return Examination("python", GOOD, f"Python {told}.")
    return Examination(
        "python",
        FAULT,
        f"Python {told} non va bene: serve dalla 3.11 alla 3.14.",
        "make clean, poi make run PYTHON=<percorso di python3.11 o più nuovo>",
    )


def _packages(project: Path, world: World) -> Examination:
    lock = project / "requirements.lock"
    if not lock.is_file():
        return Examination(
            "pacchetti", FAULT, "Manca requirements.lock.", "git checkout -- requirements.lock"
        )
    wrong = [
        f"{name} {there or 'assente'} invece di {' o '.join(sorted(wanted - {''}))}"
        for name, wanted in _locked(lock).items()
        if ((there := world.installed(name)) or "") not in wanted
    ]
    if not wrong:
        return Examination("pacchetti", GOOD, "Le librerie sono quelle bloccate.")
    more = f" e altre {len(wrong) - SHOWN}" if len(wrong) > SHOWN else ""
    return Examination(
        "pacchetti",
        FAULT,
        f"Librerie diverse da quelle bloccate: {', '.join(wrong[:SHOWN])}{more}.",
        "rm .venv/.ready*, poi make run",
    )


def _locked(lock: Path) -> dict[str, set[str]]:
    """Versions that the lock allows for every package: empty among them where it may be absent.

    What is locked for some systems or versions of Python only has a line for each.
    """
    allowed: dict[str, set[str]] = {}
    for line in lock.read_text("utf-8").splitlines():
        if (found := LOCKED.match(line)) is not None:
            name, wanted, conditional = found.groups()
            allowed.setdefault(name, set()).update({wanted, ""} if conditional else {wanted})
    return allowed


def _duckdb(_: Path, world: World) -> Examination:
    there = world.installed("duckdb")
    numbers = tuple(int(part) for part in re.findall(r"\d+", there or "")[:3])
    if numbers >= DUCKDB_FROM:
        return Examination("duckdb", GOOD, f"DuckDB {there}.")
    return Examination(
        "duckdb",
        FAULT,
        f"DuckDB {there or 'assente'}: il percorso vuole almeno la 1.5.5.",
        "rm .venv/.ready*, poi make run",
    )


def _home(project: Path, world: World) -> Examination:
    home, said = project / ".dagster", world.environment.get("DAGSTER_HOME")
    if not (home / "dagster.yaml").is_file():
        return Examination(
            "dagster_home",
            FAULT,
            "Manca .dagster/dagster.yaml.",
            "git checkout -- .dagster/dagster.yaml",
        )
    if said and not Path(said).is_dir():
        return Examination(
            "dagster_home",
            FAULT,
            f"DAGSTER_HOME indica una cartella che non c'è: {said}.",
            f"export DAGSTER_HOME={home}",
        )
    if said and Path(said).resolve() != home.resolve():
        return Examination(
            "dagster_home",
            WARNING,
            f"DAGSTER_HOME indica un'altra cartella ({said}): i giri fatti qui non vi compaiono.",
            f"export DAGSTER_HOME={home}",
        )
    return Examination("dagster_home", GOOD, "DAGSTER_HOME è a posto.")


def _folders(project: Path, _: World) -> Examination:
    closed = [
        name for name in (".dagster", "data/raw", "data/marts") if not _writable(project / name)
    ]
    if not closed:
        return Examination("cartelle", GOOD, "Le cartelle di lavoro si possono scrivere.")
    return Examination(
        "cartelle",
        FAULT,
        f"Non si può scrivere in {', '.join(closed)}.",
        f"crea le cartelle e rendile tue: mkdir -p {' '.join(closed)}; chown -R $USER "
        f"{' '.join(closed)}",
    )


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _room(project: Path, world: World) -> Examination:
    latest = (project / "data" / "marts" / "latest").resolve()
    size = sum(file.stat().st_size for file in latest.rglob("*") if file.is_file())
    wanted, free = LEAST_ROOM + 3 * size, world.free(project)
    says = f"{free // MEGABYTE} MB liberi su disco, ne servono {wanted // MEGABYTE}."
    if free >= wanted:
        return Examination("spazio", GOOD, says)
    return Examination("spazio", FAULT, says, "libera spazio sul disco, poi ripeti")


def _figures(project: Path, _: World) -> Examination:
    from will_pipeline.errors import SourceFault  # noqa: PLC0415
    from will_pipeline.sources.pins import SUFFIX, read_pin, sha256  # noqa: PLC0415

    folder = project / "data" / "raw" / "figures"
    seals = sorted(folder.glob(f"*{SUFFIX}"))
    broken = []
    for seal in seals:
        key = seal.name.removesuffix(SUFFIX)
        try:
            pin = read_pin(key, folder)
            if sha256((folder / pin.file).read_bytes()) != pin.sha256:
                broken.append(pin.file)
        except (SourceFault, OSError):
            broken.append(f"{key}.parquet")
    if seals and not broken:
        return Examination("cifre", GOOD, f"{len(seals)} tabelle incluse, ognuna col suo sigillo.")
    told = (
        f"Cifre incluse mancanti o alterate: {', '.join(broken[:SHOWN])}."
        if broken
        else ("Mancano le cifre incluse, in data/raw/figures.")
    )
    return Examination("cifre", FAULT, told, "git checkout -- data/raw/figures")


def _release(project: Path, _: World) -> Examination:
    from will_pipeline.mart.exports import altered_files  # noqa: PLC0415
    from will_pipeline.mart.shelf import Shelf  # noqa: PLC0415

    shelf = Shelf(project / "data" / "marts")
    if shelf.latest.exists() and not shelf.latest.is_symlink():
        return Examination(
            "rilascio",
            FAULT,
            "data/marts/latest è una cartella e non un collegamento.",
            f"mv data/marts/latest data/marts/latest-copia, poi {AGAIN}",
        )
    number = shelf.led_to("latest")
    if number is None:
        return Examination("rilascio", WARNING, "Non c'è ancora un rilascio da leggere.", AGAIN)
    altered = altered_files(shelf.latest)
    if altered:
        return Examination(
            "rilascio",
            FAULT,
            f"Il rilascio {number} è alterato: {', '.join(altered[:SHOWN])}.",
            f"{AGAIN}, che lo pubblica di nuovo; oppure will ripristina <numero>",
        )
    return Examination("rilascio", GOOD, f"Il rilascio {number} è integro.")


def _leftovers(project: Path, _: World) -> Examination:
    from will_pipeline.mart.shelf import Shelf, ShelfBusy  # noqa: PLC0415

    shelf = Shelf(project / "data" / "marts")
    left = shelf.leftovers()
    if left:
        try:
            with shelf.locked(patience=0):
                left = shelf.leftovers()
        except (ShelfBusy, OSError):
            return Examination("resti", GOOD, "Una pubblicazione è al lavoro in questo momento.")
    if not left:
        return Examination("resti", GOOD, "Nessun resto di giri interrotti.")
    return Examination(
        "resti",
        WARNING,
        f"Resti di un giro interrotto: {', '.join(left[:SHOWN])}. Chi legge non li vede.",
        f"{AGAIN}, che li toglie",
    )


def _contact(_: Path, __: World) -> Examination:
    from will_pipeline.mart.catalogue import load_identity  # noqa: PLC0415

    if load_identity().is_provisional:
        return Examination(
            "titolare",
            WARNING,
            "Nel catalogo dei dati (dcat.ttl) titolare e contatto sono ancora quelli provvisori.",
            "scrivi nome, codice IPA ed email dell'ente in will_pipeline/mart/identity.yaml",
        )
    return Examination("titolare", GOOD, "Titolare e contatto dei dati sono scritti.")


def _night(project: Path, world: World) -> Examination:
    beats = _heartbeats(project / ".dagster")
    beat = beats.get("SCHEDULER")
    if beat is not None and world.now() - beat < HEARTBEAT:
        return Examination("notte", GOOD, "Il giro notturno è acceso.")
    return Examination(
        "notte",
        WARNING,
        "Il giro notturno non parte da solo: nessun demone di Dagster è acceso.",
        "make dev, oppure dagster-daemon run con lo stesso DAGSTER_HOME",
    )


def _heartbeats(home: Path) -> dict[str, float]:
    """When each daemon of an instance gave its last sign, none where there is no instance yet."""
    if not (home / "history" / "runs.db").is_file():
        return {}
    import dagster as dg  # noqa: PLC0415  (it takes seconds to import)

    with dg.DagsterInstance.from_config(str(home.resolve())) as instance:
        return {kind: beat.timestamp for kind, beat in instance.get_daemon_heartbeats().items()}


def _port(_: Path, world: World) -> Examination:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", world.port))
        except OSError:
            return Examination(
                "porta",
                WARNING,
                f"La porta {world.port} è occupata: forse «make dev» è già aperto.",
                f"apri http://127.0.0.1:{world.port}; se risponde un altro programma, chiudilo",
            )
    return Examination("porta", GOOD, f"La porta {world.port} è libera.")
