"""The worker process of the window, against a real libvirtd."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from integration.images import assert_same, data, files_in, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.journal import Endpoint, Job, JobKind, Journal, LocalFile
from lacuna_engine.journal.job import new_id
from lacuna_engine.transfer import TransferOptions
from lacuna_engine.transport.prompts import NOBODY
from lacuna_engine.worker import WorkerClient, client
from lacuna_engine.worker.messages import Message, job_record


class Window:
    """Hears what the worker tells."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.jobs: dict[str, Message] = {}
        self.maps: dict[str, ExtentMap] = {}
        self.news = asyncio.Event()
        self.worker = WorkerClient(self.hear, lambda _: NOBODY)

    def hear(self, message: Message) -> None:
        self.heard.append(message)
        match message["event"]:
            case "ready":
                self.jobs = {job["id"]: job for job in message["jobs"]}
            case "job":
                self.jobs[message["job"]["id"]] = message["job"]
            case "removed":
                self.jobs.pop(message["job"], None)
            case "forgotten":
                ended = ("done", "skipped")
                left = [job for job in self.jobs.values() if job["state"] not in ended]
                self.jobs = {job["id"]: job for job in left}
            case "map":
                self.maps[message["job"]] = ExtentMap.from_record(message["map"])
            case "changes":
                for start, end, kind, progress in message["ranges"]:
                    self.maps[message["job"]].classify(start, end, Kind(kind))
                    self.maps[message["job"]].advance(start, end, Progress(progress))
        self.news.set()

    def add(self, job: Job, *, start: bool = True) -> str:
        self.worker.send({"do": "add", "job": job_record(job), "start": start})
        return job.id

    async def until(self, condition: Callable[[], bool], patience: float = 30) -> None:
        async with asyncio.timeout(patience):
            while not condition():
                self.news.clear()
                await self.news.wait()

    def state(self, job: str) -> str:
        return str(self.jobs[job]["state"]) if job in self.jobs else "none"


@pytest.fixture
async def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Window]:
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    window = Window()
    window.worker.start()
    yield window
    await window.worker.close()


def upload_of(daemon: PrivateLibvirtd, pool: Pool, image: Path, limit: int = 0) -> Job:
    return Job(
        JobKind.UPLOAD,
        LocalFile.of(image),
        Endpoint(daemon.uri, pool.name, "v"),
        TransferOptions(limit=limit),
    )


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "image", data(8 * MIB), hole(8 * MIB), data(8 * MIB))


async def test_a_job_runs_and_its_map_is_told(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 16 * MIB))
    window.worker.send({"do": "watch", "job": job})
    await window.until(lambda: job in window.maps)
    await window.until(lambda: window.state(job) == "done")
    assert_same(image, pool.file("v"))
    await window.until(lambda: window.maps[job].bytes_at(Progress.ACKNOWLEDGED) == 24 * MIB)
    assert window.maps[job].bytes_of(Kind.HOLE) == 8 * MIB
    told = [one for m in window.heard if m["event"] == "progress" for one in m["jobs"]]
    assert all(one["moved"] <= 16 * MIB for one in told)
    assert told[-1]["phase"] == "ended"
    assert any("outline" in one for one in told)
    await window.until(
        lambda: any(
            m["event"] == "totals" and m["saved"] == 8 * MIB and m["jobs"] == 1
            for m in window.heard
        )
    )


async def test_pause_resume_cancel_remove(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 4 * MIB), start=False)
    await window.until(lambda: window.state(job) == "paused")
    window.worker.send({"do": "resume", "job": job})
    await window.until(
        lambda: any(
            one["moved"] > 2 * MIB
            for m in window.heard
            if m["event"] == "progress"
            for one in m["jobs"]
        )
    )
    window.worker.send({"do": "pause", "job": job})
    await window.until(lambda: window.state(job) == "paused")
    assert files_in(pool.path) == ["v"]
    window.worker.send({"do": "limit", "job": job, "rate": 0})
    window.worker.send({"do": "resume", "job": job})
    await window.until(lambda: window.state(job) == "done")
    assert window.jobs[job]["resumed"]
    assert_same(image, pool.file("v"))

    other = upload_of(daemon, pool, image, 4 * MIB)
    job = window.add(
        Job(other.kind, other.source, Endpoint(daemon.uri, pool.name, "w"), other.options)
    )
    await window.until((pool.path / "w").exists)
    window.worker.send({"do": "remove", "job": job})
    await window.until(lambda: job not in window.jobs)
    assert files_in(pool.path) == ["v"]


async def test_a_worker_that_dies_goes_on(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 8 * MIB))
    await window.until(
        lambda: any(
            one["moved"] > 4 * MIB
            for m in window.heard
            if m["event"] == "progress"
            for one in m["jobs"]
        )
    )
    pid = window.worker.pid
    assert pid is not None
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    await window.until(lambda: any(m["event"] == "died" for m in window.heard))
    await window.until(lambda: window.state(job) == "done")
    assert window.jobs[job]["resumed"]
    assert_same(image, pool.file("v"))


async def test_closing_and_opening_again(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 8 * MIB))
    await window.until((pool.path / "v").exists)
    await window.worker.close()
    again = Window()
    again.worker.start()
    try:
        await again.until(lambda: again.state(job) == "done")
    finally:
        await again.worker.close()
    assert_same(image, pool.file("v"))


def moved(window: Window, job: str) -> int:
    """The bytes that the present try has moved."""
    told = (one for m in window.heard if m["event"] == "progress" for one in m["jobs"])
    return max((one.get("moved", 0) for one in told if one["id"] == job), default=0)


def to(job: Job, volume: str) -> Job:
    assert isinstance(job.destination, Endpoint)
    return replace(job, id=new_id(), destination=replace(job.destination, volume=volume))


async def test_cancelling_discards_if_it_is_told_to(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 4 * MIB))
    await window.until(lambda: moved(window, job) > 2 * MIB)
    window.worker.send({"do": "cancel", "job": job, "discard": True})
    # At once, while the volume is being deleted.
    await window.until(lambda: window.state(job) == "interrupted")
    window.worker.send({"do": "limit", "job": job, "rate": 0})
    window.worker.send({"do": "resume", "job": job})
    await window.until(lambda: window.state(job) == "done")
    assert not window.jobs[job]["resumed"], "it began anew"
    assert_same(image, pool.file("v"))

    kept = window.add(to(upload_of(daemon, pool, image, 4 * MIB), "w"))
    await window.until(lambda: moved(window, kept) > 2 * MIB)
    window.worker.send({"do": "cancel", "job": kept})
    await window.until(lambda: window.state(kept) == "interrupted")
    assert files_in(pool.path) == ["v", "w"]
    window.worker.send({"do": "remove", "job": kept})
    await window.until(lambda: kept not in window.jobs)
    assert files_in(pool.path) == ["v"]


async def test_limits_hold_from_the_beginning_and_may_be_passed_by(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    pool: Pool,
    image: Path,
) -> None:
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    one = upload_of(daemon, pool, image, 4 * MIB)
    jobs = [one, to(one, "b"), to(one, "c")]
    with Journal(tmp_path / "data" / "journal.db") as journal:
        for job in jobs:
            journal.add(job)
    window = Window()
    window.worker.send({"do": "limits", "total": 1, "per_host": 1})
    window.worker.start()
    try:
        await window.until(lambda: moved(window, one.id) > MIB)
        running = [m["job"]["id"] for m in window.heard if m["event"] == "job"]
        assert set(running) == {one.id}
        window.worker.send({"do": "start", "job": jobs[2].id})
        await window.until(lambda: moved(window, jobs[2].id) > 0)
        assert window.state(jobs[1].id) == "queued"
        assert window.state(one.id) == "running"
    finally:
        await window.worker.close()


async def test_adding_twice_and_forgetting(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = upload_of(daemon, pool, image)
    window.add(job)
    window.add(job)
    await window.until(lambda: window.state(job.id) == "done")
    assert len(window.jobs) == 1
    # A stranger by the same name is another job.
    window.add(replace(to(job, "w"), id=job.id), start=False)
    await window.until(lambda: len(window.jobs) == 1 and window.state(job.id) == "none")
    window.add(job)
    await window.until(lambda: len(window.jobs) == 2)
    window.worker.send({"do": "forget"})
    await window.until(lambda: [one["state"] for one in window.jobs.values()] == ["paused"])


async def test_what_is_known_of_jobs_that_do_not_run(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 4 * MIB))
    await window.until(lambda: moved(window, job) > 6 * MIB)
    window.worker.send({"do": "pause", "job": job})
    await window.until(lambda: window.state(job) == "paused")
    await window.worker.close()
    again = Window()
    again.worker.start()
    try:
        await again.until(lambda: any(m["event"] == "progress" for m in again.heard))
        (told,) = next(m["jobs"] for m in again.heard if m["event"] == "progress")
        assert (told["id"], told["total"], told["hole"]) == (job, 24 * MIB, 8 * MIB)
        assert 0 < told["passed"] < 24 * MIB
        assert sum(told["outline"][::3]) == 24 * MIB
        assert again.state(job) == "paused"
    finally:
        await again.worker.close()


async def test_starting_over_is_agreed_to(
    window: Window, daemon: PrivateLibvirtd, pool: Pool, image: Path
) -> None:
    job = window.add(upload_of(daemon, pool, image, 4 * MIB))
    await window.until(lambda: moved(window, job) > 2 * MIB)
    window.worker.send({"do": "pause", "job": job})
    await window.until(lambda: window.state(job) == "paused")
    with image.open("r+b") as file:
        file.write(b"something else")
    window.worker.send({"do": "limit", "job": job, "rate": 0})
    window.worker.send({"do": "resume", "job": job})
    await window.until(lambda: window.state(job) == "failed")
    assert window.jobs[job]["error"]["name"] == "SourceChangedError"
    window.worker.send({"do": "resume", "job": job, "start_over": True})
    await window.until(lambda: window.state(job) == "done")
    assert not window.jobs[job]["options"]["start_over"]
    assert_same(image, pool.file("v"))


async def test_an_end_without_a_word_on_the_terminal(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lacuna_engine.worker",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "LACUNA_DATA": str(tmp_path / "data")},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(20):
        process.stdin.write(b'{"do":"begin"}\n{"do":"st')
        assert (await process.stdout.readline()).startswith(b'{"event":"ready"')
        # The pipe stays open: its reader still waits when the interpreter ends.
        process.stdin.write(b'op"}\n')
        assert await process.stderr.read() == b""
        assert await process.wait() == 0


async def test_a_worker_that_cannot_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("in the way")
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(client, "RESTARTS", 2)
    monkeypatch.setattr(client, "RESTART_DELAY", 0.1)
    window = Window()
    window.worker.start()
    try:
        await window.until(lambda: window.heard[-1:] == [{"event": "given_up"}])
        assert sum(m["event"] == "failed" for m in window.heard) == 3
        (tmp_path / "data").unlink()
        window.worker.start()
        await window.until(lambda: window.heard[-1]["event"] == "totals")
    finally:
        await window.worker.close()


async def test_commands_that_make_no_sense(window: Window) -> None:
    for message in (
        {"do": "fly"},
        {"do": "pause"},
        {"do": "pause", "job": "nothing"},
        {"do": "add", "job": {}, "start": True},
        {"do": "limits", "total": "x", "per_host": None},
    ):
        window.worker.send(message)
    await window.until(lambda: sum(m["event"] == "log" for m in window.heard) >= 5)
    assert window.worker.pid is not None
