"""The sensor of deliveries: a file put in the folder starts a run by itself.

What belongs here is when a run is asked for; examining the files is the graph's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import dagster as dg

from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.schedules import refresh

NOTHING_HERE = "Nessuna novità nella cartella delle consegne."
STILL_COMING = "Un file sta ancora arrivando: si guarda di nuovo al prossimo giro di orologio."
AT_WORK = "Un giro è al lavoro: la consegna sarà presa dal prossimo."
SECONDS = 60
_BETWEEN = "|"
"""Between the digest a run was started for and that of the latest look."""


def folder_digest(folder: Path) -> str:
    """Digest of names, sizes and times of the files of a folder; empty where there is none.

    Args:
        folder: folder of the deliveries.
    """
    digest, found = hashlib.sha256(), False
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.name.startswith((".", "~")) or not path.is_file():
            continue
        about = path.stat()
        found = True
        line = f"{path.relative_to(folder).as_posix()}\0{about.st_size}\0{about.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest() if found else ""


def decide(cursor: str | None, now: str, *, at_work: bool) -> tuple[str, str]:
    """Whether to start a run for what is in the folder.

    A change must stay still from one look to the next, so that half a file is never taken; while a
    run is on nothing is started and the change stays to be taken.

    Args:
        cursor: what the look before left; none at the first one.
        now: digest of the folder.
        at_work: whether a run is on or waiting.

    Returns:
        The cursor to leave, and why no run starts; an empty reason where one does.
    """
    taken, _, last = (cursor or _BETWEEN).partition(_BETWEEN)
    if now == taken:
        return f"{taken}{_BETWEEN}{now}", NOTHING_HERE
    if now != last:
        return f"{taken}{_BETWEEN}{now}", STILL_COMING
    if at_work:
        return f"{taken}{_BETWEEN}{now}", AT_WORK
    return f"{now}{_BETWEEN}{now}", ""


@dg.sensor(
    name="consegne",
    job=refresh,
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Un file messo in data/raw/consegne/ fa partire un giro, che lo esamina.",
)
def dropped_in(
    context: dg.SensorEvaluationContext, deliveries: Deliveries
) -> dg.SensorResult | dg.SkipReason:
    """Look at the folder of deliveries."""
    digest = folder_digest(Path(deliveries.folder))
    cursor, reason = decide(context.cursor, digest, at_work=_at_work(context.instance))
    if reason:
        context.update_cursor(cursor)
        return dg.SkipReason(reason)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"consegne-{digest}", tags={"avviato_da": "consegna"})],
        cursor=cursor,
    )


def _at_work(instance: dg.DagsterInstance) -> bool:
    going = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    return bool(instance.get_runs(filters=dg.RunsFilter(statuses=going), limit=1))
