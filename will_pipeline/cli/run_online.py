"""`will esegui --online`: ask the live sources, make their tables, run what depends on the changes.

What belongs here is the order of a night and what it remembers of the one before; asking, reading
and running are done by others.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, ConfigDict

from will_pipeline.cities.catalogue import other_names
from will_pipeline.cli.run import Outcome, run_job
from will_pipeline.definitions import (
    ONLINE_TABLES,
    PROJECT,
    REPLICA_WORKSHOP,
    default_resources,
    replica_home,
    replica_resources,
)
from will_pipeline.errors import SourceFault
from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.figures import Figures
from will_pipeline.orchestration.territory import Territory
from will_pipeline.sources.archive import Archive, Busy, read_document, write_document
from will_pipeline.sources.clock import Clock
from will_pipeline.sources.descriptor import Descriptor, load_sources
from will_pipeline.sources.hosts import Hosts, load_hosts, on_this_machine
from will_pipeline.sources.limiter import Limiter
from will_pipeline.sources.online import OnlineTables, make_all
from will_pipeline.sources.records import Document
from will_pipeline.sources.refresh import Outcome as Refreshed
from will_pipeline.sources.refresh import Refresher
from will_pipeline.sources.transport import Transport

SEED = 20261101
NIGHT = 3 * 3600.0
RECORD = "ultima_notte.json"
SNAPSHOTS_KEPT = 30
"""Newest copies of a source that stay, beside the one in use: a month of nights that all differ."""
NOTHING_NEW = "Nessuna novità: le fonti confermano quello che c'è, e niente è stato rifatto."
SETTINGS = "dagster.yaml"
_PROGRAM = ("will_pipeline", "assets")


class LastNight(Document):
    """What the latest good run was made of.

    Attributes:
        program: Digest of the program, with its settings.
        deliveries: Digest of the folder of deliveries.
        tables: Digest of the table of each source.
        marks: What was said of the sources that were not up to date.
    """

    program: str
    deliveries: str
    tables: dict[str, str]
    marks: dict[str, str]


class Place(BaseModel):
    """Where a night keeps its things.

    Attributes:
        raw: Folder of the archive.
        instance: Folder of the Dagster instance.
        shelf: Folder of the releases, where it is not the project's own.
    """

    model_config = ConfigDict(frozen=True)

    raw: Path
    instance: Path
    shelf: Path | None = None


def run_online(
    project: Path,
    configuration: Path | None = None,
    *,
    replaced: Mapping[str, dg.ConfigurableResource] | None = None,
    descriptors: Path = PROJECT / "assets" / "raw",
) -> Outcome:
    """Refresh the live sources, then run what depends on what changed.

    Args:
        project: Project folder, with `data/` and `.dagster/`.
        configuration: File of redirected addresses; where none is given, the environment's.
        replaced: Resources in place of the usual ones.
        descriptors: Folder of the descriptions of the sources.

    Returns:
        How it ended. On a replica on this machine everything is kept apart from the project's own.
    """
    started = time.monotonic()
    try:
        hosts = load_hosts(configuration)
        sources = load_sources(descriptors)
        place, usual = _place(project, hosts)
        resources = {**usual, **(replaced or {})}
        outcomes = _refreshed(sources, hosts, place)
        now = Clock().moment()
        tables = OnlineTables(place.raw / ONLINE_TABLES)
        territory = resources["territory"]
        cities = territory.cities() if isinstance(territory, Territory) else ()
        make_all(
            sources,
            tables,
            Archive(place.raw),
            cities=[city.pro_com for city in cities],
            corrections=descriptors,
            now=now,
            replicas=place.shelf is not None,
            names=other_names(cities),
        )
        tonight = _tonight(sources, resources, tables, now.date())
    except SourceFault as fault:
        return Outcome("", time.monotonic() - started, (str(fault),))
    warnings = tuple(_told(outcome) for outcome in outcomes if outcome.reason and _bad(outcome))
    warnings += _refused(sources, tables, outcomes)
    ended = _run(place, resources, tonight)
    if not ended.faults:
        for key, source in sources.items():
            if source.live is not None:
                # Another run may be refreshing it: the next night prunes it.
                with suppress(Busy):
                    Archive(place.raw).prune(key, keep=SNAPSHOTS_KEPT)
    return replace(
        ended,
        seconds=time.monotonic() - started,
        warnings=(*warnings, *ended.warnings),
        shelf=place.shelf,
    )


def _place(project: Path, hosts: Hosts) -> tuple[Place, dict[str, dg.ConfigurableResource]]:
    if any(host.replica and on_this_machine(host.url.host) for host in hosts):
        home = replica_home(project)
        raw = home / REPLICA_WORKSHOP
        place = Place(raw=raw, instance=raw / "dagster", shelf=home)
        return place, replica_resources(project)
    own = Place(raw=project / "data" / "raw", instance=project / ".dagster")
    return own, default_resources(project)


def _refreshed(sources: Mapping[str, Descriptor], hosts: Hosts, place: Place) -> list[Refreshed]:
    place.raw.mkdir(parents=True, exist_ok=True)
    transport = Transport(hosts, Limiter(place.raw / "limiti", Clock()), seed=SEED)
    refresher = Refresher(hosts, Archive(place.raw), transport)
    return refresher.refresh_by_host(sources.values(), seconds=NIGHT)


def _run(
    place: Place, resources: Mapping[str, dg.ConfigurableResource], tonight: LastNight
) -> Outcome:
    """Run what changed since the latest good run; everything after a failed one."""
    record = place.raw / ONLINE_TABLES / RECORD
    before = read_document(record, LastNight)
    changed = None if before is None else _changed(before, tonight)
    if changed is not None and not changed:
        return Outcome(NOTHING_NEW, 0.0, ())
    record.unlink(missing_ok=True)
    place.instance.mkdir(parents=True, exist_ok=True)
    settings = place.instance / SETTINGS
    if not settings.is_file():
        settings.write_bytes((PROJECT / ".dagster" / SETTINGS).read_bytes())
    outcome = run_job(place.instance, resources, changed=changed)
    if not outcome.faults:
        write_document(record, tonight)
    return outcome


def _changed(before: LastNight, tonight: LastNight) -> list[dg.AssetKey] | None:
    """Assets whose matter changed; none at all where everything has to be made again."""
    same_program = before.program == tonight.program
    if not same_program or set(before.tables) != set(tonight.tables):
        return None
    keys = [["raw", key] for key in tonight.tables if before.tables[key] != tonight.tables[key]]
    if before.marks != tonight.marks:
        keys.append(["marts", "dim_fonte"])
    if before.deliveries != tonight.deliveries:
        keys.append(["core", "delivery"])
    return [dg.AssetKey(key) for key in keys]


def _tonight(
    sources: Mapping[str, Descriptor],
    resources: Mapping[str, dg.ConfigurableResource],
    tables: OnlineTables,
    today: date,
) -> LastNight:
    figures, deliveries = resources["figures"], resources["deliveries"]
    settings = f"{resources['territory']} {resources['estimation']}"
    if not isinstance(figures, Figures) or not isinstance(deliveries, Deliveries):
        raise TypeError("the resources are not those of the graph")
    states = {key: tables.state(key) for key in sources}
    return LastNight(
        program=f"{_digest(PROJECT / folder for folder in _PROGRAM)} {settings}",
        deliveries=_delivered(Path(deliveries.folder), today),
        tables={
            key: figures.version(source) for key, source in sources.items() if source.has_table
        },
        marks={key: state.mark for key, state in states.items() if state and state.mark},
    )


def _delivered(folder: Path, today: date) -> str:
    # What is accepted depends on the day, where there is something to accept.
    files = _digest([folder])
    return f"{files} {today}" if folder.is_dir() and any(folder.iterdir()) else files


def _digest(folders: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _bad(outcome: Refreshed) -> bool:
    return outcome.state in ("ultima_buona", "mai_riuscita")


def _told(outcome: Refreshed) -> str:
    kept = "resta l'ultima copia buona" if outcome.snapshot else "non c'è ancora nessuna copia"
    hint = f" ({outcome.hint})" if outcome.hint else ""
    return f"{outcome.source}: {outcome.reason}{hint}; {kept}."


def _refused(
    sources: Mapping[str, Descriptor], tables: OnlineTables, outcomes: list[Refreshed]
) -> tuple[str, ...]:
    """Tables that could not be made although their files arrived."""
    late = {outcome.source for outcome in outcomes if _bad(outcome)}
    told = []
    for key, source in sources.items():
        state = tables.state(key)
        if state is None or source.online is None or not state.mark:
            continue
        if not late & set(source.online.downloads):
            told.append(f"{state.reason}; {state.mark}")
    return tuple(told)
