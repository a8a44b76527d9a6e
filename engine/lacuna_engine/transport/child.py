"""A pipe through a child process: ssh, or the program of the transport ``ext``.

The child's standard input and output are one end of a socket pair: measured against two pipes it
carries half as much again at a third of the processor time (transports.md 4). The child ends when
its end of the socket reads the end of file, hence also when this process dies in any way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from lacuna_engine.errors import ConnectionLostError, LacunaError, UsageError
from lacuna_engine.transport.pipe import Receiver
from lacuna_engine.transport.socket_pipe import SocketPipe, widen

__all__ = ["Child", "ChildPipe", "start_child"]

TAIL = 16 << 10
"""Bytes kept of what the child writes to its standard error: the last ones."""

GRACE = 3.0
"""Seconds the child has to end by itself once its input has ended."""


class Child:
    """A running child and the end of what it wrote to standard error.

    The words are in a nameless file: waiting for the end of a pipe would be waiting for every
    grandchild that holds it too.
    """

    def __init__(self, process: asyncio.subprocess.Process, words: IO[bytes]) -> None:
        self._process = process
        self._file = words
        self._words = b""

    @property
    def words(self) -> str:
        """What it has written to standard error."""
        if not self._file.closed:
            size = self._file.seek(0, os.SEEK_END)
            self._file.seek(max(0, size - TAIL))
            self._words = self._file.read()
        return self._words.decode(errors="replace").replace("\r", "")

    async def wait(self) -> int:
        """Wait until it has ended; return its exit status."""
        return await self._process.wait()

    async def end(self, grace: float = GRACE) -> int:
        """Have it end: by itself within ``grace`` seconds, or else by force. Return its status."""
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with suppress(TimeoutError):
                    async with asyncio.timeout(grace):
                        return await self.wait()
                self._signal(number)
            return await self.wait()
        except asyncio.CancelledError:
            # The program is ending; so must the child.
            self.kill()
            raise
        finally:
            _ = self.words
            self._file.close()

    def kill(self) -> None:
        """End it at once; :meth:`end` is still to be awaited."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the child and to what it has started: it leads a group of its own."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def start_child(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[Child, socket.socket]:
    """Start ``command``; return it and our end of its standard input and output.

    Raises :class:`UsageError` if it cannot be started.
    """
    if os.name == "nt":
        raise UsageError("this platform has no socket pairs that a child process could use")
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003
    # The child's own end too: what it has for us is taken in fewer, larger pieces.
    widen(theirs)
    words = tempfile.TemporaryFile()  # noqa: SIM115 - the child's as long as it lives
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=words,
            env=environment,
            # Not to be met by a Ctrl-C at the terminal: we end it, in order.
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        words.close()
        raise UsageError(
            f"'{command[0]}' cannot be started: {error.strerror or error}",
            hint="Check the parameter 'command' of the URI.",
        ) from error
    except BaseException:
        ours.close()
        words.close()
        raise
    finally:
        theirs.close()
    return Child(process, words), ours


class ChildPipe(SocketPipe):
    """A pipe to a child; its end is explained by what the child said.

    ``explain`` makes an error of exit status and words. ``first`` is what has been read of the
    connection already. ``before_end`` is awaited before the child is made to end, and ``release``
    is called once when all is over. ``tie`` is our end of the child's input and output where
    ``sock`` is not it: the child ends when it does.
    """

    def __init__(
        self,
        sock: socket.socket,
        child: Child,
        explain: Callable[[int, str], LacunaError | None],
        *,
        first: bytes = b"",
        before_end: Callable[[], Awaitable[object]] | None = None,
        release: Callable[[], None] | None = None,
        tie: socket.socket | None = None,
    ) -> None:
        super().__init__(sock)
        self._tie = tie
        self._first = first
        self._before_end = before_end
        self._child = child
        self._explain = explain
        self._release = release
        self._asking: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver."""
        super().start(receiver)
        if self._first:
            self._loop.call_soon(self._deliver_first, receiver)

    def _deliver_first(self, receiver: Receiver) -> None:
        self.bytes_read += len(self._first)
        try:
            receiver.received(memoryview(self._first))
        except LacunaError as error:
            self.close(error)

    def _peer_ended(self, reason: LacunaError) -> None:
        """Wait for the child's own words, for a moment."""
        if self._asking is None and self._reason is None:
            descriptor = self._sock.fileno()
            self._loop.remove_reader(descriptor)
            self._loop.remove_writer(descriptor)
            if self._tie is not None:
                # The child ends when neither has anything more to come.
                with suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)
                self._untie()
            self._asking = self._loop.create_task(self._ask(reason))

    async def _ask(self, reason: LacunaError) -> None:
        status = None
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                status = await self._child.wait()
        explained = None if status is None else self._explain(status, self._child.words)
        self.close(explained or reason)

    def write(self, *parts: bytes | memoryview) -> None:
        """Send the parts; nothing more goes to a child that has ended."""
        if self._asking is None:
            super().write(*parts)

    def write_file(self, header: bytes, fd: int, offset: int, count: int) -> None:
        """Send a part of a file; nothing more goes to a child that has ended."""
        if self._asking is None:
            super().write_file(header, fd, offset, count)

    def resume_reading(self) -> None:
        """Deliver again, unless the child has ended."""
        if self._asking is None:
            super().resume_reading()

    async def drain(self) -> None:
        """Wait until everything written has been taken over; raises the reason of the end."""
        if self._asking is not None:
            await asyncio.shield(self._asking)
        await super().drain()

    def close(self, reason: LacunaError | None = None) -> None:
        """End the pipe and with it the child."""
        if self._reason is None:
            super().close(reason or ConnectionLostError("the connection was closed"))
            self._ending = self._loop.create_task(self._end())

    def _untie(self) -> None:
        if self._tie is not None:
            self._tie.close()

    async def _end(self) -> None:
        try:
            if self._before_end is not None:
                await self._before_end()
            self._untie()
            await self._child.end()
        finally:
            if self._release is not None:
                self._release()

    async def wait_closed(self) -> None:
        """Wait until the pipe and the child have ended."""
        await super().wait_closed()
        if self._ending is not None:
            await asyncio.shield(self._ending)
