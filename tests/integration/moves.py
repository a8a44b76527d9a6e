"""Transfers as the tests start them: whole ones, and ones that something happens to on the way."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from integration.libvirtd import MIB, Pool
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Phase,
    Report,
    Session,
    Tracker,
    TransferOptions,
    Upload,
)
from lacuna_engine.transport import parse_uri

SLOW = TransferOptions(limit=8 * MIB)
"""Slow enough for something to happen in the middle of some MiB."""

REPLACE = TransferOptions(if_exists=IfExists.REPLACE)


@asynccontextmanager
async def session_to(uri: str) -> AsyncGenerator[Session]:
    async with Session(parse_uri(uri)) as session:
        yield session


async def upload(
    session: Session,
    file: Path,
    pool: Pool,
    name: str = "",
    options: TransferOptions | None = None,
) -> Report:
    return await Upload(session, file, pool.name, name, options=options).run()


async def download(
    session: Session,
    pool: Pool,
    name: str,
    target: Path,
    options: TransferOptions | None = None,
) -> Report:
    return await Download(session, pool.name, name, target, options=options).run()


async def until(condition: Callable[[], bool], patience: float = 10.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        await asyncio.sleep(0.002)


async def run_into(transfer: Upload | Download, happening: Callable[[], object]) -> Report:
    """Run a slow transfer, and have something happen when some of its data has moved."""
    task = asyncio.ensure_future(transfer.run())
    try:
        await until(lambda: transfer.tracker.moved >= MIB or task.done())
        assert not task.done(), "the transfer was over before anything could happen to it"
        happening()
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class CancellingTracker(Tracker):
    """Cancels the transfer it belongs to as soon as that comes to a phase."""

    def __init__(self, fatal: Phase) -> None:
        super().__init__()
        self._fatal = fatal

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "phase" and value is getattr(self, "_fatal", None):
            task = asyncio.current_task()
            assert task is not None
            task.cancel()


def cancel_in(transfer: Upload | Download, phase: Phase) -> None:
    """Have a transfer that has not begun be cancelled as soon as it comes to a phase."""
    transfer.tracker = CancellingTracker(phase)
    if isinstance(transfer, Upload):
        transfer._filling._tracker = transfer._filling._context.tracker = transfer.tracker
