"""Uploads on whose way something goes wrong: none of them claims to be done."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import KIB, MIB, body, make
from engine.transfer.uploading import DATA, LAYOUT, REPLACE, SIZE, Job, only_memory, options
from lacuna_engine.client import Patience
from lacuna_engine.errors import (
    ConnectionLostError,
    LacunaError,
    NotProvedError,
    PeerSilentError,
    RemoteError,
    RemoteNoSpaceError,
    SourceChangedError,
    VerificationError,
    VolumeBusyError,
)
from lacuna_engine.extents import Source
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.transfer import Session, State, Upload
from lacuna_engine.transfer import filling as module
from lacuna_engine.transfer.delivery import Delivery


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
