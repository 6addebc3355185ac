"""Turns of a host: never closer than its spacing, whoever asks and whenever they restart."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from pathlib import Path

import pytest

from will_pipeline.sources.clock import Clock
from will_pipeline.sources.hosts import Host
from will_pipeline.sources.limiter import Limiter, NoTurn

FASTER = 1000.0
"""How many seconds of the play pass in one of the clock."""

SPACING = 15.0


class FastClock(Clock):
    """A clock a thousand times faster, the same in every process."""

    def now(self) -> float:
        return 1_700_000_000.0 + (time.time() - 1_700_000_000.0) * FASTER

    def elapsed(self) -> float:
        return time.monotonic() * FASTER

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / FASTER)


class HandClock(Clock):
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0
        self.slept = 0.0

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


def a_host(**given: float) -> Host:
    return Host.model_validate(
        {
            "name": "istat",
            "base": "https://esploradati.istat.it",
            "spacing_seconds": SPACING,
            "daily_requests": 400,
            "failures": 3,
            "closed_hours": 12,
            **given,
        }
    )


def ask(folder: Path, requests: int, arrivals: Path) -> None:
    """One process of the night: each request is written down when it arrives at the host."""
    clock = FastClock()
    host = a_host(daily_requests=100_000)
    for _ in range(requests):
        # Restarted before every request: nothing is remembered but what is on disk.
        with Limiter(folder, clock).turn(host, until=clock.elapsed() + 1e9):
            time.sleep(0.0005)
            with arrivals.open("a") as file:
                file.write(f"{clock.now()!r}\n")


def test_processes_together_never_come_closer_than_the_spacing(tmp_path: Path) -> None:
    arrivals, each, processes = tmp_path / "arrivals", 8, 4
    context = multiprocessing.get_context("fork")
    started = [
        context.Process(target=ask, args=(tmp_path / "limiti", each, arrivals))
        for _ in range(processes)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    times = [float(line) for line in arrivals.read_text().splitlines()]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == each * processes
    assert sum(gap < SPACING for gap in gaps) == 0
    # A host that bans above five requests in a minute sees no violation.
    assert all(late - early >= 60 for early, late in zip(times, times[5:], strict=False))


def test_hundreds_of_requests_over_restarts_without_a_violation(tmp_path: Path) -> None:
    clock, host, times = HandClock(), a_host(daily_requests=10_000), list[float]()
    for number in range(400):
        with Limiter(tmp_path, clock).turn(host, until=1e9):
            # The request is slow to leave, and arrives only now.
            clock.sleep(number % 7)
            times.append(clock.now())
        if number % 10 == 0:
            clock.time += number % 13
    assert min(b - a for a, b in itertools.pairwise(times)) >= SPACING


def test_a_turn_is_counted_even_when_its_request_is_killed(tmp_path: Path) -> None:
    clock, host = HandClock(), a_host()
    turn = Limiter(tmp_path, clock).turn(host, until=1e9)
    turn.__enter__()
    state = Limiter(tmp_path, clock).state(host)
    assert (state.requests, state.last) == (1, clock.now())
    turn.__exit__(None, None, None)


def test_a_turn_that_comes_too_late_is_refused_without_waiting(tmp_path: Path) -> None:
    clock, limiter = HandClock(), Limiter(tmp_path, HandClock())
    limiter.clock = clock
    with limiter.turn(a_host(), until=1e9):
        pass
    with pytest.raises(NoTurn, match="nel tempo che resta"), limiter.turn(a_host(), until=5.0):
        pass
    assert clock.slept == 0


def test_a_busy_host_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    clock = HandClock()
    first, second = Limiter(tmp_path, clock), Limiter(tmp_path, clock)
    with (
        first.turn(a_host(), until=1e9),
        pytest.raises(NoTurn, match="occupato"),
        second.turn(a_host(), until=3.0),
    ):
        pass
    assert 3.0 <= clock.slept <= 3.5


def test_hosts_do_not_wait_for_each_other(tmp_path: Path) -> None:
    clock = HandClock()
    limiter = Limiter(tmp_path, clock)
    with limiter.turn(a_host(), until=1e9), limiter.turn(a_host(name="mef"), until=1e9):
        pass
    assert clock.slept == 0


def test_the_requests_of_a_day_end_and_begin_again(tmp_path: Path) -> None:
    clock, host = HandClock(), a_host(daily_requests=2)
    limiter = Limiter(tmp_path, clock)
    for _ in range(2):
        with limiter.turn(host, until=1e9):
            pass
    with pytest.raises(NoTurn, match="le 2 richieste del giorno"), limiter.turn(host, until=1e9):
        pass
    clock.sleep(86400)
    with limiter.turn(host, until=1e9):
        pass


def test_failures_in_a_row_open_the_circuit_for_the_night(tmp_path: Path) -> None:
    clock, host = HandClock(), a_host()
    for why in ("uno", "due"):
        Limiter(tmp_path, clock).failed(host, why)
    Limiter(tmp_path, clock).succeeded(host)
    for why in ("uno", "due", "tre"):
        Limiter(tmp_path, clock).failed(host, why)
    with (
        pytest.raises(NoTurn, match="altre 12 ore: tre"),
        Limiter(tmp_path, clock).turn(host, until=1e9),
    ):
        pass
    clock.sleep(12 * 3600)
    with Limiter(tmp_path, clock).turn(host, until=1e9):
        pass


def test_a_host_that_asks_to_be_left_alone_is_left_by_all(tmp_path: Path) -> None:
    clock, host = HandClock(), a_host()
    Limiter(tmp_path, clock).hold(host, 100.0)
    with Limiter(tmp_path, clock).turn(host, until=1e9):
        assert clock.slept == 100.0


@pytest.mark.parametrize("damage", ["", "{", '{"last": "x"}', '{"other": 1}'])
def test_a_damaged_state_costs_a_whole_wait(tmp_path: Path, damage: str) -> None:
    clock, host = HandClock(), a_host()
    (tmp_path / "istat.json").write_text(damage)
    with Limiter(tmp_path, clock).turn(host, until=1e9):
        pass
    assert clock.slept >= SPACING


def test_a_clock_that_went_back_costs_at_most_a_whole_wait(tmp_path: Path) -> None:
    clock, host = HandClock(), a_host()
    with Limiter(tmp_path, clock).turn(host, until=1e9):
        pass
    clock.time -= 365 * 86400.0
    with Limiter(tmp_path, clock).turn(host, until=1e9):
        pass
    assert clock.slept <= SPACING + 1
