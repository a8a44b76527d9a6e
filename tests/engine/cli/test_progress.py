"""Progress: bars on a terminal, lines elsewhere, and never 100 % too early."""

from __future__ import annotations

import asyncio
from contextlib import redirect_stderr
from io import StringIO
from types import SimpleNamespace

import pytest

from lacuna_engine.cli import progress as module
from lacuna_engine.cli.progress import ProgressView
from lacuna_engine.extents import ExtentMap, Kind
from lacuna_engine.transfer import Phase, Tracker

MIB = 1 << 20


class Terminal(StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [1000.0]
    # In the module alone: the loop goes by the true time.
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(module, "LINE_INTERVAL", 0.001)
    monkeypatch.setattr(module, "BAR_INTERVAL", 0.001)
    return now


@pytest.fixture
def tracker() -> Tracker:
    extents = ExtentMap(100 * MIB)
    extents.classify(0, 50 * MIB, Kind.HOLE)
    return Tracker(phase=Phase.SENDING, map=extents)


async def lines(tracker: Tracker, wanted: bool | None, errors: StringIO | None = None) -> list[str]:
    """Show the tracker for a moment; return what came to standard error."""
    stream = errors or StringIO()
    with redirect_stderr(stream):
        async with ProgressView(lambda: tracker, "title", wanted):
            await asyncio.sleep(0.02)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("wanted", [False, None])
async def test_nothing_when_piped(
    wanted: bool | None, clock: list[float], tracker: Tracker
) -> None:
    assert await lines(tracker, wanted) == []


async def test_lines_when_asked_for(clock: list[float], tracker: Tracker) -> None:
    tracker.passed = 55 * MIB
    tracker.moved = 5 * MIB
    found = await lines(tracker, True)
    assert found
    assert found[0].startswith("title: 55 % 0 bytes/s")
    assert "saved 50.0 MiB" in found[0]


@pytest.mark.parametrize("phase", [Phase.SCANNING, Phase.FINISHING, Phase.VERIFYING])
async def test_other_phases_are_named(phase: Phase, clock: list[float], tracker: Tracker) -> None:
    tracker.phase, tracker.passed = phase, 100 * MIB
    # All has been sent, and the daemon has not agreed yet.
    assert (await lines(tracker, True))[0] == f"title: 99 % {phase.value}"


async def test_the_end(clock: list[float], tracker: Tracker) -> None:
    """An ended try says nothing: the result does, or the next try."""
    tracker.phase = Phase.ENDED
    assert await lines(tracker, True) == []


async def test_nothing_is_known_yet(clock: list[float]) -> None:
    assert (await lines(Tracker(phase=Phase.SENDING), True))[0].startswith("title: 0 % 0 bytes/s")


def test_speed_is_of_data_and_of_the_last_seconds(clock: list[float], tracker: Tracker) -> None:
    view = ProgressView(lambda: tracker, "t", False)
    assert view._speed() == 0
    for _ in range(10):
        clock[0] += 1
        tracker.moved += 2 * MIB
        tracker.passed += 4 * MIB
        assert view._speed() == 2 * MIB
    for _ in range(10):
        clock[0] += 1
        tracker.moved += 4 * MIB
        tracker.passed += 4 * MIB
        view._speed()
    assert view._speed() == 4 * MIB
    assert len(view._samples) < 10


def test_the_time_left(clock: list[float], tracker: Tracker) -> None:
    view = ProgressView(lambda: tracker, "t", False)
    view._facts()
    clock[0] += 1
    tracker.moved = tracker.passed = 10 * MIB
    assert view._facts().split("  ")[:2] == ["10.0 MiB/s", "9.0 s"]


async def test_a_bar_on_a_terminal(
    clock: list[float], tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    tracker.passed = 30 * MIB
    shown = "\n".join(await lines(tracker, None, Terminal()))
    assert "title" in shown
    assert "30 %" in shown


async def test_no_bar_if_not_wanted(clock: list[float], tracker: Tracker) -> None:
    assert await lines(tracker, False, Terminal()) == []


async def test_it_ends_with_an_error_too(clock: list[float], tracker: Tracker) -> None:
    view = ProgressView(lambda: tracker, "title", True)
    with pytest.raises(ValueError, match="no"):
        await fail_inside(view)
    assert view._task is not None
    assert view._task.done()


async def fail_inside(view: ProgressView) -> None:
    async with view:
        raise ValueError("no")
