"""A pipe through a channel of an asyncssh connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncssh

from lacuna_engine.errors import ConnectionLostError, LacunaError
from lacuna_engine.transport.pipe import Pipe, Receiver
from lacuna_engine.transport.ssh.remote_command import Preamble

if TYPE_CHECKING:
    Channel = asyncssh.SSHUNIXChannel[bytes] | asyncssh.SSHClientChannel[bytes]

__all__ = ["ChannelPipe", "CommandSession", "SocketSession"]

WRITE_LIMIT = 1 << 20
"""Bytes that may wait in the channel, which copies what it is given."""

TAIL = 16 << 10


class ChannelPipe(Pipe):
    """A pipe on a channel; ``explain`` makes an error of a command's exit status and words."""

    def __init__(
        self,
        explain: Callable[[int, str], LacunaError],
        release: Callable[[], None],
        preamble: Preamble | None = None,
    ) -> None:
        super().__init__()
        self._explain = explain
        self._release = release
        self._preamble = preamble
        self._first = b""
        self._channel: Channel | None = None
        self._receiver: Receiver | None = None
        self._reason: LacunaError | None = None
        self._words = bytearray()
        self._status: int | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = asyncio.Event()
        self.begun = asyncio.Event()
        """Set when the connection has begun, or has ended before."""

    @property
    def reason(self) -> LacunaError | None:
        """Why the pipe has ended, if it has."""
        return self._reason

    # --- called by the session -----------------------------------------------------------------

    def on_channel(self, channel: Channel) -> None:
        """Hold what arrives until there is a receiver; a command's first words are wanted."""
        self._channel = channel
        channel.set_write_buffer_limits(high=WRITE_LIMIT)
        if self._preamble is None:
            channel.pause_reading()
            self.begun.set()

    def on_data(self, data: bytes, *, is_error: bool) -> None:
        """Hand on bytes, or keep words."""
        if is_error:
            self._words += data
            del self._words[:-TAIL]
        elif self._preamble is not None:
            self._begin(self._preamble, data)
        elif self._receiver is None or self._reason is not None:
            self._first += data
        else:
            self._deliver(self._receiver, data)

    def on_status(self, status: int) -> None:
        """The command has ended."""
        self._status = status

    def on_room(self, *, room: bool) -> None:
        """The channel's buffer has room again, or none."""
        if room:
            self._writable.set()
        else:
            self._writable.clear()

    def on_end(self, error: Exception | None) -> None:
        """The channel is closed."""
        if self._reason is None:
            if self._status is not None:
                self._reason = self._explain(
                    self._status, self._words.decode(errors="replace").replace("\r", "")
                )
            elif error is not None:
                self._reason = ConnectionLostError(f"the SSH connection broke: {error}")
            else:
                self._reason = ConnectionLostError("the daemon closed the connection")
        self._writable.set()
        self.begun.set()
        if not self._ended.is_set():
            self._ended.set()
            self._release()
            if self._receiver is not None:
                self._receiver.closed(self._reason)

    def _begin(self, preamble: Preamble, data: bytes) -> None:
        try:
            first = preamble.feed(data)
        except LacunaError as error:
            self.close(error)
            return
        if first is not None:
            self._preamble = None
            self._first = first
            if self._channel is not None:
                self._channel.pause_reading()
            self.begun.set()

    def _deliver(self, receiver: Receiver, data: bytes) -> None:
        self.bytes_read += len(data)
        try:
            receiver.received(memoryview(data))
        except LacunaError as error:
            self.close(error)

    # --- the pipe ------------------------------------------------------------------------------

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver."""
        self._receiver = receiver
        if self._ended.is_set() and self._reason is not None:
            receiver.closed(self._reason)
            return
        if self._first:
            first, self._first = self._first, b""
            asyncio.get_running_loop().call_soon(self._deliver, receiver, first)
        if self._channel is not None:
            asyncio.get_running_loop().call_soon(self._resume)

    def write(self, *parts: bytes | memoryview) -> None:
        """Send the parts; the channel copies them."""
        channel = self._channel
        if channel is None or self._reason is not None:
            return
        for part in parts:
            self.bytes_written += len(part)
            # An end of the channel that is on its way reports itself.
            with suppress(OSError):
                # It takes whatever bytearray() takes; only its types ask for bytes.
                channel.write(part)  # pyright: ignore[reportArgumentType, reportUnknownMemberType]

    async def drain(self) -> None:
        """Wait until the channel's buffer has room."""
        await self._writable.wait()
        if self._reason is not None:
            raise self._reason

    def pause_reading(self) -> None:
        """Stop delivering."""
        self.is_paused = True
        if self._channel is not None and not self._ended.is_set():
            self._channel.pause_reading()

    def resume_reading(self) -> None:
        """Deliver again."""
        self.is_paused = False
        self._resume()

    def _resume(self) -> None:
        if self._channel is not None and not self._ended.is_set() and not self.is_paused:
            self._channel.resume_reading()

    def close(self, reason: LacunaError | None = None) -> None:
        """End the channel at once."""
        if self._reason is None:
            self._reason = reason or ConnectionLostError("the connection was closed")
            self._writable.set()
            if self._channel is not None:
                self._channel.abort()

    async def wait_closed(self) -> None:
        """Wait until the channel has ended."""
        await self._ended.wait()


class SocketSession(asyncssh.SSHUNIXSession[bytes]):
    """Hands on what asyncssh reports of a forwarded socket."""

    def __init__(self, pipe: ChannelPipe) -> None:
        self._pipe = pipe

    def connection_made(self, chan: asyncssh.SSHUNIXChannel[bytes]) -> None:
        """The channel is open."""
        self._pipe.on_channel(chan)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes have arrived."""
        del datatype
        self._pipe.on_data(data, is_error=False)

    def pause_writing(self) -> None:
        """The buffer is full."""
        self._pipe.on_room(room=False)

    def resume_writing(self) -> None:
        """The buffer has room."""
        self._pipe.on_room(room=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed."""
        self._pipe.on_end(exc)


class CommandSession(asyncssh.SSHClientSession[bytes]):
    """Hands on what asyncssh reports of a command."""

    def __init__(self, pipe: ChannelPipe) -> None:
        self._pipe = pipe

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """The channel is open."""
        self._pipe.on_channel(chan)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes have arrived, from standard output or standard error."""
        self._pipe.on_data(data, is_error=datatype is not None)

    def exit_status_received(self, status: int) -> None:
        """The command has ended."""
        self._pipe.on_status(status)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:  # noqa: FBT001 - asyncssh's
        """The command was killed."""
        del signal, core_dumped, msg, lang
        self._pipe.on_status(128)

    def pause_writing(self) -> None:
        """The buffer is full."""
        self._pipe.on_room(room=False)

    def resume_writing(self) -> None:
        """The buffer has room."""
        self._pipe.on_room(room=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed."""
        self._pipe.on_end(exc)
