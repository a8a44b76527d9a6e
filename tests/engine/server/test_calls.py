"""Which calls are let through in which state, the answers that are always the same, and events."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.server.serving import Served, Wire, serving
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Program, Type
from lacuna_engine.rpc.procedures import PROCEDURES, Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server import Faults, Registry
from lacuna_engine.server.caller import Caller
from lacuna_engine.server.calls import (
    CHANGES,
    LOGIN,
    MAX_REGISTRATIONS,
    NOT_YET_OPEN,
    THREADS,
    Calls,
)
from lacuna_engine.server.handlers import HANDLERS
from lacuna_engine.storage.xml import parse_pool

MUST = [66, 60, 1, 2, 281, 84, 85, 86, 87, 88, 89, 154, 155, 282, 93, 94, 95, 96, 97, 98, 99, 100,
        208, 209, 378, 83]  # fmt: skip
SHOULD = [3, 110, 157, 149, 360, 361, 368, 369, 91, 92, 71, 72, 73, 74, 260, 165, 259, 125, 391,
          76, 77, 78, 79, 80, 81, 82, 90, 403, 7]  # fmt: skip


def test_the_table_has_what_clients_need() -> None:
    """The lists of protocol.md 6.4; closing is the connection's own."""
    assert {*MUST, *SHOULD} - {p.CONNECT_CLOSE.number} <= set(HANDLERS)
    assert set(HANDLERS) <= set(PROCEDURES)
    assert LOGIN <= NOT_YET_OPEN
    assert set(HANDLERS) >= CHANGES


# --- opening -------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["storage:///system", "storage:///session", ""])
async def test_uris_that_open(served: Served, uri: str) -> None:
    async with served.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        assert await wire.answer(p.CONNECT_OPEN, r.Open(uri)) == Void()
        assert (await wire.answer(p.CONNECT_OPEN, r.Open(uri))).code == 1
        assert (await wire.answer(p.LIST_ALL_POOLS, r.ListPools())).count == 1


@pytest.mark.parametrize(
    ("uri", "code"),
    [("qemu:///system", 5), ("test:///default", 5), ("storage:///", 1), ("storage:///foo", 1),
     ("storage://host/system", 1), ("storage+unix:///system", 5)],
)  # fmt: skip
async def test_uris_that_do_not(served: Served, uri: str, code: int) -> None:
    async with served.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        assert (await wire.answer(p.CONNECT_OPEN, r.Open(uri))).code == code
        assert (await wire.answer(p.LIST_ALL_POOLS, r.ListPools())).code == 1


async def test_no_uri_opens_nothing(served: Served) -> None:
    """Answered all the same (protocol.md 3.2)."""
    async with served.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        assert await wire.answer(p.CONNECT_OPEN, r.Open(None)) == Void()
        assert (await wire.answer(p.LIST_ALL_POOLS, r.ListPools())).code == 1


async def test_features_before_opening(served: Served) -> None:
    async with served.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        assert await wire.answer(p.CONNECT_SUPPORTS_FEATURE, r.Number(10)) == r.Number(1)
        assert (await wire.answer(p.CONNECT_SUPPORTS_FEATURE, r.Number(14))).code == 1


async def test_unknown_flags_of_opening(served: Served) -> None:
    async with served.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        assert (await wire.answer(p.CONNECT_OPEN, r.Open("", 64))).code == 8
        assert await wire.answer(p.CONNECT_OPEN, r.Open("", 2 | 8)) == Void()


# --- constant answers ----------------------------------------------------------------------------


async def test_what_is_always_the_same(wire: Wire) -> None:
    assert await wire.answer(p.CONNECT_GET_TYPE, Void()) == r.String("storage")
    assert await wire.answer(p.CONNECT_GET_URI, Void()) == r.String("storage:///system")
    assert await wire.answer(p.CONNECT_GET_LIB_VERSION, Void()) == r.BigNumber(9_000_000)
    for procedure in (p.REGISTER_CLOSE, p.UNREGISTER_CLOSE):
        assert await wire.answer(procedure, Void()) == Void()
    assert "<value>dir</value>" in (await wire.answer(p.CONNECT_GET_CAPABILITIES, Void())).value
    assert "qcow2" in (await wire.answer(p.GET_POOL_CAPABILITIES, r.Flags())).value
    unsupported: dict[Procedure[Any, Any], Record] = {
        p.CONNECT_GET_VERSION: Void(),
        p.CONNECT_GET_HOSTNAME: Void(),
        p.CONNECT_GET_MAX_VCPUS: r.MaybeString(None),
        p.NODE_GET_INFO: Void(),
        p.CONNECT_GET_SYSINFO: r.Flags(),
        p.FIND_POOL_SOURCES: r.PoolSourcesQuery("dir", None),
    }
    for one, arguments in unsupported.items():
        assert (await wire.answer(one, arguments)).code == 3, one
    unknown = await wire.answer(p.CONNECT_SET_IDENTITY, r.Identity())
    assert (unknown.code, unknown.message) == (39, "unknown procedure: 419")


# --- lists and look-ups --------------------------------------------------------------------------


async def test_old_ways_to_list(served: Served, wire: Wire) -> None:
    """Numbers and names, as clients from before 0.10.2 ask for them."""
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    for name in ("b", "a", "c"):
        served.volume(name)
    assert await wire.answer(p.NUM_OF_POOLS, Void()) == r.Number(1)
    assert await wire.answer(p.NUM_OF_DEFINED_POOLS, Void()) == r.Number(0)
    assert await wire.answer(p.LIST_POOLS, r.MaxNames(10)) == r.Names(("pool",))
    assert await wire.answer(p.LIST_DEFINED_POOLS, r.MaxNames(10)) == r.Names(())
    assert await wire.answer(p.POOL_NUM_OF_VOLUMES, r.Pool(pool)) == r.Number(3)
    assert await wire.answer(p.POOL_LIST_VOLUMES, r.PoolNumber(pool, 2)) == r.Names(("a", "b"))
    for most in (-1, 16_385):
        assert (await wire.answer(p.LIST_POOLS, r.MaxNames(most))).code == 39
        assert (await wire.answer(p.POOL_LIST_VOLUMES, r.PoolNumber(pool, most))).code == 39
    counted = await wire.answer(p.LIST_ALL_VOLUMES, r.ListVolumes(pool, 0))
    assert (counted.volumes, counted.count) == ((), 3)
    assert (await wire.answer(p.LIST_ALL_POOLS, r.ListPools(0))) == r.PoolList((), 1)


async def test_looking_up(served: Served, wire: Wire) -> None:
    """Of a pool's handle the uuid counts, of a volume's the names (protocol.md 2.1)."""
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    served.volume("v")
    wrong = r.PoolHandle("another", pool.uuid)
    found = (await wire.answer(p.VOL_LOOKUP_BY_NAME, r.PoolName(wrong, "v"))).volume
    path = str(served.folder / "v")
    assert found == r.VolumeHandle("pool", "v", path)
    for procedure in (p.VOL_LOOKUP_BY_KEY, p.VOL_LOOKUP_BY_PATH):
        assert (await wire.answer(procedure, r.String(path))).volume == found
        assert (await wire.answer(procedure, r.String("/nowhere"))).code == 50
    assert await wire.answer(p.VOL_GET_PATH, r.Volume(served.handle("v"))) == r.String(path)
    assert (await wire.answer(p.POOL_LOOKUP_BY_VOLUME, r.Volume(found))).pool == pool
    by_path = await wire.answer(p.POOL_LOOKUP_BY_PATH, r.String(f"{served.folder}/"))
    assert by_path.pool == pool
    assert (await wire.answer(p.POOL_LOOKUP_BY_UUID, r.PoolUuid(pool.uuid))).pool == pool
    assert (await wire.answer(p.POOL_LOOKUP_BY_UUID, r.PoolUuid(bytes(16)))).code == 49
    lost = r.Pool(r.PoolHandle("pool", bytes(16)))
    assert (await wire.answer(p.POOL_GET_INFO, lost)).code == 49


async def test_a_pool(served: Served, wire: Wire) -> None:
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    info = await wire.answer(p.POOL_GET_INFO, r.Pool(pool))
    assert info.state == 2
    assert info.capacity == info.allocation + info.available
    xml = (await wire.answer(p.POOL_GET_XML_DESC, r.PoolFlags(pool))).value
    assert parse_pool(xml, name="pool").target_path == str(served.folder)
    for procedure in (p.POOL_IS_ACTIVE, p.POOL_IS_PERSISTENT, p.POOL_GET_AUTOSTART):
        assert await wire.answer(procedure, r.Pool(pool)) == r.Number(1)
    await wire.answer(p.POOL_SET_AUTOSTART, r.PoolNumber(pool, 0))
    assert await wire.answer(p.POOL_GET_AUTOSTART, r.Pool(pool)) == r.Number(0)


async def test_a_pools_life(short_path: Path) -> None:
    registry = Registry([str(short_path)], allow_define=True)
    async with serving(short_path, registry=registry) as served, served.connect() as wire:
        folder = short_path / "other"
        xml = f"<pool type='dir'><name>o</name><target><path>{folder}</path></target></pool>"
        pool = (await wire.answer(p.POOL_DEFINE_XML, r.Xml(xml))).pool
        for procedure, arguments in (
            (p.POOL_BUILD, r.PoolFlags(pool)),
            (p.POOL_CREATE, r.PoolFlags(pool)),
            (p.POOL_REFRESH, r.PoolFlags(pool)),
            (p.POOL_DESTROY, r.Pool(pool)),
            (p.POOL_DELETE, r.PoolFlags(pool)),
            (p.POOL_UNDEFINE, r.Pool(pool)),
        ):
            assert await wire.answer(procedure, arguments) == Void(), procedure
        assert not folder.exists()
        short = (await wire.answer(p.POOL_CREATE_XML, r.Xml(xml, 1))).pool
        assert await wire.answer(p.POOL_IS_PERSISTENT, r.Pool(short)) == r.Number(0)
        assert (await wire.answer(p.POOL_SET_AUTOSTART, r.PoolNumber(short, 1))).code == 1
        await wire.answer(p.POOL_DESTROY, r.Pool(short))
        assert (await wire.answer(p.POOL_GET_INFO, r.Pool(short))).code == 49
        assert served.server.clients == 1


async def test_pools_are_not_defined_unless_that_is_allowed(served: Served, wire: Wire) -> None:
    folder = served.folder.parent / "other"
    xml = f"<pool type='dir'><name>o</name><target><path>{folder}</path></target></pool>"
    for procedure in (p.POOL_DEFINE_XML, p.POOL_CREATE_XML):
        assert (await wire.answer(procedure, r.Xml(xml))).code == 29
    assert not folder.exists()


async def test_wiping(served: Served, wire: Wire) -> None:
    for procedure, arguments in (
        (p.VOL_WIPE, r.VolumeFlags(served.handle("v"))),
        (p.VOL_WIPE_PATTERN, r.WipePattern(served.handle("v"))),
    ):
        served.volume("v", b"x" * 100)
        assert await wire.answer(procedure, arguments) == Void()
        assert served.content() == bytes(100)


# --- slow calls ----------------------------------------------------------------------------------


async def test_slow_calls_leave_the_quick_ones_alone(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many clones as there are threads, and somebody else's look-ups go on."""
    gate = threading.Event()

    def slow(*_: object) -> Void:
        gate.wait(30)
        return Void()

    monkeypatch.setitem(HANDLERS, p.VOL_WIPE.number, slow)
    handle = served.volume("v")
    async with served.connect() as busy, served.connect() as other:
        for _ in range(THREADS * 2):
            busy.call(p.VOL_WIPE, r.VolumeFlags(handle))
        await busy.quiet()
        async with asyncio.timeout(20):
            assert (await other.answer(p.LIST_ALL_POOLS, r.ListPools())).count == 1
            assert (await busy.answer(p.VOL_GET_INFO, r.Volume(handle))).capacity == 0
        gate.set()
        for _ in range(THREADS * 2):
            await busy.next()


# --- events --------------------------------------------------------------------------------------


async def test_who_is_told_of_what(served: Served) -> None:
    pool = served.registry.lookup_by_name("pool")
    stranger = r.PoolHandle("other", bytes(16))
    async with served.connect() as wire, served.connect() as deaf:
        numbers = {}
        for event, which in ((0, None), (0, pool.handle), (1, None), (1, stranger)):
            answer = await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(event, which))
            numbers[answer.value] = (event, which)
        assert len(numbers) == 4
        wire.call(p.POOL_REFRESH, r.PoolFlags(pool.handle))
        messages = [await wire.next(), await wire.next()]  # the reply is one of them
        event = next(one for one in messages if one.header.type == Type.MESSAGE)
        assert event.header.procedure == p.POOL_EVENT_REFRESH.number
        assert event.header.serial == 1
        callback = int.from_bytes(event.payload[:4], "big")
        assert numbers[callback] == (1, None)
        pool.stop()
        told = [int.from_bytes((await wire.next()).payload[:4], "big") for _ in range(2)]
        assert [numbers[one] for one in sorted(told)] == [(0, None), (0, pool.handle)]
        pool.start()
        for _ in range(2):
            await wire.next()
        assert await deaf.quiet() == []
        for number in numbers:
            assert await wire.answer(p.POOL_EVENT_DEREGISTER, r.Number(number)) == Void()
            error = await wire.answer(p.POOL_EVENT_DEREGISTER, r.Number(number))
            assert error.code == 1
        pool.stop()
        assert await wire.quiet() == []
        assert not wire._messages
        pool.start()


async def test_registrations_are_ones_own_and_counted(served: Served, wire: Wire) -> None:
    number = (await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(0))).value
    async with served.connect() as other:
        assert (await other.answer(p.POOL_EVENT_DEREGISTER, r.Number(number))).code == 1
    for event in (-1, 2, 99):
        assert (await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(event))).code == 1
    for _ in range(MAX_REGISTRATIONS - 1):
        wire.call(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(0))
    numbers = set()
    for _ in range(MAX_REGISTRATIONS - 1):
        numbers.add((await wire.next()).payload)
    assert len(numbers) == MAX_REGISTRATIONS - 1
    assert (await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(0))).code == 9


async def test_a_refresh_is_told_to_one_client_a_few_times_at_most(
    served: Served, wire: Wire
) -> None:
    """However often it has registered."""
    for _ in range(200):
        await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(1))
    served.server._calls.tell(served.registry.lookup_by_name("pool").handle, None)
    wire.ping()
    events = 0
    while (message := await wire.next()).header.program != Program.KEEPALIVE:
        assert message.header.procedure == p.POOL_EVENT_REFRESH.number
        events += 1
    assert events == 64


async def test_an_upload_is_told_of_when_it_ends(served: Served, wire: Wire) -> None:
    """However it ends: finished, given up, or with the connection (protocol.md 3.5)."""
    await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(1))
    handle = served.volume("v")
    for end in ("finish", "abort", "close"):
        async with served.connect() as uploader:
            serial = await uploader.open_stream(p.VOL_UPLOAD, r.VolumeRange(handle))
            if end == "finish":
                uploader.finish(serial)
                assert await uploader.outcome(serial) is None
            elif end == "abort":
                uploader.abort(serial)
                assert await uploader.outcome(serial) is None
        event = await wire.next()
        assert event.header.procedure == p.POOL_EVENT_REFRESH.number


async def test_a_registration_that_comes_too_late_is_not_kept(served: Served) -> None:
    """The call runs in a thread, and its connection may end meanwhile."""
    calls = Calls(served.registry)
    caller = Caller(Faults())
    calls.forget(caller)
    calls.register(caller, r.RegisterPoolEvent(0))
    assert not calls._callers
    calls.close()


async def test_the_largest_listing_and_one_more(served: Served, wire: Wire) -> None:
    """16,384 volumes can be told, with long names too; more are the daemon's error (0.9)."""
    for number in range(r.MAX_LIST):
        (served.folder / f"{number:05}{'n' * 100}").touch()
    pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
    listing = await wire.answer(p.LIST_ALL_VOLUMES, r.ListVolumes(pool))
    assert listing.count == len(listing.volumes) == r.MAX_LIST
    assert listing.volumes[0].key == str(served.folder / f"00000{'n' * 100}")
    served.volume("one more")
    for wanted in (0, 1):
        error = await wire.answer(p.LIST_ALL_VOLUMES, r.ListVolumes(pool, wanted))
        text = "Too many storage_vols '16385' for limit '16384'"
        assert (error.code, error.str2) == (1, text)
    assert await wire.answer(p.POOL_NUM_OF_VOLUMES, r.Pool(pool)) == r.Number(r.MAX_LIST + 1)
    names = await wire.answer(p.POOL_LIST_VOLUMES, r.PoolNumber(pool, r.MAX_LIST))
    assert len(names.names) == r.MAX_LIST
