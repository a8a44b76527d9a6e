"""The real modular daemons: which of them a URI leads to, and that each serves.

Collected by ``modular.campaign`` alone: no package of Debian has these daemons.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import lacuna_engine
from integration import elsewhere
from integration.images import assert_same, data, hole, make_image
from integration.libvirtd import ENTER, MIB, PrivateLibvirtd, _environment
from integration.sshd import USER, PrivateSshd
from lacuna_engine.transfer import Download, Session, Upload
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.ssh import ENGINE_VARIABLE

# Prints the name of the process that listens at the other end, then the pools.
PROGRAM = """
import asyncio, socket, struct, sys
from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer import Session
from lacuna_engine.transport import resolve_uri

async def main():
    try:
        async with Session(resolve_uri(sys.argv[1])) as session:
            end = session.storage.connection._pipe._sock
            pid, *_ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            print(open(f"/proc/{pid}/comm").read().strip())
            print(*[pool.name for pool in await session.storage.pools()])
    except LacunaError as error:
        print(error, error.hint, sep="; ")
        return error.exit_code

sys.exit(asyncio.run(main()))
"""


@pytest.fixture(scope="session")
def lacuna() -> Path:
    """The command as it is installed."""
    return Path(sys.executable).with_name("lacuna")


@pytest.fixture
def daemons() -> Iterator[PrivateLibvirtd]:
    """virtproxyd, virtstoraged and virtqemud, with the pool ``pool``."""
    assert elsewhere.is_modular(), "./dev test modular runs these"
    with PrivateLibvirtd() as private:
        own = private.root / "run/libvirt/libvirt-sock"
        own.symlink_to(private.socket_path)
        private.make_pool("pool")
        yield private


def here(daemons: PrivateLibvirtd, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program where /run is that of the daemons."""
    enter = ["unshare", "-m", "--propagation", "slave", "sh", "-c", ENTER, "enter"]
    return subprocess.run(
        [*enter, str(daemons.root / "run"), "/run", "--", *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=_environment(),
    )


def reached(daemons: PrivateLibvirtd, uri: str) -> list[str]:
    """Return the lines that `PROGRAM` prints."""
    done = here(daemons, sys.executable, "-c", PROGRAM, uri)
    assert "Traceback" not in done.stderr, done.stderr
    return [f"{done.returncode}", *done.stdout.splitlines()]


def kill(daemons: PrivateLibvirtd, name: str) -> None:
    """End one of them at once; its socket stays."""
    pid = int((daemons.root / f"run/{name}.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    with suppress(OSError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)


def test_the_storage_daemon_comes_first(daemons: PrivateLibvirtd) -> None:
    for uri in ("qemu:///system", "storage:///system", "lxc:///system?mode=direct"):
        assert reached(daemons, uri) == ["0", "virtstoraged", "pool"]
    assert reached(daemons, "qemu:///system?mode=legacy") == ["0", "virtproxyd", "pool"]


def test_a_session_of_root_is_the_systems(daemons: PrivateLibvirtd) -> None:
    for uri in ("qemu:///session", "storage:///session", "qemu:///session?mode=legacy"):
        assert reached(daemons, uri)[::2] == ["0", "pool"]


def test_without_the_storage_daemon(daemons: PrivateLibvirtd) -> None:
    """Its socket refuses; who answers then cannot do without it, and says so."""
    kill(daemons, "virtstoraged")
    for uri in ("qemu:///system", "qemu:///system?mode=legacy", "storage:///system"):
        code, told = reached(daemons, uri)
        assert code == "3"
        assert "virtstoraged-sock': Connection refused; " in told
        assert "start virtstoraged.socket" in told
    code, told = reached(daemons, "qemu:///system?socket=/run/libvirt/virtstoraged-sock")
    assert (code, "is not running" in told) == ("3", True)


def test_the_hypervisors_daemon_comes_last(daemons: PrivateLibvirtd) -> None:
    """It has the pools too, as long as the storage daemon is there to be asked."""
    for name in ("virtstoraged-sock", "libvirt-sock"):
        (daemons.root / f"run/libvirt/{name}").rename(daemons.root / f"run/libvirt/no-{name}")
    # It asks at the usual place itself.
    assert reached(daemons, "qemu:///system")[0] == "3"
    asked = daemons.root / "run/libvirt/no-virtstoraged-sock"
    assert reached(daemons, f"qemu:///system?socket=/run/libvirt/{asked.name}")[0] == "0"
    asked.rename(daemons.root / "run/libvirt/virtstoraged-sock")
    uri = "qemu:///system?socket=/run/libvirt/virtqemud-sock"
    assert reached(daemons, uri) == ["0", "virtqemud", "pool"]


@pytest.mark.parametrize("name", ["virtstoraged", "libvirt", "virtqemud"])
def test_up_and_down_through_each(
    daemons: PrivateLibvirtd, lacuna: Path, tmp_path: Path, name: str
) -> None:
    uri = f"qemu:///system?socket=/run/libvirt/{name}-sock"
    source = make_image(tmp_path / "v", data(5 * MIB + 3), hole(4 * MIB), data(MIB))
    back = tmp_path / "back"
    for words in (("upload", source, uri, "pool"), ("download", uri, "pool/v", back)):
        done = here(daemons, lacuna, words[0], "--verify", *words[1:])
        assert done.returncode == 0, done.stderr
    assert_same(back, source)
    assert_same(daemons.mounts / "pool/v", source)
    listed = here(daemons, lacuna, "ls", uri)
    assert "pool" in listed.stdout, listed.stderr


@pytest.mark.parametrize("engine", ["openssh", "asyncssh"])
@pytest.mark.parametrize("way", ["direct", "helper", "netcat"])
async def test_through_ssh(
    daemons: PrivateLibvirtd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    way: str,
) -> None:
    """To the storage daemon itself: it serves when virtproxyd has ended."""
    monkeypatch.setenv(ENGINE_VARIABLE, engine)
    without = frozenset({"virt-ssh-helper"}) if way == "netcat" else frozenset[str]()
    settings = {"AllowStreamLocalForwarding": "yes" if way == "direct" else "no"}
    source = make_image(tmp_path / "v", data(3 * MIB + 1), hole(2 * MIB))
    with PrivateSshd(daemons, settings=settings, without=without) as host:
        (tmp_path / "known").write_text(host.known_hosts_line)
        os.kill(daemons.pid, signal.SIGKILL)
        uri = parse_uri(
            f"qemu+ssh://{USER}@127.0.0.1:{host.port}/system"
            f"?keyfile={host.folder / 'key'}&known_hosts={tmp_path / 'known'}"
        )
        async with Session(uri) as session:
            await Upload(session, source, "pool", "v").run()
            await Download(session, "pool", "v", tmp_path / "back").run()
    assert_same(tmp_path / "back", source)


# --- the user's own ------------------------------------------------------------------------------

# Run in the root, with its Python, by a user who has no daemon yet. All is read before the rights
# are given up: the source may lie where nobody else may look.
OWN = """
import asyncio, encodings.idna, os, socket, struct, sys
from lacuna_engine.client import Connection
from lacuna_engine.rpc import procedures as p, records as r
from lacuna_engine.transport import autostart, parse_uri
user = int(sys.argv[1])
os.setgroups([]); os.setgid(user); os.setuid(user)

async def main():
    connection = await Connection.open(parse_uri("qemu:///session"))
    end = connection._pipe._sock
    pid, *_ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    print(open(f"/proc/{pid}/comm").read().strip())
    await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    await connection.close()

asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """The home of a user without rights, whose daemons end with the test."""
    nobody = pwd.getpwnam("nobody")
    place = Path(tempfile.mkdtemp(prefix="lacuna-", dir="/tmp"))
    (place / "run").mkdir(mode=0o700)
    for path in (place, place / "run"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    yield place
    for pid_file in place.rglob("virtstoraged.pid"):
        pid = int(pid_file.read_text())
        assert str(place).encode() in Path(f"/proc/{pid}/environ").read_bytes()
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.01)
    shutil.rmtree(place)


@pytest.mark.parametrize("runtime", [True, False])
def test_the_daemon_of_a_session(home: Path, runtime: bool) -> None:
    """virtstoraged is started, though libvirtd is there too; after that it is found."""
    environment = {
        "HOME": str(home),
        "PATH": f"{elsewhere.BUILT}/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(Path(lacuna_engine.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if runtime:
        environment["XDG_RUNTIME_DIR"] = str(home / "run")
    enter = elsewhere.enter_words()
    assert enter is not None
    user = str(pwd.getpwnam("nobody").pw_uid)
    for _ in range(2):
        done = subprocess.run(
            [*enter, "python3", "-c", OWN, user],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd="/",
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[0] == "virtstoraged"
