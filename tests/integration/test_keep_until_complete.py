"""Replacing a volume whose old content stays until the new one is complete, whatever happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.crashes import KEEP, STEPS, crash_at
from integration.images import assert_same, assert_sparse, data, files_in, fill, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, session_to, until, upload
from lacuna_engine.errors import (
    DestinationChangedError,
    LacunaError,
    NoSpaceError,
    SourceChangedError,
    TransferError,
    UsageError,
)
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Storage
from lacuna_engine.transfer import (
    Copy,
    RemoteVolume,
    Report,
    Session,
    State,
    TransferOptions,
    Upload,
)
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage
from lacuna_engine.transfer.placing import discard_volume

SHAPE = (data(3 * MIB), hole(5 * MIB), data(2 * MIB + 4096), hole(MIB + 123))
OLD = b"\xee" * (4 * MIB)


class Replacing:
    """Replaces the volume ``old`` by an image, with one keeper; may crash at a step."""

    def __init__(self, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
        self.daemon, self.pool, self.image = daemon, pool, image
        self.keeper = MemoryKeeper()
        self.notes: list[str] = []

    def upload(self, session: Session, options: TransferOptions = KEEP) -> Upload:
        made = Upload(
            session, self.image, self.pool.name, "old", options=options, keeper=self.keeper
        )
        made.tracker.notes = self.notes
        return made

    async def __call__(self, options: TransferOptions = KEEP) -> Report:
        async with session_to(self.daemon.uri) as session:
            return await self.upload(session, options).run()

    async def discard(self) -> None:
        saved = self.keeper.load()
        assert saved is not None
        async with session_to(self.daemon.uri) as session:
            await discard_volume(session.storage, saved)

    def an_hour_later(self) -> None:
        """What was noted is old: the daemon's host may have been restarted since."""
        saved = self.saved
        saved.seen -= 3600
        self.keeper.save(saved, durable=True)

    def change_image(self) -> None:
        """Put another image in the place of this one."""
        make_image(self.image.with_name("other"), data(MIB), seed=9).replace(self.image)

    @property
    def saved(self) -> Checkpoint:
        saved = self.keeper.load()
        assert saved is not None
        return saved

    @property
    def temporary(self) -> Path:
        return self.pool.file(self.saved.name)

    def complete(self) -> list[str]:
        """Which files of the pool hold the whole of the old or the new content."""
        new = self.image.read_bytes()
        return [
            name
            for name in files_in(self.pool.path)
            if self.pool.file(name).read_bytes() in (OLD, new)
        ]


@pytest.fixture
def replacing(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> Replacing:
    daemon.virsh("vol-create-as", pool.name, "old", "4M", "--allocation", "0")
    fill(pool.file("old"), 4 * MIB)
    os.chown(pool.file("old"), 12_345, 23_456)
    pool.file("old").chmod(0o647)
    daemon.virsh("pool-refresh", pool.name)
    return Replacing(daemon, pool, make_image(tmp_path / "image", *SHAPE))


def owner(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid, status.st_mode & 0o7777


def assert_replaced(replacing: Replacing) -> None:
    stored = replacing.pool.file("old")
    assert files_in(replacing.pool.path) == ["old"]
    assert_same(replacing.image, stored)
    assert owner(stored) == (12_345, 23_456, 0o647)
    assert replacing.keeper.data is None


@pytest.mark.parametrize("verify", [False, True])
async def test_replaced(replacing: Replacing, verify: bool) -> None:
    report = await replacing(KEEP._replace(verify=verify))
    assert (report.state, report.verified) == (State.DONE, verify)
    assert report.destination.endswith("/old")
    assert_replaced(replacing)
    assert_sparse(replacing.pool.file("old"), report.bytes_data)
    assert replacing.notes == []


async def test_on_every_file_system(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path
) -> None:
    daemon.virsh("vol-create-as", any_pool.name, "old", "4M", "--allocation", "0")
    fill(any_pool.file("old"), 4 * MIB)
    daemon.virsh("pool-refresh", any_pool.name)
    image = make_image(tmp_path / "image", *SHAPE)
    report = await upload(session, image, any_pool, "old", KEEP._replace(verify=True))
    assert_same(image, any_pool.file("old"))
    assert_sparse(any_pool.file("old"), report.bytes_data, any_pool.kind)
    assert files_in(any_pool.path) == ["old"]


async def test_an_image_that_a_clone_would_change(replacing: Replacing, tmp_path: Path) -> None:
    """A qcow2 image goes through qemu-img when the daemon clones it, so we copy it ourselves."""
    raw = make_image(tmp_path / "raw", data(MIB), hole(30 * MIB), data(MIB))
    replacing.image.unlink()
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, replacing.image)
    report = await replacing(KEEP._replace(verify=True))
    assert report.verified
    assert_replaced(replacing)
    (note,) = replacing.notes
    assert "qcow2" in note
    assert "copied through this computer" in note


async def test_what_is_not_there_or_empty_needs_no_keeping(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", *SHAPE)
    await upload(session, image, pool, "new", KEEP)
    daemon.virsh("vol-create-as", pool.name, "empty", "0")
    await upload(session, image, pool, "empty", KEEP)
    assert files_in(pool.path) == ["empty", "new"]
    assert_same(image, pool.file("empty"))


async def test_a_plain_replacement_says_what_it_does(replacing: Replacing) -> None:
    await replacing(REPLACE)
    (note,) = replacing.notes
    assert "old content" in note
    assert "--keep-until-complete" in note
    replacing.notes.clear()
    replacing.daemon.virsh("vol-delete", "--pool", replacing.pool.name, "old")
    replacing.daemon.virsh("vol-create-as", replacing.pool.name, "old", "0")
    await replacing(REPLACE)
    assert replacing.notes == []


async def test_the_space_is_needed_twice(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    daemon.virsh("vol-create-as", small_pool.name, "old", "1M")
    fill(small_pool.file("old"), MIB)
    daemon.virsh("pool-refresh", small_pool.name)
    image = make_image(tmp_path / "image", data(2 * MIB + MIB // 2))
    with pytest.raises(NoSpaceError, match="old content") as caught:
        await upload(session, image, small_pool, "old", KEEP)
    assert "--keep-until-complete" in caught.value.hint
    assert small_pool.file("old").read_bytes() == b"\xee" * MIB
    assert files_in(small_pool.path) == ["old"]
    image = make_image(tmp_path / "fits", data(3 * MIB // 2), seed=3)
    await upload(session, image, small_pool, "old", KEEP)
    assert_same(image, small_pool.file("old"))


async def test_a_device_cannot_be_kept(
    daemon: PrivateLibvirtd, session: Session, block_pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(MIB))
    name = min(daemon.volumes(block_pool.name))
    with pytest.raises(UsageError, match="device"):
        await upload(session, image, block_pool, name, KEEP)


# --- crashes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("then", ["resume", "resume later", "start over", "discard"])
async def test_a_crash_at_each_step(replacing: Replacing, step: str, then: str) -> None:
    with crash_at(step):
        await replacing()
    assert replacing.complete()
    assert replacing.saved.final == "old"
    if then == "discard":
        await check_discard(replacing)
        return
    if then == "resume later":
        replacing.an_hour_later()
    report = await replacing(KEEP._replace(start_over=then == "start over"))
    assert report.state is State.DONE
    assert_replaced(replacing)


async def check_discard(replacing: Replacing) -> None:
    before = files_in(replacing.pool.path)
    saved = replacing.saved
    old = replacing.pool.file("old")
    if saved.stage is Stage.PLACING and not (old.exists() and old.read_bytes() == OLD):
        # What is left is the only complete version, or the only one that is known to be.
        with pytest.raises(TransferError, match="only complete"):
            await replacing.discard()
        assert files_in(replacing.pool.path) == before
        assert_same(replacing.image, replacing.temporary)
        return
    await replacing.discard()
    assert files_in(replacing.pool.path) == ["old"]
    assert replacing.complete() == ["old"]


async def test_the_only_copy_is_never_discarded(replacing: Replacing) -> None:
    with crash_at("after delete_volume"):
        await replacing()
    with pytest.raises(TransferError, match="only complete version"):
        await replacing.discard()
    assert_same(replacing.image, replacing.temporary)


async def test_a_changed_image_does_not_lose_the_complete_one(replacing: Replacing) -> None:
    """The old volume is gone, the uploaded image is another one by now: it still gets its name."""
    with crash_at("after delete_volume"):
        await replacing()
    uploaded = replacing.image.read_bytes()
    replacing.change_image()
    replacing.an_hour_later()
    await replacing()
    assert replacing.pool.file("old").read_bytes() == uploaded
    assert files_in(replacing.pool.path) == ["old"]


async def test_a_changed_image_while_the_old_content_is_there(replacing: Replacing) -> None:
    with crash_at("after placing"):
        await replacing()
    replacing.change_image()
    replacing.an_hour_later()
    with pytest.raises(SourceChangedError):
        await replacing()
    assert replacing.pool.file("old").read_bytes() == OLD
    await replacing(KEEP._replace(start_over=True))
    assert_replaced(replacing)


async def test_a_spoilt_temporary_volume_is_noticed(replacing: Replacing) -> None:
    with crash_at("before delete_volume"):
        await replacing()
    with replacing.temporary.open("r+b") as file:
        file.write(b"?" * 4096)
    replacing.an_hour_later()
    with pytest.raises(DestinationChangedError):
        await replacing()
    assert replacing.pool.file("old").read_bytes() == OLD


@pytest.mark.parametrize("keeper", [True, False])
async def test_cancelled_in_the_middle(replacing: Replacing, keeper: bool) -> None:
    async with session_to(replacing.daemon.uri) as session:
        transfer = Upload(
            session,
            replacing.image,
            replacing.pool.name,
            "old",
            options=KEEP._replace(limit=4 * MIB),
            keeper=replacing.keeper if keeper else None,
        )
        task = asyncio.create_task(transfer.run())
        await until(lambda: transfer.tracker.moved > MIB)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert replacing.pool.file("old").read_bytes() == OLD
    if not keeper:
        assert files_in(replacing.pool.path) == ["old"]
        return
    assert replacing.saved.final == "old"
    report = await replacing()
    assert report.resumed
    assert_replaced(replacing)


async def test_a_failure_after_the_deletion_tells_where_the_content_is(
    replacing: Replacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without anybody who keeps checkpoints: the complete image is left, and its name is told."""

    async def fail(*_: object, **__: object) -> VolumeHandle:
        raise NoSpaceError("no room")

    monkeypatch.setattr(Storage, "clone_volume", fail)
    async with session_to(replacing.daemon.uri) as session:
        with pytest.raises(LacunaError) as caught:
            await upload(session, replacing.image, replacing.pool, "old", KEEP)
    (left,) = files_in(replacing.pool.path)
    assert left in caught.value.hint
    assert_same(replacing.image, replacing.pool.file(left))


async def test_a_daemon_that_dies_in_cloning(own_daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    pool = own_daemon.make_pool("dying", "ext4", size=256 * MIB)
    own_daemon.virsh("vol-create-as", pool.name, "old", "4M", "--allocation", "0")
    fill(pool.file("old"), 4 * MIB)
    own_daemon.virsh("pool-refresh", pool.name)
    replacing = Replacing(own_daemon, pool, make_image(tmp_path / "image", data(90 * MIB)))

    async def kill_when(condition: Callable[[], bool]) -> Awaitable[None] | None:
        while not condition():
            await asyncio.sleep(0.001)
        own_daemon.kill()
        return None

    def is_cloning() -> bool:
        saved = replacing.keeper.load()
        made = pool.file("old")
        return (
            saved is not None
            and saved.stage is Stage.PLACING
            and made.exists()
            and (made.stat().st_size != len(OLD))
        )

    killer = asyncio.create_task(kill_when(is_cloning))
    try:
        await replacing()
    except LacunaError:
        assert replacing.temporary.stat().st_size == 90 * MIB
    finally:
        killer.cancel()
    own_daemon.start()
    if replacing.keeper.data is not None:
        await replacing()
    assert files_in(pool.path) == ["old"]
    assert_same(replacing.image, pool.file("old"))


async def test_a_copy_that_replaces(replacing: Replacing) -> None:
    pool = replacing.pool
    make_image(pool.file("source"), *SHAPE, seed=4)
    replacing.daemon.virsh("pool-refresh", pool.name)
    async with session_to(replacing.daemon.uri) as session:
        await Copy(
            RemoteVolume(session, pool.name, "source"),
            RemoteVolume(session, pool.name, "old"),
            options=KEEP,
        ).run()
    assert files_in(pool.path) == ["old", "source"]
    assert_same(pool.file("source"), pool.file("old"))
    assert owner(pool.file("old")) == (12_345, 23_456, 0o647)
