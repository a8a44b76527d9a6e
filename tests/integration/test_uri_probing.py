"""Which daemon a URI leads to: the machine's sockets, the user's own daemon, names for URIs."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.libvirtd import PrivateLibvirtd, _environment, run
from lacuna_engine.errors import UnreachableError
from lacuna_engine.transfer import Session
from lacuna_engine.transport import ConnectionUri, local, parse_uri, resolve_uri


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where sockets are looked for in this test, in place of /run/libvirt."""
    with tempfile.TemporaryDirectory(prefix="lacuna-") as short:
        place = Path(short)
        real = local.socket_candidates

        def moved(uri: ConnectionUri) -> tuple[Path, ...]:
            return tuple(place / path.name for path in real(uri))

        monkeypatch.setattr(local, "socket_candidates", moved)
        yield place


async def reaches(uri: str) -> bool:
    async with Session(resolve_uri(uri)) as session:
        await session.storage.pools()
    return True


@pytest.mark.parametrize("name", ["virtstoraged-sock", "libvirt-sock", "virtqemud-sock"])
async def test_any_of_the_daemons(folder: Path, daemon: PrivateLibvirtd, name: str) -> None:
    (folder / name).symlink_to(daemon.socket_path)
    assert await reaches("qemu:///system")


async def test_a_dead_socket_is_passed_over(folder: Path, daemon: PrivateLibvirtd) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "virtstoraged-sock"))
    (folder / "libvirt-sock").symlink_to(daemon.socket_path)
    assert await reaches("qemu:///system")
    with pytest.raises(UnreachableError, match="is not running"):
        await reaches("qemu:///system?mode=direct")
    assert await reaches("qemu:///system?mode=legacy")


@pytest.mark.parametrize("driver", ["qemu", "storage", "lxc", "ch", "xen", "bhyve"])
async def test_any_driver(daemon: PrivateLibvirtd, driver: str) -> None:
    assert await reaches(f"{driver}+unix:///system?socket={daemon.socket_path}")
    assert await reaches(f"{driver}+tcp://127.0.0.1:{daemon.tcp_port}/system")


async def test_a_name_of_the_users(
    daemon: PrivateLibvirtd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "libvirt").mkdir()
    (tmp_path / "libvirt/libvirt.conf").write_text(f'uri_aliases = ["lab={daemon.uri}"]\n')
    assert await reaches("lab")
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "lab")
    assert await reaches("")


async def test_ipv6(daemon: PrivateLibvirtd) -> None:
    over = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(str(daemon.socket_path))

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(1 << 16):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, outer), pump(inner, writer), return_exceptions=True)
        over.set()

    async with await asyncio.start_server(relay, "::1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await reaches(f"qemu+tcp://[::1]:{port}/system")
        await over.wait()


async def test_a_program_as_the_way(daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexec nc -q0 -U {daemon.socket_path}\n")
    program.chmod(0o700)
    assert await reaches(f"qemu+ext:///system?command={program}")


# --- the user's own daemon -----------------------------------------------------------------------

PROGRAM = """
import asyncio, os, sys
# Read before the rights are given up: the package may lie where nobody else may look.
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
import lacuna_engine.transport.autostart, encodings.idna
user = int(sys.argv[1])
os.setgroups([]); os.setgid(user); os.setuid(user)
async def main():
    async with Session(parse_uri("qemu:///session")) as session:
        print(await session.storage.pools())
asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """The home of a user without rights, whose daemon ends with the test."""
    nobody = pwd.getpwnam("nobody")
    place = Path(tempfile.mkdtemp(prefix="lacuna-", dir="/tmp"))
    (place / "run").mkdir(mode=0o700)
    for path in (place, place / "run"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    yield place
    for pid_file in [*place.rglob("libvirtd.pid"), *place.rglob("virtstoraged.pid")]:
        pid = int(pid_file.read_text())
        words = Path(f"/proc/{pid}/environ").read_bytes()
        assert str(place).encode() in words
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.01)
    shutil.rmtree(place)


@pytest.mark.parametrize("autostart", [True, False])
@pytest.mark.parametrize("runtime", [True, False])
def test_the_daemon_of_a_session(home: Path, autostart: bool, runtime: bool) -> None:
    run("libvirtd", "--version")
    environment = {
        key: value for key, value in _environment().items() if not key.startswith("XDG_")
    } | {"HOME": str(home)}
    if runtime:
        environment["XDG_RUNTIME_DIR"] = str(home / "run")
    if not autostart:
        environment["LIBVIRT_AUTOSTART"] = "0"
    user = str(pwd.getpwnam("nobody").pw_uid)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, user],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd="/",
            timeout=60,
        )
        if autostart:
            assert done.returncode == 0, done.stderr
        else:
            assert "no libvirt daemon listens" in done.stderr


def test_a_session_of_root_is_the_systems() -> None:
    assert local.socket_candidates(parse_uri("qemu:///session")) == local.socket_candidates(
        parse_uri("qemu:///system")
    )
