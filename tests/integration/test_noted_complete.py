"""A process that died when all was done, before its journal said so: nothing complete is lost."""

import asyncio
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.images import assert_same, data, files_in, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import session_to
from lacuna_engine.errors import DestinationChangedError, LocalFileError, VerificationError
from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.journal.runner import TransferRunner
from lacuna_engine.transfer import IfExists, Report, State, TransferOptions, Upload
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage
from lacuna_engine.transfer.placing import discard_volume

PLAIN = TransferOptions()


class LastingKeeper(MemoryKeeper):
    """Its journal has never written down that the job is done."""

    full = False

    def finish(self) -> None:
        assert self.load() is not None

    def save(self, checkpoint: Checkpoint, *, durable: bool) -> None:
        if self.full:
            raise LocalFileError("the disk of the journal is full")
        super().save(checkpoint, durable=durable)


class Scene:
    def __init__(self, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
        self.daemon, self.pool, self.image = daemon, pool, image
        self.keeper = LastingKeeper()
        self.notes: list[str] = []

    async def upload(self, options: TransferOptions = PLAIN) -> Report:
        async with session_to(self.daemon.uri) as session:
            upload = Upload(
                session, self.image, self.pool.name, "v", options=options, keeper=self.keeper
            )
            try:
                return await upload.run()
            finally:
                self.notes = upload.tracker.notes

    @property
    def volume(self) -> Path:
        return self.pool.file("v")

    async def discard(self, uri: str = "") -> None:
        job = Job(
            JobKind.UPLOAD,
            LocalFile.of(self.image),
            Endpoint(uri or self.daemon.uri, self.pool.name, "v"),
            PLAIN,
        )
        await TransferRunner().discard(job, self.keeper)


@pytest.fixture
async def done(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> Scene:
    image = make_image(tmp_path / "image", data(2 * MIB), hole(MIB), data(MIB))
    scene = Scene(daemon, pool, image)
    await scene.upload()
    saved = scene.keeper.load()
    assert saved is not None
    assert saved.stage is Stage.COMPLETE
    return scene


async def test_it_is_not_sent_again(done: Scene) -> None:
    report = await done.upload()
    assert (report.state, report.bytes_sent, report.resumed) == (State.DONE, 0, True)
    assert report.destination.endswith(f"#{done.pool.name}/v")


async def test_discarding_leaves_what_is_complete(done: Scene) -> None:
    await done.discard()
    assert_same(done.image, done.volume)
    saved = done.keeper.load()
    assert saved is not None
    async with session_to(done.daemon.uri) as session:
        await discard_volume(session.storage, saved)
    assert_same(done.image, done.volume)


async def test_discarding_needs_no_daemon_then(done: Scene, tmp_path: Path) -> None:
    await done.discard(f"qemu+unix:///system?socket={tmp_path}/nobody")


async def test_it_can_be_sent_again(done: Scene) -> None:
    done.volume.write_bytes(b"?" * MIB)
    report = await done.upload(TransferOptions(start_over=True))
    assert report.bytes_sent == 3 * MIB
    assert_same(done.image, done.volume)


async def test_it_is_verified_if_wanted(done: Scene) -> None:
    report = await done.upload(TransferOptions(verify=True))
    assert (report.verified, report.bytes_sent) == (True, 0)
    assert report.digest
    with done.volume.open("r+b") as file:
        file.write(b"?")
    with pytest.raises(VerificationError):
        await done.upload(TransferOptions(verify=True))
    assert done.volume.exists()


async def test_a_source_that_was_changed_since(done: Scene) -> None:
    """It was complete then, and that is what the job was for."""
    done.image.write_bytes(b"something else")
    report = await done.upload(TransferOptions(verify=True))
    assert (report.state, report.verified) == (State.DONE, False)
    assert any("not compared" in note for note in done.notes)


@pytest.mark.parametrize("size", [4 * MIB + 1, 4 * MIB - 1])
async def test_a_volume_of_another_size(done: Scene, size: int) -> None:
    with done.volume.open("r+b") as file:
        file.truncate(size)
    with pytest.raises(DestinationChangedError, match=f"has {size} bytes"):
        await done.upload()
    assert done.volume.stat().st_size == size


async def test_a_volume_that_is_gone(done: Scene) -> None:
    done.volume.unlink()
    done.daemon.virsh("pool-refresh", done.pool.name)
    with pytest.raises(DestinationChangedError, match="gone"):
        await done.upload()


async def test_after_replacing(done: Scene) -> None:
    """With the old content kept, the checkpoint names a volume that is no more."""
    done.keeper.data = None
    options = TransferOptions(if_exists=IfExists.REPLACE, keep_until_complete=True)
    await done.upload(options)
    report = await done.upload(options)
    assert (report.state, report.bytes_sent) == (State.DONE, 0)
    await done.discard()
    assert files_in(done.pool.path) == ["v"]
    assert_same(done.image, done.volume)


@pytest.mark.parametrize("noted_before", [True, False])
async def test_a_journal_that_is_full(
    daemon: PrivateLibvirtd,
    pool: Pool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    noted_before: bool,
) -> None:
    """What ended the transfer is reported; what can be gone on with stays, and nothing else."""
    image = make_image(tmp_path / "image", data(8 * MIB))
    scene = Scene(daemon, pool, image)
    if not noted_before:
        original = LastingKeeper.save

        def save(self: LastingKeeper, checkpoint: Checkpoint, *, durable: bool) -> None:
            self.full = checkpoint.stage is Stage.FILLING
            original(self, checkpoint, durable=durable)

        monkeypatch.setattr(LastingKeeper, "save", save)
        with pytest.raises(LocalFileError, match="journal is full"):
            await scene.upload()
        assert files_in(pool.path) == []
        return
    task = asyncio.create_task(scene.upload(TransferOptions(limit=4 * MIB)))
    while (saved := scene.keeper.load()) is None or saved.stage is not Stage.FILLING:
        await asyncio.sleep(0.005)
    scene.keeper.full = True
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_in(pool.path) == ["v"]
    scene.keeper.full = False
    assert (await scene.upload()).resumed
    assert_same(image, scene.volume)
