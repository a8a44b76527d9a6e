"""Copies that the daemon makes itself: the same bytes, the same holes, and no byte through us."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.images import (
    Piece,
    allocated,
    assert_same,
    data,
    files_in,
    fill,
    hole,
    make_image,
    make_volume,
    zeros,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, session_to, until
from lacuna_engine.errors import ExistsError, LacunaError, RemoteError, VolumeExistsError
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Storage
from lacuna_engine.transfer import Copy, Phase, RemoteVolume, Session, State, TransferOptions
from lacuna_engine.transfer.checkpoint import Stage
from lacuna_engine.transfer.placing import discard_volume

DENSE = (data(20 * MIB + 4097),)
SPARSE = (data(3 * MIB), hole(20 * MIB), data(MIB + 5), hole(4 * MIB))


def copy_of(
    session: Session,
    pool: Pool,
    *,
    options: TransferOptions | None = None,
    keeper: MemoryKeeper | None = None,
) -> Copy:
    return Copy(
        RemoteVolume(session, pool.name, "source"),
        RemoteVolume(session, pool.name, "copy"),
        options=options,
        keeper=keeper,
    )


@pytest.mark.parametrize("pieces", [DENSE, (data(1),), (data(5 * MIB), zeros(MIB), data(1))])
async def test_a_dense_volume_is_cloned(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, pieces: tuple[Piece, ...]
) -> None:
    source = make_volume(daemon, any_pool, "source", *pieces)
    keeper = MemoryKeeper()
    report = await copy_of(session, any_pool, keeper=keeper).run()
    assert (report.state, report.bytes_sent, report.bytes_received) == (State.DONE, 0, 0)
    assert report.bytes_total == source.stat().st_size
    assert_same(source, any_pool.file("copy"))
    assert keeper.data is None


async def test_a_clone_is_verified(daemon: PrivateLibvirtd, session: Session, pool: Pool) -> None:
    source = make_volume(daemon, pool, "source", *DENSE)
    report = await copy_of(session, pool, options=TransferOptions(verify=True)).run()
    assert (report.verified, report.bytes_sent) == (True, 0)
    assert report.digest
    assert_same(source, pool.file("copy"))


async def test_sparse_volumes_keep_their_holes(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool
) -> None:
    """Where blocks can be shared the daemon does it, elsewhere sending is faster."""
    source = make_volume(daemon, any_pool, "source", *SPARSE)
    report = await copy_of(session, any_pool).run()
    assert bool(report.bytes_sent) is (any_pool.kind != "xfs")
    assert_same(source, any_pool.file("copy"))
    assert allocated(any_pool.file("copy")) <= allocated(source) + 4096


async def test_what_is_not_cloned(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """An image of another format, a limited rate, and what replaces a volume in place."""
    raw = make_image(tmp_path / "raw", *DENSE)
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, pool.file("source"))
    daemon.virsh("pool-refresh", pool.name)
    report = await copy_of(session, pool).run()
    assert report.bytes_sent
    assert_same(pool.file("source"), pool.file("copy"))
    daemon.virsh("vol-delete", "--pool", pool.name, "source")
    source = make_volume(daemon, pool, "source", data(9 * MIB))
    assert (await copy_of(session, pool, options=REPLACE).run()).bytes_sent
    assert_same(source, pool.file("copy"))
    daemon.virsh("vol-delete", "--pool", pool.name, "copy")
    limited = TransferOptions(limit=1 << 40)
    assert (await copy_of(session, pool, options=limited).run()).bytes_sent
    assert_same(source, pool.file("copy"))


async def test_content_that_only_looks_like_an_image(
    daemon: PrivateLibvirtd, session: Session, pool: Pool
) -> None:
    """Recorded as raw, and a qcow2 image since: the daemon is made to look before it is asked."""
    daemon.virsh("vol-create-as", pool.name, "source", "1M", "--allocation", "0")
    source = pool.file("source")
    source.unlink()
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=full", source, "4M")
    await copy_of(session, pool).run()
    assert_same(source, pool.file("copy"))


async def test_a_clone_that_fails_is_sent(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> VolumeHandle:
        raise RemoteError("no", code=1)

    monkeypatch.setattr(Storage, "clone_volume", fail)
    source = make_volume(daemon, pool, "source", *DENSE)
    report = await copy_of(session, pool).run()
    assert report.bytes_sent == source.stat().st_size
    assert_same(source, pool.file("copy"))


async def test_somebody_was_faster(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_volume(daemon, pool, "source", *DENSE)

    async def make(*_: object, **__: object) -> VolumeHandle:
        fill_in = pool.file("copy")
        fill_in.touch()
        fill(fill_in, MIB)
        raise VolumeExistsError("exists", code=90)

    monkeypatch.setattr(Storage, "clone_volume", make)
    keeper = MemoryKeeper()
    with pytest.raises(ExistsError):
        await copy_of(session, pool, keeper=keeper).run()
    assert pool.file("copy").read_bytes() == b"\xee" * MIB
    assert keeper.data is None


async def interrupt(daemon: PrivateLibvirtd, pool: Pool, keeper: MemoryKeeper | None) -> None:
    """Cancel a copy while the daemon is at it."""
    async with session_to(daemon.uri) as session:
        copy = copy_of(session, pool, keeper=keeper)
        task = asyncio.create_task(copy.run())
        await until(lambda: copy.tracker.phase is Phase.CLONING and pool.file("copy").exists(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancelled_clone(own_daemon: PrivateLibvirtd) -> None:
    pool = own_daemon.make_pool("cloning", "ext4", size=512 * MIB)
    source = make_volume(own_daemon, pool, "source", data(150 * MIB))
    await interrupt(own_daemon, pool, None)
    assert files_in(pool.path) == ["source"]
    keeper = MemoryKeeper()
    await interrupt(own_daemon, pool, keeper)
    saved = keeper.load()
    assert saved is not None
    assert saved.stage is Stage.CLONING
    async with session_to(own_daemon.uri) as session:
        await discard_volume(session.storage, saved)
    assert files_in(pool.path) == ["source"]
    await interrupt(own_daemon, pool, keeper)
    async with session_to(own_daemon.uri) as session:
        await copy_of(session, pool, keeper=keeper).run()
    assert_same(source, pool.file("copy"))
    assert keeper.data is None


async def test_a_daemon_that_dies_in_cloning(own_daemon: PrivateLibvirtd) -> None:
    """What it leaves has its full length and not its content, and is not believed."""
    pool = own_daemon.make_pool("cloning", "ext4", size=512 * MIB)
    source = make_volume(own_daemon, pool, "source", data(150 * MIB))
    keeper = MemoryKeeper()
    async with session_to(own_daemon.uri) as session:
        copy = copy_of(session, pool, keeper=keeper)
        task = asyncio.create_task(copy.run())
        made = pool.file("copy")
        await until(lambda: made.exists() and 0 < made.stat().st_blocks < 200_000, 20)
        own_daemon.kill()
        with pytest.raises(LacunaError):
            await task
    own_daemon.start()
    async with session_to(own_daemon.uri) as session:
        await copy_of(session, pool, keeper=keeper, options=TransferOptions(verify=True)).run()
    assert_same(source, made)


async def test_kept_until_complete(daemon: PrivateLibvirtd, session: Session, pool: Pool) -> None:
    """Cloned twice: beside the old volume, and to its name."""
    source = make_volume(daemon, pool, "source", data(9 * MIB))
    make_volume(daemon, pool, "copy", data(MIB), hole(3 * MIB))
    options = REPLACE._replace(keep_until_complete=True)
    report = await copy_of(session, pool, options=options).run()
    assert report.bytes_sent == 0
    assert_same(source, pool.file("copy"))
    assert files_in(pool.path) == ["copy", "source"]
