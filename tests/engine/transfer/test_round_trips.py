"""How often a transfer waits for the daemon, one answer after the other.

With 20 ms to the host and back each of them is as much as 2.5 MB of data at 1 Gbit/s.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from engine.scripted import Daemon, Volume
from engine.transfer.uploading import CONTENT, only_memory, options
from lacuna_engine.client import Connection
from lacuna_engine.client.together import together
from lacuna_engine.errors import ExistsError, UsageError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.transfer import Download, IfExists, Session, State, Upload
from lacuna_engine.transfer.connecting import Connecting
from lacuna_engine.transport import parse_uri

LATENCY = 0.005
"""Seconds; whatever is asked at the same time is answered before the next thing can be asked."""


class Turns:
    """Counts answers that were waited for before the next call was made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        call, open_stream = Connection.call, Connection._open_stream

        async def counted_call(connection: Connection, *args: Any, **named: Any) -> object:
            turn = self.count + 1
            try:
                return await call(connection, *args, **named)
            finally:
                await self.answered(turn)

        async def counted_stream(connection: Connection, *args: Any) -> object:
            turn = self.count + 1
            try:
                return await open_stream(connection, *args)
            finally:
                await self.answered(turn)

        monkeypatch.setattr(Connection, "call", counted_call)
        monkeypatch.setattr(Connection, "_open_stream", counted_stream)

    async def answered(self, turn: int) -> None:
        await asyncio.sleep(LATENCY)
        self.count = max(self.count, turn)


@only_memory
async def test_an_upload(daemon: Daemon, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Login 2, the pool 1, what is in it 1, the volume 1, the stream 1, proofs 2, last look 1.

    And goodbye. The second login goes on beside the questions.
    """
    turns = Turns(monkeypatch)
    async with Session(parse_uri("qemu:///system")) as session:
        await Upload(session, image, "pool", "v").run()
    assert daemon.volumes["v"].data == CONTENT
    assert turns.count <= 10


@only_memory
async def test_a_download(daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Login 2, the pool 1, the volume 2, the stream 1, a last look 1, goodbye 1.

    Beside it the hypervisor is asked whether it uses the volume, with a login of its own.
    """
    daemon.volumes["v"] = Volume(bytearray(CONTENT))
    turns = Turns(monkeypatch)
    async with Session(parse_uri("qemu:///system")) as session:
        await Download(session, "pool", "v", tmp_path / "v").run()
    assert (tmp_path / "v").read_bytes() == CONTENT
    assert turns.count <= 10


@only_memory
async def test_skipping_takes_no_second_connection(
    daemon: Daemon, session: Session, image: Path
) -> None:
    daemon.volumes["img"] = Volume(bytearray(b"old"))
    upload = Upload(session, image, "pool", options=options(IfExists.SKIP))
    assert (await upload.run()).state is State.SKIPPED
    assert len(daemon.ends) == 1


@only_memory
async def test_a_connection_that_is_not_needed_is_closed(
    daemon: Daemon, session: Session, image: Path
) -> None:
    daemon.volumes["img"] = Volume(bytearray(b"old"))
    with pytest.raises(ExistsError):
        await Upload(session, image, "pool").run()
    assert [connection.is_open for connection in session._connections[1:]] in ([], [False])
    assert session.storage.connection.is_open


async def test_one_that_was_lost_while_it_lay_idle_is_made_again(session: Session) -> None:
    async with aclosing(Connecting(session)) as connecting:
        (await connecting.begin()).abort()
        await asyncio.sleep(0)
        connection, same = await asyncio.gather(connecting.made(), connecting.made())
        assert connection is same
        assert connection.is_open
    assert connection.is_open  # it has been taken
    assert len(session._connections) == 3


async def test_several_wait_for_one_connection(session: Session) -> None:
    """One that gives up waiting does not give up the connection."""
    async with aclosing(Connecting(session)) as connecting:
        waiting = [asyncio.create_task(connecting.made()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        assert await waiting[1] is await waiting[2]
        assert (await connecting.made()).is_open
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]


@only_memory
async def test_one_that_is_not_made_in_time_is_given_up(daemon: Daemon, session: Session) -> None:
    daemon.answers[p.AUTH_LIST.number] = lambda _: None  # the daemon never answers
    async with aclosing(Connecting(session)) as connecting:
        making = connecting.begin()
        await asyncio.sleep(0.01)
        assert len(daemon.ends) == 2
    assert making.cancelled()
    assert session.storage.connection.is_open


async def test_the_first_in_order_is_what_is_wrong() -> None:
    async def says(answer: object, after: float) -> object:
        await asyncio.sleep(after)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await together(says(1, 0.002), says("x", 0)) == (1, "x")
    with pytest.raises(UsageError, match="first"):
        await together(says(UsageError("first"), 0.004), says(ValueError("second"), 0))
    ended = says(3, 0.01)
    with pytest.raises(ValueError, match="second"):
        await together(ended, says(ValueError("second"), 0))
    assert ended.cr_frame is None  # type: ignore[attr-defined]
