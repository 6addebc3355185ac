"""Running the main job from the command line, with the faults a person can act on.

What belongs here is the passage from Dagster's events to sentences; the graph is built elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import DatabaseError
from typing import IO

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from will_pipeline.definitions import build_defs, default_resources
from will_pipeline.orchestration.schedules import REFRESH

RELEASE = dg.AssetKey(["marts", "rilascio"])
NO_OUTCOME = "Percorso finito."
LOCK_FILE = "will-esegui.lock"
FROM_COMMAND = {"avviato_da": "will esegui"}
ANOTHER_RUN = "un altro «will esegui» è già al lavoro in questa cartella: aspetta che finisca"
# The whole log stays in the instance, for the Dagster UI; the terminal gets sentences.
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}
# The name of an error class that Dagster does not export; its findings are told by the checks.
CHECK_FAILED = "DagsterAssetCheckFailedError"
NO_HISTORY = (
    "la storia di Dagster non si apre: questo giro non vi è scritto, ma i dati non ne hanno "
    "bisogno. Per rifarla, sposta altrove la cartella .dagster/history"
)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        message: a sentence.
        seconds: its duration.
        faults: why it failed, where it did.
        warnings: what did not stop it.
        shelf: where releases are, where it is not the project's own shelf.
        made: tables that were made again, as `layer/table`.
    """

    message: str
    seconds: float
    faults: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    shelf: Path | None = None
    made: tuple[str, ...] = ()


def run_refresh(project: Path, *, sheets: bool = True) -> Outcome:
    """Run the whole job in this process, recording it in the project's Dagster instance.

    Args:
        project: project folder, with `data/` and `.dagster/`.
        sheets: whether the printed sheets are made.
    """
    return run_job(project / ".dagster", default_resources(project, sheets=sheets))


def run_publication(project: Path) -> Outcome:
    """Run the end of the job only: controls, identity card, news, atlas and release.

    Args:
        project: project folder, with `data/` and `.dagster/`.
    """
    first = dg.AssetKey(["marts", "controllo"])
    return run_job(project / ".dagster", default_resources(project), changed=[first])


def run_job(
    home: Path,
    resources: Mapping[str, dg.ConfigurableResource],
    *,
    changed: Sequence[dg.AssetKey] | None = None,
) -> Outcome:
    """Run the job in this process with the given resources.

    Args:
        home: folder of the Dagster instance that records the run; made where absent.
        resources: as `build_defs` wants them.
        changed: what to make again, with all that depends on it; everything where none is given.
    """
    home.mkdir(parents=True, exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    started = time.monotonic()
    with (home / LOCK_FILE).open("w") as lock:
        if not _taken(lock):
            return Outcome("", 0.0, (ANOTHER_RUN,))
        location = build_defs(resources)
        job = location.resolve_job_def(REFRESH)
        selection = None if changed is None else _downstream(location, changed)
        instance, unrecorded = _instance(home.resolve())
        with instance:
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": QUIET},
                tags=FROM_COMMAND,
                asset_selection=selection,
            )
    return Outcome(
        message=_message(result),
        seconds=time.monotonic() - started,
        faults=() if result.success else tuple(dict.fromkeys(_faults(result))),
        warnings=unrecorded
        + tuple(
            str(evaluation.description)
            for evaluation in result.get_asset_check_evaluations()
            if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.WARN
        ),
        made=tuple(
            event.asset_key.to_user_string()
            for event in result.get_asset_materialization_events()
            if event.asset_key is not None
        ),
    )


def _downstream(location: dg.Definitions, changed: Sequence[dg.AssetKey]) -> list[dg.AssetKey]:
    """What was changed and all that is made of it."""
    graph = location.resolve_asset_graph()
    selection = dg.AssetSelection.assets(*changed).downstream()
    return sorted(selection.resolve(graph))


def _taken(lock: IO[str]) -> bool:
    """Take the lock of the project; the system lets go of it when the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _instance(home: Path) -> tuple[dg.DagsterInstance, tuple[str, ...]]:
    """The instance that records the run, or one in memory where its history cannot be opened."""
    try:
        instance = dg.DagsterInstance.from_config(str(home))
        _close_interrupted(instance)
        instance.get_latest_materialization_event(RELEASE)
    except (SQLAlchemyError, DatabaseError, dg.DagsterError):
        return dg.DagsterInstance.ephemeral(), (NO_HISTORY,)
    return instance, ()


def _close_interrupted(instance: dg.DagsterInstance) -> None:
    """Mark as failed the runs of this command that were killed: nobody else would."""
    running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], tags=FROM_COMMAND)
    for run in instance.get_runs(filters=running):
        instance.report_run_failed(run, "interrotto")
        # A killed process gave no place in its pools back.
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _message(result: dg.ExecuteInProcessResult) -> str:
    for event in result.get_asset_materialization_events():
        if event.asset_key == RELEASE:
            return str(event.materialization.metadata["esito"].value)
    return NO_OUTCOME


def _faults(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for evaluation in result.get_asset_check_evaluations():
        # A warning, such as a refused delivery, stops nothing.
        if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
            table = evaluation.asset_key.to_user_string()
            yield f"{table}, controllo {evaluation.check_name}: {evaluation.description}"
    for event in result.filter_events(lambda each: each.is_step_failure):
        error = event.step_failure_data.error
        cause = error.cause if error is not None and error.cause is not None else error
        if cause is not None and cause.cls_name != CHECK_FAILED:
            yield cause.message.split(": ", 1)[-1].strip()
