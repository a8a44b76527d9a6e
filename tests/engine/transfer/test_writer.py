"""Writing what arrives: what the map says, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.transfer.images import KIB, MIB
from lacuna_engine.client import Data, Hole
from lacuna_engine.errors import NoSpaceError
from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.transfer import writer as module
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.limit import TokenBucket
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.target import LocalTarget
from lacuna_engine.transfer.writer import TargetWriter

SIZE = 2 * MIB


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LocalTarget]:
    made = LocalTarget(tmp_path / "img", SIZE)
    yield made
    made.discard()


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(map=ExtentMap(SIZE))


def data(position: int, size: int, byte: bytes = b"x") -> Data:
    return Data(position, memoryview(byte * size))


def in_flight(tracker: Tracker) -> list[tuple[int, int, Kind]]:
    return [
        (start, end, kind)
        for start, end, kind, progress in tracker.map.runs()
        if progress is Progress.IN_FLIGHT
    ]


@pytest.mark.parametrize("digested", [True, False])
async def test_what_is_written_is_said_at_the_end_of_a_segment(
    target: LocalTarget, tracker: Tracker, digested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAY_EVERY", 100.0)
    digest = BlockDigest(SIZE) if digested else None
    writer = TargetWriter(tracker, target, TokenBucket(0, 0.0), digest)
    writer._said = time.monotonic()
    await writer.begin(0)
    await writer.take(0, [data(0, 64 * KIB), data(64 * KIB, 64 * KIB), Hole(128 * KIB, MIB)])
    await writer.take(0, [data(128 * KIB + MIB, 100 * KIB, b"\0"), data(228 * KIB + MIB, KIB)])
    assert (tracker.passed, tracker.moved) == (MIB + 229 * KIB, 229 * KIB)
    assert not in_flight(tracker)
    await writer.end(0)
    assert in_flight(tracker) == [
        (0, 128 * KIB, Kind.DATA),
        (128 * KIB, 128 * KIB + MIB, Kind.HOLE),
        (128 * KIB + MIB, 228 * KIB + MIB, Kind.ZERO),
        (228 * KIB + MIB, 229 * KIB + MIB, Kind.DATA),
    ]
    content = target.part.read_bytes()
    assert content[: 128 * KIB] == b"x" * 128 * KIB
    assert not any(content[128 * KIB : 228 * KIB + MIB])
    assert digest is None or digest.taken == MIB + 229 * KIB


async def test_all_segments_are_said_from_time_to_time(
    target: LocalTarget, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    writer = TargetWriter(tracker, target, TokenBucket(0, 0.0), None)
    await writer.begin(0)
    await writer.begin(MIB)
    await writer.take(0, [data(0, KIB)])
    assert in_flight(tracker) == [(0, KIB, Kind.DATA)]
    await writer.take(MIB, [data(0, KIB)])
    now += module.SAY_EVERY - 0.01
    await writer.take(0, [data(KIB, KIB)])
    assert in_flight(tracker) == [(0, KIB, Kind.DATA)]
    now += 0.02
    await writer.take(0, [data(2 * KIB, KIB)])
    assert in_flight(tracker) == [(0, 3 * KIB, Kind.DATA), (MIB, MIB + KIB, Kind.DATA)]


async def test_what_fails_is_not_said_and_what_was_before_is(
    target: LocalTarget, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = TargetWriter(tracker, target, TokenBucket(0, 0.0), None)
    writer._said = time.monotonic() + 100
    await writer.begin(0)
    await writer.take(0, [data(0, KIB)])

    def full(*_: object) -> int:
        raise NoSpaceError("the disk is full")

    monkeypatch.setattr(target, "_write_all", full)
    with pytest.raises(NoSpaceError):
        await writer.take(0, [data(KIB, KIB)])
    assert not in_flight(tracker)
    writer.settle()
    writer.settle()
    assert in_flight(tracker) == [(0, KIB, Kind.DATA)]


async def test_a_limit_is_kept_piece_by_piece(
    target: LocalTarget, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        slept.append((seconds, tracker.moved))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    limiter = TokenBucket(100 * KIB, asyncio.get_running_loop().time())
    writer = TargetWriter(tracker, target, limiter, None)
    await writer.begin(0)
    await writer.take(0, [data(n * 100 * KIB, 100 * KIB) for n in range(3)])
    assert [moved for _, moved in slept if moved] != []
    assert {moved for _, moved in slept} == {0, 100 * KIB, 200 * KIB}
