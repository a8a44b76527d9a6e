"""What every byte pipe must do, and what only some can."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from engine.transport.pipes import ENOUGH, SEED, Ends, Sink, every_kind, real_kinds, turns
from lacuna_engine.errors import (
    ConnectionLostError,
    LacunaError,
    ProtocolError,
)
from lacuna_engine.transport import MemoryPipe, Pipe, StreamPipe
from lacuna_engine.transport.pipe import JOIN_LIMIT
from lacuna_engine.transport.socket_pipe import MAX_PARTS, widen
from lacuna_engine.transport.tls_pipe import TlsPipe


@every_kind
@pytest.mark.parametrize("largest", [3, 700, JOIN_LIMIT, 2_000_000])
async def test_order_both_ways(largest: int, ends: Ends, near: Sink, far: Sink) -> None:
    """Parts of any size, some empty, in any grouping; buffers may be used again when drained."""

    async def talk(pipe: Pipe) -> bytes:
        sent = bytearray()
        buffer = bytearray(largest)
        while len(sent) < min(3 * largest, 5_000_000):
            parts: list[bytes | memoryview] = []
            at = 0
            for _ in range(SEED.choice([1, 2, 3, MAX_PARTS + 3])):
                size = SEED.randint(0, largest - at)
                buffer[at : at + size] = SEED.randbytes(size)
                view = memoryview(buffer)[at : at + size]
                parts.append(view if SEED.random() < 0.5 else bytes(view))
                at += size
                sent += view
            pipe.write(*parts)
            await pipe.drain()
            buffer[:] = b"\xee" * largest
        return bytes(sent)

    up, down = await asyncio.gather(talk(ends[0]), talk(ends[1]))
    await far.until(len(up))
    await near.until(len(down))
    assert far.data == up
    assert near.data == down
    if isinstance(ends[0], TlsPipe):
        # What went over the wire: encrypted, with a handshake before.
        assert len(up) < ends[0].bytes_written < len(up) * 1.01 + 30_000
        assert len(down) < ends[0].bytes_read < len(down) * 1.01 + 30_000
    else:
        assert ends[0].bytes_written == ends[1].bytes_read == len(up)
        assert ends[1].bytes_written == ends[0].bytes_read == len(down)


@every_kind
async def test_nothing_is_lost_before_the_start(ends: Ends) -> None:
    ends[0].write(b"early")
    await turns()
    sink = Sink()
    ends[1].start(sink)
    await sink.until(5)
    assert sink.data == b"early"


@real_kinds
async def test_drain_waits_for_a_reader(ends: Ends, near: Sink, far: Sink) -> None:
    ends[1].pause_reading()
    data = SEED.randbytes(ENOUGH)
    ends[0].write(b"head", memoryview(data))
    drained = asyncio.create_task(ends[0].drain())
    await turns()
    assert not drained.done()
    assert len(far.data) < ENOUGH
    ends[1].resume_reading()
    await asyncio.wait_for(drained, 20)
    await far.until(ENOUGH + 4)
    assert far.data == b"head" + data


@every_kind
async def test_holders_release_one_by_one(ends: Ends, near: Sink, far: Sink) -> None:
    pipe = ends[1]
    one, two = object(), object()
    pipe.hold_reading(one)
    pipe.hold_reading(two)
    pipe.hold_reading(two)
    assert pipe.is_paused
    ends[0].write(b"x")
    await ends[0].drain()
    pipe.release_reading(one)
    await turns()
    assert pipe.is_paused
    assert not far.data
    pipe.release_reading(two)
    pipe.release_reading(two)
    await far.until(1)
    pipe.release_reading(object())
    ends[0].write(b"y")
    await far.until(2)


@every_kind
async def test_pausing_inside_the_receiver(ends: Ends, near: Sink, far: Sink) -> None:
    far.on_data = ends[1].pause_reading
    ends[0].write(b"1")
    await far.until(1)
    ends[0].write(b"2")
    await turns()
    assert far.data == b"1"
    far.on_data = lambda: None
    ends[1].resume_reading()
    await far.until(2)


@every_kind
@pytest.mark.parametrize("own_reason", [True, False])
async def test_closing_inside_the_receiver(
    own_reason: bool, ends: Ends, near: Sink, far: Sink
) -> None:
    reason = LacunaError("enough") if own_reason else None
    far.on_data = lambda: ends[1].close(reason)
    ends[0].write(b"x")
    await ends[0].wait_closed()
    await ends[1].wait_closed()
    await turns(3)
    assert far.data == b"x"
    assert len(far.reasons) == len(near.reasons) == 1
    if own_reason:
        assert far.reasons == [reason]
    else:
        assert isinstance(far.reasons[0], ConnectionLostError)
    assert isinstance(near.reasons[0], ConnectionLostError)


@every_kind
async def test_an_error_of_the_receiver_is_the_end(ends: Ends, near: Sink, far: Sink) -> None:
    error = ProtocolError("nonsense")

    def complain() -> None:
        raise error

    far.on_data = complain
    ends[0].write(b"x")
    await ends[1].wait_closed()
    await turns(3)
    assert far.reasons == [error]
    with pytest.raises(ProtocolError, match="nonsense"):
        await ends[1].drain()


@every_kind
async def test_the_peer_closes(ends: Ends, near: Sink, far: Sink) -> None:
    ends[0].write(b"last words")
    await ends[0].drain()
    await far.until(10)
    ends[0].close()
    await asyncio.wait_for(ends[1].wait_closed(), 5)
    await turns(3)
    assert far.data == b"last words"
    assert len(far.reasons) == 1
    assert isinstance(far.reasons[0], ConnectionLostError)
    ends[1].write(b"into the void")
    with pytest.raises(ConnectionLostError):
        await ends[1].drain()


@every_kind
async def test_closing_twice_is_closing_once(ends: Ends, near: Sink, far: Sink) -> None:
    first = LacunaError("first")
    ends[0].close(first)
    ends[0].close(LacunaError("second"))
    await ends[0].wait_closed()
    ends[0].close()
    written = ends[0].bytes_written
    ends[0].write(b"late")
    ends[0].pause_reading()
    ends[0].resume_reading()
    await turns(3)
    assert near.reasons == [first]
    assert ends[0].bytes_written == written
    with pytest.raises(LacunaError, match="first"):
        await ends[0].drain()


@every_kind
async def test_a_start_after_the_end_tells_it(ends: Ends) -> None:
    ends[0].close()
    await ends[0].wait_closed()
    sink = Sink()
    ends[0].start(sink)
    await turns(3)
    assert len(sink.reasons) == 1


@every_kind
async def test_a_start_right_after_the_close_tells_it_once(ends: Ends) -> None:
    reason = LacunaError("gone")
    ends[0].close(reason)
    sink = Sink()
    ends[0].start(sink)
    await ends[0].wait_closed()
    await turns(3)
    assert sink.reasons == [reason]


@real_kinds
async def test_the_end_wakes_a_drain(ends: Ends, near: Sink) -> None:
    """The other end never reads; ours is closed while somebody waits."""
    ends[0].write(bytes(ENOUGH))
    drained = asyncio.create_task(ends[0].drain())
    await turns(3)
    ends[0].close(LacunaError("stop"))
    with pytest.raises(LacunaError, match="stop"):
        await asyncio.wait_for(drained, 5)


@real_kinds
async def test_a_peer_that_goes_wakes_a_drain(ends: Ends, near: Sink) -> None:
    ends[0].write(bytes(ENOUGH))
    drained = asyncio.create_task(ends[0].drain())
    await turns(3)
    ends[1].close()
    with pytest.raises(ConnectionLostError):
        await asyncio.wait_for(drained, 5)
    await ends[0].wait_closed()
    await turns(2)
    assert len(near.reasons) == 1


@pytest.mark.parametrize("kind", ["memory", "unix"])
async def test_files_are_not_for_every_pipe(ends: Ends) -> None:
    assert not ends[0].sends_files
    with pytest.raises(NotImplementedError):
        ends[0].write_file(b"", 0, 0, 1)


class Stingy(socket.socket):
    """Refuses, as macOS does, to hold more than it allows."""

    allowed = 1 << 40
    asked: list[int]

    def setsockopt(self, *values: Any) -> None:
        assert values[:2] == (socket.SOL_SOCKET, socket.SO_SNDBUF)
        self.asked = [*getattr(self, "asked", []), values[2]]
        if values[2] > self.allowed:
            raise OSError(errno.ENOBUFS, "No buffer space available")


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        (8 << 20, [4 << 20]),
        (1 << 20, [4 << 20, 2 << 20, 1 << 20]),
        (0, [4 << 20, 2 << 20, 1 << 20, 512 << 10, 256 << 10]),
    ],
)
def test_a_system_may_hold_less(
    monkeypatch: pytest.MonkeyPatch, allowed: int, asked: list[int]
) -> None:
    monkeypatch.setattr(Stingy, "allowed", allowed)
    with Stingy(socket.AF_INET) as sock:
        widen(sock)
        assert sock.asked == asked


async def test_a_memory_pipe_alone_leads_nowhere() -> None:
    pipe = MemoryPipe()
    pipe.write(b"x")
    pipe.close()
    assert pipe.bytes_written == 0


# --- places, which only some pipes ask for -------------------------------------------------------

placing_kinds = pytest.mark.parametrize("kind", ["socket", "tls"])


class Placing(Sink):
    """Takes apart messages of ``length`` bytes: a head of each, and then a place for the rest.

    At ``most`` so many bytes at a time, and until ``limit`` of them have been placed.
    """

    HEAD = 28

    def __init__(self, length: int, most: int = 1 << 20, limit: int = 1 << 30) -> None:
        super().__init__()
        self.placed = 0
        self.error: LacunaError | None = None
        self._length = length
        self._limit = limit
        self._room = memoryview(bytearray(most))

    def room(self) -> memoryview | None:
        seen = len(self.data) % self._length
        missing = self._length - seen if seen >= self.HEAD else 0
        return self._room[: min(missing, self._limit - self.placed)] or None

    def filled(self, count: int) -> None:
        self.data += self._room[:count]
        self.placed += count
        self.more.set()
        if self.error is not None:
            raise self.error


@placing_kinds
@pytest.mark.parametrize("limit", [1, 1000, 1 << 30])
@pytest.mark.parametrize(("length", "most"), [(10_000, 700), (262_148, 1 << 20), (3_000_000, 99)])
async def test_placed_and_not_it_is_all_there(
    length: int, most: int, limit: int, ends: Ends, far: Sink
) -> None:
    taking = Placing(length, most, limit)
    content = SEED.randbytes(length * 2 + 5)
    ends[0].place = taking
    ends[0].start(taking)
    ends[1].write(content[:28])
    await taking.until(28)
    ends[1].write(content[28:])
    await asyncio.wait_for(ends[1].drain(), 20)
    await taking.until(len(content))
    assert taking.data == content
    assert 0 < taking.placed <= limit
    ends[1].close()
    await ends[0].wait_closed()
    assert len(taking.reasons) == 1


class PlacingLong(Placing):
    """Messages of ``lengths`` bytes in turns, of which the short ones have no place."""

    def __init__(self, lengths: Sequence[int]) -> None:
        super().__init__(0)
        self._lengths = lengths

    def room(self) -> memoryview | None:
        seen = len(self.data) % sum(self._lengths)
        for length in self._lengths:
            if seen < length:
                break
            seen -= length
        return self._room[: length - seen] if length > 1000 and seen >= self.HEAD else None


@pytest.mark.parametrize("kind", ["tls"])
@pytest.mark.parametrize("streams", range(1, 5))
async def test_what_is_behind_a_place_is_decrypted_sparingly(
    streams: int, ends: Ends, far: Sink
) -> None:
    """So that nearly all of long messages goes to its place, however the link cuts them up."""
    lengths = [262_148] * streams + [52] * streams
    taking = PlacingLong(lengths)
    content = bytes(sum(lengths) * 40 // streams)
    ends[0].place = taking
    ends[0].start(taking)
    ends[1].write(content)
    await asyncio.wait_for(ends[1].drain(), 20)
    await taking.until(len(content))
    assert taking.placed >= len(content) * 0.98


@pytest.mark.parametrize("kind", ["socket"])
async def test_what_is_behind_a_place_comes_in_the_same_call(ends: Ends, far: Sink) -> None:
    taking = Placing(10_000)
    ends[0].place = taking
    ends[0].start(taking)
    ends[1].write(bytes(28))
    await taking.until(28)
    ends[1].write(bytes(30_000 - 28))
    await taking.until(10_000)
    assert len(taking.data) == 30_000
    assert taking.placed == 10_000 - 28


@placing_kinds
async def test_a_place_that_finds_an_error_ends_the_pipe(ends: Ends, far: Sink) -> None:
    taking = Placing(28 + 100)
    ends[0].place, taking.error = taking, ProtocolError("no more was to come")
    ends[0].start(taking)
    ends[1].write(b"x" * 28)
    await taking.until(28)
    ends[1].write(b"x" * 200)
    await asyncio.wait_for(ends[0].wait_closed(), 5)
    await turns(3)
    assert taking.reasons == [taking.error]
    assert len(taking.data) == 28 + 100


class WindowsTransport(asyncio.Transport):
    """Reads as that of Windows' loop does: each resumption is a read, one turn later."""

    def __init__(self) -> None:
        super().__init__()
        self.pending = 0
        self._paused = False
        asyncio.get_running_loop().call_soon(self._read)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            if not self.pending:
                asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        self.pending += not self._paused


@pytest.mark.parametrize("late", [0, 1, 2])
async def test_one_read_at_a_time(late: int) -> None:
    """Two reads at once on one socket lose data, and end in an assertion of asyncio's."""
    pipe, transport = StreamPipe(), WindowsTransport()
    pipe.connection_made(transport)
    await turns(late)
    pipe.start(Sink())
    for _ in range(3):
        pipe.pause_reading()
        pipe.resume_reading()
    await turns(5)
    assert transport.pending == 1
