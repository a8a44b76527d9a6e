"""The intake: pieces in order, held and released from anywhere, and nothing after the end."""

from __future__ import annotations

import asyncio
import random

import pytest

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.server.intake import BULK, FEW, PIECE, Intake
from lacuna_engine.transport import MemoryPipe


class Taker:
    """Takes pieces, and says what is to happen with each."""

    def __init__(self) -> None:
        self.pipe = MemoryPipe()
        self.intake = Intake(self.pipe, self.take)
        self.pieces: list[bytes] = []
        self.hold_every = 0
        self.fail_at = -1
        self.busy = False
        self.messages = FEW + 1

    def take(self, data: memoryview) -> int:
        assert not self.busy, "taken from inside of a take"
        self.busy = True
        self.pieces.append(bytes(data))
        if self.hold_every and len(self.pieces) % self.hold_every == 0:
            self.intake.hold("test")
        if len(self.pieces) == self.fail_at:
            self.busy = False
            raise ProtocolError("bad")
        self.busy = False
        return self.messages

    @property
    def taken(self) -> bytes:
        return b"".join(self.pieces)


async def test_pieces_come_in_order() -> None:
    taker = Taker()
    data = random.Random(1).randbytes(5 * PIECE + 17)
    taker.intake.received(memoryview(data))
    assert taker.taken == data
    assert max(map(len, taker.pieces)) == PIECE
    assert not taker.pipe.is_paused
    assert taker.intake.waiting == 0


async def test_pieces_of_large_messages_are_larger() -> None:
    taker = Taker()
    taker.messages = FEW
    data = random.Random(1).randbytes(2 * PIECE + 2 * BULK)
    taker.intake.received(memoryview(data))
    assert [len(one) for one in taker.pieces] == [PIECE, BULK, BULK, PIECE]
    assert taker.taken == data
    taker.intake.received(memoryview(b"short"))
    taker.messages = FEW + 1
    taker.intake.received(memoryview(data))
    assert {len(one) for one in taker.pieces[5:]} == {PIECE}


async def test_what_is_held_waits_and_goes_on_where_it_was() -> None:
    taker = Taker()
    taker.hold_every = 2
    data = random.Random(2).randbytes(9 * PIECE + 5)
    # The buffer that a pipe gives is used again at once.
    buffer = bytearray(data[: 7 * PIECE])
    taker.intake.received(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert len(taker.pieces) == 2
    assert taker.intake.waiting == 5 * PIECE
    assert taker.pipe.is_paused
    # A pipe may still deliver what was under way.
    taker.intake.received(memoryview(data[7 * PIECE :]))
    for _ in range(9):
        taker.intake.release("test")
        await asyncio.sleep(0)
    assert taker.taken == data
    assert not taker.pipe.is_paused


async def test_every_holder_has_to_let_go() -> None:
    taker = Taker()
    taker.intake.hold("a")
    taker.intake.hold("a")
    taker.intake.hold("b")
    assert taker.intake.is_held_by("a")
    taker.intake.received(memoryview(b"x"))
    taker.intake.release("a")
    taker.intake.release("c")
    await asyncio.sleep(0)
    assert taker.pieces == []
    assert taker.pipe.is_paused
    taker.intake.release("b")
    await asyncio.sleep(0)
    assert taker.pieces == [b"x"]
    assert not taker.pipe.is_paused


async def test_released_and_held_again_before_the_next_turn() -> None:
    taker = Taker()
    taker.intake.hold("a")
    taker.intake.received(memoryview(b"x"))
    taker.intake.release("a")
    taker.intake.hold("b")
    await asyncio.sleep(0)
    assert taker.pieces == []
    assert taker.pipe.is_paused


async def test_new_bytes_do_not_overtake_those_that_wait() -> None:
    taker = Taker()
    taker.intake.hold("a")
    taker.intake.received(memoryview(b"one"))
    taker.intake.release("a")
    taker.intake.received(memoryview(b"two"))
    await asyncio.sleep(0)
    assert taker.taken == b"onetwo"


async def test_an_error_is_the_pipes_now_or_later() -> None:
    taker = Taker()
    taker.fail_at = 1
    with pytest.raises(ProtocolError):
        taker.intake.received(memoryview(b"x"))
    taker = Taker()
    taker.fail_at = 1
    ended: list[LacunaError] = []

    class Receiver:
        def received(self, data: memoryview) -> None:
            raise AssertionError(bytes(data))

        def closed(self, reason: LacunaError) -> None:
            ended.append(reason)

    taker.pipe.start(Receiver())
    taker.intake.hold("a")
    taker.intake.received(memoryview(bytes(3 * PIECE)))
    taker.intake.release("a")
    await asyncio.sleep(0)
    assert isinstance(ended[0], ProtocolError)
    assert len(taker.pieces) == 1


async def test_nothing_is_taken_after_the_end() -> None:
    taker = Taker()
    taker.intake.hold("a")
    taker.intake.received(memoryview(b"x"))
    taker.intake.release("a")
    taker.intake.close()
    await asyncio.sleep(0)
    assert taker.pieces == []
    assert taker.intake.waiting == 0
