"""What breaks the protocol, against both (protocol.md 1.7)."""

from __future__ import annotations

import pytest

from conformance.bench import NEW, Bench
from engine.server.wire import connected, error_of
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Header, Program, Status, Type


@pytest.mark.parametrize("length", [0, 3, 4, 20, 27, 33_554_437, 0xFFFFFFFF])
async def test_an_impossible_length(bench: Bench, length: int) -> None:
    bench.wire.writer.write(length.to_bytes(4, "big") + bytes(24))
    assert await bench.wire.ended()


async def test_what_no_client_sends(bench: Bench) -> None:
    """Dropped without a word, and the connection lives."""
    for kind in (Type.REPLY, Type.MESSAGE, Type.REPLY_WITH_FDS, 7, 255):
        bench.wire.send(Header(Program.REMOTE, 84, kind, 5, Status.OK), b"\0" * 8)
    bench.wire.data(999, NEW * 10)
    bench.wire.hole(999, 10)
    bench.wire.finish(999)
    bench.wire.send(Header(0x20008087, 1, Type.STREAM, 5, Status.OK))
    bench.wire.send(Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK, version=9))
    bench.wire.send(Header(Program.KEEPALIVE, 77, Type.MESSAGE, 0, Status.OK))
    assert await bench.wire.quiet() == []


async def test_calls_that_are_none(bench: Bench) -> None:
    headers = {
        Header(Program.REMOTE, 0, Type.CALL, 7, 0): "unknown procedure: 0",
        Header(Program.REMOTE, -1, Type.CALL, 7, 0): "unknown procedure: -1",
        Header(Program.REMOTE, 9999, Type.CALL, 7, 0): "unknown procedure: 9999",
        Header(Program.REMOTE, 370, Type.CALL, 7, 0): "unknown procedure: 370",
        Header(Program.REMOTE, 84, Type.CALL, 7, 1): "Unexpected message status 1",
        Header(Program.REMOTE, 84, Type.CALL, 7, 0): "Unable to decode message payload",
        Header(0x12345678, 84, Type.CALL, 7, 0): "Cannot find program 305419896 version 1",
        Header(Program.REMOTE, 84, Type.CALL, 7, 0, version=2): (
            "Cannot find program 536903814 version 2"
        ),
    }
    for header, text in headers.items():
        bench.wire.send(header)
        message = await bench.wire.reply(7)
        error = error_of(message)
        assert (error.code, error.domain, error.message) == (39, 7, text)
        assert (message.header.program, message.header.version) == (header.program, header.version)
        assert message.header.procedure == header.procedure


async def test_serials_are_the_clients(bench: Bench) -> None:
    for serial in (0, 0xFFFFFFFF, 5, 5):
        bench.wire.send(Header(Program.REMOTE, p.CONNECT_GET_TYPE.number, Type.CALL, serial, 0))
        await bench.wire.reply(serial)


async def test_leftovers_and_nuls_are_ignored(bench: Bench) -> None:
    name = bench.target.pool.encode() + b"\0nope"
    payload = len(name).to_bytes(4, "big") + name + b"x" * (-len(name) % 4) + b"left over"
    bench.wire.send(Header(Program.REMOTE, 84, Type.CALL, 7, 0), payload + b"...")
    assert (await bench.wire.reply(7)).header.status == Status.OK


async def test_descriptors_are_not_taken(bench: Bench) -> None:
    bench.wire.send(Header(Program.REMOTE, 84, Type.CALL_WITH_FDS, 7, 0), b"\0\0\0\1")
    bench.wire.ping()  # libvirtd waits for one byte, with which the descriptor would come
    assert await bench.wire.ended()


@pytest.mark.parametrize("opened", [False, True])
async def test_calls_before_their_time(bench: Bench, opened: bool) -> None:
    async with connected(bench.target.socket, opened=False) as wire:
        if opened:
            await wire.answer(p.AUTH_LIST, r.Flags())
        error = await wire.answer(p.LIST_ALL_POOLS, r.ListPools())
        # A libvirtd that asks for no authentication does not insist on being asked for it.
        if opened or bench.target.is_libvirtd:
            assert (error.code, "not open" in error.message) == (1, True)
        else:
            assert (error.code, error.domain) == (39, 7)
        assert await wire.quiet() == []
