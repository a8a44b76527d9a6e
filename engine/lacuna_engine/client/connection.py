"""The driver of a connection: adds time and a pipe to the client peer.

Invariants:

* The reader never waits: what arrives is handed to futures, streams and listeners at once, and
  pings are answered from there, whatever the disk or the user does (protocol.md 1.9).
* Every future and stream ends, at the latest when the pipe does, with its reason.
* One transfer has one connection for itself, and one more is kept for control: streams share the
  daemon's request window and its socket with everything else on their connection (4.9).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar, cast

from lacuna_engine.client.authentication import authenticate
from lacuna_engine.client.keepalive import Keepalive, Patience
from lacuna_engine.client.sasl.layer import LayeredPipe, SecurityLayer
from lacuna_engine.client.streams import DownloadStream, UploadStream
from lacuna_engine.client.together import together
from lacuna_engine.errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    LacunaError,
    ProtocolError,
    RemoteError,
    RemoteSystemError,
)
from lacuna_engine.logs import error_fields, log_event
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.failure import exception_of, lost_write_error
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.rpc.records import Number, Open, VolumeRange
from lacuna_engine.transport import ConnectionUri, Pipe, open_pipe
from lacuna_engine.transport.prompts import NOBODY, Prompter, prompting

__all__ = ["Connection"]

_log = logging.getLogger(__name__)

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)
S = TypeVar("S", UploadStream, DownloadStream)

FEATURE_KEEPALIVE = 10
_NOTHING = memoryview(bytes(1 << 16))
"""What ballast consists of."""

OPEN_TIMEOUT = 30.0
"""Seconds for the daemon to answer the first calls of a connection."""
CLOSE_TIMEOUT = 5.0

_CLOSED_EARLY = (
    "Check the port: 16509 is plain TCP, 16514 TLS. The daemon may also have too many clients; its "
    "log says so."
)

# A daemon that does not know the storage driver's URI answers one of these (protocol.md 3.2);
# another name may then do.
_UNKNOWN_URI = frozenset({1, 5})


_NOT_BEHIND = (
    "The daemon that answers is not the one for storage, which it cannot reach: start "
    "virtstoraged.socket there."
)


def _hint_at(error: RemoteError) -> str:
    """Return what helps where one daemon answers for another that is not there."""
    is_system = isinstance(error, RemoteSystemError)
    return _NOT_BEHIND if is_system and error.errno in (errno.ECONNREFUSED, errno.ENOENT) else ""


class Connection:
    """An open connection to a daemon.

    Made by :meth:`open`, or from a pipe by :meth:`start`. All methods belong to the loop it was
    made on.
    """

    def __init__(
        self,
        pipe: Pipe,
        *,
        patience: Patience | None = None,
        uri: ConnectionUri | None = None,
        prompter: Prompter = NOBODY,
    ) -> None:
        self._pipe = pipe
        self.uri = uri
        """What was opened; None for a connection made from a pipe."""
        self.prompter = prompter
        """Whom to ask for what only a person knows."""
        self._peer = ClientPeer()
        self._calls: dict[int, asyncio.Future[Record]] = {}
        self._streams: dict[int, UploadStream | DownloadStream] = {}
        self._listeners: list[Callable[[e.ServerEvent], None]] = []
        self._on_close: list[Callable[[LacunaError], None]] = []
        self._reason: LacunaError | None = None
        self._opening: asyncio.Timeout | None = None
        self._layered: LayeredPipe | None = None
        # One for each ping under way, in order; None for keepalive's, which nobody waits for.
        self._pongs: deque[asyncio.Future[None] | None] = deque()
        self._keepalive = Keepalive(pipe, self._keep_alive, patience or Patience())
        pipe.place = self

    # --- life ----------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        uri: ConnectionUri,
        *,
        read_only: bool = False,
        daemon_pings: bool = True,
        patience: Patience | None = None,
        prompter: Prompter = NOBODY,
    ) -> Connection:
        """Connect, authenticate and open the daemon's storage driver.

        ``prompter`` is asked for passwords and unknown host keys; by default such a question is
        an error.

        ``daemon_pings`` asks the daemon to ping us and to close a connection that does not
        answer. It must be off where reading may pause for long (transports.md A9).

        Raises :class:`~lacuna_engine.errors.UnreachableError`,
        :class:`~lacuna_engine.errors.AuthenticationError` or
        :class:`~lacuna_engine.errors.ConnectError`.
        """
        since = time.monotonic()
        with prompting(prompter):
            pipe = await open_pipe(uri)
        connection = cls(pipe, patience=patience, uri=uri, prompter=prompter)
        try:
            try:
                async with asyncio.timeout(OPEN_TIMEOUT) as connection._opening:
                    await connection.start(
                        uri.names(), read_only=read_only, daemon_pings=daemon_pings
                    )
            except TimeoutError as error:
                raise ConnectError(
                    f"{uri} did not answer within {OPEN_TIMEOUT:.0f} s",
                    hint="The daemon may be stalled by a slow disk, or is no libvirt daemon.",
                ) from error
            except ConnectionLostError as error:
                raise ConnectError(
                    f"{uri} closed the connection before it was open: {error}",
                    hint=error.hint or _CLOSED_EARLY,
                ) from error
            except RemoteError as error:
                raise ConnectError(
                    f"{uri} cannot be opened: {error}", hint=error.hint or _hint_at(error)
                ) from error
            except ProtocolError as error:
                raise ConnectError(
                    f"{uri} does not speak libvirt's protocol: {error}", hint=error.hint
                ) from error
        except BaseException:
            pipe.close()
            # What is behind the pipe may be a process, which is not to outlive the failure.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await pipe.wait_closed()
            raise
        log_event(
            _log, logging.INFO, "connected", transport=uri.transport, uri=str(uri),
            unsafe=uri.unsafe or None, seconds=time.monotonic() - since,
        )  # fmt: skip
        return connection

    async def start(
        self, names: tuple[str, ...], *, read_only: bool = False, daemon_pings: bool = True
    ) -> None:
        """Run the opening calls in the order of protocol.md appendix A, the last two at once."""
        self._pipe.start(self)
        self._keepalive.start()
        await authenticate(self)
        opening = self._open_driver(names, read_only=read_only)
        if daemon_pings:
            await together(self._ask_for_pings(), opening)
        else:
            await opening

    async def _ask_for_pings(self) -> None:
        """Have the daemon ping us, if it can: it begins when it is asked whether it does."""
        with suppress(RemoteError):
            await self.call(p.CONNECT_SUPPORTS_FEATURE, Number(FEATURE_KEEPALIVE))

    async def _open_driver(self, names: tuple[str, ...], *, read_only: bool) -> None:
        """Open the first of ``names`` that the daemon knows."""
        for last, name in zip([*[False] * (len(names) - 1), True], names, strict=True):
            try:
                await self.call(p.CONNECT_OPEN, Open(name, 1 if read_only else 0))
            except RemoteError as error:
                if last or error.code not in _UNKNOWN_URI:
                    raise
            else:
                return

    @contextmanager
    def unhurried(self) -> Generator[None]:
        """Be in no hurry to open the connection in this block: a person is being asked."""
        if self._opening is None:
            yield
            return
        self._opening.reschedule(None)
        try:
            yield
        finally:
            self._opening.reschedule(asyncio.get_running_loop().time() + OPEN_TIMEOUT)

    def secure(self, layer: SecurityLayer) -> None:
        """Have everything go through a security layer from now on, both ways."""
        self._pipe.place = None
        self._pipe = self._layered = LayeredPipe(self._pipe, layer)

    async def close(self) -> None:
        """Say goodbye and end. Open streams are aborted by the daemon. Never raises."""
        if self._reason is None:
            with suppress(LacunaError):
                await self.call(p.CONNECT_CLOSE, Void(), timeout=CLOSE_TIMEOUT)
        self.abort()
        await self._pipe.wait_closed()

    def abort(self, reason: LacunaError | None = None) -> None:
        """End at once, without a word."""
        self._pipe.close(reason)

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._reason is None

    @property
    def sends_files(self) -> bool:
        """Whether uploads can take data from a file without reading it: not on every transport."""
        return self._pipe.sends_files

    @property
    def bytes_on_wire(self) -> int:
        """Bytes written to and read from the transport so far."""
        return self._pipe.bytes_read + self._pipe.bytes_written

    def on_close(self, callback: Callable[[LacunaError], None]) -> None:
        """Have ``callback`` called once with the reason when the connection ends."""
        if self._reason is not None:
            callback(self._reason)
        else:
            self._on_close.append(callback)

    def on_event(self, callback: Callable[[e.ServerEvent], None]) -> Callable[[], None]:
        """Have ``callback`` called for each event of the daemon; returns how to stop that."""
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    # --- calls ---------------------------------------------------------------------------------

    async def call(
        self, procedure: Procedure[A, R], arguments: A, *, timeout: float | None = None
    ) -> R:
        """Make a call and return its result.

        Calls may be made at the same time; the daemon answers in any order (1.6). ``timeout`` is
        in seconds. There is none by default: a stalled disk stops the whole daemon for minutes,
        and a dead peer is found by keepalive. A cancelled call's late answer is dropped.

        Raises :class:`~lacuna_engine.errors.RemoteError` (the daemon's answer),
        :class:`~lacuna_engine.errors.CallTimeoutError`,
        :class:`~lacuna_engine.errors.ConnectionLostError`.
        """
        serial, since = self._send_call(procedure, arguments), time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                return cast("R", await self._calls[serial])
        except TimeoutError as error:
            raise CallTimeoutError(
                f"the daemon did not answer {procedure.name} within {timeout:g} s",
                hint="A slow disk can stall the whole daemon; it may answer later.",
            ) from error
        finally:
            self._calls.pop(serial, None)
            self._peer.forget(serial)
            took = time.monotonic() - since
            log_event(_log, logging.DEBUG, "call", procedure=procedure.name, seconds=took)

    async def ping(self) -> None:
        """Send a ping and wait for its answer, which shows that the daemon's loop is free.

        Raises what ended the connection.
        """
        if self._reason is not None:
            raise self._reason
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pongs.append(answer)
        self._send_ping()
        await answer

    def send_ballast(self, size: int) -> None:
        """Send ``size`` bytes in a message that the daemon takes in and drops.

        It keeps the memory that this has taken for messages to come (`transfer.daemon_memory`).
        """
        whole, rest = divmod(size, len(_NOTHING))
        self._pipe.write(self._peer.ballast_header(size), *[_NOTHING] * whole, _NOTHING[:rest])

    def _send_call(self, procedure: Procedure[A, R], arguments: A) -> int:
        if self._reason is not None:
            raise self._reason
        serial = self._peer.call(procedure, arguments)
        self._calls[serial] = asyncio.get_running_loop().create_future()
        self._flush()
        return serial

    # --- streams -------------------------------------------------------------------------------

    async def upload(self, target: VolumeRange) -> UploadStream:
        """Open an upload stream. Raises what :meth:`call` raises."""
        return await self._open_stream(p.VOL_UPLOAD, target, UploadStream)

    async def download(self, source: VolumeRange) -> DownloadStream:
        """Open a download stream. Raises what :meth:`call` raises."""
        return await self._open_stream(p.VOL_DOWNLOAD, source, DownloadStream)

    async def _open_stream(
        self, procedure: Procedure[VolumeRange, Void], target: VolumeRange, kind: type[S]
    ) -> S:
        serial = self._send_call(procedure, target)
        # Known before the reply: the first data packets may overtake it (protocol.md 0.13).
        stream = kind(serial, self._peer, self._pipe, target)
        self._streams[serial] = stream
        try:
            await self._calls[serial]
        except asyncio.CancelledError:
            # Whether the daemon has opened it cannot be known; only the end of the connection,
            # which is this transfer's own, closes it for sure.
            self.abort()
            raise
        except LacunaError as error:
            # Not as a refusal: data and even the end may have been there before it.
            stream.machine.lost(error)
            self._streams.pop(serial, None)
            raise
        finally:
            self._calls.pop(serial, None)
        return stream

    # --- what arrives (the receiver of the pipe) -----------------------------------------------

    def received(self, data: memoryview) -> None:
        """Take in bytes from the pipe."""
        self._keepalive.heard()
        if self._layered is not None:
            data = self._layered.opened(data)
        for event in self._peer.receive(data):
            self._dispatch(event)
        self._flush()

    def room(self) -> memoryview | None:
        """Return where the next bytes belong, if they are data of a stream that takes them."""
        awaited = self._peer.awaited_data()
        if awaited is None:
            return None
        stream = self._streams.get(awaited[0])
        return None if stream is None else stream.room(awaited[1])

    def filled(self, count: int) -> None:
        """Take note of bytes that were put there. Raises :class:`ProtocolError`."""
        self._keepalive.heard()
        awaited = self._peer.awaited_data()
        if awaited is None:
            raise ProtocolError("bytes were put where none belong")
        self._peer.took_data(count)
        self._streams[awaited[0]].on_filled(count)

    def closed(self, reason: LacunaError) -> None:
        """End everything with the pipe's reason."""
        self._reason = reason
        self._keepalive.stop()
        log_event(_log, logging.INFO, "connection ended", **error_fields(reason))
        for call in self._calls.values():
            if not call.done():
                call.set_exception(reason)
        for pong in self._pongs:
            if pong is not None and not pong.done():
                pong.set_exception(reason)
        for stream in list(self._streams.values()):
            stream.on_lost(reason)
        callbacks, self._on_close = self._on_close, []
        for callback in callbacks:
            callback(reason)

    def _dispatch(self, event: e.Event) -> None:
        # First what comes most, and without a pattern, which takes longer.
        if isinstance(event, e.StreamData):
            self._streams[event.serial].on_data(event.data)
        elif isinstance(event, e.StreamHole):
            self._streams[event.serial].on_hole(event.length)
        else:
            self._dispatch_rest(event)

    def _dispatch_rest(self, event: e.Event) -> None:
        match event:
            case e.CallReturned(serial, result):
                if serial in self._streams:
                    # Before any data behind it in the same read, hence not in the waiting task.
                    self._streams[serial].on_opened()
                self._settle(serial, result)
            case e.CallFailed(serial, error):
                self._settle(serial, exception_of(error))
            case e.ServerEvent():
                for listener in tuple(self._listeners):
                    listener(event)
            case e.PongArrived():
                pong = self._pongs.popleft() if self._pongs else None
                if pong is not None and not pong.done():
                    pong.set_result(None)
            case _:
                self._dispatch_to_stream(event)

    def _dispatch_to_stream(self, event: e.Event) -> None:
        match event:
            case e.StreamEnd(serial):
                self._streams[serial].on_end()
            case e.StreamFinished(serial):
                self._streams[serial].on_finished()
                self._drop_stream(serial)
            case e.StreamFailed(serial, error, as_reply):
                empty = as_reply and lost_write_error(error)
                self._streams[serial].on_failed(exception_of(error), cause_lost=empty)
                self._drop_stream(serial)
            case _:
                pass

    def _drop_stream(self, serial: int) -> None:
        """Forget a stream that is over, with its buffers; what still comes is swallowed."""
        call = self._calls.get(serial)
        if call is None or call.done():
            del self._streams[serial]
            self._peer.forget(serial)

    def _settle(self, serial: int, outcome: Record | LacunaError) -> None:
        future = self._calls.get(serial)
        if future is None or future.done():
            return
        if isinstance(outcome, LacunaError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _keep_alive(self) -> None:
        self._pongs.append(None)
        self._send_ping()

    def _send_ping(self) -> None:
        self._peer.ping()
        self._flush()

    def _flush(self) -> None:
        out = self._peer.data_to_send()
        if out:
            self._pipe.write(*out)
