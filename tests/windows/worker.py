"""The process behind the window, on Windows: commands in, transfers run, events out."""

from __future__ import annotations

import json

from integration.images import assert_same, data, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from windows.program import Program

# A window without a window: it uploads, pauses half-way, goes on, and asks the worker to end.
PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.transfer import TransferOptions
from lacuna_engine.transport.prompts import NOBODY
from lacuna_engine.worker import WorkerClient
from lacuna_engine.worker.messages import job_record

source, uri, pool = sys.argv[1:]
states, moved = [], 0

async def main():
    news = asyncio.Event()

    def hear(event):
        global moved
        if event["event"] == "progress":
            moved = max([moved, *(one["moved"] for one in event["jobs"])])
        record = event.get("job")
        if isinstance(record, dict) and record["state"] not in states[-1:]:
            states.append(record["state"])
        news.set()

    async def until(condition):
        async with asyncio.timeout(30):
            while not condition():
                news.clear()
                await news.wait()

    worker = WorkerClient(hear, lambda _: NOBODY)
    worker.start()
    job = Job(
        JobKind.UPLOAD, LocalFile.of(Path(source)), Endpoint(uri, pool, "v"),
        TransferOptions(limit=4 << 20),
    )
    worker.send({"do": "add", "job": job_record(job), "start": True})
    await until(lambda: moved > 2 << 20)
    worker.send({"do": "pause", "job": job.id})
    await until(lambda: states[-1:] == ["paused"])
    worker.send({"do": "limit", "job": job.id, "rate": 0})
    worker.send({"do": "resume", "job": job.id})
    await until(lambda: states[-1:] == ["done"])
    await worker.close()

asyncio.run(main())
print(json.dumps(states))
"""


def test_pause_and_resume(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool) -> None:
    image = make_image(lacuna.home / "image ü", data(12 * MIB), hole(4 * MIB), data(MIB))
    states = json.loads(lacuna.python(PROGRAM, image, daemon.tcp_uri, pool.name))
    assert [one for one in states if one != "queued"] == ["running", "paused", "running", "done"]
    assert_same(pool.file("v"), image)
