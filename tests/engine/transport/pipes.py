"""Pipes of every kind in pairs, and what takes what they bring."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from integration.pki import Authority
from lacuna_engine.errors import (
    LacunaError,
)
from lacuna_engine.transport import Pipe, StreamPipe, memory_pair
from lacuna_engine.transport.socket_pipe import SocketPipe
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
