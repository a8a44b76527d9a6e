"""Who receives stops when it is enough, at a block's end, and shares with who comes later."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from lacuna_engine.client import Connection, Data, Hole
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transfer import receiver
from lacuna_engine.transfer.digest import BLOCK
from lacuna_engine.transfer.receiver import Receiver

MIB = 1 << 20
VOLUME = VolumeHandle("pool", "volume", "/pool/volume")


class Stream:
    """Takes what is listed; positions are those in the range."""

    def __init__(self, *takes: list[Data | Hole]) -> None:
        self.takes = list(takes)
        self.bytes_received = 0
        self.ends: list[str] = []

    async def take(self) -> list[Data | Hole]:
        return self.takes.pop(0) if self.takes else []

    async def finish(self) -> None:
        self.ends.append("finish")

    async def abort(self, patience: float | None = 5.0) -> None:
        self.ends.append("abort" if patience else "abort patiently")


class Slow(Stream):
    """Takes the last of what is listed when it is told to."""

    def __init__(self, goes_on: asyncio.Event, *takes: list[Data | Hole]) -> None:
        super().__init__(*takes)
        self._goes_on = goes_on

    async def take(self) -> list[Data | Hole]:
        if len(self.takes) == 1:
            await self._goes_on.wait()
        return await super().take()


class Sink:
    """Notes what it takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int, type]] = []

    async def begin(self, segment: int) -> None: ...

    async def take(self, segment: int, pieces: list[Data | Hole]) -> None:
        self.taken += [(segment + one.position, segment + one.end, type(one)) for one in pieces]

    async def end(self, segment: int) -> None: ...


@pytest.mark.parametrize("kind", [Data, Hole])
async def test_it_stops_at_the_end_of_the_block(
    monkeypatch: pytest.MonkeyPatch, kind: type[Data | Hole]
) -> None:
    long = Data(MIB, memoryview(bytes(9 * MIB))) if kind is Data else Hole(MIB, 9 * MIB)
    streams = [
        Stream([Data(0, memoryview(bytes(MIB)))], [long, Hole(10 * MIB, 6 * MIB)]),
        Stream([Hole(0, 16 * MIB - BLOCK)]),
    ]
    opened: list[tuple[int, int]] = []

    async def opening(_: Connection, target: VolumeRange) -> Stream:
        opened.append((target.offset, target.length))
        return streams[len(opened) - 1]

    monkeypatch.setattr(receiver, "open_download", opening)
    sink = Sink()
    receiving = Receiver(VOLUME, [(0, 16 * MIB)], sink)
    connection = cast("Connection", object())
    await receiving.receive(connection, 1, lambda: len(sink.taken) > 0)
    assert sink.taken == [(0, MIB, Data), (MIB, BLOCK, kind)]
    assert streams[0].ends == ["abort patiently", "abort"]  # the other time it has ended
    assert receiving.has_more
    await receiving.receive(connection, 1)
    assert sink.taken[2:] == [(BLOCK, 16 * MIB, Hole)]
    assert streams[1].ends == ["finish", "abort"]
    assert opened == [(0, 16 * MIB), (BLOCK, 16 * MIB - BLOCK)]
    assert not receiving.has_more


async def test_the_last_block_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its end is awaited: it may bring an error."""
    stream = Stream([Hole(0, MIB)], [Hole(MIB, MIB)])

    async def opening(*_: object) -> Stream:
        return stream

    monkeypatch.setattr(receiver, "open_download", opening)
    sink = Sink()
    receiving = Receiver(VOLUME, [(0, 2 * MIB)], sink)
    await receiving.receive(cast("Connection", object()), 1, lambda: len(sink.taken) > 0)
    assert sink.taken == [(0, MIB, Hole), (MIB, 2 * MIB, Hole)]
    assert stream.ends == ["finish", "abort"]
    assert not receiving.has_more


async def test_a_second_connection_takes_half_of_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first has begun everything; of its own it does not take halves."""
    goes_on = asyncio.Event()
    opened: list[tuple[Connection, int, int]] = []

    first, second = cast("Connection", object()), cast("Connection", object())

    async def opening(connection: Connection, target: VolumeRange) -> Stream:
        opened.append((connection, target.offset, target.length))
        if connection is first:
            return Slow(goes_on, [Hole(0, 16 * MIB)], [Hole(16 * MIB, target.length - 16 * MIB)])
        return Stream([Hole(0, target.length)])

    monkeypatch.setattr(receiver, "open_download", opening)
    sink = Sink()
    receiving = Receiver(VOLUME, [(0, 256 * MIB)], sink)
    early = asyncio.create_task(receiving.receive(first, 2))
    while not sink.taken:
        await asyncio.sleep(0)
    assert receiving.has_more
    await receiving.receive(second, 2)
    goes_on.set()
    await early
    assert opened == [(first, 0, 256 * MIB), (second, 136 * MIB, 120 * MIB)]
    assert sink.taken == [
        (0, 16 * MIB, Hole),
        (136 * MIB, 256 * MIB, Hole),
        (16 * MIB, 136 * MIB, Hole),
    ]
    assert not receiving.has_more


async def test_a_little_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than half a segment is left: another connection has nothing to do."""
    goes_on = asyncio.Event()

    async def opening(*_: object) -> Stream:
        return Slow(goes_on, [Hole(0, 129 * MIB)], [Hole(129 * MIB, 127 * MIB)])

    monkeypatch.setattr(receiver, "open_download", opening)
    sink = Sink()
    receiving = Receiver(VOLUME, [(0, 256 * MIB)], sink)
    early = asyncio.create_task(receiving.receive(cast("Connection", object()), 1))
    while not sink.taken:
        await asyncio.sleep(0)
    assert not receiving.has_more
    await receiving.receive(cast("Connection", object()), 1)
    assert sink.taken == [(0, 129 * MIB, Hole)]
    goes_on.set()
    await early
    assert sink.taken[1:] == [(129 * MIB, 256 * MIB, Hole)]
