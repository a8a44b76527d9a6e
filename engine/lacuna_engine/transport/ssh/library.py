"""SSH within this process, by asyncssh: one login for all connections to a host.

The daemon's socket is opened through the login directly where the host allows that. Otherwise, and
for the user's own daemon, the same command is run there as with OpenSSH.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from weakref import WeakKeyDictionary

import asyncssh

from lacuna_engine.errors import LacunaError, UnreachableError
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.ssh.channel_pipe import ChannelPipe, CommandSession, SocketSession
from lacuna_engine.transport.ssh.failures import explain
from lacuna_engine.transport.ssh.login import log_in
from lacuna_engine.transport.ssh.remote_command import PING, Preamble, remote_command
from lacuna_engine.transport.ssh.target import Target

__all__ = ["open_library"]

SILENCE_TIMEOUT = 30.0
"""Seconds until the host's side of the connection has to be there once we are logged in."""

PING_AFTER = 3.0
"""Seconds of silence after which a daemon is asked whether it is already there: see Preamble."""


class _Shared:
    """A login and the number of pipes that go through it."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self.connection = connection
        self._users = 0

    @property
    def is_open(self) -> bool:
        return not self.connection.is_closed()

    def join(self) -> Callable[[], None]:
        """Count one user more; returns how it leaves, which may be said more than once."""
        self._users += 1
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._users -= 1
                if self._users == 0:
                    self.connection.close()

        return leave


class _Seat(NamedTuple):
    """One user of a login."""

    shared: _Shared
    leave: Callable[[], None]


class _Logins:
    """The logins of one loop."""

    def __init__(self) -> None:
        self._open: dict[tuple[object, ...], _Shared] = {}
        self._locks: dict[tuple[object, ...], asyncio.Lock] = {}

    async def join(self, target: Target, inquiry: Inquiry, *, fresh: bool = False) -> _Seat:
        """Return a place in a login, which is made now if there is none."""
        async with self._locks.setdefault(target.login, asyncio.Lock()):
            shared = self._open.get(target.login)
            if shared is None or not shared.is_open or fresh:
                shared = _Shared(await log_in(target, inquiry))
                self._open[target.login] = shared
            return _Seat(shared, shared.join())


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Logins] = WeakKeyDictionary()


class _SharedPipe(ChannelPipe):
    """A pipe that waits for the end of its login too, if it was the last one."""

    def __init__(self, target: Target, seat: _Seat, preamble: Preamble | None = None) -> None:
        def say(status: int, words: str) -> LacunaError:
            return explain(target, status, words, was_open=self.bytes_read > 0)

        super().__init__(say, seat.leave, preamble)
        self._shared = seat.shared

    async def wait_closed(self) -> None:
        """Wait until the channel, and the login if unused, have ended."""
        await super().wait_closed()
        if not self._shared.is_open:
            await self._shared.connection.wait_closed()


async def open_library(target: Target, inquiry: Inquiry) -> ChannelPipe:
    """Log in, or use the login there is, and connect to the daemon.

    Raises :class:`UnreachableError`, :class:`~lacuna_engine.errors.AuthenticationError`,
    :class:`~lacuna_engine.errors.UsageError`.
    """
    logins = _loops.setdefault(asyncio.get_running_loop(), _Logins())
    try:
        return await _connect(target, await logins.join(target, inquiry))
    except asyncssh.ChannelOpenError:
        # sshd allows ten commands for one login (MaxSessions); the answers are known by now.
        seat = await logins.join(target, inquiry, fresh=True)
    try:
        return await _connect(target, seat)
    except asyncssh.ChannelOpenError as error:
        raise UnreachableError(
            f"{target.where} refuses to run a command: {error.reason}"
        ) from error


async def _connect(target: Target, seat: _Seat) -> ChannelPipe:
    """Open a channel to the daemon. The seat is left with the pipe, or now if there is none.

    Raises :class:`asyncssh.ChannelOpenError` if the host runs no more commands for this login.
    """
    try:
        if target.proxy != "native":
            for path in target.sockets:
                with suppress(asyncssh.ChannelOpenError):
                    return await _open_socket(target, seat, path)
        # Refused without a reason: the words of the command will have it (transports.md 4).
        return await _run(target, seat)
    except BaseException as error:
        seat.leave()
        if not seat.shared.is_open:
            await seat.shared.connection.wait_closed()
        if isinstance(error, OSError | asyncssh.DisconnectError):
            raise UnreachableError(
                f"the SSH connection to {target.where} broke: {error}"
            ) from error
        raise


async def _open_socket(target: Target, seat: _Seat, path: str) -> ChannelPipe:
    pipe = _SharedPipe(target, seat)
    await seat.shared.connection.create_unix_connection(lambda: SocketSession(pipe), path)
    return pipe


async def _run(target: Target, seat: _Seat) -> ChannelPipe:
    pipe = _SharedPipe(target, seat, Preamble())
    await seat.shared.connection.create_session(  # pyright: ignore[reportUnknownMemberType]
        lambda: CommandSession(pipe), remote_command(target), encoding=None
    )
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_AFTER):
                await pipe.begun.wait()
        if not pipe.begun.is_set():
            pipe.write(PING)
            async with asyncio.timeout(SILENCE_TIMEOUT):
                await pipe.begun.wait()
    except TimeoutError as error:
        pipe.close()
        raise UnreachableError(
            f"{target.where} did not answer within {SILENCE_TIMEOUT:.0f} s"
        ) from error
    except BaseException:
        pipe.close()
        raise
    if pipe.reason is not None:
        await pipe.wait_closed()
        raise pipe.reason
    return pipe
