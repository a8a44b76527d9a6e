"""A scripted daemon that every URI leads to, and a session with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.scripted import Daemon, socket_pipes
from engine.transfer.images import make
from engine.transfer.uploading import CONTENT, LAYOUT, Job
from lacuna_engine.storage import busy
from lacuna_engine.transfer import Session, prove, streams
from lacuna_engine.transport import OPENERS, parse_uri


@pytest.fixture(params=["memory", "sockets"])
def daemon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """The daemon; its patience and ours are short."""
    made = Daemon()
    if request.param == "sockets":
        made.pair = socket_pipes
    monkeypatch.setitem(OPENERS, "unix", made.open)
    monkeypatch.setattr(prove, "SETTLE", 0.02)
    monkeypatch.setattr(prove, "PATIENCE", 0.05)
    monkeypatch.setattr("lacuna_engine.client.connection.CLOSE_TIMEOUT", 0.05)
    monkeypatch.setattr(busy, "BUSY_DELAYS", (0.001,) * 3)
    monkeypatch.setattr(streams, "BUSY_DELAYS", (0.001,) * 5)
    return made


@pytest.fixture
async def session(daemon: Daemon) -> AsyncIterator[Session]:
    """An open session; what its opening asked is forgotten."""
    async with Session(parse_uri("qemu:///system")) as opened:
        daemon.calls.clear()
        daemon.arguments.clear()
        yield opened


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A file to be uploaded."""
    path = tmp_path / "img"
    assert make(path, LAYOUT) == CONTENT
    return path


@pytest.fixture
def job(daemon: Daemon, session: Session, image: Path) -> Job:
    """Its upload."""
    return Job(daemon, session, image)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that anybody sleeps from now on, without sleeping."""
    taken: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        await really(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return taken
