"""What every byte pipe must do, and what only some can."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from integration.pki import Authority
from lacuna_engine.errors import (
    ConnectionLostError,
    LacunaError,
    ProtocolError,
    SourceChangedError,
)
from lacuna_engine.transport import MemoryPipe, Pipe, StreamPipe, memory_pair
from lacuna_engine.transport.pipe import JOIN_LIMIT
from lacuna_engine.transport.socket_pipe import MAX_PARTS, SocketPipe
from lacuna_engine.transport.tcp import connect
from lacuna_engine.transport.tls_pipe import TlsPipe

Ends = tuple[Pipe, Pipe]
Maker = Callable[[], Awaitable[Ends]]

SEED = random.Random(17)
ENOUGH = 24 << 20
"""More bytes than the system holds for anybody."""


class Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.reasons: list[LacunaError] = []
        self.more = asyncio.Event()
        self.on_data: Callable[[], None] = lambda: None

    def received(self, data: memoryview) -> None:
        self.data += data
        self.more.set()
        self.on_data()

    def closed(self, reason: LacunaError) -> None:
        self.reasons.append(reason)

    async def until(self, count: int) -> None:
        while len(self.data) < count:
            self.more.clear()
            await asyncio.wait_for(self.more.wait(), 20)


async def turns(count: int = 20) -> None:
    """Give the loop time for all that is ready, the system's included."""
    for _ in range(count):
        await asyncio.sleep(0.001)


async def memory(_stack: AsyncExitStack, _folder: Path) -> Ends:
    return memory_pair()


async def sockets(_stack: AsyncExitStack, _folder: Path) -> Ends:
    one, two = socket.socketpair()
    return SocketPipe(one), SocketPipe(two)


async def accepted(
    stack: AsyncExitStack,
    serve: Callable[[Callable[[], StreamPipe]], Awaitable[asyncio.Server]],
    connect: Callable[[asyncio.Server], Awaitable[StreamPipe]],
) -> Ends:
    """Return both ends of a connection made through a listening socket."""
    arrived: asyncio.Queue[StreamPipe] = asyncio.Queue()

    def accept() -> StreamPipe:
        pipe = StreamPipe()
        arrived.put_nowait(pipe)
        return pipe

    server = await serve(accept)
    stack.callback(server.close)
    pipe = await connect(server)
    return pipe, await arrived.get()


async def unix_streams(stack: AsyncExitStack, folder: Path) -> Ends:
    loop, path = asyncio.get_running_loop(), str(folder / "s")

    async def connect(_server: asyncio.Server) -> StreamPipe:
        return (await loop.create_unix_connection(StreamPipe, path))[1]

    return await accepted(stack, lambda accept: loop.create_unix_server(accept, path), connect)


async def tcp_streams(stack: AsyncExitStack, _folder: Path) -> Ends:
    loop = asyncio.get_running_loop()

    async def connect(server: asyncio.Server) -> StreamPipe:
        port = server.sockets[0].getsockname()[1]
        return (await loop.create_connection(StreamPipe, "127.0.0.1", port))[1]

    return await accepted(stack, lambda accept: loop.create_server(accept, "127.0.0.1", 0), connect)


async def encrypted(stack: AsyncExitStack, folder: Path) -> Ends:
    """Our client and asyncio's server, after the server's verdict."""
    Authority().write(folder, "server")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "servercert.pem", folder / "serverkey.pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(folder / "cacert.pem")
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[StreamPipe] = asyncio.Queue()

    class Far(StreamPipe):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            # At 0 asyncio's TLS would pause a writer that has nothing to wait for.
            self._transport.set_write_buffer_limits(high=1, low=0)  # type: ignore[union-attr]
            arrived.put_nowait(self)

    listening = await loop.create_server(Far, "127.0.0.1", 0, ssl=server)
    stack.callback(listening.close)
    inner = await connect("127.0.0.1", listening.sockets[0].getsockname()[1], "")
    pipe = TlsPipe(inner, client, "localhost")
    await pipe.shake_hands()
    far = await arrived.get()
    far.write(b"\1")
    assert await pipe.verdict() == 1
    return pipe, far


KINDS = {
    "memory": memory,
    "socket": sockets,
    "unix": unix_streams,
    "tcp": tcp_streams,
    "tls": encrypted,
}
every_kind = pytest.mark.parametrize("kind", list(KINDS))
# A pipe within the process has no system below it that could be full.
real_kinds = pytest.mark.parametrize("kind", ["socket", "unix", "tcp", "tls"])


@pytest.fixture
async def make(kind: str, tmp_path: Path) -> AsyncIterator[Maker]:
    """Return what makes the ends of a pipe of this kind; they are closed in the end."""
    made: list[Pipe] = []
    async with AsyncExitStack() as stack:

        async def build() -> Ends:
            ends = await KINDS[kind](stack, tmp_path)
            made.extend(ends)
            return ends

        yield build
        for pipe in made:
            pipe.close()
        for pipe in made:
            await asyncio.wait_for(pipe.wait_closed(), 5)
    await turns(2)


@pytest.fixture
async def ends(make: Maker) -> Ends:
    return await make()


@pytest.fixture
def near(ends: Ends) -> Sink:
    """The receiver of the first end, started."""
    sink = Sink()
    ends[0].start(sink)
    return sink


@pytest.fixture
def far(ends: Ends) -> Sink:
    """The receiver of the second end, started."""
    sink = Sink()
    ends[1].start(sink)
    return sink


@every_kind
@pytest.mark.parametrize("largest", [3, 700, JOIN_LIMIT, 2_000_000])
async def test_order_both_ways(largest: int, ends: Ends, near: Sink, far: Sink) -> None:
    """Parts of any size, some empty, in any grouping; buffers may be used again when drained."""

    async def talk(pipe: Pipe) -> bytes:
        sent = bytearray()
        buffer = bytearray(largest)
        while len(sent) < min(3 * largest, 5_000_000):
            parts: list[bytes | memoryview] = []
            at = 0
            for _ in range(SEED.choice([1, 2, 3, MAX_PARTS + 3])):
                size = SEED.randint(0, largest - at)
                buffer[at : at + size] = SEED.randbytes(size)
                view = memoryview(buffer)[at : at + size]
                parts.append(view if SEED.random() < 0.5 else bytes(view))
                at += size
                sent += view
            pipe.write(*parts)
            await pipe.drain()
            buffer[:] = b"\xee" * largest
        return bytes(sent)

    up, down = await asyncio.gather(talk(ends[0]), talk(ends[1]))
    await far.until(len(up))
    await near.until(len(down))
    assert far.data == up
    assert near.data == down
    if isinstance(ends[0], TlsPipe):
        # What went over the wire: encrypted, with a handshake before.
        assert len(up) < ends[0].bytes_written < len(up) * 1.01 + 30_000
        assert len(down) < ends[0].bytes_read < len(down) * 1.01 + 30_000
    else:
        assert ends[0].bytes_written == ends[1].bytes_read == len(up)
        assert ends[1].bytes_written == ends[0].bytes_read == len(down)


@every_kind
async def test_nothing_is_lost_before_the_start(ends: Ends) -> None:
    ends[0].write(b"early")
    await turns()
    sink = Sink()
    ends[1].start(sink)
    await sink.until(5)
    assert sink.data == b"early"


@real_kinds
async def test_drain_waits_for_a_reader(ends: Ends, near: Sink, far: Sink) -> None:
    ends[1].pause_reading()
    data = SEED.randbytes(ENOUGH)
    ends[0].write(b"head", memoryview(data))
    drained = asyncio.create_task(ends[0].drain())
    await turns()
    assert not drained.done()
    assert len(far.data) < ENOUGH
    ends[1].resume_reading()
    await asyncio.wait_for(drained, 20)
    await far.until(ENOUGH + 4)
    assert far.data == b"head" + data


@every_kind
async def test_holders_release_one_by_one(ends: Ends, near: Sink, far: Sink) -> None:
    pipe = ends[1]
    one, two = object(), object()
    pipe.hold_reading(one)
    pipe.hold_reading(two)
    pipe.hold_reading(two)
    assert pipe.is_paused
    ends[0].write(b"x")
    await ends[0].drain()
    pipe.release_reading(one)
    await turns()
    assert pipe.is_paused
    assert not far.data
    pipe.release_reading(two)
    pipe.release_reading(two)
    await far.until(1)
    pipe.release_reading(object())
    ends[0].write(b"y")
    await far.until(2)


@every_kind
async def test_pausing_inside_the_receiver(ends: Ends, near: Sink, far: Sink) -> None:
    far.on_data = ends[1].pause_reading
    ends[0].write(b"1")
    await far.until(1)
    ends[0].write(b"2")
    await turns()
    assert far.data == b"1"
    far.on_data = lambda: None
    ends[1].resume_reading()
    await far.until(2)


@every_kind
@pytest.mark.parametrize("own_reason", [True, False])
async def test_closing_inside_the_receiver(
    own_reason: bool, ends: Ends, near: Sink, far: Sink
) -> None:
    reason = LacunaError("enough") if own_reason else None
    far.on_data = lambda: ends[1].close(reason)
    ends[0].write(b"x")
    await ends[0].wait_closed()
    await ends[1].wait_closed()
    await turns(3)
    assert far.data == b"x"
    assert len(far.reasons) == len(near.reasons) == 1
    if own_reason:
        assert far.reasons == [reason]
    else:
        assert isinstance(far.reasons[0], ConnectionLostError)
    assert isinstance(near.reasons[0], ConnectionLostError)


@every_kind
async def test_an_error_of_the_receiver_is_the_end(ends: Ends, near: Sink, far: Sink) -> None:
    error = ProtocolError("nonsense")

    def complain() -> None:
        raise error

    far.on_data = complain
    ends[0].write(b"x")
    await ends[1].wait_closed()
    await turns(3)
    assert far.reasons == [error]
    with pytest.raises(ProtocolError, match="nonsense"):
        await ends[1].drain()


@every_kind
async def test_the_peer_closes(ends: Ends, near: Sink, far: Sink) -> None:
    ends[0].write(b"last words")
    await ends[0].drain()
    await far.until(10)
    ends[0].close()
    await asyncio.wait_for(ends[1].wait_closed(), 5)
    await turns(3)
    assert far.data == b"last words"
    assert len(far.reasons) == 1
    assert isinstance(far.reasons[0], ConnectionLostError)
    ends[1].write(b"into the void")
    with pytest.raises(ConnectionLostError):
        await ends[1].drain()


@every_kind
async def test_closing_twice_is_closing_once(ends: Ends, near: Sink, far: Sink) -> None:
    first = LacunaError("first")
    ends[0].close(first)
    ends[0].close(LacunaError("second"))
    await ends[0].wait_closed()
    ends[0].close()
    written = ends[0].bytes_written
    ends[0].write(b"late")
    ends[0].pause_reading()
    ends[0].resume_reading()
    await turns(3)
    assert near.reasons == [first]
    assert ends[0].bytes_written == written
    with pytest.raises(LacunaError, match="first"):
        await ends[0].drain()


@every_kind
async def test_a_start_after_the_end_tells_it(ends: Ends) -> None:
    ends[0].close()
    await ends[0].wait_closed()
    sink = Sink()
    ends[0].start(sink)
    await turns(3)
    assert len(sink.reasons) == 1


@every_kind
async def test_a_start_right_after_the_close_tells_it_once(ends: Ends) -> None:
    reason = LacunaError("gone")
    ends[0].close(reason)
    sink = Sink()
    ends[0].start(sink)
    await ends[0].wait_closed()
    await turns(3)
    assert sink.reasons == [reason]


@real_kinds
async def test_the_end_wakes_a_drain(ends: Ends, near: Sink) -> None:
    """The other end never reads; ours is closed while somebody waits."""
    ends[0].write(bytes(ENOUGH))
    drained = asyncio.create_task(ends[0].drain())
    await turns(3)
    ends[0].close(LacunaError("stop"))
    with pytest.raises(LacunaError, match="stop"):
        await asyncio.wait_for(drained, 5)


@real_kinds
async def test_a_peer_that_goes_wakes_a_drain(ends: Ends, near: Sink) -> None:
    ends[0].write(bytes(ENOUGH))
    drained = asyncio.create_task(ends[0].drain())
    await turns(3)
    ends[1].close()
    with pytest.raises(ConnectionLostError):
        await asyncio.wait_for(drained, 5)
    await ends[0].wait_closed()
    await turns(2)
    assert len(near.reasons) == 1


@pytest.mark.parametrize("kind", ["memory", "unix"])
async def test_files_are_not_for_every_pipe(ends: Ends) -> None:
    assert not ends[0].sends_files
    with pytest.raises(NotImplementedError):
        ends[0].write_file(b"", 0, 0, 1)


async def test_a_memory_pipe_alone_leads_nowhere() -> None:
    pipe = MemoryPipe()
    pipe.write(b"x")
    pipe.close()
    assert pipe.bytes_written == 0


# --- files, which only the socket's pipe sends ---------------------------------------------------

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
