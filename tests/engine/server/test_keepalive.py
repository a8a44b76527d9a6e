"""The server's pings: to whom, when, and what happens to those who do not answer."""

from __future__ import annotations

import asyncio

import pytest

from engine.server.serving import Served, Wire
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Header, Program, Status, Type
from lacuna_engine.rpc.record import Void

INTERVAL = 0.1


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna_engine.server.keepalive.INTERVAL", INTERVAL)


async def ask_for_pings(wire: Wire) -> None:
    assert await wire.answer(p.CONNECT_SUPPORTS_FEATURE, r.Number(10)) == r.Number(1)


def pong(wire: Wire) -> None:
    wire.send(Header(Program.KEEPALIVE, 2, Type.MESSAGE, 0, Status.OK))


async def test_who_did_not_ask_is_not_pinged(wire: Wire) -> None:
    await wire.answer(p.CONNECT_SUPPORTS_FEATURE, r.Number(14))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.message(), 10 * INTERVAL)
    assert await wire.quiet() == []


async def test_who_does_not_answer_is_sent_away(wire: Wire) -> None:
    await ask_for_pings(wire)
    pings = 0
    while (message := await wire.message()) is not None:
        assert message.header == Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK)
        assert message.payload == b""
        pings += 1
    assert pings == 5


async def test_who_answers_stays(wire: Wire) -> None:
    await ask_for_pings(wire)
    for _ in range(12):
        assert (await wire.next()).header.procedure == 1
        pong(wire)
    assert await wire.answer(p.CONNECT_GET_TYPE, Void()) == r.String("storage")


async def test_anything_counts_as_an_answer(served: Served, wire: Wire) -> None:
    """Data of an upload too: who sends is alive."""
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v")))
    await ask_for_pings(wire)
    for _ in range(40):
        wire.data(serial, b"x")
        await asyncio.sleep(INTERVAL / 4)
    pings = [one for one in await wire.quiet() if one.header.program == Program.KEEPALIVE]
    assert len(pings) <= 3  # a machine may be slow
    wire.finish(serial)
    assert await wire.outcome(serial) is None


async def test_asking_twice_is_asking_once(served: Served, wire: Wire) -> None:
    await ask_for_pings(wire)
    await ask_for_pings(wire)
    client = next(iter(served.server._clients))
    assert client._keepalive._timer is not None
    assert (await wire.next()).header.procedure == 1


async def test_whom_the_server_does_not_read_is_not_blamed(served: Served, wire: Wire) -> None:
    await ask_for_pings(wire)
    client = next(iter(served.server._clients))
    client._pipe.hold_reading("a test")
    await asyncio.sleep(12 * INTERVAL)
    assert served.server.clients == 1
    client._pipe.release_reading("a test")
    assert (await wire.next()).header.procedure == 1


async def test_nothing_ticks_after_the_end(served: Served) -> None:
    async with served.connect() as wire:
        await ask_for_pings(wire)
        client = next(iter(served.server._clients))
    async with asyncio.timeout(30):
        while served.server.clients:
            await asyncio.sleep(0.005)
    assert client._keepalive._timer is None


async def test_pings_are_answered_before_anything_else(served: Served) -> None:
    async with served.connect(opened=False) as wire:
        assert await wire.quiet() == []
