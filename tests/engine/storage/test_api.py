"""The storage API against the scripted server: which call is made, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from engine.scripted import POOL, Daemon, Volume, failure
from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    InvalidOperationError,
    PoolNotFoundError,
    RemoteError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.storage import (
    Permissions,
    PoolHandle,
    PoolState,
    PoolType,
    Storage,
    VolumeDescription,
    VolumeType,
    busy,
)
from lacuna_engine.transport import OPENERS, parse_uri


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    monkeypatch.setitem(OPENERS, "unix", made.open)
    monkeypatch.setattr(busy, "BUSY_DELAYS", (0.001,) * 3)
    made.volumes["v"] = Volume(bytearray(b"x" * 5000 + bytes(5000)))
    return made


@pytest.fixture
async def storage(daemon: Daemon) -> AsyncIterator[Storage]:
    connection = await Connection.open(parse_uri("qemu:///system"))
    daemon.calls.clear()
    yield Storage(connection)
    await connection.close()


@pytest.fixture
def served(daemon: Daemon, storage: Storage) -> tuple[Daemon, Storage]:
    """Both."""
    return daemon, storage


async def test_pools(daemon: Daemon, storage: Storage) -> None:
    others = [PoolHandle(name, bytes(16)) for name in ("z", "a")]
    daemon.answers[p.LIST_ALL_POOLS.number] = lambda _: r.PoolList((*others, POOL), 3)
    assert [pool.name for pool in await storage.pools()] == ["a", "pool", "z"]
    assert await storage.pool("pool") == POOL
    with pytest.raises(PoolNotFoundError):
        await storage.pool("nothing")


async def test_what_a_pool_is(daemon: Daemon, storage: Storage) -> None:
    info = await storage.pool_info(POOL)
    assert info.state is PoolState.RUNNING
    assert info.available == 1 << 40
    described = await storage.describe_pool(POOL)
    assert (described.type, described.target_path) == (PoolType.DIR, "/images")
    assert await storage.pool_autostart(POOL)
    assert await storage.pool_is_persistent(POOL)
    assert await storage.library_version() == (9, 1, 2)


async def test_a_state_of_tomorrow(daemon: Daemon, storage: Storage) -> None:
    daemon.state = 77
    assert (await storage.pool_info(POOL)).state.value == 77


AUTO = [r.PoolNumber(POOL, on) for on in (0, 1)]


@pytest.mark.parametrize(
    ("work", "procedure", "expected", "answer"),
    [
        (lambda s: s.set_pool_autostart(POOL, True), p.POOL_SET_AUTOSTART, AUTO[1], 0),
        (lambda s: s.set_pool_autostart(POOL, False), p.POOL_SET_AUTOSTART, AUTO[0], 0),
        (lambda s: s.define_pool("<x/>"), p.POOL_DEFINE_XML, r.Xml("<x/>"), POOL),
        (lambda s: s.create_pool("<x/>"), p.POOL_CREATE_XML, r.Xml("<x/>"), POOL),
        (lambda s: s.build_pool(POOL), p.POOL_BUILD, r.PoolFlags(POOL), 0),
        (lambda s: s.start_pool(POOL), p.POOL_CREATE, r.PoolFlags(POOL), 0),
        (lambda s: s.stop_pool(POOL), p.POOL_DESTROY, r.Pool(POOL), 0),
        (lambda s: s.undefine_pool(POOL), p.POOL_UNDEFINE, r.Pool(POOL), 0),
        (lambda s: s.delete_pool(POOL), p.POOL_DELETE, r.PoolFlags(POOL), 0),
        (lambda s: s.refresh_pool(POOL), p.POOL_REFRESH, r.PoolFlags(POOL), 0),
    ],
)  # fmt: skip
async def test_calls_for_pools(
    work: Callable[[Storage], Awaitable[object]],
    procedure: p.Procedure[Record, Record],
    expected: Record,
    answer: PoolHandle | int,
    served: tuple[Daemon, Storage],
) -> None:
    daemon, storage = served
    result = r.Pool(answer) if isinstance(answer, PoolHandle) else Void()
    daemon.answers[procedure.number] = lambda _: result
    assert await work(storage) == (answer or None)
    assert daemon.calls == [procedure.name]
    assert daemon.arguments[-1] == expected
    daemon.answers[procedure.number] = lambda _: failure(55, "not now")
    with pytest.raises(InvalidOperationError):
        await work(storage)


async def test_volumes_by_name(daemon: Daemon, storage: Storage) -> None:
    daemon.volumes["a\udcff\n"] = Volume()
    listing = await storage.volumes(POOL)
    assert [volume.name for volume in listing.volumes] == ["a\udcff\n", "v"]
    assert listing.unlisted == 0
    found = await storage.volume(POOL, "a\udcff\n")
    assert found == daemon.handle("a\udcff\n")
    described = await storage.describe_volume(found)
    assert described.name == "a\udcff\n"
    with pytest.raises(VolumeNotFoundError):
        await storage.volume(POOL, "nothing")


async def test_more_volumes_than_can_be_listed(daemon: Daemon, storage: Storage) -> None:
    daemon.faults.listed = 20_000
    listing = await storage.volumes(POOL)
    assert len(listing.volumes) == 16_384
    assert listing.unlisted == 20_000 - 16_384
    assert listing.volumes[0] == r.VolumeHandle("pool", "v0", "")


async def test_a_list_that_fails_for_another_reason(daemon: Daemon, storage: Storage) -> None:
    daemon.answers[p.LIST_ALL_VOLUMES.number] = lambda _: failure(1, "the disk is gone")
    with pytest.raises(RemoteError, match="the disk is gone"):
        await storage.volumes(POOL)


async def test_what_a_volume_is(daemon: Daemon, storage: Storage) -> None:
    volume = await storage.volume(POOL, "v")
    daemon.volumes["v"].capacity = 1 << 63
    info = await storage.volume_info(volume)
    assert (info.type, info.capacity, info.allocation) == (VolumeType.FILE, 1 << 63, 12288)
    assert info.physical == 10_000
    assert await storage.physical(volume) == 10_000
    described = await storage.describe_volume(volume)
    assert described.permissions == Permissions(0o640, 107, 108)


@pytest.mark.parametrize(
    ("image_format", "physical", "expected"),
    [
        ("raw", None, 7000),
        ("iso", None, 7000),
        ("qcow2", None, 0),
        ("qcow2", 12, 12),
        ("raw", 12, 12),
    ],
)
async def test_the_length_from_an_old_daemon(
    image_format: str,
    physical: int | None,
    expected: int,
    daemon: Daemon,
    storage: Storage,
) -> None:
    daemon.answers[p.VOL_GET_INFO_FLAGS.number] = lambda _: failure(3, "not supported")
    element = "" if physical is None else f"<physical>{physical}</physical>"
    daemon.answers[p.VOL_GET_XML_DESC.number] = lambda _: r.String(
        f"<volume type='file'><name>v</name><capacity>7000</capacity>{element}"
        f"<target><format type='{image_format}'/></target></volume>"
    )
    assert await storage.physical(daemon.handle("v")) == expected


async def test_many_at_once_and_one_is_gone(daemon: Daemon, storage: Storage) -> None:
    names = [f"v{number:03}" for number in range(40)]
    for name in names:
        daemon.volumes[name] = Volume()
    handles = [daemon.handle(name) for name in names]
    del daemon.volumes["v017"]
    found = await storage.describe_volumes(handles)
    assert isinstance(found[17], VolumeNotFoundError)
    described = [one for one in found if isinstance(one, VolumeDescription)]
    assert [one.name for one in described] == [n for n in names if n != "v017"]


async def test_paths(daemon: Daemon, storage: Storage) -> None:
    daemon.answers[p.VOL_GET_PATH.number] = lambda a: r.String(a.volume.key)
    daemon.answers[p.VOL_LOOKUP_BY_PATH.number] = lambda a: r.Volume(daemon.handle(a.value[8:]))
    volume = daemon.handle("v")
    assert await storage.volume_path(volume) == "/images/v"
    assert await storage.volume_by_path("/images/v") == volume


async def test_making_volumes(daemon: Daemon, storage: Storage) -> None:
    made = await storage.create_volume(
        POOL, "a<&>'b", capacity=5, permissions=Permissions(mode=0o600, owner=1, group=2)
    )
    assert made == daemon.handle("a<&>'b")
    assert len(daemon.volumes["a<&>'b"].data) == 5
    assert "<allocation unit='bytes'>0</allocation>" in daemon.arguments[-1].xml.replace('"', "'")
    with pytest.raises(VolumeExistsError):
        await storage.create_volume(POOL, "v")
    daemon.answers[p.VOL_CREATE_XML_FROM.number] = lambda a: r.Volume(a.source)
    assert await storage.clone_volume(POOL, "<volume/>", made) == made


@pytest.mark.parametrize(
    ("work", "procedure", "first"),
    [
        (lambda s, v: s.delete_volume(v), p.VOL_DELETE, False),
        (lambda s, v: s.wipe_volume(v), p.VOL_WIPE, True),
        (lambda s, v: s.resize_volume(v, 0), p.VOL_RESIZE, True),
        (lambda s, _: s.refresh_pool(POOL), p.POOL_REFRESH, False),
    ],
)
async def test_waits_while_busy_and_has_the_daemon_look_first(
    work: Callable[[Storage, r.VolumeHandle], Awaitable[None]],
    procedure: p.Procedure[Record, Record],
    first: bool,
    daemon: Daemon,
    storage: Storage,
) -> None:
    answers = [failure(55, "volume 'v' is still in use."), failure(1, "asynchronous jobs running")]
    daemon.answers[procedure.number] = lambda _: answers.pop(0) if answers else Void()
    await work(storage, daemon.handle("v"))
    assert daemon.calls == ["STORAGE_VOL_GET_INFO"] * first + [procedure.name] * 3


async def test_a_resize_says_whether_it_may_shrink(daemon: Daemon, storage: Storage) -> None:
    volume = daemon.handle("v")
    await storage.resize_volume(volume, 1)
    await storage.resize_volume(volume, 2, shrink=True)
    asked = [one for one in daemon.arguments if isinstance(one, r.Resize)]
    assert asked == [r.Resize(volume, 1, 0), r.Resize(volume, 2, 4)]
