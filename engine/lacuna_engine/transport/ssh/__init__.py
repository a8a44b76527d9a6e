"""SSH: the daemon's socket on another host, through a login there (transports.md 4).

Two ways, behind one pipe. The system's OpenSSH client comes first where there is one: each of its
processes encrypts on a core of its own, and everything the user has set up for it holds. asyncssh
does the same within this process, where there is none (and on Windows, whose client can neither
ask through us nor take a socket for its standard input).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from lacuna_engine.errors import ConnectError, UsageError
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.pipe import Pipe
from lacuna_engine.transport.prompts import current_prompter
from lacuna_engine.transport.ssh.target import target_of
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["ENGINE_VARIABLE", "open_ssh"]

ENGINE_VARIABLE = "LACUNA_SSH"
"""``openssh`` or ``asyncssh``: chooses the way, where the choice made here should not do."""


async def open_ssh(uri: ConnectionUri) -> Pipe:
    """Open a pipe through SSH.

    Raises :class:`~lacuna_engine.errors.UnreachableError`,
    :class:`~lacuna_engine.errors.AuthenticationError`, :class:`ConnectError` for a key that is not
    there, or :class:`UsageError`.
    """
    target = target_of(uri)
    _check_key(target.keyfile)
    inquiry = Inquiry(current_prompter())
    if _way(target.command) == "openssh":
        from lacuna_engine.transport.ssh.openssh import open_openssh  # noqa: PLC0415

        return await open_openssh(target, inquiry)
    # Half a second of imports that most never need.
    from lacuna_engine.transport.ssh.library import open_library  # noqa: PLC0415

    return await open_library(target, inquiry)


def _check_key(name: str) -> None:
    """Say that a key is not there, for which ssh itself would only be not let in."""
    if not name:
        return
    path = Path(name).expanduser()
    # The public half is enough for an agent.
    half = path.with_name(f"{path.name}.pub")
    try:
        with (half if half.exists() and not path.exists() else path).open("rb"):
            pass
    except OSError as error:
        raise ConnectError(
            f"the SSH key '{path}' cannot be read: {error.strerror or error}",
            hint="Check the parameter 'keyfile' of the URI.",
        ) from error


def _way(command: str) -> str:
    chosen = os.environ.get(ENGINE_VARIABLE, "")
    if chosen not in ("", "openssh", "asyncssh"):
        raise UsageError(f"{ENGINE_VARIABLE} must be openssh or asyncssh, not '{chosen}'")
    if chosen:
        return chosen
    if command:
        return "openssh"
    # A bundled application has no interpreter of its own to answer ssh's questions with.
    bundled = bool(getattr(sys, "frozen", False))
    usable = os.name == "posix" and not bundled and shutil.which("ssh") is not None
    return "openssh" if usable else "asyncssh"
