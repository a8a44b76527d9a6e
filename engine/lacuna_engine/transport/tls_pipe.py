"""A pipe that encrypts what goes through another one.

The inner pipe moves the encrypted bytes in large pieces, and OpenSSL works on memory: asyncio's own
TLS copies what the kernel does not take at once again and again, which was half of the processor
time of an upload.

On a connection of libvirt's the first byte is the server's verdict about us (transports.md 1).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from lacuna_engine.errors import ConnectionLostError, LacunaError
from lacuna_engine.transport.pipe import READ_BUFFER, Pipe, Receiver

__all__ = ["TlsPipe"]

BEHIND = 4 * (28 + 24) + 28
"""Bytes decrypted behind those whose place is known. Of each stream a daemon sends 262,120 bytes of
data, then 24, over and over (protocol.md 4.4), and downloads have four: this ends with the header
of the next long message, or close behind it, so that the place of its data is known then as well.
Of a whole buffer all would have to be copied."""


class TlsPipe(Pipe):
    """A TLS client on ``inner``, whose receiver it becomes.

    To be opened with :meth:`shake_hands` and :meth:`verdict` before it is started.
    """

    def __init__(self, inner: Pipe, context: ssl.SSLContext, host: str) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._inner = inner
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._buffer = memoryview(bytearray(READ_BUFFER))
        self._behind = self._buffer[:BEHIND]
        self._otherwise = self._buffer
        """Where bytes go whose place is not known."""
        self._receiver: Receiver | None = None
        self._reason: LacunaError | None = None
        self._first = b""
        self._shaken: asyncio.Future[None] = self._loop.create_future()
        self._verdict: asyncio.Future[int] = self._loop.create_future()
        self._ended = asyncio.Event()

    async def shake_hands(self) -> None:
        """Make the TLS connection.

        Raises :class:`ssl.SSLError`, or :class:`ConnectionLostError` if the server went away.
        """
        self._inner.start(self)
        self._handshake()
        await asyncio.shield(self._shaken)

    @property
    def is_encrypted(self) -> bool:
        """Whether the handshake is done."""
        return self._shaken.done() and self._shaken.exception() is None

    async def verdict(self) -> int:
        """Return the server's first byte. Raises what :meth:`shake_hands` does."""
        return await asyncio.shield(self._verdict)

    # --- the receiver of the inner pipe --------------------------------------------------------

    def received(self, data: memoryview) -> None:
        """Take in encrypted bytes."""
        self._incoming.write(data)
        if not self._shaken.done():
            self._handshake()
        if self._shaken.done():
            self._read()
        self._count()

    def closed(self, reason: LacunaError) -> None:
        """The inner pipe has ended; its reason is ours, unless we had one before."""
        self._reason = self._reason or reason
        self._settle(self._reason)
        self._ended.set()
        if self._receiver is not None:
            self._receiver.closed(self._reason)

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._flush()  # it tells the server why
            self._broken(error)
        else:
            self._flush()
            self._shaken.set_result(None)

    def _read(self) -> None:
        """Decrypt all that has come in, where it belongs if that is known."""
        is_more = True
        while is_more and self._reason is None:
            room = None if self.place is None else self.place.room()
            view = self._otherwise if room is None else room
            count = self._decrypt(view)
            is_more = count == len(view)
            if room is not None:
                self._otherwise = self._behind
            elif is_more:  # short messages, perhaps many
                self._otherwise = self._buffer
            if not count:
                break
            try:
                self._deliver(view[:count], is_placed=room is not None)
            except LacunaError as error:
                self.close(error)
        self._flush()  # TLS has answers of its own

    def _deliver(self, data: memoryview, *, is_placed: bool) -> None:
        if is_placed and self.place is not None:
            self.place.filled(len(data))
        elif self._receiver is None:
            self._keep(bytes(data))
        else:
            self._receiver.received(data)

    def _decrypt(self, view: memoryview) -> int:
        """Fill the view as far as there is something; return the number of bytes."""
        # With a buffer it returns a number, whatever its types say.
        read = cast("Callable[[int, memoryview], int]", self._tls.read)
        rest = view
        try:
            while rest:
                count = read(len(rest), rest)
                if not count:
                    self.close(ConnectionLostError("the daemon closed the connection"))
                    break
                rest = rest[count:]
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._broken(error)
        return len(view) - len(rest)

    def _keep(self, data: bytes) -> None:
        """Take the verdict off, and hold what comes behind it until there is a receiver."""
        if not self._verdict.done():
            self._verdict.set_result(data[0])
            data = data[1:]
        self._first += data
        self._inner.pause_reading()

    def _broken(self, error: ssl.SSLError) -> None:
        self._settle(error)
        words = (error.reason or str(error)).replace("_", " ").lower()
        self.close(ConnectionLostError(f"the TLS connection broke: {words}"))

    def _settle(self, error: Exception) -> None:
        for future in (self._shaken, self._verdict):
            if not future.done():
                future.set_exception(error)
                # Nobody may be waiting any more, when the opening was given up.
                future.exception()

    # --- the pipe ------------------------------------------------------------------------------

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver, with what came along with the verdict."""
        self._receiver = receiver
        if self._ended.is_set() and self._reason is not None:
            receiver.closed(self._reason)
        else:
            self._loop.call_soon(self._begin, receiver)

    def _begin(self, receiver: Receiver) -> None:
        first, self._first = self._first, b""
        if self._reason is not None:
            return
        try:
            if first:
                receiver.received(memoryview(first))
        except LacunaError as error:
            self.close(error)
        else:
            if not self.is_paused:
                self._inner.resume_reading()

    def write(self, *parts: bytes | memoryview) -> None:
        """Send the parts; they are encrypted at once, so they may change."""
        if self._reason is not None:
            return
        try:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            self._broken(error)
            return
        self._flush()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._inner.write(data)
            self._count()

    async def drain(self) -> None:
        """Wait for the inner pipe."""
        await self._inner.drain()

    def pause_reading(self) -> None:
        """Pause the inner pipe."""
        self.is_paused = True
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Resume the inner pipe."""
        self.is_paused = False
        self._inner.resume_reading()

    def close(self, reason: LacunaError | None = None) -> None:
        """End the inner pipe at once."""
        if self._reason is None:
            self._reason = reason or ConnectionLostError("the connection was closed")
            self._inner.close(self._reason)

    async def wait_closed(self) -> None:
        """Wait until it has ended."""
        await self._ended.wait()

    def _count(self) -> None:
        self.bytes_read = self._inner.bytes_read
        self.bytes_written = self._inner.bytes_written
