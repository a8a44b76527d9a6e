"""Every operation of the storage API against the daemon, with virsh's word beside it."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from integration.images import data, files_in, fill, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import session_to, upload
from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    ConnectionLostError,
    InvalidOperationError,
    LacunaError,
    NotSupportedError,
    PoolNotFoundError,
    ReadOnlyError,
    RemoteError,
    RemoteNoSpaceError,
    RemoteSystemError,
    UsageError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc.records import PoolHandle
from lacuna_engine.storage import (
    Permissions,
    PoolChange,
    PoolState,
    PoolType,
    PoolWatch,
    Storage,
    VolumeDescription,
    VolumeType,
    pool_xml,
    volume_xml,
)
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri


@pytest.fixture
async def storage(session: Session) -> Storage:
    return session.storage


@pytest.fixture
async def handle(storage: Storage, pool: Pool) -> PoolHandle:
    return await storage.pool(pool.name)


def shown(daemon: PrivateLibvirtd, *command: str) -> dict[str, str]:
    """virsh's table of names and values."""
    lines = daemon.virsh(*command).stdout.splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def number(text: str) -> int:
    return int(text.split(maxsplit=1)[0])


# --- pools --------------------------------------------------------------------------------------


async def test_version(storage: Storage) -> None:
    version = ".".join(map(str, await storage.library_version()))
    assert run("libvirtd", "--version").stdout.split()[-1] == version


async def test_the_life_of_a_pool(daemon: PrivateLibvirtd, storage: Storage) -> None:
    folder = daemon.mounts / "life-of-a-pool"
    chosen = uuid.uuid4()
    pool = await storage.define_pool(pool_xml("life", "dir", path=str(folder), uuid=chosen))
    try:
        assert pool.uuid == chosen.bytes
        assert (await storage.pool_info(pool)).state is PoolState.INACTIVE
        with pytest.raises(RemoteSystemError) as caught:
            await storage.start_pool(pool)  # there is no such folder
        assert caught.value.errno == 2

        await storage.build_pool(pool)
        assert folder.is_dir()
        assert await storage.pool_is_persistent(pool)
        assert not await storage.pool_autostart(pool)
        await storage.set_pool_autostart(pool, True)
        assert await storage.pool_autostart(pool)
        assert shown(daemon, "pool-info", "life")["Autostart"] == "yes"
        await storage.set_pool_autostart(pool, False)
        assert not await storage.pool_autostart(pool)

        await storage.start_pool(pool)
        assert (await storage.pool_info(pool)).state is PoolState.RUNNING
        assert shown(daemon, "pool-info", "life")["State"] == "running"
        with pytest.raises(InvalidOperationError):
            await storage.start_pool(pool)
        with pytest.raises(InvalidOperationError):
            await storage.undefine_pool(pool)

        (folder / "v").write_bytes(b"x")
        assert (await storage.volumes(pool)).volumes == ()
        await storage.refresh_pool(pool)
        assert [volume.name for volume in (await storage.volumes(pool)).volumes] == ["v"]
        (folder / "v").unlink()

        await storage.stop_pool(pool)
        with pytest.raises(InvalidOperationError):
            await storage.stop_pool(pool)
        with pytest.raises(InvalidOperationError):
            await storage.volumes(pool)
        await storage.delete_pool(pool)
        assert not folder.exists()
    finally:
        await storage.undefine_pool(pool)
    with pytest.raises(PoolNotFoundError):
        await storage.pool("life")


async def test_a_transient_pool(daemon: PrivateLibvirtd, storage: Storage, tmp_path: Path) -> None:
    folder = daemon.mounts / "transient"
    folder.mkdir()
    pool = await storage.create_pool(pool_xml("transient", path=str(folder)))
    assert not await storage.pool_is_persistent(pool)
    with pytest.raises(RemoteError):
        await storage.set_pool_autostart(pool, True)
    await storage.stop_pool(pool)
    with pytest.raises(PoolNotFoundError):
        await storage.pool("transient")


async def test_pools_are_listed_and_described(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, block_pool: Pool, handle: PoolHandle
) -> None:
    daemon.virsh("pool-destroy", block_pool.name)
    names = [one.name for one in await storage.pools()]
    assert names == sorted(names)
    assert {pool.name, block_pool.name} <= set(names)  # the inactive one, too

    info = await storage.pool_info(handle)
    told = shown(daemon, "pool-info", "--bytes", pool.name)
    assert (info.capacity, info.allocation, info.available) == (
        number(told["Capacity"]),
        number(told["Allocation"]),
        number(told["Available"]),
    )
    description = await storage.describe_pool(handle)
    assert description.type == PoolType.DIR
    assert description.target_path == str(pool.path)
    assert str(description.uuid) == told["UUID"]

    block = await storage.describe_pool(await storage.pool(block_pool.name))
    assert block.type == PoolType.DISK
    assert block.source.devices == (str(block_pool.device),)
    assert block.source.format == "gpt"


async def test_a_folder_that_has_gone(daemon: PrivateLibvirtd, storage: Storage) -> None:
    folder = daemon.mounts / "going"
    folder.mkdir()
    daemon.define_pool("going", folder)
    try:
        folder.rmdir()
        pool = await storage.pool("going")
        with pytest.raises(RemoteSystemError):
            await storage.refresh_pool(pool)
        assert (await storage.pool_info(pool)).state is PoolState.INACTIVE
    finally:
        daemon.undefine_pool("going")


# --- volumes ------------------------------------------------------------------------------------


async def test_the_life_of_a_volume(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, handle: PoolHandle
) -> None:
    volume = await storage.create_volume(handle, "v", capacity=4 * MIB)
    stored = pool.file("v")
    assert (stored.stat().st_size, stored.stat().st_blocks) == (4 * MIB, 0)
    assert volume.key == str(stored)
    assert await storage.volume(handle, "v") == volume
    assert await storage.volume_by_path(str(stored)) == volume
    assert await storage.volume_path(volume) == str(stored)
    with pytest.raises(VolumeExistsError):
        await storage.create_volume(handle, "v")

    fill(stored, 3 * MIB)
    info = await storage.volume_info(volume)  # afresh, without a refresh of the pool
    assert info.type == VolumeType.FILE
    assert (info.capacity, info.allocation, info.physical) == (3 * MIB, 3 * MIB, 3 * MIB)
    told = shown(daemon, "vol-info", "--bytes", "--pool", pool.name, "v")
    assert number(told["Capacity"]) == info.capacity
    assert number(told["Allocation"]) == info.allocation

    await storage.resize_volume(volume, 5 * MIB)
    assert stored.stat().st_size == 5 * MIB
    with pytest.raises(LacunaError):
        await storage.resize_volume(volume, 0, shrink=True)  # below what is allocated
    await storage.wipe_volume(volume)
    assert stored.read_bytes() == bytes(5 * MIB)
    await storage.resize_volume(volume, MIB, shrink=True)
    assert stored.stat().st_size == MIB

    await storage.delete_volume(volume)
    assert files_in(pool.path) == []
    for call in (storage.volume_info, storage.delete_volume, storage.describe_volume):
        with pytest.raises(VolumeNotFoundError):
            await call(volume)
    with pytest.raises(VolumeNotFoundError):
        await storage.volume(handle, "v")
    with pytest.raises(VolumeNotFoundError):
        await storage.volume_by_path(str(stored))


async def test_wiping_takes_what_is_there_now(
    storage: Storage, pool: Pool, handle: PoolHandle
) -> None:
    """The daemon would wipe what it last knew of: nothing (protocol.md 5.1)."""
    volume = await storage.create_volume(handle, "v", capacity=4 * MIB)
    fill(pool.file("v"), 4 * MIB)
    await storage.wipe_volume(volume)
    assert pool.file("v").read_bytes() == bytes(4 * MIB)


@pytest.mark.parametrize("format_", ["raw", "qcow2", "vmdk", "vdi", "vpc"])
async def test_volumes_of_all_formats(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, handle: PoolHandle, format_: str
) -> None:
    volume = await storage.create_volume(handle, "v", capacity=8 * MIB, format=format_)
    daemon.virsh("pool-refresh", pool.name)
    description = await storage.describe_volume(volume)
    assert description.format == format_
    assert description.capacity >= 8 * MIB
    assert description.physical == pool.file("v").stat().st_size
    assert description.path == str(pool.file("v"))


async def test_owner_and_mode(storage: Storage, pool: Pool, handle: PoolHandle) -> None:
    wanted = Permissions(mode=0o641, owner=4_711, group=815)
    volume = await storage.create_volume(handle, "v", capacity=MIB, permissions=wanted)
    status = pool.file("v").stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o641, 4_711, 815)
    told = (await storage.describe_volume(volume)).permissions
    assert told is not None
    assert (told.mode, told.owner, told.group) == (0o641, 4_711, 815)


async def test_a_description_has_the_file_s_times(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, handle: PoolHandle
) -> None:
    stored = make_volume(daemon, pool, "v", data(MIB))
    times = (await storage.describe_volume(await storage.volume(handle, "v"))).timestamps
    assert times is not None
    assert times.modification == stored.stat().st_mtime_ns


async def test_clone(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, handle: PoolHandle
) -> None:
    stored = make_volume(daemon, pool, "v", data(2 * MIB), hole(2 * MIB))
    source = await storage.volume(handle, "v")
    copy = await storage.clone_volume(handle, volume_xml("copy", capacity=0), source)
    assert copy.name == "copy"
    assert pool.file("copy").read_bytes() == stored.read_bytes()


async def test_many_are_described_at_once(
    daemon: PrivateLibvirtd, storage: Storage, pool: Pool, handle: PoolHandle
) -> None:
    for index in range(40):
        pool.file(f"v{index:02}").write_bytes(b"x" * index)
    daemon.virsh("pool-refresh", pool.name)
    listing = await storage.volumes(handle)
    assert listing.unlisted == 0
    pool.file("v07").unlink()
    daemon.virsh("pool-refresh", pool.name)
    found = await storage.describe_volumes(listing.volumes)
    assert len(found) == 40
    for index, one in enumerate(found):
        if index == 7:
            assert isinstance(one, VolumeNotFoundError)
        else:
            assert isinstance(one, VolumeDescription)
            assert (one.name, one.physical) == (f"v{index:02}", index)


# --- errors -------------------------------------------------------------------------------------


async def test_errors_have_their_classes(
    storage: Storage, small_pool: Pool, handle: PoolHandle, pool: Pool
) -> None:
    with pytest.raises(PoolNotFoundError, match="none"):
        await storage.pool("none")
    with pytest.raises(VolumeNotFoundError) as missing:
        await storage.volume(handle, "none")
    assert (missing.value.code, missing.value.domain) == (50, 18)
    small = await storage.pool(small_pool.name)
    with pytest.raises(RemoteNoSpaceError) as full:
        await storage.create_volume(small, "v", capacity=9 * MIB, allocation=9 * MIB)
    assert (full.value.code, full.value.errno) == (38, 28)
    assert full.value.hint
    with pytest.raises(NotSupportedError):
        await storage.create_volume(handle, "v", capacity=MIB, format="no-such-format")
    with pytest.raises(UsageError):
        await storage.create_volume(handle, "a/b")
    with pytest.raises(RemoteError):
        await storage.create_volume_xml(handle, "<volume>")
    pool.file("unlisted").write_bytes(b"x")
    with pytest.raises(InvalidOperationError):
        await storage.create_volume(handle, "unlisted")
    pool.file("folder").mkdir()
    (pool.file("folder") / "file").touch()
    await storage.refresh_pool(handle)
    with pytest.raises(RemoteSystemError):
        await storage.delete_volume(await storage.volume(handle, "folder"))


async def test_a_read_only_connection_only_reads(daemon: PrivateLibvirtd, pool: Pool) -> None:
    connection = await Connection.open(parse_uri(daemon.uri), read_only=True)
    try:
        storage = Storage(connection)
        handle = await storage.pool(pool.name)
        assert (await storage.volumes(handle)).volumes == ()
        for refused in (
            lambda: storage.refresh_pool(handle),
            lambda: storage.create_volume(handle, "v"),
            lambda: storage.stop_pool(handle),
        ):
            with pytest.raises(ReadOnlyError) as caught:
                await refused()
            assert caught.value.hint
    finally:
        await connection.close()


# --- events -------------------------------------------------------------------------------------


@pytest.fixture
async def watch(daemon: PrivateLibvirtd) -> AsyncIterator[PoolWatch]:
    async with session_to(daemon.uri) as other, PoolWatch(other.storage.connection) as events:
        yield events


async def next_change(watch: PoolWatch, pool: str) -> PoolChange:
    async with asyncio.timeout(10):
        async for event in watch:
            if event.pool.name == pool:
                return event.change
    raise AssertionError("the events ended")


async def test_events_of_a_pool(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, watch: PoolWatch, tmp_path: Path
) -> None:
    steps: list[tuple[Callable[[], object], PoolChange]] = [
        (lambda: daemon.virsh("pool-destroy", pool.name), PoolChange.STOPPED),
        (lambda: daemon.virsh("pool-start", pool.name), PoolChange.STARTED),
        (lambda: daemon.virsh("pool-refresh", pool.name), PoolChange.REFRESHED),
    ]
    for step, change in steps:
        step()
        assert await next_change(watch, pool.name) is change
    await upload(session, make_image(tmp_path / "image", data(MIB)), pool)
    assert await next_change(watch, pool.name) is PoolChange.REFRESHED


async def test_events_of_a_definition(
    daemon: PrivateLibvirtd, watch: PoolWatch, storage: Storage
) -> None:
    pool = await storage.define_pool(pool_xml("seen", path=str(daemon.mounts / "seen")))
    assert await next_change(watch, "seen") is PoolChange.DEFINED
    await storage.build_pool(pool)
    assert await next_change(watch, "seen") is PoolChange.CREATED
    await storage.delete_pool(pool)
    assert await next_change(watch, "seen") is PoolChange.DELETED
    await storage.undefine_pool(pool)
    assert await next_change(watch, "seen") is PoolChange.UNDEFINED


async def test_the_events_end_with_the_connection(own_daemon: PrivateLibvirtd) -> None:
    async with session_to(own_daemon.uri) as session:
        async with PoolWatch(session.storage.connection) as events:
            own_daemon.kill()
            with pytest.raises(ConnectionLostError):
                async with asyncio.timeout(10):
                    await anext(events)
        with pytest.raises(ConnectionLostError):
            await session.storage.pools()
        own_daemon.start()
        await session.reopen()
        assert await session.storage.pools() == ()


async def test_a_stopped_daemon_s_process_is_waited_for(
    own_daemon: PrivateLibvirtd,
) -> None:
    """A daemon that stands still for a moment is not a lost one."""
    own_daemon.make_pool("p", "dir")
    async with session_to(own_daemon.uri) as session:
        os.kill(own_daemon.pid, signal.SIGSTOP)
        call = asyncio.create_task(session.storage.pools())
        await asyncio.sleep(0.5)
        assert not call.done()
        os.kill(own_daemon.pid, signal.SIGCONT)
        assert [pool.name for pool in await call] == ["p"]
