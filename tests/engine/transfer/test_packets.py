"""The sizes of packets, as a link of a certain pace takes them."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from engine.transfer.images import KIB, MIB
from lacuna_engine.client import UploadStream
from lacuna_engine.extents import ExtentMap
from lacuna_engine.transfer import Tracker
from lacuna_engine.transfer.daemon_memory import FAR_PACKET, LARGE_PACKET
from lacuna_engine.transfer.limit import TokenBucket
from lacuna_engine.transfer.packets import GATHERED, PACKET, SURE, Packets
from lacuna_engine.transfer.reader import SHORT


class Link:
    """Takes packets at ``pace`` bytes a second of the loop's clock, which it moves."""

    def __init__(self, pace: int) -> None:
        self.pace = pace
        self.now = 1000.0
        self.sizes: list[int] = []
        self.holes: list[int] = []

    async def send_file(self, fd: int, offset: int, size: int) -> None:
        assert (fd, offset) == (7, sum(self.sizes))
        self.put(bytes(size))

    def put(self, view: memoryview | bytes) -> None:
        self.sizes.append(len(view))
        self.now += len(view) / self.pace

    def put_hole(self, length: int) -> None:
        self.holes.append(length)

    async def flush(self) -> None:
        pass


async def sizes(
    monkeypatch: pytest.MonkeyPatch,
    pace: int,
    total: int,
    *,
    read: bool = False,
    rate: int = 0,
    near: bool = False,
) -> list[int]:
    """Send ``total`` bytes, and return what packets they became."""
    link = Link(pace)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: link.now, raising=False)
    tracker = Tracker(map=ExtentMap(total))
    limiter = TokenBucket(rate, link.now)
    packets = Packets(7, cast("UploadStream", link), tracker, limiter, near=near)
    for start in range(0, total, 8 * MIB):
        size = min(8 * MIB, total - start)
        await packets.data(size, memoryview(bytes(size)) if read else None)
    await packets.flush()
    assert sum(link.sizes) == tracker.moved == total
    return link.sizes


@pytest.mark.parametrize("read", [False, True])
async def test_one_packet_is_large_on_a_fast_link(
    monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    found = await sizes(monkeypatch, 500 * MIB, 64 * MIB, read=read)
    assert found.count(FAR_PACKET) == 1
    assert sum(found[: found.index(FAR_PACKET)]) == SURE
    assert set(found) == {PACKET, FAR_PACKET}


async def test_the_first_one_is_large_on_the_same_host(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await sizes(monkeypatch, 1 * MIB, 32 * MIB, near=True)
    assert found == [LARGE_PACKET, *[PACKET] * 24]


async def test_none_is_where_it_would_keep_the_daemon_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The daemon hears nothing until a packet is whole, and gives up after 30 s."""
    assert set(await sizes(monkeypatch, 150 * KIB, 64 * MIB)) == {PACKET}


async def test_what_buffers_take_at_once_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(await sizes(monkeypatch, 500 * MIB, SURE)) == {PACKET}


async def test_none_is_while_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(await sizes(monkeypatch, 500 * MIB, 64 * MIB, rate=1 << 40)) == {PACKET}


def gathering(rate: int = 0) -> tuple[Packets, Link, Tracker]:
    link, tracker = Link(500 * MIB), Tracker(map=ExtentMap(1 << 40))
    limiter = TokenBucket(rate, link.now)
    return Packets(7, cast("UploadStream", link), tracker, limiter), link, tracker


async def test_short_pieces_are_gathered_until_there_is_no_more_room() -> None:
    """So many messages, or so many bytes, and no less than that after the next flush."""
    for size, pairs in ((1, GATHERED // 2), (SHORT - 1, PACKET // (SHORT - 1))):
        packets, link, tracker = gathering()
        piece = memoryview(bytes(size))
        for _ in range(2):
            gathered = 0
            while packets.gather(10, piece):
                gathered += 1
            assert gathered == pairs
            await packets.flush()
        assert link.sizes == [size] * 2 * pairs
        assert link.holes == [10] * 2 * pairs
        assert packets.position == tracker.passed == 2 * pairs * (10 + size)
        assert tracker.moved == 2 * pairs * size


async def test_without_a_hole_before_it() -> None:
    packets, link, _ = gathering()
    assert packets.gather(0, memoryview(b"abc"))
    assert (packets.position, link.sizes, link.holes) == (3, [3], [])


async def test_what_cannot_be_gathered_is_left_alone() -> None:
    """What is long goes by itself, and where a limit holds each packet waits for it."""
    for rate, size in ((0, SHORT), (1 << 40, 1)):
        packets, link, tracker = gathering(rate)
        assert not packets.gather(10, memoryview(bytes(size)))
        assert (packets.position, tracker.moved, link.sizes, link.holes) == (0, 0, [], [])
