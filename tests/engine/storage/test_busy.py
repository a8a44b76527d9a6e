"""Waiting for a busy daemon, and calls in turns."""

from __future__ import annotations

import asyncio

import pytest

from lacuna_engine.errors import LacunaError, VolumeBusyError
from lacuna_engine.storage.busy import BUSY_DELAYS, CALLS_AT_ONCE, in_turns, retry_busy


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, without sleeping."""
    slept: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await really(0)

    monkeypatch.setattr("lacuna_engine.storage.busy.asyncio.sleep", sleep)
    return slept


class Busy:
    """Busy so many times, then a result or an error."""

    def __init__(self, times: int, error: LacunaError | None = None) -> None:
        self.left, self.calls, self.error = times, 0, error

    async def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise VolumeBusyError("still in use", code=55)
        if self.error:
            raise self.error
        return "done"


@pytest.mark.parametrize("times", [0, 1, len(BUSY_DELAYS)])
async def test_tries_again(times: int, naps: list[float]) -> None:
    attempt = Busy(times)
    assert await retry_busy(attempt) == "done"
    assert attempt.calls == times + 1
    assert naps == list(BUSY_DELAYS[:times])


async def test_gives_up_in_the_end(naps: list[float]) -> None:
    attempt = Busy(1000)
    with pytest.raises(VolumeBusyError):
        await retry_busy(attempt)
    assert attempt.calls == len(BUSY_DELAYS) + 1
    assert sum(naps) > 5


async def test_other_errors_are_not_waited_for(naps: list[float]) -> None:
    attempt = Busy(2, LacunaError("other"))
    with pytest.raises(LacunaError, match="other"):
        await retry_busy(attempt)
    assert attempt.calls == 3


@pytest.mark.parametrize("count", [0, 1, 3, CALLS_AT_ONCE, 50])
async def test_results_keep_their_order(count: int) -> None:
    running = most = 0

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(number * 7 % 5):
            await asyncio.sleep(0)
        running -= 1
        return number * 2

    assert await in_turns(work, range(count)) == [number * 2 for number in range(count)]
    assert most <= min(CALLS_AT_ONCE, count)


async def test_the_first_error_stops_the_rest() -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def work(number: int) -> None:
        begun.append(number)
        try:
            if number in (2, 3):
                raise LacunaError(f"number {number}")
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    with pytest.raises(LacunaError, match="number 2"):
        await in_turns(work, range(100))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert begun == [0, 1, 2, 3]
    assert sorted(ended) == begun


async def test_cancelled_from_outside() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    task = asyncio.create_task(in_turns(work, range(9)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert sorted(ended) == [0, 1, 2, 3]
