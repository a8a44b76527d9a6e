"""Going on with an interrupted transfer: from where it was, and with nothing but the truth."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.images import assert_same, data, files_in, hole, make_image, virsh_download, zeros
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import session_to
from lacuna_engine.errors import (
    DestinationChangedError,
    LacunaError,
    SourceChangedError,
)
from lacuna_engine.extents import Progress, file_map
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Report,
    State,
    TransferOptions,
    Upload,
    target,
)
from lacuna_engine.transfer.checkpoint import Stage

LIMIT = TransferOptions(limit=8 * MIB)
FAST = TransferOptions()

SHAPE = (data(6 * MIB), hole(5 * MIB), zeros(2 * MIB), data(7 * MIB + 4096), hole(3 * MIB), data(5))


def overwrite(path: Path, position: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(content)


class Uploads:
    """Tries to upload one image, with one keeper."""

    def __init__(self, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
        self.daemon, self.pool, self.image = daemon, pool, image
        self.keeper = MemoryKeeper()

    async def whole(self, options: TransferOptions = FAST) -> Report:
        async with session_to(self.daemon.uri) as session:
            return await self._make(session, options).run()

    def _make(self, session, options: TransferOptions) -> Upload:  # type: ignore[no-untyped-def]
        return Upload(session, self.image, self.pool.name, "v", options=options, keeper=self.keeper)

    async def interrupted(
        self,
        how: Callable[[], None] | None = None,
        options: TransferOptions = LIMIT,
        when: Callable[[], bool] = lambda: True,
    ) -> int:
        """Start, end it in the middle, and return the bytes sent."""
        async with session_to(self.daemon.uri) as session:
            upload = self._make(session, options)
            task = asyncio.create_task(upload.run())
            while not (upload.tracker.moved >= 3 * MIB and when()) and not task.done():
                await asyncio.sleep(0.005)
            if how is None:
                task.cancel()
            else:
                how()
            with pytest.raises((asyncio.CancelledError, LacunaError)):
                await task
            return upload.report.bytes_sent


class Downloads(Uploads):
    """The other direction; the image is in the pool already."""

    def _make(self, session, options: TransferOptions) -> Download:  # type: ignore[no-untyped-def,override]
        target = self.image.with_name("back")
        return Download(session, self.pool.name, "v", target, options=options, keeper=self.keeper)


@pytest.fixture
def uploads(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> Uploads:
    return Uploads(daemon, pool, make_image(tmp_path / "image", *SHAPE))


@pytest.fixture
async def downloads(uploads: Uploads) -> Downloads:
    await uploads.whole()
    return Downloads(uploads.daemon, uploads.pool, uploads.image)


DATA = 13 * MIB + 4096 + 5


async def test_a_cancelled_upload_goes_on(uploads: Uploads) -> None:
    sent = await uploads.interrupted()
    assert uploads.keeper.load() is not None
    assert files_in(uploads.pool.path) == ["v"]
    report = await uploads.whole()
    assert (report.state, report.resumed) == (State.DONE, True)
    assert 0 < report.bytes_sent < DATA
    assert DATA <= sent + report.bytes_sent <= DATA + 5 * MIB
    assert_same(uploads.image, uploads.pool.file("v"))
    assert uploads.keeper.data is None
    assert (report.bytes_data, report.bytes_zero) == (DATA, 2 * MIB)


async def test_many_small_steps(uploads: Uploads) -> None:
    """Each try gets a little further, and the sum is hardly more than the data."""
    sent = 0
    for _ in range(3):
        sent += await uploads.interrupted()
        uploads.keeper.load()
    report = await uploads.whole(TransferOptions(verify=True))
    assert report.verified
    assert sent + report.bytes_sent <= DATA + 3 * 5 * MIB
    assert_same(uploads.image, uploads.pool.file("v"))


async def test_a_daemon_that_dies(own_daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    pool = own_daemon.make_pool("dying", "tmpfs", size=64 * MIB)
    uploads = Uploads(own_daemon, pool, make_image(tmp_path / "image", *SHAPE))
    await uploads.interrupted(own_daemon.kill)
    own_daemon.start()
    report = await uploads.whole()
    assert report.resumed
    assert_same(uploads.image, pool.file("v"))
    downloads = Downloads(own_daemon, pool, uploads.image)
    received = await downloads.interrupted(own_daemon.kill)
    own_daemon.start()
    report = await downloads.whole()
    assert report.resumed
    assert_same(uploads.image, tmp_path / "back")
    assert received + report.bytes_received <= DATA + 6 * MIB


async def test_an_old_checkpoint_is_not_trusted(uploads: Uploads) -> None:
    """The daemon's host may have been restarted: everything is read again, and found missing."""
    await uploads.interrupted()
    saved = uploads.keeper.load()
    assert saved is not None
    saved.seen = time.time() - 3600
    uploads.keeper.save(saved, durable=True)
    overwrite(uploads.pool.file("v"), MIB, b"?" * 4096)
    with pytest.raises(DestinationChangedError, match=str(MIB)) as caught:
        await uploads.whole()
    assert "start" in caught.value.hint.lower()
    assert uploads.pool.file("v").exists()
    report = await uploads.whole(TransferOptions(start_over=True))
    assert not report.resumed
    assert_same(uploads.image, uploads.pool.file("v"))


async def test_the_seam_is_compared(uploads: Uploads) -> None:
    await uploads.interrupted()
    size = uploads.pool.file("v").stat().st_size
    overwrite(uploads.pool.file("v"), size - 4096, b"?" * 4096)
    with pytest.raises(DestinationChangedError):
        await uploads.whole()


async def test_another_volume_of_the_name(uploads: Uploads) -> None:
    await uploads.interrupted()
    size = uploads.pool.file("v").stat().st_size
    uploads.daemon.virsh("vol-delete", "--pool", uploads.pool.name, "v")
    with pytest.raises(DestinationChangedError, match="gone"):
        await uploads.whole()
    uploads.daemon.virsh("vol-create-as", uploads.pool.name, "v", "1")
    with pytest.raises(DestinationChangedError):
        await uploads.whole()
    assert uploads.pool.file("v").stat().st_size == 1 < size


async def test_a_changed_image(uploads: Uploads) -> None:
    await uploads.interrupted()
    uploads.image.touch()
    with pytest.raises(SourceChangedError):
        await uploads.whole()
    report = await uploads.whole(TransferOptions(start_over=True))
    assert report.bytes_sent == DATA
    assert_same(uploads.image, uploads.pool.file("v"))


async def test_an_upload_whose_last_step_was_not_noted(uploads: Uploads) -> None:
    await uploads.interrupted()
    saved = uploads.keeper.data
    await uploads.whole()
    uploads.keeper.data = saved
    report = await uploads.whole()
    assert (report.state, report.bytes_sent, report.resumed) == (State.DONE, 0, True)


async def test_a_volume_that_was_about_to_be_made(uploads: Uploads) -> None:
    await uploads.interrupted()
    saved = uploads.keeper.load()
    assert saved is not None
    saved.stage, saved.identity = Stage.MAKING, ""
    uploads.keeper.save(saved, durable=True)
    os.truncate(uploads.pool.file("v"), 0)
    assert (await uploads.whole()).bytes_sent == DATA
    assert_same(uploads.image, uploads.pool.file("v"))


async def test_a_replacement_goes_on(uploads: Uploads) -> None:
    await uploads.whole()
    make_image(uploads.image.with_name("other"), data(20 * MIB), seed=7).replace(uploads.image)
    limited = LIMIT._replace(if_exists=IfExists.REPLACE)
    await uploads.interrupted(options=limited)
    report = await uploads.whole(TransferOptions(if_exists=IfExists.REPLACE))
    assert report.resumed
    assert report.bytes_sent < 20 * MIB
    assert_same(uploads.image, uploads.pool.file("v"))


async def test_what_virsh_reads_after_a_resume(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.interrupted()
    await uploads.whole()
    virsh_download(uploads.daemon, uploads.pool, "v", tmp_path / "judge")
    assert_same(uploads.image, tmp_path / "judge")


async def test_a_block_volume_goes_on(
    daemon: PrivateLibvirtd, block_pool: Pool, tmp_path: Path
) -> None:
    shape = (data(6 * MIB), hole(2 * MIB), data(7 * MIB))
    uploads = Uploads(daemon, block_pool, make_image(tmp_path / "image", *shape))
    name = min(daemon.volumes(block_pool.name))
    uploads._make = lambda session, options: Upload(  # type: ignore[method-assign]
        session,
        uploads.image,
        block_pool.name,
        name,
        options=options._replace(if_exists=IfExists.REPLACE),
        keeper=uploads.keeper,
    )
    await uploads.interrupted()
    report = await uploads.whole()
    assert report.resumed
    assert report.verified
    assert 0 < report.bytes_sent < 13 * MIB


async def test_a_cancelled_download_goes_on(downloads: Downloads, tmp_path: Path) -> None:
    received = await downloads.interrupted()
    saved = downloads.keeper.load()
    assert saved is not None
    assert Path(saved.name).exists()
    assert saved.map.bytes_at(Progress.IN_FLIGHT) > 0
    report = await downloads.whole()
    assert (report.state, report.resumed) == (State.DONE, True)
    assert received + report.bytes_received <= DATA + 5 * MIB
    assert_same(downloads.image, tmp_path / "back")
    assert sorted(files_in(tmp_path)) == ["back", "image"]


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize("punches", [True, False])
async def test_only_flushed_data_survives_a_power_loss(
    downloads: Downloads,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    punches: bool,
    noted: bool,
) -> None:
    """Whether it was noted that it was written, or the note was lost as well."""
    await downloads.interrupted()
    saved = downloads.keeper.load()
    assert saved is not None
    saved.boot = "another run of the system"
    # Data, and what will be left out.
    saved.map.advance(0, 9 * MIB, Progress.IN_FLIGHT if noted else Progress.PENDING)
    overwrite(Path(saved.name), 0, b"\xff" * (9 * MIB))  # what was not flushed may be anything
    downloads.keeper.save(saved, durable=True)
    if not punches:
        monkeypatch.setattr(target, "punch_hole", lambda *_: False)
    report = await downloads.whole(TransferOptions(verify=True))
    assert report.bytes_received >= DATA
    assert_same(downloads.image, tmp_path / "back")


async def test_a_changed_volume(downloads: Downloads, tmp_path: Path) -> None:
    await downloads.interrupted()
    downloads.pool.file("v").touch()
    with pytest.raises(SourceChangedError):
        await downloads.whole()
    report = await downloads.whole(TransferOptions(start_over=True))
    assert report.bytes_received >= DATA
    assert sorted(files_in(tmp_path)) == ["back", "image"]


async def test_a_part_that_is_gone(downloads: Downloads) -> None:
    await downloads.interrupted()
    saved = downloads.keeper.load()
    assert saved is not None
    Path(saved.name).unlink()
    with pytest.raises(DestinationChangedError, match="gone"):
        await downloads.whole()


async def test_the_seam_of_a_download(downloads: Downloads) -> None:
    await downloads.interrupted()
    saved = downloads.keeper.load()
    assert saved is not None
    (_, end, _), *_ = (run for run in saved.map.progress() if run[2] is Progress.IN_FLIGHT)
    overwrite(Path(saved.name), end - 4096, b"?" * 4096)
    with pytest.raises(DestinationChangedError):
        await downloads.whole()


async def test_a_download_whose_last_step_was_not_noted(
    downloads: Downloads, tmp_path: Path
) -> None:
    await downloads.interrupted()
    saved = downloads.keeper.load()
    assert saved is not None
    await downloads.whole()
    saved.stage = Stage.COMPLETE
    downloads.keeper.save(saved, durable=True)
    report = await downloads.whole()
    assert (report.state, report.bytes_received) == (State.DONE, 0)
    assert_same(downloads.image, tmp_path / "back")


async def test_a_resumed_download_is_verified(downloads: Downloads, tmp_path: Path) -> None:
    await downloads.interrupted()
    report = await downloads.whole(TransferOptions(verify=True))
    assert report.verified
    assert report.digest
    assert_same(downloads.image, tmp_path / "back")


async def test_data_is_flushed_before_that_is_noted(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a power loss depends on."""
    from lacuna_engine.transfer import parts  # noqa: PLC0415
    from lacuna_engine.transfer.target import LocalTarget  # noqa: PLC0415

    monkeypatch.setattr(parts, "FLUSH_EVERY", 0.05)
    order: list[str] = []
    flush, save = LocalTarget.flush, downloads.keeper.save

    def flushing(self: LocalTarget) -> None:
        flush(self)
        order.append("flush")

    def saving(checkpoint, *, durable: bool) -> None:  # type: ignore[no-untyped-def]
        save(checkpoint, durable=durable)
        if checkpoint.map.bytes_at(Progress.ACKNOWLEDGED):
            order.append("durable" if durable else "note")

    monkeypatch.setattr(LocalTarget, "flush", flushing)
    monkeypatch.setattr(downloads.keeper, "save", saving)
    await downloads.interrupted(when=lambda: "durable" in order)
    assert order[:2] == ["flush", "durable"]
    assert "note" not in order[: order.index("durable")]


def test_no_keeper_leaves_nothing(uploads: Uploads) -> None:
    """Without anybody who keeps checkpoints a cancelled upload is removed, as before."""

    async def run() -> None:
        async with session_to(uploads.daemon.uri) as session:
            upload = Upload(session, uploads.image, uploads.pool.name, "v", options=LIMIT)
            task = asyncio.create_task(upload.run())
            while upload.tracker.moved < MIB:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert files_in(uploads.pool.path) == []


async def test_what_was_not_noted_is_classified_again(uploads: Uploads) -> None:
    """Zeros that were found after the last checkpoint still count as zeros, and not as lost."""
    make_image(uploads.image.with_name("zeros"), data(MIB), zeros(2 * MIB), data(9 * MIB)).replace(
        uploads.image
    )
    await uploads.interrupted()
    saved = uploads.keeper.load()
    assert saved is not None
    with uploads.image.open("rb") as file:
        saved.map = file_map(file.fileno())
    uploads.keeper.save(saved, durable=True)
    report = await uploads.whole()
    assert report.resumed
    assert report.bytes_zero == 2 * MIB
    assert not report.verified  # nothing seemed to be missing


async def test_a_process_that_ends_between_done_and_the_note_of_it(
    uploads: Uploads, downloads: Downloads, tmp_path: Path
) -> None:
    """The volume or file is complete and there is its note; nothing exists "already"."""
    for one in (uploads, downloads):
        one.keeper.finish = lambda: None  # type: ignore[method-assign]
    uploads.pool.file("v").unlink()
    uploads.daemon.virsh("pool-refresh", uploads.pool.name)
    await uploads.whole()
    report = await uploads.whole()
    assert (report.state, report.bytes_sent) == (State.DONE, 0)
    assert_same(uploads.image, uploads.pool.file("v"))
    await downloads.whole()
    report = await downloads.whole()
    assert (report.state, report.bytes_received) == (State.DONE, 0)
    assert_same(uploads.image, tmp_path / "back")
