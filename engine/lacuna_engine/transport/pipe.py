"""The byte pipe: all that the engine wants of a network.

Every transport gives one :class:`Pipe`; the driver of the protocol is its :class:`Receiver`. Here
are :class:`StreamPipe` on any asyncio transport, for servers and for loops that cannot watch
descriptors, and :class:`MemoryPipe` for tests; sockets and TLS have files of their own.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Protocol, cast

from lacuna_engine.errors import ConnectionLostError, LacunaError

__all__ = ["MemoryPipe", "Pipe", "Place", "Receiver", "StreamPipe", "memory_pair"]

READ_BUFFER = 1 << 20
"""Bytes taken from the socket at once at most; the kernel usually gives some 200 KiB."""

JOIN_LIMIT = 1 << 16
"""Parts up to this size in all are joined: one copy is cheaper than one system call more."""


class Receiver(Protocol):
    """Who gets the bytes."""

    def received(self, data: memoryview) -> None:
        """Bytes have arrived; valid until this returns. A :class:`LacunaError` closes the pipe."""

    def closed(self, reason: LacunaError) -> None:
        """The pipe has ended; called exactly once, with the reason, also after our own close."""


class Place(Protocol):
    """Who knows where bytes belong before they have arrived, so that they need not be copied."""

    def room(self) -> memoryview | None:
        """Return where the next bytes go, at most as many as fit; None if that is not known."""

    def filled(self, count: int) -> None:
        """So many bytes have been put there. A :class:`LacunaError` closes the pipe."""


class Pipe(ABC):
    """A two-way byte stream with back pressure both ways."""

    def __init__(self) -> None:
        self.bytes_read: int = 0
        self.bytes_written: int = 0
        self.is_paused = False
        """Whether reading is paused by us."""
        self._holders: set[object] = set()
        self.sends_files = False
        """Whether :meth:`write_file` is there."""
        self.place: Place | None = None
        """Asked before reading, by pipes that can put bytes where they belong; others ignore it."""

    @abstractmethod
    def start(self, receiver: Receiver) -> None:
        """Begin to deliver. Called once."""

    @abstractmethod
    def write(self, *parts: bytes | memoryview) -> None:
        """Send the parts in order. They must not change until :meth:`drain` has returned."""

    def write_file(self, header: bytes, fd: int, offset: int, count: int) -> None:
        """Send ``header`` and then ``count`` bytes of a file, read when they are sent.

        A file that has become shorter ends the pipe with
        :class:`~lacuna_engine.errors.SourceChangedError`, since the header has promised more.
        """
        raise NotImplementedError

    @abstractmethod
    async def drain(self) -> None:
        """Wait until everything written has been taken over by the system.

        Raises :class:`ConnectionLostError` if the pipe has ended.
        """

    @abstractmethod
    def pause_reading(self) -> None:
        """Stop delivering; what is under way may still come."""

    @abstractmethod
    def resume_reading(self) -> None:
        """Deliver again."""

    def hold_reading(self, holder: object) -> None:
        """Pause reading until every holder has released it."""
        self._holders.add(holder)
        if not self.is_paused:
            self.pause_reading()

    def release_reading(self, holder: object) -> None:
        """Read again, if nobody else holds it."""
        self._holders.discard(holder)
        if self.is_paused and not self._holders:
            self.resume_reading()

    @abstractmethod
    def close(self, reason: LacunaError | None = None) -> None:
        """End the pipe at once; unsent bytes are dropped. ``reason`` is handed to the receiver."""

    @abstractmethod
    async def wait_closed(self) -> None:
        """Wait until the pipe has ended."""


class StreamPipe(Pipe, asyncio.BufferedProtocol):
    """A pipe on an asyncio transport, as its protocol.

    The buffered protocol was measured against plain socket calls and stream readers: it costs the
    least processor time of the three (transports.md 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self._buffer = bytearray(READ_BUFFER)
        # asyncio's TLS slices what get_buffer returns, which must not copy (transports.md A8).
        self._view = memoryview(self._buffer)
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._reason: LacunaError | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_resuming = False

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self._ended.is_set():
            receiver.closed(self._closing_reason())
        else:
            self.resume_reading()

    # --- called by asyncio ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing is read before there is a receiver; nothing is buffered while writing."""
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        # With no high-water mark, drained means handed to the kernel: buffers may be used again.
        self._transport.set_write_buffer_limits(high=0)
        if self._receiver is None:
            self._transport.pause_reading()
            self._loop.call_soon(self._stay_paused)

    def _stay_paused(self) -> None:
        """Early releases of Python 3.11 begin to read right after they have been told not to."""
        if self._receiver is None and self._transport is not None:
            self._transport.resume_reading()
            self._transport.pause_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        """One buffer for the life of the pipe."""
        del sizehint
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what came; an error of the receiver is the end of the pipe."""
        self.bytes_read += nbytes
        if self._receiver is None or self._reason is not None:
            return
        try:
            self._receiver.received(self._view[:nbytes])
        except LacunaError as error:
            self.close(error)

    def eof_received(self) -> bool:
        """Answer false, so that the transport closes itself: the protocol knows no half-close."""
        return False

    def pause_writing(self) -> None:
        """The kernel's buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Everything has been handed to the kernel."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits; tell the receiver once."""
        if self._reason is None and exc is not None:
            self._reason = ConnectionLostError(f"the connection broke: {exc}")
        self._ended.set()
        self._writable.set()
        if self._receiver is not None:
            self._receiver.closed(self._closing_reason())

    # --- the pipe ------------------------------------------------------------------------------

    def write(self, *parts: bytes | memoryview) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        size = sum(len(part) for part in parts)
        self.bytes_written += size
        if len(parts) > 1 and size <= JOIN_LIMIT:
            transport.write(b"".join(parts))
            return
        for part in parts:
            transport.write(part)

    async def drain(self) -> None:
        await self._writable.wait()
        if self._ended.is_set() or self._reason is not None:
            raise self._closing_reason()

    def pause_reading(self) -> None:
        self.is_paused = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        self.is_paused = False
        if self._loop is not None and not self._is_resuming:
            self._is_resuming = True
            self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        """Begin to read, in a turn of its own: told twice in one, Windows' loop reads twice."""
        self._is_resuming = False
        if self._transport is not None and not self._transport.is_closing() and not self.is_paused:
            self._transport.resume_reading()

    def close(self, reason: LacunaError | None = None) -> None:
        if self._reason is None:
            self._reason = reason or ConnectionLostError("the connection was closed")
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        await self._ended.wait()

    def _closing_reason(self) -> LacunaError:
        return self._reason or ConnectionLostError("the daemon closed the connection")


class MemoryPipe(Pipe):
    """One end of a pipe within the process. Bytes arrive in the next turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._other: MemoryPipe | None = None
        self._receiver: Receiver | None = None
        self._incoming = bytearray()
        self._reason: LacunaError | None = None
        self._ended = asyncio.Event()

    def connect(self, other: MemoryPipe) -> None:
        """Make ``other`` the far end."""
        self._other = other

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self._reason is not None:
            receiver.closed(self._reason)
        else:
            self._loop.call_soon(self._deliver)

    def write(self, *parts: bytes | memoryview) -> None:
        if self._reason is not None or self._other is None:
            return
        for part in parts:
            self.bytes_written += len(part)
            self._other._incoming += part
        self._loop.call_soon(self._other._deliver)

    async def drain(self) -> None:
        await asyncio.sleep(0)
        if self._reason is not None:
            raise self._reason

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False
        self._loop.call_soon(self._deliver)

    def close(self, reason: LacunaError | None = None) -> None:
        if self._reason is None:
            self._end(reason or ConnectionLostError("the connection was closed"))
            if self._other is not None:
                gone = ConnectionLostError("the daemon closed the connection")
                self._loop.call_soon(self._other._end, gone)

    async def wait_closed(self) -> None:
        await self._ended.wait()

    def _deliver(self) -> None:
        if self._receiver is None or self.is_paused or not self._incoming or self._reason:
            return
        data, self._incoming = self._incoming, bytearray()
        self.bytes_read += len(data)
        try:
            self._receiver.received(memoryview(data))
        except LacunaError as error:
            self.close(error)

    def _end(self, reason: LacunaError) -> None:
        if self._reason is None:
            self._reason = reason
            self._ended.set()
            if self._receiver is not None:
                self._receiver.closed(reason)


def memory_pair() -> tuple[MemoryPipe, MemoryPipe]:
    """Return the two ends of a pipe. Needs a running loop."""
    one, two = MemoryPipe(), MemoryPipe()
    one.connect(two)
    two.connect(one)
    return one, two
