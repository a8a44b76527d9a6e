"""Whole uploads against the scripted server, with each of its bad habits."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import KIB, MIB, body, make
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
    RemoteNoSpaceError,
    SourceChangedError,
    TransferError,
    UsageError,
    VerificationError,
    VolumeBusyError,
)
from lacuna_engine.extents import Kind, Progress, Source
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.transfer import (
    IfExists,
    Phase,
    Report,
    Session,
    State,
    TransferOptions,
    Upload,
)
from lacuna_engine.transfer import filling as module
from lacuna_engine.transfer.delivery import Delivery

LAYOUT = [("data", 300 * KIB), ("hole", 2 * MIB), ("zero", 128 * KIB), ("data", 2 * MIB + 77)]
DATA = 300 * KIB + 2 * MIB + 77
CONTENT = b"".join(
    [body(0, 300 * KIB), bytes(2 * MIB + 128 * KIB), body(2 * MIB + 428 * KIB, 2 * MIB + 77)]
)
SIZE = len(CONTENT)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "img"
    assert make(path, LAYOUT) == CONTENT
    return path


class Job:
    """One upload of the image to ``pool/img``."""

    def __init__(self, daemon: Daemon, session: Session, image: Path) -> None:
        self.daemon, self.session, self.image = daemon, session, image
        self.upload: Upload | None = None

    async def __call__(
        self, options: TransferOptions | None = None, name: str = "", image_format: str = "auto"
    ) -> Report:
        self.upload = Upload(
            self.session, self.image, "pool", name, format=image_format, options=options
        )
        return await self.upload.run()

    async def fails(
        self, kind: type[LacunaError], text: str = ".", options: TransferOptions | None = None
    ) -> LacunaError:
        """Run it, and see that it never claims to be done; return its error."""
        with pytest.raises(kind, match=text) as caught:
            await self(options)
        assert self.upload is not None
        assert self.upload.report.state is not State.DONE
        assert not self.upload.report.verified
        assert self.upload.tracker.phase is Phase.ENDED
        assert not [t for t in threading.enumerate() if t.name.startswith("lacuna-")]
        return caught.value


@pytest.fixture
def job(daemon: Daemon, session: Session, image: Path) -> Job:
    return Job(daemon, session, image)


def options(
    if_exists: IfExists = IfExists.FAIL, *, verify: bool = False, zero_scan: bool = True
) -> TransferOptions:
    return TransferOptions(if_exists=if_exists, verify=verify, zero_scan=zero_scan)


REPLACE = options(IfExists.REPLACE)
only_memory = pytest.mark.parametrize("daemon", ["memory"], indirect=True)


# --- what goes well ------------------------------------------------------------------------------


async def test_a_new_volume(daemon: Daemon, job: Job, image: Path) -> None:
    report = await job()
    size = SIZE
    assert daemon.volumes["img"].data == CONTENT
    assert report.state is State.DONE
    assert (report.bytes_total, report.bytes_data) == (size, DATA)
    assert (report.bytes_hole, report.bytes_zero) == (2 * MIB, 128 * KIB)
    assert report.bytes_sent == DATA
    assert report.bytes_received == 0
    assert report.bytes_wire > DATA
    assert report.connections == 1
    assert report.source == str(image)
    assert report.destination == "qemu:///system#pool/img"
    assert job.upload is not None
    assert job.upload.destination == "pool/img"
    assert job.upload.tracker.map.bytes_at(Progress.ACKNOWLEDGED) == size
    assert job.upload.tracker.notes == []


@pytest.mark.parametrize("name", ["other", "a b\u00e4&<>'\"\\%s$()", "-dash", ".dot", "x" * 255])
async def test_names(name: str, daemon: Daemon, job: Job, image: Path) -> None:
    await job(name=name)
    assert list(daemon.volumes) == [name]


@pytest.mark.parametrize(
    "layout",
    [
        [],
        [("data", 1)],
        [("hole", 1)],
        [("data", 4097)],
        [("hole", 10 * MIB)],
        [("zero", 3 * MIB)],
        [("data", MIB), ("hole", 1)],
        [("data", MIB + 1)],
        [("hole", MIB), ("data", 1)],
        [("data", 4096), ("hole", 4096)] * 600,
    ],
    ids=lambda layout: "+".join(f"{kind}{size}" for kind, size in layout[:3]) or "empty",
)
@pytest.mark.parametrize("old", ["none", "raw", "qcow2", "stubborn"])
async def test_any_image_over_any_content(
    old: str, layout: list[tuple[str, int]], daemon: Daemon, job: Job, image: Path
) -> None:
    content = make(image, layout)
    if old != "none":
        image_format = "raw" if old == "stubborn" else old
        daemon.volumes["img"] = Volume(bytearray(b"\xee" * 5_000_000), format=image_format)
    if old == "stubborn":
        daemon.answers[p.VOL_RESIZE.number] = lambda _: failure(84, "no")
    report = await job(options(IfExists.REPLACE, verify=True))
    assert daemon.volumes["img"].data == content
    assert report.verified


@only_memory
async def test_what_was_there_stays_if_it_could_not_be_emptied(
    daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> object:
        raise ConnectionLostError("gone before anything was done")

    daemon.volumes["img"] = Volume(bytearray(b"\xee" * 5_000_000))
    monkeypatch.setattr(module, "empty_volume", broken)
    with pytest.raises(ConnectionLostError):
        await job(REPLACE)
    assert daemon.volumes["img"].data == b"\xee" * 5_000_000


@pytest.mark.parametrize("zero_scan", [True, False])
async def test_verified(zero_scan: bool, job: Job) -> None:
    report = await job(options(verify=True, zero_scan=zero_scan))
    assert report.verified
    assert report.digest is not None
    assert len(report.digest) == 64
    assert report.bytes_received >= DATA
    assert report.bytes_sent == DATA + (0 if zero_scan else 128 * KIB)
    assert job.upload is not None
    assert job.upload.tracker.map.bytes_at(Progress.VERIFIED) == report.bytes_total


async def test_a_daemon_without_holes(daemon: Daemon, job: Job, image: Path) -> None:
    daemon.faults.no_sparse = True
    report = await job(options(verify=True))
    assert daemon.volumes["img"].data == CONTENT
    assert report.bytes_sent == report.bytes_total
    assert daemon.calls.count("STORAGE_VOL_UPLOAD") == 2


async def test_a_volume_that_is_being_opened(daemon: Daemon, job: Job, image: Path) -> None:
    daemon.faults.busy = 3
    await job()
    assert daemon.volumes["img"].data == CONTENT


async def test_skipping(daemon: Daemon, job: Job) -> None:
    daemon.volumes["img"] = Volume(bytearray(b"old"))
    report = await job(options(IfExists.SKIP))
    assert report.state is State.SKIPPED
    assert daemon.volumes["img"].data == b"old"
    assert len(daemon.ends) == 1


async def test_renaming(daemon: Daemon, job: Job) -> None:
    daemon.volumes |= {"img": Volume(bytearray(b"old")), "img-1": Volume(bytearray(b"older"))}
    report = await job(options(IfExists.RENAME))
    assert report.destination.endswith("#pool/img-2")
    assert daemon.volumes["img"].data == b"old"
    assert len(daemon.volumes["img-2"].data) == report.bytes_total


async def test_a_device(daemon: Daemon, job: Job, image: Path) -> None:
    """Holes are written there, and nothing but reading back can tell that all arrived."""
    daemon.volumes["img"] = Volume(bytearray(b"\xee" * (6 * MIB)), type="block")
    report = await job(REPLACE)
    size = report.bytes_total
    assert daemon.volumes["img"].data[:size] == CONTENT
    assert daemon.volumes["img"].data[size:] == b"\xee" * (6 * MIB - size)
    assert report.verified
    assert job.upload is not None
    assert f"its last {6 * MIB - size} bytes" in job.upload.tracker.notes[0]


@pytest.mark.parametrize("empty", [True, False])
async def test_a_new_device(empty: bool, daemon: Daemon, job: Job, image: Path) -> None:
    if empty:
        make(image, [])
    daemon.pool_type = "logical"
    report = await job()
    assert len(daemon.volumes["img"].data) == max(report.bytes_total, 1)
    assert report.verified


@pytest.mark.parametrize("image_format", ["auto", "raw", "qcow2"])
async def test_formats(image_format: str, job: Job, image: Path) -> None:
    name = b"base.img"
    head = b"QFI\xfb" + (3).to_bytes(4, "big") + (112).to_bytes(8, "big")
    head += len(name).to_bytes(4, "big") + bytes(92) + name
    await asyncio.to_thread(image.write_bytes, head.ljust(MIB, b"x"))
    await job(image_format=image_format)
    assert job.upload is not None
    assert bool(job.upload.tracker.notes) is (image_format != "raw")


async def test_the_rate(job: Job, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        await really(0)

    monkeypatch.setattr("lacuna_engine.transfer.packets.asyncio.sleep", sleep)
    await job(TransferOptions(limit=MIB))
    assert sum(nap for nap in naps if nap > 0.2) > 1


async def test_acknowledged_while_it_runs(
    daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The map shows how much the volume is seen to have, before the end."""
    monkeypatch.setattr("lacuna_engine.transfer.delivery.ACKNOWLEDGE_EVERY", 0.0)
    seen: list[int] = []
    check = Delivery._look_once_more

    async def look(self: Delivery, *, exact: bool) -> None:
        seen.append(self._tracker.map.bytes_at(Progress.ACKNOWLEDGED))
        await check(self, exact=exact)

    monkeypatch.setattr(Delivery, "_look_once_more", look)
    await job()
    assert seen[0] > 0


# --- refused before the first byte ---------------------------------------------------------------


async def test_it_exists(daemon: Daemon, job: Job) -> None:
    daemon.volumes["img"] = Volume(bytearray(b"old"))
    error = await job.fails(ExistsError, "pool/img exists already")
    assert error.exit_code == 4
    assert daemon.volumes["img"].data == b"old"


@pytest.mark.parametrize("kind", ["dir", "network"])
async def test_what_is_no_image(kind: str, daemon: Daemon, job: Job) -> None:
    daemon.volumes["img"] = Volume(type=kind)
    await job.fails(TransferError, f"type '{kind}'", REPLACE)
    assert "img" in daemon.volumes


async def test_somebody_was_faster(daemon: Daemon, job: Job) -> None:
    daemon.answers[p.VOL_LOOKUP_BY_NAME.number] = lambda _: failure(50)
    daemon.volumes["img"] = Volume(bytearray(b"theirs"))
    await job.fails(ExistsError, "just been made by somebody else")
    assert daemon.volumes["img"].data == b"theirs"


async def test_no_such_pool(session: Session, image: Path) -> None:
    with pytest.raises(PoolNotFoundError):
        await Upload(session, image, "nothing").run()


async def test_a_pool_that_is_not_active(daemon: Daemon, job: Job) -> None:
    daemon.state = 0
    error = await job.fails(InvalidOperationError, "not active")
    assert "virsh pool-start pool" in error.hint


@pytest.mark.parametrize("name", ["a/b", "..", "a\x01b"])
async def test_a_bad_name(name: str, daemon: Daemon, job: Job) -> None:
    with pytest.raises(UsageError):
        await job(name=name)
    assert not daemon.volumes


async def test_no_room(daemon: Daemon, job: Job) -> None:
    daemon.available = DATA - 1
    await job.fails(NoSpaceError, f"needs {DATA} bytes")
    assert "STORAGE_POOL_REFRESH" in daemon.calls
    assert not daemon.volumes


async def test_room_after_all(daemon: Daemon, job: Job) -> None:
    """A pool's numbers are old until it is refreshed, and zeros need no room."""
    daemon.available = 0

    def refresh(_: object) -> Record:
        daemon.available = DATA
        return Void()

    daemon.answers[p.POOL_REFRESH.number] = refresh
    assert (await job()).state is State.DONE


async def test_room_that_the_old_content_gives(daemon: Daemon, job: Job) -> None:
    daemon.available = 0
    daemon.volumes["img"] = Volume(bytearray(b"\xee" * (3 * MIB)))
    assert (await job(REPLACE)).state is State.DONE


async def test_without_the_scan_zeros_need_room(daemon: Daemon, job: Job) -> None:
    daemon.available = DATA
    await job.fails(NoSpaceError, options=options(zero_scan=False))


async def test_a_device_that_is_too_small(daemon: Daemon, job: Job) -> None:
    daemon.volumes["img"] = Volume(bytearray(MIB), type="block")
    await job.fails(NoSpaceError, "only 1048576", REPLACE)


async def test_another_format_than_asked_for(job: Job) -> None:
    with pytest.raises(UsageError, match="looks like raw"):
        await job(image_format="qcow2")


@pytest.mark.parametrize("what", ["folder", "missing"])
async def test_no_image(what: str, session: Session, tmp_path: Path) -> None:
    path = tmp_path if what == "folder" else tmp_path / "missing"
    with pytest.raises(LocalFileError):
        await Upload(session, path, "pool", "v").run()


# --- faults on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("full_at", [0, 1000, 300 * KIB, 3 * MIB])
async def test_a_full_pool(full_at: int, old: bool, daemon: Daemon, job: Job) -> None:
    """The error of the daemon, in whichever clothes it comes."""
    if old:
        daemon.volumes["img"] = Volume(bytearray(b"\xee" * 5000))
    daemon.faults.full_at = full_at
    await job.fails(RemoteError, options=REPLACE)
    assert "img" not in daemon.volumes
    assert job.upload is not None
    assert job.upload.report.bytes_sent > 0


@only_memory
@pytest.mark.parametrize("missing", [1, 2, 3, 5000])
@pytest.mark.parametrize("lies", [True, False])
async def test_only_the_end_does_not_fit(
    missing: int, lies: bool, daemon: Daemon, job: Job, image: Path
) -> None:
    """The daemon says OK to the finish, 100 times of 100 (0.1)."""
    daemon.faults.full_at = SIZE - missing
    daemon.faults.lies = lies
    lost = lies or missing == 1
    await job.fails(NotProvedError if lost else RemoteNoSpaceError)
    assert "img" not in daemon.volumes
    # Not even asked whether it is finished: it would say yes.
    assert ("finish", 0) not in daemon.messages


@only_memory
@pytest.mark.parametrize("missing", [1, 2, 5000])
async def test_only_the_last_hole_does_not_fit(
    missing: int, daemon: Daemon, job: Job, image: Path
) -> None:
    content = make(image, [*LAYOUT, ("hole", MIB)])
    daemon.faults.full_at = len(content) - missing
    error = await job.fails(LacunaError)
    if missing == 1:
        assert isinstance(error, NotProvedError)
    else:
        assert "lost the reason" in str(error)
    assert "img" not in daemon.volumes


async def test_an_error_and_then_ok(daemon: Daemon, job: Job) -> None:
    daemon.faults.full_at, daemon.faults.then_ok = MIB, True
    await job.fails(RemoteError)
    assert "img" not in daemon.volumes


@pytest.mark.parametrize("cut_at", [1, MIB, DATA - 1, DATA])
async def test_the_connection_breaks(cut_at: int, daemon: Daemon, job: Job) -> None:
    """What is half-written is removed over another connection."""
    daemon.faults.cut_at = cut_at
    await job.fails(ConnectionLostError)
    assert "img" not in daemon.volumes


@only_memory
async def test_the_control_connection_breaks_too(daemon: Daemon, job: Job) -> None:
    def cut(_: object) -> None:
        for end in daemon.ends:
            end.pipe.close()

    daemon.answers[p.VOL_UPLOAD.number] = cut
    error = await job.fails(ConnectionLostError)
    assert "img" not in daemon.volumes
    assert "could not be removed" not in error.hint


@only_memory
async def test_all_connections_break(
    daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing can be removed, and the error says so."""

    def cut(_: object) -> None:
        for end in daemon.ends:
            end.pipe.close()
        daemon.answers[p.AUTH_LIST.number] = lambda _: failure(45, "no more")

    daemon.answers[p.VOL_UPLOAD.number] = cut
    error = await job.fails(ConnectionLostError)
    assert "'img' could not be removed" in error.hint
    assert "img" in daemon.volumes


async def test_the_daemon_falls_silent(
    daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLEAN_UP_TIMEOUT", 0.05)
    monkeypatch.setattr("lacuna_engine.client.connection.Patience", lambda: Patience(0.02, 0.08))

    def fall_silent(_: object) -> None:
        daemon.faults.silent = True

    daemon.answers[p.VOL_UPLOAD.number] = fall_silent
    error = await asyncio.wait_for(job.fails(PeerSilentError), 10)
    assert "'img' could not be removed" in error.hint


async def test_a_volume_that_stays_busy(daemon: Daemon, job: Job) -> None:
    daemon.answers[p.VOL_UPLOAD.number] = lambda _: failure(55, "volume is still in use")
    await job.fails(VolumeBusyError)
    assert "img" not in daemon.volumes
    assert daemon.calls.count("STORAGE_VOL_UPLOAD") == 6


@pytest.mark.parametrize("other", ["shorter", "longer", "gone", "emptied"])
async def test_somebody_else_changes_the_volume(
    other: str, daemon: Daemon, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right before the last look."""
    check = Delivery._look_once_more

    async def meddle(self: Delivery, *, exact: bool) -> None:
        match other:
            case "shorter":
                del daemon.volumes["img"].data[-1:]
            case "longer":
                daemon.volumes["img"].data += b"x"
            case "gone":
                del daemon.volumes["img"]
            case _:
                data = daemon.volumes["img"].data
                data[:] = bytes(len(data))
        await check(self, exact=exact)

    monkeypatch.setattr(Delivery, "_look_once_more", meddle)
    if other == "emptied":
        await job.fails(VerificationError)
        return
    text = "deleted by somebody else" if other == "gone" else "somebody else changes it"
    await job.fails(NotProvedError, text)
    assert "img" not in daemon.volumes


@pytest.mark.parametrize("how", ["written", "longer", "shorter"])
async def test_the_source_changes(how: str, daemon: Daemon, job: Job, image: Path) -> None:
    size = SIZE

    def change(_: object) -> Record:
        if how == "shorter":
            os.truncate(image, size - 5)
        else:
            with image.open("r+b") as file:
                file.seek(0 if how == "written" else size)
                file.write(b"!")
            os.utime(image, ns=(1, 1))
        return Void()

    daemon.answers[p.VOL_UPLOAD.number] = change
    await job.fails(SourceChangedError)
    assert "img" not in daemon.volumes


@pytest.mark.parametrize("flip", [0, 299 * KIB, MIB, 4 * MIB])
async def test_read_back_it_is_different(flip: int, daemon: Daemon, job: Job) -> None:
    """Both sides are kept, to be looked at; a hole that holds something counts as well."""
    daemon.faults.flip = flip
    error = await job.fails(VerificationError, options=options(verify=True))
    assert error.exit_code == 5
    start = flip // (4 * MIB) * 4 * MIB
    assert f"differs at bytes {start}-" in str(error)
    assert "img" in daemon.volumes


async def test_read_back_it_is_shorter(daemon: Daemon, job: Job) -> None:
    daemon.faults.short = 10
    await job.fails(VerificationError, "shorter", options(verify=True))
    assert "img" in daemon.volumes


@pytest.mark.parametrize(
    "where",
    [p.VOL_CREATE_XML, p.VOL_UPLOAD, p.VOL_GET_INFO_FLAGS, p.POOL_GET_INFO],
    ids=str,
)
async def test_cancelled(
    where: p.Procedure[Record, Record],
    daemon: Daemon,
    session: Session,
    image: Path,
) -> None:
    """At a call that is being answered: nothing half-written stays."""
    upload = Upload(session, image, "pool")
    task = asyncio.create_task(upload.run())
    answer: Callable[[object], object] = getattr(daemon, where.name.lower())

    def cancel(arguments: object) -> object:
        task.cancel()
        return answer(arguments)

    daemon.answers[where.number] = cancel  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        await task
    assert upload.report.state is not State.DONE
    assert not daemon.volumes
    assert not [t for t in threading.enumerate() if t.name.startswith("lacuna-")]


async def test_nothing_is_read_after_a_failure(
    daemon: Daemon, job: Job, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The descriptor is closed then, and its number may be another file's."""
    reads: list[int] = []
    ended = False
    read_into = Source.read_into

    def slowly(self: Source, offset: int, buffer: memoryview) -> int:
        assert not ended
        reads.append(offset)
        threading.Event().wait(0.001)
        return read_into(self, offset, buffer)

    monkeypatch.setattr(Source, "read_into", slowly)
    await asyncio.to_thread(image.write_bytes, body(0, 20 * MIB))
    daemon.faults.cut_at = 100
    await job.fails(ConnectionLostError)
    ended = True
    count = len(reads)
    await asyncio.sleep(0.05)
    assert len(reads) == count


async def test_kinds_of_what_was_sent(job: Job) -> None:
    await job()
    assert job.upload is not None
    extents = job.upload.tracker.map
    assert extents.kind_at(0) is Kind.DATA
    assert extents.kind_at(MIB) is Kind.HOLE
