"""Several uploads by one Lacuna, the window's worker: ``busy.py URI POOL FILE NAME...``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.transport.prompts import NOBODY
from lacuna_engine.worker import WorkerClient
from lacuna_engine.worker.messages import Message, job_record

ENDED = ("done", "failed", "interrupted", "waiting", "skipped")


async def upload(uri: str, pool: str, file: Path, names: list[str]) -> bool:
    """Upload a file under several names at the same time; return whether all went well."""
    states: dict[str, str] = {}
    news = asyncio.Event()

    def hear(message: Message) -> None:
        if message["event"] == "job":
            states[message["job"]["id"]] = str(message["job"]["state"])
            news.set()

    worker = WorkerClient(hear, lambda _: NOBODY)
    worker.start()
    worker.send({"do": "limits", "total": len(names), "per_host": len(names)})
    jobs = [Job(JobKind.UPLOAD, LocalFile.of(file), Endpoint(uri, pool, name)) for name in names]
    for job in jobs:
        worker.send({"do": "add", "job": job_record(job), "start": True})
    while not all(states.get(job.id) in ENDED for job in jobs):
        news.clear()
        await news.wait()
    await worker.close()
    return all(states[job.id] == "done" for job in jobs)


if __name__ == "__main__":
    where, whither, what, *called = sys.argv[1:]
    sys.exit(0 if asyncio.run(upload(where, whither, Path(what), called)) else 1)
