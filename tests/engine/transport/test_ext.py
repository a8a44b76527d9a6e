"""The transport ext, and with it a pipe through a child process."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacuna_engine.errors import ConnectionLostError, LacunaError, UnreachableError, UsageError
from lacuna_engine.transport import open_pipe, parse_uri


class Heard:
    def __init__(self) -> None:
        self.data = b""
        self.reason: LacunaError | None = None

    def received(self, data: memoryview) -> None:
        self.data += bytes(data)

    def closed(self, reason: LacunaError) -> None:
        assert self.reason is None
        self.reason = reason


def program(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return f"qemu+ext:///system?command={path}"


async def test_bytes_go_both_ways(tmp_path: Path) -> None:
    pipe = await open_pipe(parse_uri(program(tmp_path, "exec cat")))
    heard = Heard()
    pipe.start(heard)
    for _ in range(8):
        pipe.write(b"x" * 100_000, b"y")
        await pipe.drain()
    import asyncio  # noqa: PLC0415

    while len(heard.data) < 800_008:
        await asyncio.sleep(0.001)
    pipe.close()
    await pipe.wait_closed()
    assert isinstance(heard.reason, ConnectionLostError)


async def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    uri = program(tmp_path, "echo first >&2; echo no such tunnel >&2; exit 7")
    pipe = await open_pipe(parse_uri(uri))
    heard = Heard()
    pipe.start(heard)
    await pipe.wait_closed()
    assert isinstance(heard.reason, UnreachableError)
    assert "ended with status 7: no such tunnel" in str(heard.reason)
    with pytest.raises(UnreachableError):
        await pipe.drain()


async def test_a_program_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna_engine.transport.child.Child.end.__defaults__", (0.1,))
    pipe = await open_pipe(parse_uri(program(tmp_path, "trap '' TERM; sleep 60")))
    pipe.start(Heard())
    pipe.close()
    await pipe.wait_closed()


@pytest.mark.parametrize("query", ["", "?command=", "?command=/nowhere/at/all"])
async def test_no_program(query: str) -> None:
    with pytest.raises(UsageError):
        await open_pipe(parse_uri(f"qemu+ext:///system{query}"))
