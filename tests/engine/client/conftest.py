"""A scripted daemon that every URI leads to, in memory or through sockets; a connection to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.scripted import Daemon, Volume, socket_pipes
from lacuna_engine.client import Connection
from lacuna_engine.transport import OPENERS, parse_uri


@pytest.fixture(params=["memory", "sockets"])
def daemon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """The daemon, with an empty volume ``v``."""
    made = Daemon()
    if request.param == "sockets":
        made.pair = socket_pipes
    monkeypatch.setitem(OPENERS, "unix", made.open)
    made.volumes["v"] = Volume()
    return made


@pytest.fixture
async def connection(daemon: Daemon) -> AsyncIterator[Connection]:
    """A connection to it, which leaves no task behind."""
    made = await Connection.open(parse_uri("qemu:///system"))
    yield made
    await made.close()
    await asyncio.sleep(0.001)
