"""SSH through the system's OpenSSH client, one process for each connection.

Each process encrypts on a core of its own, which is why connections are not shared here, with one
exception: where the host asks for a code that is good only once, the first process becomes the
master of the others, so that there is one question however many connections there are.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    LacunaError,
    UnreachableError,
)
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.child import Child, ChildPipe, start_child
from lacuna_engine.transport.ssh.askpass import Askpass
from lacuna_engine.transport.ssh.failures import explain
from lacuna_engine.transport.ssh.forwarding import Forwarding, can_forward
from lacuna_engine.transport.ssh.remote_command import PING, Preamble, remote_command
from lacuna_engine.transport.ssh.settings import SILENCE_TIMEOUT, address, look_up
from lacuna_engine.transport.ssh.socket_folder import make_socket_folder
from lacuna_engine.transport.ssh.target import HostCheck, Target

__all__ = ["open_openssh"]

PING_AFTER = 3.0
"""Seconds of silence after which a daemon is asked whether it is already there: see Preamble."""


class _NeedsSharingError(Exception):
    """The host asks for a code: one process has to log in for all."""


@dataclass(slots=True)
class _Master:
    """A process through which others reach the host, and how many do."""

    path: Path
    users: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)

    def join(self) -> None:
        self.users += 1
        self.unused.clear()

    def leave(self) -> None:
        self.users -= 1
        if self.users == 0:
            self.unused.set()


_masters: dict[tuple[object, ...], _Master] = {}
_numbers = itertools.count(1)


async def open_openssh(target: Target, inquiry: Inquiry) -> ChildPipe:
    """Log in and connect to the daemon.

    Raises :class:`UnreachableError`, :class:`AuthenticationError`, or
    :class:`~lacuna_engine.errors.UsageError` if the program cannot be started.
    """
    master = _masters.get(target.login)
    if master is not None and master.path.exists():
        return await _Login(target, inquiry, master, is_master=False).open()
    try:
        return await _Login(target, inquiry, None, is_master=False).open()
    except _NeedsSharingError:
        master = _masters[target.login] = _Master(_private_path())
        return await _Login(target, inquiry, master, is_master=True).open()


class _Login:
    """One ssh process from its start to an open pipe."""

    def __init__(
        self, target: Target, inquiry: Inquiry, master: _Master | None, *, is_master: bool
    ) -> None:
        self._target = target
        self._inquiry = inquiry
        self._master = master
        self._is_master = is_master
        self._needs_sharing = False
        self._child: Child | None = None
        self._forwarding: Forwarding | None = None
        self._patience = SILENCE_TIMEOUT
        self._askpass = Askpass(target, inquiry, self._kill, self._on_code)

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    def _on_code(self) -> bool:
        if self._master is None:
            self._needs_sharing = True
            self._kill()
        return self._needs_sharing

    async def open(self) -> ChildPipe:
        """Start ssh and wait until the daemon's bytes follow."""
        target = self._target
        sock: socket.socket | None = None
        try:
            environment = _environment() | await self._askpass.start()
            unchosen = await look_up(target)
            self._patience = unchosen.patience
            place = _private_path()
            if unchosen.may_forward and self._master is None and can_forward(target, place):
                self._forwarding = Forwarding(target, place)
            options = [*self._forwards(), *_options(target), *unchosen.options, *self._sharing()]
            asked = remote_command(target, offers=self._forwarding is not None)
            program = target.command or "ssh"
            command = [program, *options, "--", target.host, asked]
            self._child, sock = await start_child(command, environment)
            line, first = await self._begin(sock)
        except BaseException:
            self._askpass.close()
            self._remove_forwards()
            if sock is not None:
                sock.close()
            if self._child is not None:
                self._child.kill()
                await self._child.end()
            raise
        self._remove_forwards()
        return self._pipe(line, self._child, first, tie=None if line is sock else sock)

    def _forwards(self) -> list[str]:
        return [] if self._forwarding is None else self._forwarding.options

    def _remove_forwards(self) -> None:
        if self._forwarding is not None:
            self._forwarding.remove()

    def _pipe(
        self, sock: socket.socket, child: Child, first: bytes, tie: socket.socket | None
    ) -> ChildPipe:
        target, master = self._target, self._master

        def say(status: int, words: str) -> LacunaError | None:
            if status == 0 and tie is not None:
                return None  # it was the daemon that ended it
            return explain(target, status, words, was_open=pipe.bytes_read > 0)

        def release() -> None:
            self._askpass.close()
            if master is not None and not self._is_master:
                master.leave()

        before_end = None
        if master is not None and self._is_master:
            master.unused.set()
            before_end = master.unused.wait
        elif master is not None:
            master.join()
        pipe = ChildPipe(
            sock, child, say, first=first, before_end=before_end, release=release, tie=tie
        )
        return pipe

    def _sharing(self) -> list[str]:
        if self._master is None:
            # The user's own master may serve us, but we do not become one.
            return ["-o", "ControlMaster=no"]
        path = str(self._master.path).replace("%", "%%")
        become = "yes" if self._is_master else "no"
        persist = ["-o", "ControlPersist=no"]
        return ["-o", f"ControlMaster={become}", "-o", f"ControlPath={path}", *persist]

    async def _begin(self, sock: socket.socket) -> tuple[socket.socket, bytes]:
        """Wait for the connection; return where it is, and what came of it already.

        ``sock`` is ssh's input and output, and the connection itself if a program leads to it.
        """
        preamble = Preamble()
        loop = asyncio.get_running_loop()
        started, asked, declined = loop.time(), False, False
        while True:
            data = None
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(0.5):
                    data = await loop.sock_recv(sock, 1 << 16)
                if not data:
                    break
            if data:
                first = preamble.feed(data)
                if first is not None:
                    return sock, first
                if preamble.offer and self._forwarding is not None and not declined:
                    if direct := await self._forwarding.connect(preamble.offer):
                        return direct
                    declined = True
                    with suppress(OSError):
                        await loop.sock_sendall(sock, b"\n")  # then by a program
                continue
            silent = loop.time() - max(started, self._askpass.last_answer)
            if self._askpass.pending:
                continue
            if silent > PING_AFTER and not asked:
                asked = True
                with suppress(OSError):
                    sock.send(PING)
            if silent > self._patience:
                raise UnreachableError(
                    f"{self._target.where} did not answer within {self._patience:.0f} s",
                    hint="`ssh -v` to the host shows where it stops.",
                )
        raise await self._failure(preamble)

    async def _failure(self, preamble: Preamble) -> Exception:
        if self._child is None:
            raise AssertionError
        status = await self._child.end()
        if self._needs_sharing:
            return _NeedsSharingError()
        error = explain(
            self._target,
            status,
            self._child.words,
            was_open=False,
            answered=self._inquiry.kinds,
        )
        refusal = self._askpass.refusal
        if status < 0 and refusal is not None:
            return refusal
        if isinstance(error, AuthenticationError):
            self._inquiry.refused()
            # That nobody could be asked for the passphrase says more than that no key was right.
            return refusal or error
        if preamble.text and not self._child.words.strip():
            return ConnectError(
                f"{self._target.host} answers with something else than libvirt: {preamble.text}"
            )
        return error


def _options(target: Target) -> list[str]:
    """Return what the URI and the use as a byte pipe ask for."""
    options = {
        "BatchMode": "no" if target.may_ask else "yes",
        "ClearAllForwardings": "yes",
        # A host that is gone is noticed; a stalled daemon does not keep sshd from answering.
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "6",
        "LogLevel": "INFO",
        "PermitLocalCommand": "no",
        "RemoteCommand": "none",
    }
    match target.host_check:
        case HostCheck.IGNORE:
            options["StrictHostKeyChecking"] = "no"
            options["UserKnownHostsFile"] = os.devnull
        case HostCheck.OFF:
            options["StrictHostKeyChecking"] = "no"
        case HostCheck.ACCEPT_NEW:
            options["StrictHostKeyChecking"] = "accept-new"
        case _:
            # The user's own setting stands: "ask" by default, perhaps stricter.
            pass
    if target.known_hosts and target.host_check != HostCheck.IGNORE:
        options["UserKnownHostsFile"] = f'"{target.known_hosts}"'
    if target.methods:
        options["PreferredAuthentications"] = ",".join(target.ssh_methods)
        if "agent" not in target.methods:
            options["IdentityAgent"] = "none"
    if target.compression:
        options["Compression"] = target.compression
    words = ["-T", "-x", "-a", "-e", "none"]
    for name, value in options.items():
        words += ["-o", f"{name}={value}"]
    return words + address(target)


def _environment() -> dict[str, str]:
    """Return our environment, changed so that messages can be understood."""
    kept = dict(os.environ)
    locale = kept.pop("LC_ALL", None) or kept.get("LC_CTYPE") or kept.get("LANG") or "C"
    kept.pop("LANGUAGE", None)
    # Before 8.4 the program for questions is run only where there might be a display.
    kept.setdefault("DISPLAY", "none:0")
    return kept | {"LC_CTYPE": locale, "LC_MESSAGES": "C"}


_folders: list[Path] = []


def _private_path() -> Path:
    """Return a new address for a socket, in a folder that nobody else may enter."""
    if not _folders:
        _folders.append(make_socket_folder())
        atexit.register(shutil.rmtree, _folders[0], ignore_errors=True)
    return _folders[0] / str(next(_numbers))
