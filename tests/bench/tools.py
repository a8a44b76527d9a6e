"""The tools that are compared: how each brings an image into the pool's folder, and back."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.account import ToolError
from bench.grounds import LACUNA, VOLUME, Ground, Server

Serve = Callable[[Ground], AbstractContextManager[Server | None]]
Command = Callable[[Ground, str, Path], Sequence[str]]
"""Makes a command of the ground, the server's URI, and the local file."""

START = 10.0
"""Seconds that a server may take to listen."""


@dataclass(frozen=True)
class Tool:
    """A way up and a way down; ``prepare`` makes the pool ready for an upload of a file."""

    name: str
    serve: Serve
    prepare: Callable[[Ground, Path], None]
    up: Command
    down: Command


# --- through libvirtd ----------------------------------------------------------------------------


@contextmanager
def libvirtd(ground: Ground) -> Iterator[Server]:
    yield ground.fresh()


def lacuna(name: str = "lacuna", *options: str) -> Tool:
    """Return Lacuna's command line."""
    return Tool(
        name,
        libvirtd,
        lambda ground, _: ground.drop(),
        lambda ground, uri, file: [
            *(LACUNA, "upload", str(file), uri, f"{ground.pool}/{VOLUME}", *options)
        ],
        lambda ground, uri, file: [
            *(LACUNA, "download", uri, f"{ground.pool}/{VOLUME}", str(file), *options)
        ],
    )


def virsh(name: str = "virsh", *options: str) -> Tool:
    """Return virsh; ``--sparse`` among the options makes it send holes as such."""

    def prepare(ground: Ground, _: Path) -> None:
        ground.drop()
        ground.virsh("vol-create-as", ground.pool, VOLUME, "0", "--allocation", "0")

    def command(verb: str) -> Command:
        return lambda ground, uri, file: [
            *("virsh", "-q", "-c", uri, verb, "--pool", ground.pool, VOLUME, str(file), *options)
        ]

    return Tool(name, libvirtd, prepare, command("vol-upload"), command("vol-download"))


# --- into the folder, past libvirt ---------------------------------------------------------------


def emptied(ground: Ground, _: Path) -> None:
    ground.target.unlink(missing_ok=True)


def sized(ground: Ground, image: Path) -> None:
    """Make the file, with its size and nothing in it."""
    emptied(ground, image)
    ground.target.touch()
    os.truncate(ground.target, image.stat().st_size)


@contextmanager
def rsync_daemon(ground: Ground) -> Iterator[Server]:
    """An rsync daemon on a port, whose module is the pool's folder."""
    with ground.far():
        port = free_port(ground.host)
    config = ground.files / "rsyncd.conf"
    config.write_text(
        "use chroot = no\nuid = root\ngid = root\nread only = no\n"
        f"address = {ground.host}\nport = {port}\n[{ground.pool}]\npath = {ground.path}\n"
    )
    command = ["rsync", "--daemon", "--no-detach", f"--config={config}"]
    with ground.far(), running(command) as process:
        await_listening((ground.host, port), process)
        yield Server(process.pid, f"rsync://{ground.host}:{port}/{ground.pool}/{VOLUME}")


@contextmanager
def nbdkit(ground: Ground) -> Iterator[Server]:
    """nbdkit with the file plugin on the volume's file, on a unix socket."""
    path = ground.files / "nbdkit.sock"
    path.unlink(missing_ok=True)
    command = ["nbdkit", "--foreground", "--unix", str(path), "file", str(ground.target)]
    with running(command) as process:
        await_listening(str(path), process)
        yield Server(process.pid, f"nbd+unix:///?socket={path}")


@contextmanager
def nobody(_: Ground) -> Iterator[None]:
    yield None


RSYNC = Tool(
    "rsync",
    rsync_daemon,
    emptied,
    lambda _, uri, file: ["rsync", "-S", str(file), uri],
    lambda _, uri, file: ["rsync", "-S", uri, str(file)],
)
NBDCOPY = Tool(
    "nbdcopy",
    nbdkit,
    sized,
    lambda _, uri, file: ["nbdcopy", str(file), uri],
    lambda _, uri, file: ["nbdcopy", uri, str(file)],
)
CONVERT = ("qemu-img", "convert", "-W", "-m", "8", "-f", "raw", "-O", "raw")
QEMU_IMG = Tool(
    "qemu-img",
    nbdkit,
    sized,
    lambda _, uri, file: [*CONVERT, "-n", str(file), uri],
    lambda _, uri, file: [*CONVERT, uri, str(file)],
)
CP = Tool(
    "cp",
    nobody,
    emptied,
    lambda ground, _, file: ["cp", "--sparse=always", str(file), str(ground.target)],
    lambda ground, _, file: ["cp", "--sparse=always", str(ground.target), str(file)],
)

TOOLS = {
    tool.name: tool
    for tool in (
        virsh(),
        virsh("virsh --sparse", "--sparse"),
        lacuna(),
        lacuna("lacuna 1x", "--connections", "1"),
        RSYNC,
        NBDCOPY,
        QEMU_IMG,
        CP,
    )
}


# --- servers -------------------------------------------------------------------------------------


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with the block."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(START)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(host: str) -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def await_listening(address: str | tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens there; raises `ToolError` if the server ends or takes long."""
    deadline = time.monotonic() + START
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(family) as probe, suppress(OSError):
            probe.connect(address)
            return
        time.sleep(0.01)
    raise ToolError(f"nobody listens at {address}")
