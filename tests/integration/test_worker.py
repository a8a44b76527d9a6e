"""The worker process of the window, against a real libvirtd."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from integration.images import assert_same, data, files_in, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.transfer import TransferOptions
from lacuna_engine.transport.prompts import NOBODY
from lacuna_engine.worker import WorkerClient
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
