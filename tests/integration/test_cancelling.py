"""A transfer that is cancelled, in whatever phase, stops at once and leaves nothing behind."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import pytest

from integration.failing import IMAGE, PROMPT
from integration.images import assert_same, data, files_in, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import REPLACE, SLOW, cancel_in, download, session_to, until, upload
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Phase,
    Session,
    State,
    TransferOptions,
    Upload,
)
from lacuna_engine.transfer.target import LocalTarget


async def cancel_and_wait(work: Coroutine[object, object, object], after: float) -> bool:
    """Cancel the work after some seconds; tell whether it was still under way."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=after)
    started = time.monotonic()
    task.cancel()
    result = (await asyncio.gather(task, return_exceptions=True))[0]
    assert time.monotonic() - started < PROMPT
    if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
        raise result
    return isinstance(result, asyncio.CancelledError)


async def test_cancelling_an_upload(session: Session, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image", *IMAGE)
    transfer = Upload(session, image, pool.name, options=SLOW)
    task = asyncio.ensure_future(transfer.run())
    await until(lambda: transfer.tracker.moved >= MIB)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < PROMPT
    assert files_in(pool.path) == []
    await upload(session, image, pool)
    assert_same(image, pool.file("image"))


async def test_cancelling_a_download(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    make_volume(daemon, pool, "v", *IMAGE)
    transfer = Download(session, pool.name, "v", tmp_path / "v", options=SLOW)
    task = asyncio.ensure_future(transfer.run())
    await until(lambda: transfer.tracker.moved >= MIB)
    assert len(files_in(tmp_path)) == 1
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < PROMPT
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "phase", [Phase.SCANNING, Phase.CREATING, Phase.SENDING, Phase.FINISHING, Phase.VERIFYING]
)
@pytest.mark.parametrize("over", ["nothing", "raw", "qcow2"])
async def test_cancelling_an_upload_in_each_phase(
    *,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
    phase: Phase,
    over: str,
) -> None:
    if over != "nothing":
        daemon.virsh("vol-create-as", pool.name, "image", "1M", "--format", over)
    image = make_image(tmp_path / "image", *IMAGE)
    options = TransferOptions(verify=True, if_exists=IfExists.REPLACE)
    transfer = Upload(session, image, pool.name, options=options)
    cancel_in(transfer, phase)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(transfer.run())
    untouched = over != "nothing" and phase is Phase.SCANNING
    if untouched:
        assert files_in(pool.path) == ["image"]
    elif over == "nothing" or phase is not Phase.CREATING:
        assert files_in(pool.path) == []
    assert transfer.report.state is State.FAILED
    await upload(session, image, pool, options=REPLACE)
    assert_same(image, pool.file("image"))


@pytest.mark.parametrize(
    "phase", [Phase.CREATING, Phase.RECEIVING, Phase.FINISHING, Phase.VERIFYING]
)
async def test_cancelling_a_download_in_each_phase(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, phase: Phase
) -> None:
    make_volume(daemon, pool, "v", *IMAGE)
    target = tmp_path / "v"
    target.write_bytes(b"precious")
    options = TransferOptions(verify=True, if_exists=IfExists.REPLACE)
    transfer = Download(session, pool.name, "v", target, options=options)
    cancel_in(transfer, phase)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(transfer.run())
    assert files_in(tmp_path) == ["v"]
    assert target.read_bytes() == b"precious"


async def test_cancelling_an_upload_at_any_moment(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    """Some forty moments, a fraction of a millisecond apart, until the upload is faster."""
    image = make_image(tmp_path / "image", data(MIB), hole(MIB), data(MIB))
    cancelled = 0
    for step in range(200):
        if not await cancel_and_wait(upload(session, image, pool), step * 0.0005):
            break
        cancelled += 1
        assert files_in(pool.path) == [], f"cancelled after {step * 0.5} ms"
    assert cancelled > 3
    assert_same(image, pool.file("image"))


async def test_cancelling_a_download_at_any_moment(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """Whatever the moment: all of it or nothing of it, and never a part."""
    volume = make_volume(daemon, pool, "v", data(MIB), hole(MIB), data(MIB))
    cancelled = 0
    for step in range(200):
        work = download(session, pool, "v", tmp_path / "v")
        was_cancelled = await cancel_and_wait(work, step * 0.0005)
        if files_in(tmp_path) == ["v"]:
            break
        assert was_cancelled
        cancelled += 1
        assert files_in(tmp_path) == [], f"cancelled after {step * 0.5} ms"
    assert cancelled > 3
    assert_same(volume, tmp_path / "v")


def open_in_pool(daemon: PrivateLibvirtd, pool: Pool) -> list[str]:
    """Files of the pool that the daemon has open."""
    found: list[str] = []
    for link in Path(f"/proc/{daemon.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(link.readlink()))
    return [path for path in found if path.startswith(f"{pool.path}/") or f"/{pool.name}/" in path]


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_cancelling_an_opening_leaves_the_daemon_well(
    own_daemon: PrivateLibvirtd, tmp_path: Path, direction: str
) -> None:
    """A client that hangs up during the call leaks a stream in the daemon, and then kills it."""
    pool = own_daemon.make_pool("p")
    image = make_image(tmp_path / "image", *IMAGE)
    make_volume(own_daemon, pool, "v", *IMAGE)
    async with session_to(own_daemon.uri) as session:
        for _ in range(60):
            transfer: Upload | Download
            if direction == "up":
                transfer = Upload(session, image, pool.name)
                cancel_in(transfer, Phase.SENDING)
            else:
                transfer = Download(session, pool.name, "v", tmp_path / "v")
                cancel_in(transfer, Phase.RECEIVING)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.ensure_future(transfer.run())
        await until(lambda: open_in_pool(own_daemon, pool) == [])
    assert own_daemon.running
    assert files_in(pool.path) == ["v"]
    own_daemon.drop_pool(pool)


async def test_cancelling_while_the_file_is_put_in_place(
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
) -> None:
    """Too late to stop: the file is there and complete, and its part is not."""
    complete = LocalTarget.complete
    inside = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(self: LocalTarget, *, replace: bool) -> None:
        loop.call_soon_threadsafe(inside.set)
        time.sleep(0.2)
        complete(self, replace=replace)

    monkeypatch.setattr(LocalTarget, "complete", slowly)
    volume = make_volume(daemon, pool, "v", *IMAGE)
    (tmp_path / "v").write_bytes(b"old")
    task = asyncio.ensure_future(download(session, pool, "v", tmp_path / "v", REPLACE))
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.5)
    assert files_in(tmp_path) == ["v"]
    assert_same(volume, tmp_path / "v")
