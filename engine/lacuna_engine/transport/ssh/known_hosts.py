"""The keys of hosts that have been met before, for asyncssh, which leaves the question to us."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from lacuna_engine.errors import UsageError

__all__ = ["KnownHosts"]

_SYSTEM = "/etc/ssh/ssh_known_hosts"


class KnownHosts:
    """The files that OpenSSH would read; new keys go into the first of them."""

    def __init__(self, files: Sequence[str], *, with_system: bool = True) -> None:
        home = Path("~").expanduser()
        # The last is libvirt's own, which its libssh and libssh2 transports keep.
        usual = [home / ".ssh/known_hosts", home / ".ssh/known_hosts2"]
        usual.append(home / ".config/libvirt/known_hosts")
        self._files = [Path(file).expanduser() for file in files] or usual
        self._read = [*self._files, *([Path(_SYSTEM)] if with_system else [])]

    def load(self) -> asyncssh.SSHKnownHosts:
        """Read the files. Raises :class:`UsageError` for one that cannot be read."""
        texts: list[str] = []
        for path in self._read:
            try:
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise UsageError(f"'{path}' cannot be read: {error.strerror or error}") from error
        try:
            return asyncssh.import_known_hosts("\n".join(texts))
        except ValueError as error:
            names = ", ".join(str(path) for path in self._read)
            raise UsageError(f"a line in {names} is wrong: {error}") from error

    def add(self, host: str, port: int, key: asyncssh.SSHKey) -> None:
        """Write down a key. That it cannot be written is no reason not to connect."""
        place = host if port == 22 else f"[{host}]:{port}"
        words = key.export_public_key().decode().split()
        path = self._files[0]
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                # The last line may lack its end, if somebody wrote it by hand.
                broken = b"\n" if size and file.read(1) != b"\n" else b""
                file.write(broken + f"{place} {words[0]} {words[1]}\n".encode())
