"""Fixtures of the suite: the same pool, served by libvirtd and by the embedded server."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from conformance.bench import OLD, Bench
from conformance.target import ServerThread, Target
from engine.server.wire import connected
from integration import elsewhere
from integration.libvirtd import MIB, PrivateLibvirtd, run
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.server import Registry

POOL_UUID = UUID("c0ffee00-0000-4000-8000-000000000000")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def libvirtd() -> Iterator[PrivateLibvirtd]:
    """A private daemon, whose folder for mounts the embedded server uses too."""
    with PrivateLibvirtd() as private:
        yield private


@contextmanager
def _by_libvirtd(libvirtd: PrivateLibvirtd, name: str) -> Generator[Target]:
    # Once more, should a test have brought it down: the next ones are not to suffer from that.
    libvirtd.start()
    pool = libvirtd.make_pool(name)
    try:
        yield Target(elsewhere.storage_socket(libvirtd.root, libvirtd.socket_path), name, pool.path)
    finally:
        libvirtd.start()
        libvirtd.drop_pool(pool)


@contextmanager
def _by_lacuna(libvirtd: PrivateLibvirtd, name: str) -> Generator[Target]:
    path = libvirtd.mounts / name
    path.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={64 * MIB}", name, path)
        registry = Registry((str(libvirtd.mounts),), allow_define=True)
        registry.add(name, str(path), POOL_UUID).autostart = False
        with ServerThread(registry, libvirtd.root / f"{name}-sock") as server:
            yield Target(server.socket, name, path, server)
    finally:
        libvirtd._remove_ground(name)


SERVED_BY = {"libvirtd": _by_libvirtd, "lacuna": _by_lacuna}


@pytest.fixture(params=list(SERVED_BY))
def target(libvirtd: PrivateLibvirtd, request: pytest.FixtureRequest) -> Iterator[Target]:
    """A new pool, served by each of the two in turn."""
    with SERVED_BY[request.param](libvirtd, f"pool-{next(_numbers)}") as served:
        yield served


@pytest.fixture
async def bench(target: Target) -> AsyncIterator[Bench]:
    """A raw connection to either, and a volume."""
    target.file("v").write_bytes(OLD * MIB)
    target.virsh("pool-refresh", target.pool)
    async with connected(target.socket) as wire:
        yield Bench(target, wire, VolumeHandle(target.pool, "v", "ignored"))


@pytest.fixture(scope="module")
def both(libvirtd: PrivateLibvirtd) -> Iterator[tuple[Target, Target]]:
    """Two pools, alike even in the length of their names: libvirtd's and the server's."""
    number = next(_numbers)
    with (
        _by_libvirtd(libvirtd, f"pool-r{number}") as theirs,
        _by_lacuna(libvirtd, f"pool-l{number}") as ours,
    ):
        yield theirs, ours


@pytest.fixture(autouse=True)
def no_lost_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which asyncio or the server met an error that nobody took."""
    yield
    lost = [
        r for r in caplog.records if r.name.startswith(("asyncio", "lacuna")) and r.levelno > 30
    ]
    assert not lost, lost


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="lacuna-") as folder:
        yield Path(folder)
