"""One transfer over one data plane, as a program of its own whose processor time can be counted."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bench import planes_blocking
from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer import Download, IfExists, Session, TransferOptions, Upload
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.prompts import NOBODY
from lacuna_engine.worker import WorkerClient
from lacuna_engine.worker.messages import Message, job_record

OPTIONS = TransferOptions(if_exists=IfExists.REPLACE, connections=1)

Runner = Callable[[Coroutine[Any, Any, None]], None]


async def engine(direction: str, uri: str, pool: str, volume: str, file: Path) -> None:
    """Use the engine in this process, as the command line does."""
    async with Session(parse_uri(uri)) as session:
        if direction == "up":
            await Upload(session, file, pool, volume, options=OPTIONS).run()
        else:
            await Download(session, pool, volume, file, options=OPTIONS).run()


async def worker(direction: str, uri: str, pool: str, volume: str, file: Path) -> None:
    """Use the engine in a process of its own, as the window does."""
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    here, there = LocalFile(str(file)), Endpoint(uri, pool, volume)
    if direction == "up":
        job = Job(JobKind.UPLOAD, LocalFile.of(file), there, OPTIONS)
    else:
        job = Job(JobKind.DOWNLOAD, there, here, OPTIONS)

    def hear(message: Message) -> None:
        state = message["job"]["state"] if message["event"] == "job" else ""
        if state in ("done", "failed") and not ended.done():
            ended.set_result(state)

    client = WorkerClient(hear, lambda _: NOBODY)
    client.start()
    client.send({"do": "add", "job": job_record(job), "start": True})
    state = await ended
    await client.close()
    if state != "done":
        raise SystemExit(f"the worker's transfer {state}")


def main() -> None:
    """``WAY up|down URI SOCKET POOL VOLUME FILE SIZE``."""
    way, direction, uri, address, pool, volume, name, size = sys.argv[1:]
    file = Path(name)
    if way == "threads":
        handle = VolumeHandle(pool, volume, "")
        if direction == "up":
            planes_blocking.upload(address, handle, file)
        else:
            planes_blocking.download(address, handle, file, int(size))
        return
    run: Runner = asyncio.run
    if way == "uvloop":
        run = importlib.import_module("uvloop").run  # not among what Lacuna is developed with
    run((worker if way == "process" else engine)(direction, uri, pool, volume, file))


if __name__ == "__main__":
    main()
