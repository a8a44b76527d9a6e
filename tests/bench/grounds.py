"""What tools are measured on: a pool, who serves it, and a folder for local files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from bench.account import MEMORY, Near
from bench.images import GIB, KIB
from integration.libvirtd import PrivateLibvirtd

LACUNA = str(Path(sys.executable).with_name("lacuna"))
VOLUME = "image.img"
POOL = "bench"
POOL_SIZES: Mapping[str, int] = {"tmpfs": 6 * GIB, "ext4": 12 * GIB}

GroundKind = Literal["tmpfs", "ext4"]


@dataclass(frozen=True)
class Server:
    """A process that serves the pool's folder, and where."""

    pid: int
    uri: str


@dataclass(frozen=True)
class Ground:
    """A pool, its folder, and a folder for local files.

    ``fresh`` starts who serves the pool anew: a daemon whose memory has been through one transfer
    is faster in the next, whoever made it. ``near`` and ``far`` enter the network in which clients
    and servers run; servers there are at ``host``.
    """

    path: Path
    files: Path
    uri: str
    fresh: Callable[[], Server]
    pool: str = POOL
    near: Near = nullcontext
    far: Near = nullcontext
    host: str = "127.0.0.1"

    @property
    def target(self) -> Path:
        """The file of the volume that is transferred."""
        return self.path / VOLUME

    def virsh(self, *arguments: str) -> None:
        """Run virsh; raises `subprocess.CalledProcessError` if it fails."""
        command = ["virsh", "-q", "-c", self.uri, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def drop(self) -> None:
        """Delete the volume if it is there, and have the server know."""
        self.target.unlink(missing_ok=True)
        self.virsh("pool-refresh", self.pool)


def crowd(path: Path, count: int) -> None:
    """Put other volumes into the pool, each with a page of data."""
    page = os.urandom(4 * KIB)
    for number in range(count):
        (path / f"other-{number:05}.img").write_bytes(page)


@contextmanager
def ground(kind: GroundKind = "tmpfs", volumes: int = 10, size: int = 0) -> Iterator[Ground]:
    """libvirtd with a pool of its own, local files in memory; nothing is left afterwards."""
    with memory_folder() as files, PrivateLibvirtd() as daemon:
        pool = daemon.make_pool(POOL, kind, size=size or POOL_SIZES[kind])
        crowd(pool.path, volumes)
        daemon.virsh("pool-refresh", pool.name)

        def fresh() -> Server:
            daemon.terminate()
            daemon.start()
            return Server(daemon.pid, daemon.uri)

        yield Ground(pool.path, files, daemon.uri, fresh)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory. Programs that keep settings and journals do that there too."""
    with TemporaryDirectory(prefix="lacuna-bench-", dir=MEMORY) as place:
        mine = {name: f"{place}/{name.lower()}" for name in ("LACUNA_DATA", "LACUNA_CONFIG")}
        before = {name: os.environ.get(name) for name in mine}
        os.environ.update(mine)
        try:
            yield Path(place)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


@contextmanager
def own_server(libvirtd: Ground) -> Iterator[Ground]:
    """``lacuna serve`` on a folder of the same file system, until the block ends."""
    folder = libvirtd.path / "served"
    folder.mkdir()
    socket = libvirtd.files / "serve.sock"
    command = [LACUNA, "serve", str(folder), "--pool", POOL, "--listen", f"unix:{socket}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            uri = process.stdout.readline().strip()
            yield Ground(folder, libvirtd.files, uri, lambda: Server(process.pid, uri))
        finally:
            process.terminate()
