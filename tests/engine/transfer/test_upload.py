"""Whole uploads against the scripted server: what goes well, what is refused at the beginning."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import KIB, MIB, make
from engine.transfer.uploading import CONTENT, DATA, REPLACE, SIZE, Job, only_memory, options
from lacuna_engine.errors import (
    ConnectionLostError,
    ExistsError,
    InvalidOperationError,
    LocalFileError,
    NoSpaceError,
    PoolNotFoundError,
    TransferError,
    UsageError,
)
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.transfer import IfExists, Session, State, TransferOptions, Upload
from lacuna_engine.transfer import filling as module
from lacuna_engine.transfer.delivery import Delivery

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


async def test_the_rate(job: Job, naps: list[float]) -> None:
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


async def test_kinds_of_what_was_sent(job: Job) -> None:
    await job()
    assert job.upload is not None
    extents = job.upload.tracker.map
    assert extents.kind_at(0) is Kind.DATA
    assert extents.kind_at(MIB) is Kind.HOLE
