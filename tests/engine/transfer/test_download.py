"""Whole downloads against the scripted server, with each of its bad habits."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import KIB, MIB, body
from lacuna_engine.client import Patience
from lacuna_engine.errors import (
    ConnectionLostError,
    ExistsError,
    InvalidOperationError,
    LacunaError,
    LocalFileError,
    NoSpaceError,
    NotProvedError,
    PeerSilentError,
    PoolNotFoundError,
    RemoteError,
    SourceChangedError,
    TransferError,
    VerificationError,
    VolumeBusyError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import Progress, allocated_bytes, positioned
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Phase,
    Report,
    Session,
    State,
    TransferOptions,
    receiver,
)
from lacuna_engine.transfer import download as download_module
from lacuna_engine.transfer import target as target_module
from lacuna_engine.transfer.target import LocalTarget

CONTENT = b"".join(
    [
        body(0, 300 * KIB),
        bytes(2 * MIB),
        body(1, 5 * MIB + 4096),
        bytes(8 * KIB),
        body(2, 77),
        bytes(MIB),
    ]
)
SIZE = len(CONTENT)


@pytest.fixture(autouse=True)
def volume(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Volume:
    """The volume ``v``; several segments of it."""
    monkeypatch.setattr(receiver, "SEGMENT", 4 * MIB)
    daemon.volumes["v"] = Volume(bytearray(CONTENT))
    return daemon.volumes["v"]


class Job:
    """One download of ``pool/v`` to the file ``out``."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder, self.out = session, folder, folder / "out"
        self.download: Download | None = None

    async def __call__(
        self, options: TransferOptions | None = None, name: str = "v", to: Path | None = None
    ) -> Report:
        self.download = Download(self.session, "pool", name, to or self.out, options=options)
        return await self.download.run()

    async def fails(
        self,
        kind: type[LacunaError],
        text: str = ".",
        options: TransferOptions | None = None,
        *,
        left: tuple[str, ...] = (),
    ) -> LacunaError:
        """Run it, see that it never claims to be done and leaves nothing; return its error."""
        with pytest.raises(kind, match=text) as caught:
            await self(options)
        assert self.download is not None
        assert self.download.report.state is not State.DONE
        assert self.download.tracker.phase is Phase.ENDED
        assert self.files() == sorted(left)
        assert not [t for t in threading.enumerate() if t.name.startswith("lacuna-")]
        return caught.value

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def content(self, name: str = "out") -> bytes:
        return (self.folder / name).read_bytes()


@pytest.fixture
def job(session: Session, tmp_path: Path) -> Job:
    return Job(session, tmp_path)


VERIFY = TransferOptions(verify=True)
only_memory = pytest.mark.parametrize("daemon", ["memory"], indirect=True)


# --- what goes well ------------------------------------------------------------------------------


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("early", [0, 2, 1000])
@pytest.mark.parametrize("no_sparse", [True, False])
async def test_a_volume(
    no_sparse: bool, early: int, verify: bool, daemon: Daemon, job: Job
) -> None:
    daemon.faults.early, daemon.faults.no_sparse = early, no_sparse
    report = await job(TransferOptions(verify=verify))
    assert job.content() == CONTENT
    assert job.files() == ["out"]
    assert allocated_bytes(job.out) < SIZE - MIB
    assert report.state is State.DONE
    assert report.bytes_total == SIZE
    assert report.bytes_data + report.bytes_hole + report.bytes_zero == SIZE
    assert report.bytes_received == (SIZE if no_sparse else report.bytes_data)
    assert bool(report.bytes_hole) is not no_sparse
    assert report.bytes_sent == 0
    assert report.bytes_wire > report.bytes_received
    assert report.connections == 1
    assert report.verified is verify
    assert (report.digest is not None) is verify
    assert job.download is not None
    tracker = job.download.tracker
    assert tracker.map.bytes_at(Progress.VERIFIED if verify else Progress.ACKNOWLEDGED) == SIZE
    assert tracker.passed == SIZE
    assert report.source == "qemu:///system#pool/v"
    assert report.destination == str(job.out)


@pytest.mark.parametrize("size", [0, 1, 511, 4 * MIB, 4 * MIB + 1])
@pytest.mark.parametrize("kind", ["data", "zeros"])
async def test_sizes(kind: str, size: int, volume: Volume, job: Job) -> None:
    volume.data = bytearray(body(0, size) if kind == "data" else bytes(size))
    report = await job(VERIFY)
    assert job.content() == volume.data
    assert report.verified


async def test_a_device_has_no_holes(volume: Volume, job: Job) -> None:
    volume.type = "block"
    report = await job()
    assert job.content() == CONTENT
    assert report.bytes_received == SIZE
    assert report.bytes_zero > 2 * MIB


async def test_into_a_folder(daemon: Daemon, job: Job, tmp_path: Path) -> None:
    daemon.volumes["../evil\n"] = Volume(bytearray(b"x"))
    report = await job(name="../evil\n", to=tmp_path)
    assert job.files() == [".._evil_"]
    assert report.destination == str(tmp_path / ".._evil_")


@pytest.mark.parametrize("policy", IfExists)
async def test_when_it_exists(policy: IfExists, job: Job) -> None:
    await asyncio.to_thread(job.out.write_bytes, b"old")
    options = TransferOptions(if_exists=policy)
    if policy is IfExists.FAIL:
        error = await job.fails(ExistsError, "exists already", options, left=("out",))
        assert error.exit_code == 4
        assert job.content() == b"old"
        return
    report = await job(options)
    assert report.state is (State.SKIPPED if policy is IfExists.SKIP else State.DONE)
    assert job.content() == (CONTENT if policy is IfExists.REPLACE else b"old")
    assert (job.files() == ["out", "out-1"]) is (policy is IfExists.RENAME)


async def test_a_volume_that_is_being_opened(daemon: Daemon, job: Job) -> None:
    daemon.faults.busy = 4
    assert (await job()).state is State.DONE


async def test_the_rate(job: Job, naps: list[float]) -> None:
    await job(TransferOptions(limit=MIB))
    assert sum(nap for nap in naps if nap > 0.2) > 3


# --- refused before the first byte ---------------------------------------------------------------


async def test_no_such_pool(session: Session, tmp_path: Path) -> None:
    with pytest.raises(PoolNotFoundError):
        await Download(session, "nothing", "v", tmp_path).run()


async def test_no_such_volume(daemon: Daemon, job: Job) -> None:
    daemon.volumes.clear()
    await job.fails(VolumeNotFoundError)


async def test_a_pool_that_is_not_active(daemon: Daemon, job: Job) -> None:
    daemon.state = 0
    assert "virsh pool-start pool" in (await job.fails(InvalidOperationError)).hint


async def test_what_is_no_image(volume: Volume, job: Job) -> None:
    volume.type = "dir"
    await job.fails(TransferError, "type 'dir'")


async def test_no_such_folder(job: Job, tmp_path: Path) -> None:
    job.out = tmp_path / "no" / "where"
    await job.fails(LocalFileError)


async def test_no_room(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: LocalTarget, data: int) -> None:
        raise NoSpaceError(f"{data} bytes")

    monkeypatch.setattr(LocalTarget, "check_room", full)
    await job.fails(NoSpaceError)


# --- faults on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("short", [1, 4096, 3 * MIB])
async def test_a_short_download(short: int, daemon: Daemon, job: Job) -> None:
    """The daemon calls it a success."""
    daemon.faults.short = short
    await job.fails(NotProvedError, "bytes arrived")


async def test_the_volume_becomes_shorter(daemon: Daemon, volume: Volume, job: Job) -> None:
    def shorten(_: object) -> Record:
        del volume.data[MIB:]
        return Void()

    daemon.answers[p.VOL_DOWNLOAD.number] = shorten
    await job.fails(SourceChangedError, "it now has 1048576 bytes")


@pytest.mark.parametrize("how", ["longer", "touched"])
async def test_the_volume_changes(how: str, daemon: Daemon, volume: Volume, job: Job) -> None:
    def change(_: object) -> Record:
        if how == "longer":
            volume.data.append(1)
        else:
            volume.mtime += 1
        return Void()

    daemon.answers[p.VOL_DOWNLOAD.number] = change
    await job.fails(SourceChangedError, "bytes and not" if how == "longer" else "modification")


@pytest.mark.parametrize("then_ok", [True, False])
@pytest.mark.parametrize("after", [0, 3])
async def test_reading_fails(after: int, then_ok: bool, daemon: Daemon, job: Job) -> None:
    daemon.faults.fail_after, daemon.faults.then_ok = after, then_ok
    await job.fails(RemoteError, "read failed")


@pytest.mark.parametrize("cut_at", [1, MIB, 5 * MIB])
async def test_the_connection_breaks(cut_at: int, daemon: Daemon, job: Job) -> None:
    daemon.faults.cut_at = cut_at
    await job.fails(ConnectionLostError)


async def test_the_daemon_falls_silent(
    daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna_engine.client.connection.Patience", lambda: Patience(0.02, 0.08))

    def fall_silent(_: object) -> None:
        daemon.faults.silent = True

    daemon.answers[p.VOL_DOWNLOAD.number] = fall_silent
    await asyncio.wait_for(job.fails(PeerSilentError), 10)


async def test_a_volume_that_stays_busy(daemon: Daemon, job: Job) -> None:
    daemon.answers[p.VOL_DOWNLOAD.number] = lambda _: failure(55, "volume is still in use")
    await job.fails(VolumeBusyError)


async def test_a_full_disk(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(target_module, "write_at", full)
    await job.fails(LocalFileError, "No space left")


async def test_a_disk_that_fails_at_the_end(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: LocalTarget) -> None:
        raise LocalFileError("cannot write")

    monkeypatch.setattr(LocalTarget, "flush", fail)
    await job.fails(LocalFileError)


async def test_somebody_else_makes_the_file(daemon: Daemon, job: Job) -> None:
    def race(_: object) -> Record:
        job.out.write_bytes(b"theirs")
        return Void()

    daemon.answers[p.VOL_DOWNLOAD.number] = race
    await job.fails(ExistsError, "somebody else", left=("out",))
    assert job.content() == b"theirs"


async def test_what_is_written_is_not_what_arrived(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept beside its place, to be looked at, and never under the name."""
    write = positioned.write_at

    def damage(fd: int, view: memoryview, position: int) -> int:
        if position != 0:
            return write(fd, view, position)
        broken = bytearray(view)
        broken[10] ^= 1
        return write(fd, memoryview(broken), position)

    monkeypatch.setattr(target_module, "write_at", damage)
    with pytest.raises(VerificationError, match="differs at bytes 0-4194304") as caught:
        await job(VERIFY)
    assert caught.value.exit_code == 5
    (part,) = job.files()
    assert part.endswith(".lacuna-part")
    assert part in caught.value.hint
    assert len(job.content(part)) == SIZE
    assert job.download is not None
    assert job.download.report.state is not State.DONE
    assert not job.download.report.verified


async def test_what_is_replaced_stays_until_all_is_there(daemon: Daemon, job: Job) -> None:
    await asyncio.to_thread(job.out.write_bytes, b"old")
    daemon.faults.cut_at = 5 * MIB
    options = TransferOptions(if_exists=IfExists.REPLACE)
    await job.fails(ConnectionLostError, options=options, left=("out",))
    assert job.content() == b"old"


@pytest.mark.parametrize(
    "where", [p.VOL_DOWNLOAD, p.VOL_GET_XML_DESC, p.VOL_GET_INFO_FLAGS], ids=str
)
async def test_cancelled(where: p.Procedure[Record, Record], daemon: Daemon, job: Job) -> None:
    task = asyncio.create_task(job())
    answer = getattr(daemon, where.name.lower())

    def cancel(arguments: object) -> object:
        task.cancel()
        return answer(arguments)

    daemon.answers[where.number] = cancel  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        await task
    assert job.files() == []


async def test_cancelled_in_the_middle(daemon: Daemon, job: Job) -> None:
    """And at once, although more is on its way than is taken."""
    daemon.volumes["v"].data = bytearray(body(0, 32 * MIB))
    task = asyncio.create_task(job(TransferOptions(limit=2 * MIB)))
    while job.download is None or job.download.tracker.moved == 0:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 3)
    assert job.files() == []
    assert ("abort", 0) in daemon.messages


@only_memory
async def test_cancelled_too_late(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the file gets its name, which cannot be stopped half-way."""
    complete = LocalTarget.complete
    begun, go_on = threading.Event(), threading.Event()

    def slowly(self: LocalTarget, *, replace: bool) -> None:
        begun.set()
        go_on.wait(5)
        complete(self, replace=replace)

    monkeypatch.setattr(LocalTarget, "complete", slowly)
    task = asyncio.create_task(job())
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    # Either all of it or nothing.
    assert job.files() in ([], ["out"])
    assert not job.files() or job.content() == CONTENT


@only_memory
async def test_whether_it_is_in_use_holds_up_nothing(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hypervisor that never answers: the volume needs only the storage driver."""

    async def never(*_: object) -> str:
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr(download_module, "use_note", never)
    monkeypatch.setattr(download_module, "NOTE_PATIENCE", 0.05)
    report = await asyncio.wait_for(job(), 5)
    assert report.state is State.DONE
    assert job.content() == CONTENT


@only_memory
async def test_that_it_is_in_use_is_told_where_it_changes(
    daemon: Daemon, volume: Volume, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the reason, even if it is known a moment later."""

    async def late(*_: object) -> str:
        await asyncio.sleep(0.1)
        return "v is in use"

    def change(_: object) -> Record:
        volume.data.append(1)
        return Void()

    monkeypatch.setattr(download_module, "use_note", late)
    daemon.answers[p.VOL_DOWNLOAD.number] = change
    await job.fails(SourceChangedError, "bytes and not")
    assert job.download is not None
    assert job.download.tracker.notes == ["v is in use"]


@only_memory
async def test_a_kind_of_volume_that_has_no_content(
    daemon: Daemon, volume: Volume, job: Job
) -> None:
    """Its length cannot be asked for either, which is not what is wrong with it."""
    volume.type = "dir"
    daemon.answers[p.VOL_GET_INFO_FLAGS.number] = lambda _: failure(38, "Is a directory")
    await job.fails(TransferError, "of type 'dir'")
