"""The engine's own client against both: transfers, pools, volumes, events, classes of errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from conformance.target import Target
from integration.images import TIB, Piece, allocated, data, hole, make_image, pattern, within, zeros
from integration.libvirtd import MIB, run
from integration.moves import session_to
from lacuna_engine.client import Connection, Data
from lacuna_engine.errors import (
    ConnectError,
    ExistsError,
    InvalidOperationError,
    LacunaError,
    NoSpaceError,
    NotSupportedError,
    PoolNotFoundError,
    ReadOnlyError,
    RemoteError,
    RemoteNoSpaceError,
    RemoteSystemError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import MAX_PAYLOAD
from lacuna_engine.rpc.record import Void
from lacuna_engine.storage import Permissions, PoolState, VolumeType
from lacuna_engine.storage.events import PoolChange, PoolWatch
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Report,
    Session,
    State,
    TransferOptions,
    Upload,
)
from lacuna_engine.transfer.daemon_memory import LARGE_PACKET
from lacuna_engine.transport import parse_uri

IMAGES: dict[str, tuple[Piece, ...]] = {
    "data": (data(3 * MIB + 5),),
    "hole first": (hole(MIB), data(MIB), hole(2 * MIB), data(4096)),
    "hole last": (data(MIB), hole(MIB), data(MIB), hole(3 * MIB)),
    "zeros": (zeros(2 * MIB), data(MIB), zeros(MIB)),
    "only a hole": (hole(5 * MIB),),
    "nothing": (),
    "one byte": (data(1),),
    "8 TiB": (data(MIB), hole(4 * TIB), data(MIB), hole(4 * TIB)),
}

VERIFY = TransferOptions(verify=True)


@pytest.fixture
async def session(target: Target) -> AsyncIterator[Session]:
    async with session_to(target.uri) as opened:
        yield opened


async def put(
    session: Session, target: Target, file: Path, name: str = "", policy: IfExists = IfExists.FAIL
) -> Report:
    options = TransferOptions(if_exists=policy)
    return await Upload(session, file, target.pool, name, options=options).run()


async def get(session: Session, target: Target, name: str, place: Path) -> Report:
    return await Download(session, target.pool, name, place).run()


# --- transfers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in IMAGES if kind != "8 TiB"])
async def test_there_and_back(session: Session, target: Target, tmp_path: Path, kind: str) -> None:
    source = make_image(tmp_path / "source", *IMAGES[kind])
    sent = await Upload(session, source, target.pool, "v", options=VERIFY).run()
    received = await Download(session, target.pool, "v", tmp_path / "back", options=VERIFY).run()
    assert sent.state is received.state is State.DONE
    assert sent.verified
    assert sent.digest == received.digest
    run("cmp", source, target.file("v"))
    run("cmp", source, tmp_path / "back")
    assert sent.bytes_sent == sum(one.length for one in IMAGES[kind] if one.kind == "data")
    assert allocated(target.file("v")) <= within(sent.bytes_sent) + 4096


async def test_eight_tebibytes(session: Session, target: Target, tmp_path: Path) -> None:
    """Compared by their ends and their maps: reading 8 TiB would take hours."""
    await session.storage.create_volume(await session.storage.pool(target.pool), "v")
    with target.file("v").open("r+b") as file:
        file.write(pattern(0, MIB))
        file.seek(4 * TIB + MIB)
        file.write(pattern(5, MIB))
        file.truncate(8 * TIB + 2 * MIB)
    assert run("stat", "-f", "-c", "%T", tmp_path).stdout  # whatever it is, it must take such files
    place = target.path / "back"
    received = await get(session, target, "v", place)
    assert received.bytes_total == 8 * TIB + 2 * MIB
    assert received.bytes_received == 2 * MIB
    sent = await put(session, target, place, "again")
    assert sent.bytes_sent == 2 * MIB
    for name in ("back", "again"):
        copy = target.file(name)
        assert copy.stat().st_size == 8 * TIB + 2 * MIB
        assert allocated(copy) == 2 * MIB
        with copy.open("rb") as file:
            assert file.read(MIB) == pattern(0, MIB)
            file.seek(4 * TIB + MIB)
            assert file.read(MIB) == pattern(5, MIB)


@pytest.mark.parametrize("old", ["data", "hole last", "8 TiB"])
@pytest.mark.parametrize("new", ["hole first", "data", "nothing"])
async def test_replace(
    session: Session, target: Target, tmp_path: Path, old: str, new: str
) -> None:
    """What was there before leaves no trace (0.2, 0.3), and the file stays the same file."""
    make_image(target.file("v"), *IMAGES[old], seed=7)
    target.file("v").chmod(0o640)
    target.virsh("pool-refresh", target.pool)
    inode = target.file("v").stat().st_ino
    source = make_image(tmp_path / "source", *IMAGES[new])
    await put(session, target, source, "v", IfExists.REPLACE)
    run("cmp", source, target.file("v"))
    status = target.file("v").stat()
    assert (status.st_ino, status.st_mode & 0o777) == (inode, 0o640)


async def test_policies(session: Session, target: Target, tmp_path: Path) -> None:
    first = make_image(tmp_path / "v.img", data(MIB))
    second = make_image(tmp_path / "other.img", data(MIB), seed=2)
    await put(session, target, first)
    with pytest.raises(ExistsError):
        await put(session, target, second, "v.img")
    assert (await put(session, target, second, "v.img", IfExists.SKIP)).state is State.SKIPPED
    run("cmp", first, target.file("v.img"))
    renamed = await put(session, target, second, "v.img", IfExists.RENAME)
    name = renamed.destination.rpartition("/")[2]
    assert name != "v.img"
    run("cmp", second, target.file(name))


@pytest.mark.parametrize(
    "name",
    [
        "with spaces ",
        "quote'\"&<>",
        "-dash",
        ".hidden",
        "tab\tnew\nline",
        "日本語",
        "%s$(x)\\",
        "n" * 255,
    ],
)
async def test_names(session: Session, target: Target, tmp_path: Path, name: str) -> None:
    source = make_image(tmp_path / "source", data(5000))
    await put(session, target, source, name)
    pool = await session.storage.pool(target.pool)
    listing = await session.storage.volumes(pool)
    assert [volume.name for volume in listing.volumes] == [name]
    described = await session.storage.describe_volume(listing.volumes[0])
    assert (described.name, described.path) == (name, str(target.file(name)))
    assert target.file(name).read_bytes() == source.read_bytes()
    await session.storage.delete_volume(listing.volumes[0])
    assert not target.file(name).exists()


async def test_names_that_are_no_utf8(session: Session, target: Target, tmp_path: Path) -> None:
    name = "\udcff\udcfe raw"
    make_image(target.file(name), data(MIB))
    target.virsh("pool-refresh", target.pool)
    await get(session, target, name, tmp_path / "back")
    run("cmp", target.file(name), tmp_path / "back")
    pool = await session.storage.pool(target.pool)
    described = await session.storage.describe_volume(await session.storage.volume(pool, name))
    assert described.name == name


async def test_a_full_pool(session: Session, target: Target, tmp_path: Path) -> None:
    """Found before the first byte, and nothing is left."""
    source = make_image(tmp_path / "big", data(65 * MIB))
    with pytest.raises(NoSpaceError):
        await put(session, target, source)
    assert not list(target.path.iterdir())


# --- storage -------------------------------------------------------------------------------------


async def test_a_pool(session: Session, target: Target) -> None:
    storage = session.storage
    assert target.pool in {pool.name for pool in await storage.pools()}
    pool = await storage.pool(target.pool)
    info = await storage.pool_info(pool)
    assert (info.state, info.capacity) == (PoolState.RUNNING, 64 * MIB)
    described = await storage.describe_pool(pool)
    assert described.uuid == UUID(bytes=pool.uuid)
    assert described.target_path == str(target.path)
    assert await storage.pool_is_persistent(pool)
    assert not await storage.pool_autostart(pool)
    await storage.set_pool_autostart(pool, True)
    assert await storage.pool_autostart(pool)
    assert await storage.library_version() >= (9, 0, 0)


async def test_a_pools_life(session: Session, target: Target) -> None:
    storage, folder = session.storage, target.path / "second"
    xml = f"<pool type='dir'><name>second</name><target><path>{folder}</path></target></pool>"
    pool = await storage.define_pool(xml)
    with pytest.raises(RemoteSystemError) as failure:
        await storage.start_pool(pool)
    assert failure.value.errno == 2
    await storage.build_pool(pool)
    await storage.start_pool(pool)
    with pytest.raises(InvalidOperationError):
        await storage.start_pool(pool)
    with pytest.raises(InvalidOperationError):
        await storage.undefine_pool(pool)
    await storage.stop_pool(pool)
    with pytest.raises(InvalidOperationError):
        await storage.volumes(pool)
    await storage.delete_pool(pool)
    assert not folder.exists()
    await storage.undefine_pool(pool)
    with pytest.raises(PoolNotFoundError):
        await storage.pool("second")


async def test_volumes(session: Session, target: Target) -> None:
    storage = session.storage
    pool = await storage.pool(target.pool)
    permissions = Permissions(mode=0o644, owner=1, group=2)
    made = await storage.create_volume(pool, "v", capacity=1000, permissions=permissions)
    assert (made.pool, made.name, made.key) == (target.pool, "v", str(target.file("v")))
    info = await storage.volume_info(made)
    assert (info.type, info.capacity, info.allocation) == (VolumeType.FILE, 1000, 0)
    assert info.physical == 1000
    described = await storage.describe_volume(made)
    assert described.permissions is not None
    assert (described.permissions.mode, described.permissions.owner) == (0o644, 1)
    assert described.format == "raw"
    assert await storage.volume_by_path(str(target.file("v"))) == made
    assert await storage.volume_path(made) == str(target.file("v"))
    await storage.resize_volume(made, 5000)
    with pytest.raises(NotSupportedError):
        await storage.resize_volume(made, 100)
    await storage.resize_volume(made, 100, shrink=True)
    assert await storage.physical(made) == 100
    target.file("v").write_bytes(b"x" * 100)
    await storage.wipe_volume(made)
    wiped = target.file("v").read_bytes()
    assert not wiped.strip(b"\0")
    # libvirtd writes as many zeros as the file has room allocated, which may be more (5.1).
    assert len(wiped) == 100 or target.is_libvirtd
    xml = "<volume><name>w</name><capacity>0</capacity><allocation>0</allocation></volume>"
    clone = await storage.clone_volume(pool, xml, made)
    assert await storage.physical(clone) == len(wiped)
    await storage.delete_volume(made)
    with pytest.raises(VolumeNotFoundError):
        await storage.describe_volume(made)


async def test_errors(session: Session, target: Target) -> None:
    storage = session.storage
    pool = await storage.pool(target.pool)
    await storage.create_volume(pool, "v")

    def make(xml: str) -> Awaitable[object]:
        return storage.create_volume_xml(pool, f"<volume>{xml}</volume>")

    failures: list[tuple[type[RemoteError], int, Callable[[], Awaitable[object]]]] = [
        (PoolNotFoundError, 49, lambda: storage.pool("nope")),
        (VolumeNotFoundError, 50, lambda: storage.volume(pool, "nope")),
        (VolumeExistsError, 90, lambda: storage.create_volume(pool, "v")),
        (NotSupportedError, 67, lambda: storage.create_volume(pool, "w", format="nope")),
        (InvalidOperationError, 55, lambda: make("<name>x/y</name><capacity>1</capacity>")),
        (InvalidOperationError, 55, lambda: make("<name>..</name><capacity>1</capacity>")),
        (RemoteError, 27, lambda: make("<name></name><capacity>1</capacity>")),
        (RemoteError, 27, lambda: make("<name>w</name>")),
        (RemoteError, 35, lambda: make("<name>")),
        (
            RemoteSystemError,
            38,
            lambda: make(f"<name>{'n' * 256}</name><capacity>1</capacity>"),
        ),
        (RemoteNoSpaceError, 38, lambda: storage.create_volume(pool, "w", allocation=1 << 40)),
    ]
    for kind, code, call in failures:
        with pytest.raises(RemoteError) as failure:
            await call()
        assert (type(failure.value), failure.value.code) == (kind, code)
    assert [one.name for one in (await storage.volumes(pool)).volumes] == ["v"]


async def test_unknown_flags_and_calls(session: Session, target: Target) -> None:
    call = session.storage.connection.call
    pool = await session.storage.pool(target.pool)
    volume = await session.storage.create_volume(pool, "v")
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: call(p.VOL_DELETE, r.VolumeFlags(volume, 1)),
        lambda: call(p.VOL_GET_XML_DESC, r.VolumeFlags(volume, 8)),
        lambda: call(p.VOL_GET_INFO_FLAGS, r.VolumeFlags(volume, 8)),
        lambda: call(p.VOL_WIPE, r.VolumeFlags(volume, 1)),
        lambda: call(p.VOL_RESIZE, r.Resize(volume, 1, 64)),
        lambda: call(p.VOL_UPLOAD, r.VolumeRange(volume, flags=8)),
        lambda: call(p.VOL_DOWNLOAD, r.VolumeRange(volume, flags=8)),
        lambda: call(p.POOL_REFRESH, r.PoolFlags(pool, 8)),
        lambda: call(p.POOL_GET_XML_DESC, r.PoolFlags(pool, 8)),
        lambda: call(p.LIST_ALL_VOLUMES, r.ListVolumes(pool, flags=8)),
        lambda: call(p.LIST_ALL_POOLS, r.ListPools(flags=1 << 30)),
        lambda: call(p.VOL_CREATE_XML, r.PoolXml(pool, "<volume/>", 2)),
        lambda: call(p.POOL_DEFINE_XML, r.Xml("<pool/>", 64)),
    ]
    for one in calls:
        with pytest.raises(NotSupportedError) as failure:
            await one()
        assert failure.value.code == 8
    unsupported: list[Callable[[], Awaitable[object]]] = [
        lambda: call(p.CONNECT_GET_VERSION, Void()),
        lambda: call(p.CONNECT_GET_HOSTNAME, Void()),
    ]
    for one in unsupported:
        with pytest.raises(NotSupportedError) as failure:
            await one()
        assert failure.value.code == 3
    for name, known in ((10, 1), (14, 1), (15, 1), (1, 0), (99, 0)):
        supported = await call(p.CONNECT_SUPPORTS_FEATURE, r.Number(name))
        assert supported.value == known


# --- connections ---------------------------------------------------------------------------------


async def test_a_read_only_connection(target: Target) -> None:
    async with session_to(target.uri) as session:
        pool = await session.storage.pool(target.pool)
        volume = await session.storage.create_volume(pool, "v", capacity=MIB)
    connection = await Connection.open(parse_uri(target.uri), read_only=True)
    try:
        for refused in (
            connection.download(r.VolumeRange(volume)),
            connection.upload(r.VolumeRange(volume)),
            connection.call(p.POOL_REFRESH, r.PoolFlags(pool)),
            connection.call(p.VOL_DELETE, r.VolumeFlags(volume)),
        ):
            with pytest.raises(ReadOnlyError):
                await refused
        assert (await connection.call(p.VOL_GET_INFO, r.Volume(volume))).capacity == MIB
        await connection.ping()
    finally:
        await connection.close()


async def test_opening(target: Target) -> None:
    uri = parse_uri(target.uri)
    for names in (("foo:///system",), ("storage:///nowhere",)):
        connection = await Connection.open(uri)
        await connection.close()
        fresh = await raw(target)
        with pytest.raises(LacunaError):
            await fresh.start(names)
        await fresh.close()
    again = await Connection.open(uri)
    with pytest.raises(RemoteError) as failure:
        await again.call(p.CONNECT_OPEN, r.Open("storage:///system"))
    assert failure.value.code == 1
    await again.close()
    with pytest.raises(ConnectError):
        await Connection.open(parse_uri("storage+unix:///system?socket=/nowhere"))


async def raw(target: Target) -> Connection:
    from lacuna_engine.transport import open_pipe  # noqa: PLC0415

    return Connection(await open_pipe(parse_uri(target.uri)))


async def test_many_calls_at_once(session: Session, target: Target) -> None:
    pool = await session.storage.pool(target.pool)
    names = [f"v{number}" for number in range(60)]
    await asyncio.gather(*(session.storage.create_volume(pool, name) for name in names))
    listing = await session.storage.volumes(pool)
    assert sorted(one.name for one in listing.volumes) == sorted(names)
    described = await session.storage.describe_volumes(listing.volumes)
    assert len(described) == 60
    assert not [one for one in described if isinstance(one, RemoteError)]


@pytest.mark.parametrize("size", [1, MIB, LARGE_PACKET, MAX_PAYLOAD])
async def test_ballast(session: Session, target: Target, tmp_path: Path, size: int) -> None:
    """It is dropped wherever it comes: between calls, and before, within and after streams."""
    content = pattern(0, 3 * MIB)
    pool = await session.storage.pool(target.pool)
    volume = await session.storage.create_volume(pool, "v")
    connection = await session.connect()
    for _ in range(8):  # more often than the daemon takes requests at a time
        connection.send_ballast(size)
    up = await connection.upload(r.VolumeRange(volume))
    await up.send(content[:MIB])
    connection.send_ballast(size)
    await up.send(content[MIB:])
    await up.finish()
    connection.send_ballast(size)
    down = await connection.download(r.VolumeRange(volume))
    connection.send_ballast(size)
    got = b"".join([bytes(piece.view) async for piece in down if isinstance(piece, Data)])
    await down.finish()
    connection.send_ballast(size)
    await connection.ping()
    assert got == content
    assert target.file("v").read_bytes() == content


async def test_events(session: Session, target: Target, tmp_path: Path) -> None:
    storage = session.storage
    pool = await storage.pool(target.pool)
    source = make_image(tmp_path / "source", data(MIB))
    async with PoolWatch(storage.connection) as watch, asyncio.timeout(20):
        await storage.refresh_pool(pool)
        event = await anext(watch)
        assert (event.pool, event.change) == (pool, PoolChange.REFRESHED)
        await put(session, target, source)
        event = await anext(watch)
        assert (event.pool, event.change) == (pool, PoolChange.REFRESHED)
        await storage.stop_pool(pool)
        await storage.start_pool(pool)
        wanted = [PoolChange.STOPPED, PoolChange.STARTED]
        async for event in watch:
            if event.change is PoolChange.REFRESHED:
                continue
            assert event.change is wanted.pop(0)
            if not wanted:
                break


async def test_changes_on_disk(session: Session, target: Target) -> None:
    """The server tells of them and lists what is there; libvirtd does neither (0.11, 3.5)."""
    storage = session.storage
    pool = await storage.pool(target.pool)
    async with PoolWatch(storage.connection) as watch:
        make_image(target.file("new"), data(MIB))
        listing = await storage.volumes(pool)
        if target.is_libvirtd:
            assert not listing.volumes
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(watch), 1.5)
        else:
            assert [one.name for one in listing.volumes] == ["new"]
            event = await asyncio.wait_for(anext(watch), 20)
            assert event.change is PoolChange.REFRESHED
