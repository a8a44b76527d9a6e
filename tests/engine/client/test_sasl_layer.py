"""The security layer: blocks that do not line up with anything, and blocks that were changed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.client.sasl import digest_layer
from lacuna_engine.client.sasl.digest_layer import DigestLayer
from lacuna_engine.client.sasl.layer import LayeredPipe
from lacuna_engine.errors import ConnectionLostError, LacunaError, ProtocolError
from lacuna_engine.transport import memory_pair

SECRET = bytes(range(16))


def mirrored(limit: int = 65_536) -> tuple[DigestLayer, DigestLayer]:
    """Return both sides' layers."""
    client = DigestLayer(SECRET, limit)
    names = digest_layer._FROM_CLIENT, digest_layer._FROM_SERVER
    digest_layer._FROM_CLIENT, digest_layer._FROM_SERVER = names[::-1]
    try:
        return client, DigestLayer(SECRET, limit)
    finally:
        digest_layer._FROM_CLIENT, digest_layer._FROM_SERVER = names


class Sink:
    def __init__(self) -> None:
        self.data = bytearray()
        self.reason: LacunaError | None = None

    def received(self, data: memoryview) -> None:
        self.data += data

    def closed(self, reason: LacunaError) -> None:
        self.reason = reason


@given(st.lists(st.binary(max_size=4000), max_size=6), st.integers(1, 5000))
def test_blocks_are_put_together(messages: list[bytes], step: int) -> None:
    client, server = mirrored()
    wire = b""
    for message in messages:
        content = client.wrap(memoryview(message))
        wire += len(content).to_bytes(4, "big") + content
    pipe = LayeredPipe(_Silent(), server)
    got = b"".join(
        bytes(pipe.opened(memoryview(wire)[start : start + step]))
        for start in range(0, len(wire), step)
    )
    assert got == b"".join(messages)


async def test_both_ways_in_pieces() -> None:
    one, two = memory_pair()
    client, server = mirrored(2048)
    mine, theirs = LayeredPipe(one, client), LayeredPipe(two, server)
    sink = Sink()
    mine.start(sink)  # changes nothing: the inner pipe has its receiver
    two.start(sink)
    data = os.urandom(100_000)
    mine.write(data[:7], memoryview(data)[7:])
    mine.write()
    await mine.drain()
    assert bytes(theirs.opened(memoryview(sink.data))) == data
    assert mine.bytes_written == one.bytes_written == len(sink.data) > len(data) + 20 * 48
    assert data[:64] not in sink.data
    mine.hold_reading(mine)
    assert [mine.is_paused, one.is_paused] == [True, True]
    mine.release_reading(mine)
    assert [mine.is_paused, one.is_paused] == [False, False]
    mine.close()
    await mine.wait_closed()
    with pytest.raises(ConnectionLostError):
        await mine.drain()


@pytest.mark.parametrize("position", [0, 5, 100, 109, 110, 111, 112, 115])
def test_a_changed_bit(position: int) -> None:
    client, server = mirrored()
    block = bytearray(client.wrap(memoryview(bytes(100))))
    block[position] ^= 1
    with pytest.raises(ProtocolError, match="tampered"):
        server.unwrap(memoryview(block))


def test_blocks_have_their_order() -> None:
    client, server = mirrored()
    first, second = (client.wrap(memoryview(b"x")) for _ in range(2))
    with pytest.raises(ProtocolError):
        server.unwrap(memoryview(second))
    client, server = mirrored()
    server.unwrap(memoryview(first))
    with pytest.raises(ProtocolError):
        server.unwrap(memoryview(first))


@pytest.mark.parametrize("block", [b"", b"x", bytes(15), bytes(16)])
def test_blocks_that_are_too_short(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        mirrored()[1].unwrap(memoryview(block))


def test_a_block_that_is_too_large() -> None:
    pipe = LayeredPipe(_Silent(), mirrored()[1])
    with pytest.raises(ProtocolError, match="too large"):
        pipe.opened(memoryview((65_537).to_bytes(4, "big")))


def _Silent() -> LayeredPipe:  # noqa: N802 - stands for a class
    class Inner:
        is_paused = False
        bytes_read = bytes_written = 0

    return Inner()  # type: ignore[return-value]
