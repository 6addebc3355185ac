"""Section H of the fault matrix, and the rows of state that concern who starts a run and when."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml
from dagster._utils.schedules import cron_string_iterator

from will_pipeline.cli import run as command
from will_pipeline.cli.run import ANOTHER_RUN, FROM_COMMAND, NO_HISTORY
from will_pipeline.definitions import PROJECT, build_defs, default_resources
from will_pipeline.errors import SourceFault
from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.dropins import (
    AT_WORK,
    NOTHING_HERE,
    STILL_COMING,
    decide,
    dropped_in,
    folder_digest,
)
from will_pipeline.orchestration.figures import Figures, raw_asset
from will_pipeline.orchestration.schedules import nightly
from will_pipeline.orchestration.warehouse import AnotherRun, Warehouse, alone
from will_pipeline.sources.descriptor import load_sources

SETTINGS = yaml.safe_load((PROJECT / ".dagster" / "dagster.yaml").read_text("utf-8"))
SOURCES = load_sources(PROJECT / "assets" / "raw")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(yaml.safe_dump(SETTINGS), "utf-8")
    return folder


@dg.asset
def quick() -> None:
    """An asset that does nothing."""


def small_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs one asset in place of the whole graph."""
    job = dg.define_asset_job("aggiornamento", selection="*")
    location = dg.Definitions(assets=[quick], jobs=[job], executor=dg.in_process_executor)
    monkeypatch.setattr(command, "build_defs", lambda _: location)


def test_o01_a_run_whose_process_died_is_closed_by_the_next_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_graph(monkeypatch)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        dead = instance.create_run_for_job(quick_job(), tags=FROM_COMMAND)
        instance.handle_new_event(_started(dead))
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.STARTED
    assert command.run_job(home, {}).faults == ()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE


def quick_job() -> dg.JobDefinition:
    return dg.Definitions(assets=[quick], jobs=[dg.define_asset_job("j")]).resolve_job_def("j")


def _started(run: dg.DagsterRun) -> dg.EventLogEntry:
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.PIPELINE_START.value, job_name=run.job_name
    )
    return dg.EventLogEntry(
        error_info=None,
        level="debug",
        user_message="",
        run_id=run.run_id,
        timestamp=time.time(),
        dagster_event=event,
    )


def test_o01_monitoring_closes_runs_and_gives_their_places_back() -> None:
    monitoring = SETTINGS["run_monitoring"]
    assert monitoring["enabled"] is True
    assert 0 < monitoring["start_timeout_seconds"] <= 600
    assert 0 < monitoring["max_runtime_seconds"] <= 4 * 3600
    assert monitoring["free_slots_after_run_end_seconds"] > 0
    assert SETTINGS["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert SETTINGS["concurrency"]["pools"]["default_limit"] == 1


@pytest.mark.parametrize("spoilt", ["history/runs/index.db", "history/runs.db"])
def test_o05_the_command_runs_without_the_history_of_dagster(
    home: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    small_graph(monkeypatch)
    assert command.run_job(home, {}).warnings == ()
    path = home / spoilt
    assert path.is_file()
    path.write_bytes(b"questo non e' un database\0" * 400)
    outcome = command.run_job(home, {})
    assert outcome.faults == ()
    assert outcome.warnings == (NO_HISTORY,)


def test_s04_the_second_command_exits_at_once_and_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_graph(monkeypatch)
    script = (
        "import fcntl, sys, time\n"
        f"lock = open({str(home / command.LOCK_FILE)!r}, 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\nprint('preso', flush=True)\ntime.sleep(60)\n"
    )
    first = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"preso\n"
        begun = time.monotonic()
        assert command.run_job(home, {}).faults == (ANOTHER_RUN,)
        assert time.monotonic() - begun < 2
    finally:
        first.kill()
        first.wait()
    # The lock of a killed process is nobody's.
    assert command.run_job(home, {}).faults == ()


def test_s04_a_run_of_the_daemon_and_one_by_hand_never_share_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "magazzino" / "will.duckdb"

    @dg.asset
    def held(warehouse: Warehouse) -> None:
        told = r"già al lavoro \(giro .+, processo \d+\)"
        with pytest.raises(AnotherRun, match=told), alone(path, "altro"):
            raise AssertionError("never reached")

    resources = {"warehouse": Warehouse(path=str(path))}
    assert dg.materialize([held], resources=resources).success

    @dg.asset
    def late(warehouse: Warehouse) -> None:
        raise AssertionError("never reached")

    with alone(path, "giro a mano"), pytest.raises(dg.DagsterResourceFunctionError) as caught:
        dg.materialize([late], resources=resources)
    assert "giro a mano" in str(caught.value.__cause__)


def test_s09_the_schedule_runs_once_on_the_days_when_the_clock_leaps() -> None:
    assert nightly.cron_schedule == "30 2 * * *"
    assert nightly.execution_timezone == "Europe/Rome"
    rome = ZoneInfo("Europe/Rome")
    for day, expected in (
        ("2026-03-29", "03:00"),
        ("2026-10-25", "02:30"),
        ("2026-07-01", "02:30"),
    ):
        start = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=rome)
        ticks = []
        for tick in cron_string_iterator(start.timestamp(), nightly.cron_schedule, "Europe/Rome"):
            if tick.astimezone(rome).date() != start.date():
                break
            ticks.append(tick.astimezone(rome).strftime("%H:%M"))
        assert ticks == [expected], day


def counted(
    *outcomes: Exception | None,
) -> tuple[dg.AssetsDefinition, list[int], type[Figures]]:
    """A raw asset whose source ends in the given ways, and how often it was asked."""
    source, calls = SOURCES["mim_scuole"], list[int]()
    frame = Figures(folder=str(PROJECT / "data" / "raw" / "figures")).read(source)

    class Passing(Figures):
        def read(self, source: object) -> object:
            calls.append(1)
            outcome = outcomes[min(len(calls), len(outcomes)) - 1]
            if outcome is not None:
                raise outcome
            return frame

    return raw_asset(source), calls, Passing


@pytest.mark.parametrize(
    ("outcomes", "asked", "succeeds"),
    [
        ((OSError("disco"), None), 2, True),
        ((OSError("disco"),), 3, False),
        ((SourceFault("mim_scuole", "a.csv", "", "vuoto"),), 1, False),
    ],
    ids=["passing", "lasting", "bad bytes"],
)
def test_t01_only_passing_faults_of_raw_assets_are_tried_again(
    tmp_path: Path, outcomes: tuple[Exception | None, ...], asked: int, succeeds: bool
) -> None:
    asset, calls, figures = counted(*outcomes)
    result = dg.materialize(
        [asset],
        resources={
            "figures": figures(folder=str(PROJECT / "data" / "raw" / "figures")),
            "warehouse": Warehouse(path=str(tmp_path / "will.duckdb")),
        },
        raise_on_error=False,
    )
    assert (len(calls), result.success) == (asked, succeeds)


def test_t01_nothing_but_raw_assets_tries_again() -> None:
    graph = build_defs(default_resources()).resolve_all_job_defs()
    [job] = [each for each in graph if each.name == "aggiornamento"]
    for node in job.all_node_defs:
        raw = node.name.startswith("raw__")
        assert (node.retry_policy is not None) == raw, node.name


def test_pools_are_one_a_host_and_every_live_host_has_one() -> None:
    graph = build_defs(default_resources()).resolve_asset_graph()
    for key, source in SOURCES.items():
        if not source.has_table:
            continue
        found = graph.get(dg.AssetKey(["raw", key])).pools
        assert found == {f"fonte_{source.live.host}" if source.live else "fonte_inclusa"}
        assert graph.get(dg.AssetKey(["raw", key])).freshness_policy is not None


def test_a_drop_in_starts_one_run_once_it_stays_still(tmp_path: Path) -> None:
    folder = tmp_path / "consegne"
    none = folder_digest(folder)
    assert decide(None, none, at_work=False) == ("|", NOTHING_HERE)
    (folder / "parma").mkdir(parents=True)
    file = folder / "parma" / "utenti_servizi.csv"
    file.write_text("area", "utf-8")
    half = folder_digest(folder)
    cursor, told = decide("|", half, at_work=False)
    assert told == STILL_COMING
    file.write_text("area;bisogno", "utf-8")
    whole = folder_digest(folder)
    assert whole != half
    cursor, told = decide(cursor, whole, at_work=False)
    assert told == STILL_COMING
    # While a run is on it waits, and is taken at the next one.
    cursor, told = decide(cursor, whole, at_work=True)
    assert told == AT_WORK
    cursor, told = decide(cursor, whole, at_work=False)
    assert told == ""
    assert decide(cursor, whole, at_work=False) == (cursor, NOTHING_HERE)
    file.unlink()
    cursor, told = decide(cursor, folder_digest(folder), at_work=False)
    assert told == STILL_COMING
    assert decide(cursor, folder_digest(folder), at_work=False)[1] == ""


def test_the_sensor_asks_for_the_main_job(tmp_path: Path) -> None:
    folder = tmp_path / "consegne" / "parma"
    folder.mkdir(parents=True)
    (folder / "presidi.csv").write_text("nome", "utf-8")
    (folder / "~$presidi.xlsx").write_text("lock", "utf-8")
    deliveries = Deliveries(folder=str(folder.parent), archive=str(tmp_path / "archivio"))
    with dg.DagsterInstance.ephemeral() as instance:
        first = dg.build_sensor_context(instance, resources={"deliveries": deliveries})
        assert isinstance(dropped_in(first), dg.SkipReason)
        again = dg.build_sensor_context(
            instance, cursor=first.cursor, resources={"deliveries": deliveries}
        )
        asked = dropped_in(again)
        assert isinstance(asked, dg.SensorResult)
        [request] = asked.run_requests
        assert request.run_key == f"consegne-{folder_digest(folder.parent)}"
    assert dropped_in.job_name == "aggiornamento"


def test_s09_numbers_of_runs_and_of_releases_ask_no_clock_of_the_place() -> None:
    # An hour that comes twice is told apart by its offset, and sorts by instant.
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Rome"))
    second = first.replace(fold=1)
    assert first.isoformat() != second.isoformat()
    assert first.astimezone(UTC) < second.astimezone(UTC)
