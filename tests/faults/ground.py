"""What the campaign stands on: a daemon with a pool, a relay before it, and a client's folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from faults.relay import Relay
from integration.libvirtd import HarnessError, PrivateLibvirtd, run

__all__ = ["LACUNA", "Daemon", "Ground", "ServedFolder", "grounds"]

LACUNA = str(Path(sys.executable).with_name("lacuna"))


class Daemon(Protocol):
    """Something that serves the pool, and can be ended and started again."""

    @property
    def socket(self) -> Path: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


class LibvirtDaemon:
    """The private libvirtd."""

    def __init__(self, daemon: PrivateLibvirtd) -> None:
        self._daemon = daemon
        self.socket = daemon.socket_path

    def kill(self) -> None:
        self._daemon.kill()

    def start(self) -> None:
        self._daemon.start()


class ServedFolder:
    """``lacuna serve``."""

    def __init__(self, folder: Path, socket: Path, pool: str) -> None:
        self.socket = socket
        self._command = [LACUNA, "serve", str(folder), "--pool", pool, "--listen", f"unix:{socket}"]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "lacuna serve did not start"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@dataclass
class Ground:
    """A pool behind a relay, and a client with a journal of its own."""

    name: str
    daemon: Daemon
    relay: Relay
    pool: str
    path: Path
    local: Path
    data: Path
    seed: int = 0
    processes: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    @property
    def uri(self) -> str:
        return f"storage+unix:///system?socket={self.relay.path}"

    def client(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start the command."""
        process = subprocess.Popen(
            [LACUNA, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LACUNA_DATA": str(self.data)},
        )
        self.processes.append(process)
        return process

    def end_all(self) -> None:
        """End what a failed scene has left running."""
        for process in self.processes:
            process.kill()
            with suppress(ValueError):  # it has been read to its end already
                process.communicate()
        self.processes.clear()

    def lacuna(self, *arguments: str | Path, code: int = 0) -> str:
        """Run the command to its end, and return what it printed."""
        process = self.client(*arguments)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == code, f"exit {process.returncode}: {errors}"
        assert "Traceback" not in errors, errors
        return output

    def refresh(self) -> None:
        run(
            "virsh",
            "-q",
            "-c",
            f"storage+unix:///system?socket={self.daemon.socket}",
            "pool-refresh",
            self.pool,
        )

    def clear(self) -> None:
        """Make everything as it was."""
        for folder in (self.path, self.local, self.data):
            for file in sorted(folder.rglob("*"), reverse=True):
                if file.is_dir():
                    file.rmdir()
                else:
                    file.unlink()
        deadline = time.monotonic() + 20
        while True:
            try:
                self.refresh()
            except HarnessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


@contextmanager
def grounds(size: int = 3 << 30) -> Generator[list[Ground]]:
    """libvirtd and the embedded server, each with a pool of ``size`` bytes on a tmpfs."""
    with PrivateLibvirtd() as libvirtd:
        theirs = libvirtd.make_pool("theirs", "tmpfs", size=size)
        ours = libvirtd.make_pool("ours", "tmpfs", size=size)
        libvirtd.virsh("pool-destroy", "ours")
        client = libvirtd.make_pool("client", "tmpfs", size=size)
        libvirtd.virsh("pool-destroy", "client")
        served = ServedFolder(ours.path, libvirtd.root / "served-sock", "ours")
        served.start()
        found: list[Ground] = []
        try:
            with (
                Relay(libvirtd.root / "relay-1", libvirtd.socket_path) as one,
                Relay(libvirtd.root / "relay-2", served.socket) as two,
            ):
                for name, daemon, relay, path in (
                    ("theirs", LibvirtDaemon(libvirtd), one, theirs.path),
                    ("ours", served, two, ours.path),
                ):
                    local, data = client.path / name, libvirtd.root / f"data-{name}"
                    local.mkdir()
                    data.mkdir()
                    found.append(Ground(name, daemon, relay, name, path, local, data))
                yield found
        finally:
            served.kill()
