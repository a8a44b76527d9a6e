"""Each fault is seen on the wire."""

from __future__ import annotations

import asyncio
import math
import os
from dataclasses import fields
from pathlib import Path

import pytest

from engine.server.serving import Served, Wire, until
from integration.images import data, hole, make_image
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Packet, Program, Status, Type
from lacuna_engine.rpc.record import Void
from lacuna_engine.server import DAEMON_PACKETS, Faults
from lacuna_engine.xdr import Cursor

KIB = 1 << 10
MIB = 1 << 20
NEW, OLD = b"\xa5", b"\xee"


async def upload(served: Served, wire: Wire, length: int = 0, *, sparse: bool = True) -> int:
    """Open an upload onto a volume of 1 MiB of old bytes."""
    handle = served.volume("v", OLD * MIB)
    return await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(handle, 0, length, int(sparse)))


async def download(served: Served, wire: Wire, *, sparse: bool = True) -> int:
    target = r.VolumeRange(served.handle("v"), 0, 0, int(sparse))
    return await wire.open_stream(p.VOL_DOWNLOAD, target)


async def until_end(wire: Wire) -> list[Packet]:
    """Take a download's packets up to the empty one."""
    seen: list[Packet] = []
    while (message := await wire.next()).payload:
        seen.append(message)
    assert (message.header.type, message.header.status) == (Type.STREAM, Status.CONTINUE)
    return seen


async def test_busy_opens(served: Served, wire: Wire) -> None:
    served.faults.busy_opens = 2
    target = r.VolumeRange(served.volume("v"))
    for procedure in (p.VOL_UPLOAD, p.VOL_DOWNLOAD):
        error = await wire.answer(procedure, target)
        text = "Requested operation is not valid: volume 'v' is still in use."
        assert (error.code, error.message) == (55, text)
    await wire.open_stream(p.VOL_UPLOAD, target)


async def test_no_sparse(served: Served, wire: Wire) -> None:
    served.faults.no_sparse = True
    handle = served.volume("v")
    for procedure in (p.VOL_UPLOAD, p.VOL_DOWNLOAD):
        assert (await wire.answer(procedure, r.VolumeRange(handle, flags=1))).code == 8
        await wire.open_stream(procedure, r.VolumeRange(handle))


@pytest.mark.parametrize(("size", "early"), [(10 * MIB, 2), (MIB, 2), (0, 1)])
async def test_data_before_reply(served: Served, wire: Wire, size: int, early: int) -> None:
    served.faults.data_before_reply = True
    served.volume("v", NEW * size)
    await download(served, wire)
    assert wire.early == early
    assert sum(len(one.payload) for one in await until_end(wire)) == size


async def test_slow_open(served: Served, wire: Wire) -> None:
    """What is sent before the reply is lost without a word (0.4), and the finish is agreed to."""
    served.faults.slow_open = 0.2
    serial = wire.call(p.VOL_UPLOAD, r.VolumeRange(served.volume("v", OLD * 100)))
    wire.data(serial, NEW * 10)
    await wire.reply(serial)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == OLD * 100


async def test_holes_of_an_upload_written_as_zeros(served: Served, wire: Wire) -> None:
    """As to a block device: allocated, and nothing is cut off behind them."""
    served.faults.no_holes = True
    serial = await upload(served, wire)
    wire.data(serial, NEW * 100)
    wire.hole(serial, 500_000)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    expected = NEW * 100 + bytes(500_000)
    assert served.content()[: len(expected) + 1] == expected + OLD
    assert (served.folder / "v").stat().st_blocks * 512 >= MIB


async def test_pool_inactive(served: Served, wire: Wire) -> None:
    """In the middle of a stream, which goes on."""
    serial = await upload(served, wire)
    wire.data(serial, NEW)
    served.faults.pool_inactive = True
    for procedure, arguments in (
        (p.VOL_GET_INFO, r.Volume(served.handle("v"))),
        (p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v"))),
    ):
        error = await wire.answer(procedure, arguments)
        text = "Requested operation is not valid: storage pool 'pool' is not active"
        assert (error.code, error.message) == (55, text)
    wire.finish(serial)
    assert await wire.outcome(serial) is None


async def test_names_that_are_no_text(served: Served, wire: Wire) -> None:
    (served.folder / os.fsdecode(b"\xff\xfe")).write_bytes(NEW)
    served.volume("v")
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    volumes = (await wire.answer(p.LIST_ALL_VOLUMES, r.ListVolumes(pool))).volumes
    assert {one.name for one in volumes} == {"v", "\udcff\udcfe"}
    async with served.session() as session:
        listing = await session.storage.volumes(pool)
        assert {one.name for one in listing.volumes} == {"v", "\udcff\udcfe"}


async def test_no_space_after(served: Served, wire: Wire) -> None:
    served.faults.no_space_after = 1000
    serial = await upload(served, wire)
    wire.data(serial, NEW * 5000)
    wire.finish(serial)
    error = await wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.int1) == (38, 38, 28)
    assert served.content()[:1001] == NEW * 1000 + OLD


async def test_swallow_last_error(served: Served, wire: Wire) -> None:
    served.faults.no_space_after = 1000
    served.faults.swallow_last_error = True
    serial = await upload(served, wire)
    wire.data(serial, NEW * 5000)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content()[:1001] == NEW * 1000 + OLD
    serial = await upload(served, wire)
    wire.data(serial, NEW * 5000)
    await until(lambda: served.content().startswith(NEW * 1000))
    await asyncio.sleep(0.05)
    wire.data(serial, NEW)
    error = await wire.outcome(serial)
    assert error is not None
    assert error.int1 == 28


async def test_error_as_reply(served: Served, wire: Wire) -> None:
    served.faults.error_as_reply = True
    serial = await upload(served, wire)
    wire.hole(serial, -1)
    message = await wire.next()
    assert (message.header.type, message.header.serial) == (Type.REPLY, serial)
    error = r.WireError.unpack(Cursor(message.payload))
    assert (error.code, error.domain, error.int1) == (1, 7, 0)


async def test_ok_after_error(served: Served, wire: Wire) -> None:
    served.faults.ok_after_error = True
    serial = await upload(served, wire, 10)
    wire.data(serial, NEW * 20)
    assert await wire.outcome(serial) is not None
    assert await wire.outcome(serial) is None


async def test_hole_truncates(served: Served, wire: Wire) -> None:
    served.faults.hole_truncates = True
    serial = await upload(served, wire)
    wire.hole(serial, 4096)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == OLD * 4096


async def test_slow_refresh(served: Served, wire: Wire) -> None:
    served.faults.slow_refresh = 0.3
    loop = asyncio.get_running_loop()
    serial = await upload(served, wire)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    before = loop.time()
    await wire.answer(p.CONNECT_GET_TYPE, Void())
    assert loop.time() - before > 0.2


async def test_short_download(served: Served, wire: Wire) -> None:
    served.faults.short_download = 1500
    served.volume("v", NEW * 5000)
    await download(served, wire)
    assert sum(len(one.payload) for one in await until_end(wire)) == 1500


@pytest.mark.parametrize("sizes", [DAEMON_PACKETS, (1,), (7, 100_000)])
async def test_packets(served: Served, wire: Wire, sizes: tuple[int, ...]) -> None:
    served.faults.packets = sizes
    total = sum(sizes) * 3
    served.volume("v", NEW * total)
    await download(served, wire)
    assert [len(one.payload) for one in await until_end(wire)] == [*sizes * 3]


async def test_holes_left_out(served: Served, wire: Wire) -> None:
    make_image(served.folder / "v", hole(MIB), data(MIB), hole(MIB))
    for faults, expected in (
        (Faults(), ["hole", "data", "hole"]),
        (Faults(no_trailing_hole=True), ["hole", "data"]),
        (Faults(no_holes=True), ["data", "data", "data"]),
    ):
        for one in fields(faults):
            setattr(served.faults, one.name, getattr(faults, one.name))
        serial = await download(served, wire)
        kinds = [
            "hole" if one.header.type == Type.STREAM_HOLE else "data"
            for one in await until_end(wire)
        ]
        assert kinds == expected
        wire.finish(serial, p.VOL_DOWNLOAD)
        assert await wire.outcome(serial) is None


async def hears_pings(wire: Wire) -> bool:
    """Whether a ping is answered before the call behind it."""
    wire.ping()
    wire.call(p.CONNECT_GET_TYPE, Void())
    heard = False
    while (message := await wire.next()).header.type != Type.REPLY:
        heard = heard or message.header.program == Program.KEEPALIVE
    return heard


async def test_deaf_to_pings(served: Served, wire: Wire) -> None:
    assert await hears_pings(wire)
    served.faults.deaf_to_pings = math.inf
    assert not await hears_pings(wire)


async def test_deaf_to_pings_for_a_while(served: Served, wire: Wire) -> None:
    served.faults.deaf_to_pings = 0.3
    for deaf in (True, False):
        assert await hears_pings(wire) is not deaf
        await asyncio.sleep(0.35)


async def test_block_volumes(served: Served, wire: Wire) -> None:
    """What is said to be a device, as virsh and Lacuna look at it."""
    handle = served.volume("v", OLD * 100)
    for blocks in (False, True):
        served.faults.no_holes = blocks
        info = await wire.answer(p.VOL_GET_INFO, r.Volume(handle))
        assert info.type == int(blocks)
        xml = await wire.answer(p.VOL_GET_XML_DESC, r.VolumeFlags(handle, 0))
        assert ("<volume type='block'>" in xml.value) is blocks


async def test_never_pings(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna_engine.server.keepalive.INTERVAL", 0.05)
    for never in (False, True):
        served.faults.never_pings = never
        async with served.connect() as wire:
            await wire.answer(p.CONNECT_SUPPORTS_FEATURE, r.Number(10))
            if never:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(wire.message(), 0.5)
            else:
                assert (await wire.next()).header.program == Program.KEEPALIVE


async def test_request_window(served: Served, wire: Wire) -> None:
    """Of many slow calls some are begun, and no more."""
    served.faults.request_window = 3
    served.faults.reorder_replies = True  # which makes them slow, the first most
    client = next(iter(served.server._clients))
    for _ in range(10):
        wire.call(p.CONNECT_GET_TYPE, Void())
    await until(lambda: len(client._requests.in_progress) == 3)
    for _ in range(10):
        assert len(client._requests.in_progress) <= 3
        await wire.next()


async def test_reorder_replies(served: Served, wire: Wire) -> None:
    served.faults.reorder_replies = True
    serials = [wire.call(p.CONNECT_GET_TYPE, Void()) for _ in range(5)]
    answered = [(await wire.next()).header.serial for _ in serials]
    assert sorted(answered) == serials
    assert answered != serials


async def test_hang(served: Served, wire: Wire) -> None:
    served.faults.hang = frozenset({p.CONNECT_GET_URI.number})
    wire.call(p.CONNECT_GET_URI, Void())
    assert await wire.answer(p.CONNECT_GET_TYPE, Void()) == r.String("storage")


async def test_error_code_and_translation(served: Served, wire: Wire) -> None:
    served.faults.error_code = 4711
    served.faults.translated = True
    error = await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("nope"))
    assert (error.code, error.domain) == (4711, 18)
    assert error.message == "Fehler: Das ging schief"


async def test_huge_capacity(served: Served, wire: Wire) -> None:
    served.faults.huge_capacity = True
    info = await wire.answer(p.VOL_GET_INFO, r.Volume(served.volume("v")))
    assert info.capacity == 2**64 - 1
    xml = await wire.answer(p.VOL_GET_XML_DESC, r.VolumeFlags(served.handle("v")))
    assert f"<capacity unit='bytes'>{2**64 - 1}</capacity>" in xml.value


async def test_event_flood(served: Served, wire: Wire) -> None:
    served.faults.event_flood = 99
    await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(1))
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    wire.call(p.POOL_REFRESH, r.PoolFlags(pool))
    events = 0
    while events < 100:
        events += (await wire.next()).header.type == Type.MESSAGE


@pytest.mark.parametrize("sent", [0, 500, 3 * MIB])
async def test_cut_after_sending(served: Served, wire: Wire, sent: int) -> None:
    served.volume("v", NEW * 8 * MIB)
    served.faults.cut_after_sending = sent
    wire.call(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
    received = 0
    while (message := await wire.message()) is not None:
        received += len(message.payload)
    assert received < sent + 3 * MIB


async def test_cut_after_receiving(served: Served, wire: Wire) -> None:
    serial = await upload(served, wire)
    served.faults.cut_after_receiving = 100_000
    wire.data(serial, NEW * 200_000)
    assert await wire.ended()


async def test_half_a_header(served: Served, wire: Wire) -> None:
    served.faults.half_a_header = True
    for _ in range(3):
        wire.call(p.CONNECT_GET_TYPE, Void())
    assert len(await wire.reader.readexactly(14)) == 14
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.reader.read(1), 0.2)


async def test_oversize(served: Served, wire: Wire) -> None:
    served.faults.oversize = True
    wire.call(p.CONNECT_GET_TYPE, Void())
    assert int.from_bytes(await wire.reader.readexactly(4), "big") > 1 << 26


def test_every_fault_has_a_test() -> None:
    text = Path(__file__).read_text()
    assert [one.name for one in fields(Faults) if f".{one.name} = " not in text] == [
        "no_trailing_hole",
    ]


async def test_a_client_that_takes_no_events_is_sent_away(served: Served, wire: Wire) -> None:
    served.faults.event_flood = 500_000
    await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(1))
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    wire.call(p.POOL_REFRESH, r.PoolFlags(pool))
    await until(lambda: served.server.clients == 0)
