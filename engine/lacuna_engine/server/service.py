"""The server: listens, takes clients, and tells them what happens to the pools."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.rpc.records import PoolHandle
from lacuna_engine.server.caller import Caller
from lacuna_engine.server.calls import Calls
from lacuna_engine.server.client import ServedClient
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.lending import LendingPipe
from lacuna_engine.server.listening import Address, check_address
from lacuna_engine.server.logins import Logins
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.server.registry import Registry
from lacuna_engine.server.shaper import Link, ShapedPipe
from lacuna_engine.server.watch import FolderWatch
from lacuna_engine.transport import Pipe, StreamPipe

__all__ = ["StorageServer"]

log = logging.getLogger(__name__)

MAX_CLIENTS = 256
MAX_STRANGERS = 20
"""Clients that have not been let in yet; the daemon's own limit (protocol.md 1.8)."""

STRANGER_PATIENCE = 60.0
"""Seconds in which a client has to log in."""

HANDSHAKE_PATIENCE = 10.0
"""Seconds in which a client has to come to an understanding over TLS."""

ACCEPTED = b"\x01"
"""What a daemon sends first over TLS: your certificate is fine (protocol.md 1.10)."""

BACKLOG = 128

LOOK_EVERY = 0.25
"""Seconds between looks at what the folder watch has."""

UNDEFINED, STARTED, STOPPED = 1, 2, 3
"""Lifecycle events (protocol.md 3.5)."""


class StorageServer:
    """Serves the pools of ``registry`` until closed; an asynchronous context manager.

    ``faults`` gives the faults of each connection, counted from 0; ``link`` what it goes over.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        logins: Logins | None = None,
        read_only: bool = False,
        tls: ssl.SSLContext | None = None,
        faults: Callable[[int], Faults] | None = None,
        link: Link | None = None,
    ) -> None:
        self.registry = registry
        self.addresses: list[Address] = []
        self._logins = logins
        self._tls = tls
        self._faults = faults or _no_faults
        self._link = link
        self._read_only = read_only
        self._calls = Calls(registry, logins=logins, read_only=read_only)
        self._clients: dict[ServedClient, asyncio.TimerHandle] = {}
        self._count = 0
        self._listeners: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: set[asyncio.Task[None]] = set()
        self._sockets: list[Path] = []
        self._watch = FolderWatch()
        self._watching: asyncio.Task[None] | None = None
        self._closing = threading.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.registry.on_event(self._happened)
        self._calls.start()
        for name in self.registry.names(active=True):
            pool = self.registry.lookup_by_name(name)
            await asyncio.to_thread(self._watch.add, name, pool.path)
            await asyncio.to_thread(self._tidy, pool)
        self._watching = asyncio.create_task(self._look_at_folders())
        # Nobody waits for its end: the last look at a folder may never come back.
        threading.Thread(target=self._poll_folders, name="lacuna-poll", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- listening -------------------------------------------------------------------------------

    async def listen(self, address: Address) -> Address:
        """Listen there; returns the address with the port that was found.

        Raises :class:`UsageError` for an address that would let others in, and
        :class:`LocalFileError` if it cannot be had.
        """
        check_address(address, logins=self._logins is not None)
        try:
            if address.kind == "unix":
                self._listen_unix(address)
            elif address.kind == "tcp":
                address = self._listen_tcp(address)
            else:
                address = await self._listen_tls(address)
        except OSError as error:
            raise LocalFileError(
                f"cannot listen on {address}: {error.strerror or error}"
            ) from error
        self.addresses.append(address)
        return address

    def _listen_unix(self, address: Address) -> None:
        path = Path(address.path)
        _remove_dead_socket(path)
        # Nobody may connect in the moment between making the socket and its mode.
        before = os.umask(0o177)
        try:
            sock = _bound(socket.AF_UNIX, address.path)
        finally:
            os.umask(before)
        self._sockets.append(path)
        self._accept_on(sock, lambda taken: self._take(LendingPipe(taken), secure=True))

    def _listen_tcp(self, address: Address) -> Address:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = _bound(family, (address.host, address.port))
        self._accept_on(sock, lambda taken: self._take(LendingPipe(taken), secure=False))
        return Address("tcp", host=address.host, port=sock.getsockname()[1])

    def _accept_on(self, sock: socket.socket, admit: Callable[[socket.socket], None]) -> None:
        self._listeners.append(sock)
        sock.listen(BACKLOG)
        sock.setblocking(False)  # noqa: FBT003
        self._accepting.append(asyncio.create_task(self._accept(sock, admit)))

    async def _accept(
        self, listener: socket.socket, admit: Callable[[socket.socket], None]
    ) -> None:
        while True:
            try:
                sock, _ = await self._loop.sock_accept(listener)
            except OSError:
                # Out of descriptors, most likely; others will leave.
                await asyncio.sleep(0.1)
                continue
            if self._is_full():
                sock.close()
                continue
            if sock.family != socket.AF_UNIX:
                with suppress(OSError):  # who has gone already is noticed soon enough
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            admit(sock)

    async def _listen_tls(self, address: Address) -> Address:
        if self._tls is None:
            raise UsageError(
                f"{address} needs a certificate",
                hint="Put servercert.pem and serverkey.pem into libvirt's PKI folders.",
            )
        # libvirt's client takes the first thing that comes for the byte that accepts it, and gives
        # up if it is a session ticket.
        self._tls.num_tickets = 0
        # It binds to all that the name stands for; accepting is done here, where it is counted.
        bound = await self._loop.create_server(
            asyncio.Protocol, address.host, address.port, start_serving=False
        )
        try:
            port = bound.sockets[0].getsockname()[1]
            for sock in bound.sockets:
                self._accept_on(sock.dup(), self._begin_handshake)
        finally:
            bound.close()
        return Address("tls", host=address.host, port=port)

    def _begin_handshake(self, sock: socket.socket) -> None:
        task = asyncio.create_task(self._shake_hands(sock))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, sock: socket.socket) -> None:
        try:
            _, pipe = await self._loop.connect_accepted_socket(
                _TlsPipe, sock, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE_PATIENCE
            )
        except OSError as error:  # its transport has closed the socket
            log.debug("no understanding over TLS: %s", error)
            return
        finally:
            # Not at the end of the task: it would count twice until then.
            if (task := asyncio.current_task()) is not None:
                self._handshakes.discard(task)
        self._take(pipe, secure=True, greeting=ACCEPTED)

    # --- clients ---------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        """Whether there are too many connections; those still in their handshake count too."""
        strangers = sum(not client.caller.let_in for client in self._clients)
        shaking = len(self._handshakes)
        return len(self._clients) + shaking >= MAX_CLIENTS or strangers + shaking >= MAX_STRANGERS

    def _take(self, pipe: Pipe, *, secure: bool, greeting: bytes = b"") -> None:
        if self._link is not None:
            pipe = ShapedPipe(pipe, self._link)
        faults = self._faults(self._count)
        self._count += 1
        caller = Caller(faults, secure=secure)
        client = ServedClient(pipe, self._calls, caller, faults=faults, over=self._gone)
        self._clients[client] = self._loop.call_later(
            STRANGER_PATIENCE, self._send_stranger_away, client
        )
        if greeting:
            pipe.write(greeting)
        client.start()

    def _gone(self, client: ServedClient) -> None:
        self._clients.pop(client).cancel()

    def _send_stranger_away(self, client: ServedClient) -> None:
        if not client.caller.let_in:
            client.close()

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    async def close(self) -> None:
        """Listen no more, end all connections, close everything."""
        self._closing.set()
        for task in (*self._accepting, *self._handshakes):
            task.cancel()
        if self._watching is not None:
            self._watching.cancel()
        clients = list(self._clients)
        for client in clients:
            client.close()
        await asyncio.gather(
            *self._accepting,
            *self._handshakes,
            *(client.wait_closed() for client in clients),
            return_exceptions=True,
        )
        for listener in self._listeners:
            listener.close()
        self._watch.close()
        for path in self._sockets:
            path.unlink(missing_ok=True)
        self._calls.close()

    # --- events ----------------------------------------------------------------------------------

    def _happened(self, pool: PoolHandle, lifecycle: int | None) -> None:
        """Called by the registry, in whatever thread."""
        if lifecycle == STARTED:
            started = self.registry.lookup_by_uuid(pool.uuid)
            self._watch.add(pool.name, started.path)
            self._tidy(started)
        elif lifecycle in (STOPPED, UNDEFINED):
            self._watch.remove(pool.name)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._calls.tell, pool, lifecycle)

    def _tidy(self, pool: FolderPool) -> None:
        """Remove what servers that were killed have left; one that only reads leaves it."""
        if self._read_only:
            return
        with suppress(Refusal):
            if count := pool.tidy():
                log.info("pool '%s': %d unfinished files removed", pool.name, count)

    async def _look_at_folders(self) -> None:
        """Tell of changes on disk, which the daemon does not; as a refresh, for all they know."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._changed(self._watch.read())

    def _poll_folders(self) -> None:
        """The same where the folder has to be looked at, which may take for ever on a network."""
        while not self._closing.wait(LOOK_EVERY):
            if names := self._watch.poll():
                with suppress(RuntimeError):  # the loop has ended
                    self._loop.call_soon_threadsafe(self._changed, names)

    def _changed(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(Refusal):
                self._calls.tell(self.registry.lookup_by_name(name).handle, None)


def _no_faults(number: int) -> Faults:
    del number
    return Faults()


class _TlsPipe(StreamPipe):
    """A pipe that was accepted and is ready when the handshake is done."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done."""
        super().connection_made(transport)
        if isinstance(transport, asyncio.WriteTransport):
            # asyncio's TLS holds a writer back at its limit, plain sockets only above theirs: with
            # a limit of 0 what has been sent would never count as sent.
            transport.set_write_buffer_limits(high=1, low=0)


def _bound(family: socket.AddressFamily, address: str | tuple[str, int]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_dead_socket(path: Path) -> None:
    """Remove a socket nobody listens at; anything else is left, and binding will fail."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
