"""A pipe on a plain socket, without a copy on the way out.

asyncio's transports keep what the kernel does not take at once in a byte array and move its rest
to the front after each partial send; for packets of 1 MiB that was most of an upload's processor
time. Here the parts wait as views of the caller's memory, and data that is in a file goes from
the page cache to the socket without passing through the process at all.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from lacuna_engine.errors import ConnectionLostError, LacunaError, SourceChangedError
from lacuna_engine.transport.pipe import Pipe, Receiver

__all__ = ["SocketPipe", "widen"]

MAX_PARTS = 512
"""Parts given to the kernel in one call at most."""

SEND_BUFFER = 4 << 20
"""Bytes the kernel is asked to hold for the peer; it gives at most what the system allows. With the
usual 208 KiB each packet of 1 MiB woke both sides five times: uploads took a quarter longer."""

WORTHWHILE = 256 << 10
"""Bytes below which the kernel is not asked: it has about as many for everybody."""

READ_SIZE = 256 << 10
"""Bytes read in one call, besides those whose place is known: the kernel seldom has more, and what
has to be copied stays in the processor's cache. Fewer behind a place cost further calls, each as
much as copying what they spare; 1 MiB was 4 to 8 % slower than this (speed.md)."""

_NO_SENDFILE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})


@dataclass(slots=True)
class _Span:
    """Bytes of a file that are still to be sent."""

    fd: int
    offset: int
    count: int


def widen(sock: socket.socket) -> None:
    """Have the kernel hold more for the peer of a local socket, as much as it allows.

    Linux gives what it allows to whoever asks for more; macOS and others refuse that, and are asked
    for less.
    """
    size = SEND_BUFFER
    while size >= WORTHWHILE:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
            return
        size //= 2


class SocketPipe(Pipe):
    """A pipe on a connected stream socket, for loops that can watch descriptors (not Windows)."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        sock.setblocking(False)  # noqa: FBT003
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            # TCP does better by itself: it fits its buffer to the way, as long as nobody else does.
            widen(sock)
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._receiver: Receiver | None = None
        self._reason: LacunaError | None = None
        self._queue: deque[memoryview | _Span] = deque()
        self._writing = False
        self._drained = asyncio.Event()
        self._drained.set()
        self._ended = asyncio.Event()
        self.sends_files = hasattr(os, "sendfile")

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self._ended.is_set() and self._reason is not None:
            receiver.closed(self._reason)
        elif self._reason is None:
            self._loop.add_reader(self._sock.fileno(), self._read)

    # --- reading -------------------------------------------------------------------------------

    def _read(self) -> None:
        room = None if self.place is None else self.place.room()
        try:
            if room is not None:
                count = self._sock.recvmsg_into([room, self._buffer])[0]
            else:
                count = self._sock.recv_into(self._buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._peer_ended(_broken(error))
            return
        if count == 0:
            self._peer_ended(ConnectionLostError("the daemon closed the connection"))
            return
        self.bytes_read += count
        try:
            if room is not None and self.place is not None:
                placed = min(count, len(room))
                self.place.filled(placed)
                count -= placed
            if count and self._receiver is not None:
                self._receiver.received(self._buffer[:count])
        except LacunaError as error:
            self.close(error)

    def pause_reading(self) -> None:
        if not self.is_paused and self._reason is None:
            self._loop.remove_reader(self._sock.fileno())
        self.is_paused = True

    def resume_reading(self) -> None:
        if self.is_paused and self._reason is None:
            self._loop.add_reader(self._sock.fileno(), self._read)
        self.is_paused = False

    # --- writing -------------------------------------------------------------------------------

    def write(self, *parts: bytes | memoryview) -> None:
        if self._reason is not None:
            return
        for part in parts:
            self.bytes_written += len(part)
            self._queue.append(memoryview(part))
        self._kick()

    def write_file(self, header: bytes, fd: int, offset: int, count: int) -> None:
        if self._reason is not None:
            return
        self.bytes_written += len(header) + count
        self._queue.append(memoryview(header))
        self._queue.append(_Span(fd, offset, count))
        self._kick()

    async def drain(self) -> None:
        await self._drained.wait()
        if self._reason is not None:
            raise self._reason

    def _kick(self) -> None:
        if not self._writing:
            self._send()

    def _send(self) -> None:
        """Give the kernel what it takes; watch for room if that is not all."""
        try:
            while self._queue:
                self._send_some()
        except (BlockingIOError, InterruptedError):
            if not self._writing:
                self._writing = True
                self._drained.clear()
                self._loop.add_writer(self._sock.fileno(), self._send)
            return
        except OSError as error:
            self._peer_ended(_broken(error))
            return
        except LacunaError as error:
            self.close(error)
            return
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._sock.fileno())
        self._drained.set()

    def _send_some(self) -> None:
        first = self._queue[0]
        if isinstance(first, _Span):
            self._send_span(first)
            return
        parts: list[memoryview] = []
        for part in self._queue:
            if isinstance(part, _Span) or len(parts) == MAX_PARTS:
                break
            parts.append(part)
        sent = self._sock.sendmsg(parts)
        for part in parts:
            if sent < len(part):
                self._queue[0] = part[sent:]
                return
            sent -= len(part)
            self._queue.popleft()

    def _send_span(self, span: _Span) -> None:
        try:
            sent = os.sendfile(self._sock.fileno(), span.fd, span.offset, span.count)
        except OSError as error:
            if error.errno not in _NO_SENDFILE:
                raise
            # This file system or socket cannot do it: take the bytes through memory.
            data = os.pread(span.fd, span.count, span.offset)
            if len(data) < span.count:
                raise _too_short(span) from error
            self._queue[0] = memoryview(data)
            return
        if sent == 0:
            raise _too_short(span)
        span.offset += sent
        span.count -= sent
        if span.count == 0:
            self._queue.popleft()

    # --- the end -------------------------------------------------------------------------------

    def _peer_ended(self, reason: LacunaError) -> None:
        """The other side has ended the connection, or the system has."""
        self.close(reason)

    def close(self, reason: LacunaError | None = None) -> None:
        if self._reason is not None:
            return
        self._reason = reason or ConnectionLostError("the connection was closed")
        descriptor = self._sock.fileno()
        self._loop.remove_reader(descriptor)
        self._loop.remove_writer(descriptor)
        self._sock.close()
        self._queue.clear()
        self._drained.set()
        # Not from inside the caller's own call: it may be in the middle of something.
        self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._ended.set()
        if self._receiver is not None and self._reason is not None:
            self._receiver.closed(self._reason)

    async def wait_closed(self) -> None:
        await self._ended.wait()


def _broken(error: OSError) -> ConnectionLostError:
    return ConnectionLostError(f"the connection broke: {error.strerror or error}")


def _too_short(span: _Span) -> SourceChangedError:
    return SourceChangedError(
        f"the source became shorter while it was sent: it ends before {span.offset + span.count}",
        hint="Make sure that nothing writes to the image, and start again.",
    )
