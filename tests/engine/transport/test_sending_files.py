"""Files between bytes, which only the socket's pipe sends."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.transport.pipes import SEED, Ends, Sink, turns
from lacuna_engine.errors import (
    ConnectionLostError,
    SourceChangedError,
)
from lacuna_engine.transport.socket_pipe import SocketPipe

only_sockets = pytest.mark.parametrize("kind", ["socket"])


@pytest.fixture(params=["sendfile", "refused"])
def sendfile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own way, and one where a file system or socket cannot do it."""
    if request.param == "refused":

        def refuse(*_: object) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

        monkeypatch.setattr(os, "sendfile", refuse)


CONTENT = SEED.randbytes(8 << 20)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[int]:
    """A descriptor of a file with CONTENT."""
    path = tmp_path / "image"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        yield file.fileno()


@only_sockets
@pytest.mark.usefixtures("sendfile", "near")
async def test_files_between_bytes(image: int, ends: Ends, far: Sink) -> None:
    assert ends[0].sends_files
    expected = bytearray()
    for number, (offset, size) in enumerate([(0, 1), (5, 4 << 20), (4096, 77), (1, 3 << 20)]):
        header = b"<%d>" % number
        ends[0].write_file(header, image, offset, size)
        expected += header + CONTENT[offset : offset + size]
        ends[0].write(b"tail", memoryview(b"more"))
        expected += b"tailmore"
    await asyncio.gather(ends[0].drain(), far.until(len(expected)))
    assert far.data == expected
    assert ends[0].bytes_written == len(expected)


@only_sockets
@pytest.mark.usefixtures("sendfile", "near")
async def test_a_file_waits_for_a_reader(image: int, ends: Ends, far: Sink) -> None:
    ends[1].pause_reading()
    for _ in range(3):
        ends[0].write_file(b"", image, 0, 8 << 20)
    drained = asyncio.create_task(ends[0].drain())
    await turns()
    assert not drained.done()
    ends[1].resume_reading()
    await asyncio.gather(drained, far.until(24 << 20))
    assert far.data == CONTENT * 3


@only_sockets
@pytest.mark.usefixtures("sendfile")
@pytest.mark.parametrize("missing", [1, 8 << 20])
async def test_a_file_that_got_shorter_ends_the_pipe(
    missing: int, image: int, ends: Ends, near: Sink, far: Sink
) -> None:
    ends[0].write_file(b"head", image, missing, 8 << 20)
    with pytest.raises(SourceChangedError):
        await asyncio.wait_for(ends[0].drain(), 5)
    await ends[0].wait_closed()
    await turns(2)
    assert [type(reason) for reason in near.reasons] == [SourceChangedError]
    await ends[1].wait_closed()
    # What did arrive is never made up.
    assert CONTENT[missing:].startswith(bytes(far.data.removeprefix(b"head")))


@only_sockets
async def test_an_error_of_the_disk_ends_the_pipe(
    monkeypatch: pytest.MonkeyPatch, ends: Ends, near: Sink
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "sendfile", fail)
    ends[0].write_file(b"", 0, 0, 1)
    ends[0].write_file(b"", 0, 0, 1)
    with pytest.raises(ConnectionLostError, match="Input/output error"):
        await ends[0].drain()


@only_sockets
async def test_a_socket_that_breaks_while_read(ends: Ends, near: Sink, far: Sink) -> None:
    pipe = ends[1]
    assert isinstance(pipe, SocketPipe)
    whole = pipe._sock
    faults = [BlockingIOError(), InterruptedError(), OSError(errno.EIO, "broken")]

    class Faulty:
        """The socket, except that reading it fails."""

        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

        def recv_into(self, _: object) -> int:
            raise faults.pop(0)

    pipe._sock = Faulty()  # type: ignore[assignment]
    for _ in range(2):
        pipe._read()
        assert pipe._reason is None
    pipe._read()
    await turns(2)
    assert [str(reason) for reason in far.reasons] == ["the connection broke: broken"]
