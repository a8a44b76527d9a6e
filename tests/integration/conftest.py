"""Fixtures for the tests against a real libvirtd.

They fail where a private daemon cannot run, they never skip: a suite that was green without having
met libvirt would be worth nothing.
"""

import itertools
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from integration.libvirtd import MIB, Pool, PoolKind, PrivateLibvirtd
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri

_numbers = itertools.count(1)


class PoolFactory(Protocol):
    """Makes pools that are gone after the test; names are unique per call."""

    def __call__(
        self,
        kind: PoolKind = "tmpfs",
        *,
        size: int | None = None,
        partitions: tuple[int, ...] = (16 * MIB, 32 * MIB),
    ) -> Pool: ...


@pytest.fixture(scope="session")
def daemon() -> Iterator[PrivateLibvirtd]:
    """The session's daemon. A test that ends it should rather take `own_daemon`."""
    with PrivateLibvirtd() as private:
        yield private


@pytest.fixture
def own_daemon() -> Iterator[PrivateLibvirtd]:
    """A running daemon for one test alone: to be killed, restarted, overloaded."""
    with PrivateLibvirtd() as private:
        yield private


@pytest.fixture
def pool_factory(daemon: PrivateLibvirtd, request: pytest.FixtureRequest) -> Iterator[PoolFactory]:
    """Make pools on the session's daemon: ``pool_factory("ext4", size=128 * MIB)``."""
    stem = re.sub(r"[^a-z0-9]+", "-", str(request.node.name).lower()).strip("-")[:40]
    made: list[Pool] = []

    def make(
        kind: PoolKind = "tmpfs",
        *,
        size: int | None = None,
        partitions: tuple[int, ...] = (16 * MIB, 32 * MIB),
    ) -> Pool:
        daemon.start()
        pool = daemon.make_pool(f"{stem}-{next(_numbers)}", kind, size, partitions)
        made.append(pool)
        return pool

    yield make
    daemon.start()
    errors: list[Exception] = []
    for pool in reversed(made):
        try:
            daemon.drop_pool(pool)
        except Exception as error:  # noqa: BLE001 - the other pools must go as well
            errors.append(error)
    if errors:
        raise ExceptionGroup("pools left behind", errors)


@pytest.fixture
def pool(pool_factory: PoolFactory) -> Pool:
    """A ``dir`` pool of 64 MiB on a tmpfs: the quickest one."""
    return pool_factory()


@pytest.fixture(params=["tmpfs", "ext4", "xfs"])
def any_pool(pool_factory: PoolFactory, request: pytest.FixtureRequest) -> Pool:
    """A ``dir`` pool on each kind of file system in turn."""
    kind: PoolKind = request.param
    return pool_factory(kind)


@pytest.fixture
def small_pool(pool_factory: PoolFactory) -> Pool:
    """A ``dir`` pool of 4 MiB, to be filled up."""
    return pool_factory(size=4 * MIB)


@pytest.fixture
def block_pool(pool_factory: PoolFactory) -> Pool:
    """A ``disk`` pool with two partitions, of 16 and 32 MiB."""
    return pool_factory("disk")


@pytest.fixture
async def session(daemon: PrivateLibvirtd) -> AsyncIterator[Session]:
    """The engine's session with the session's daemon."""
    async with Session(parse_uri(daemon.uri)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_lost_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which asyncio met an error that nobody took."""
    yield
    lost = [record for record in caplog.records if record.name == "asyncio" and record.levelno > 30]
    assert not lost, lost


@pytest.fixture(scope="session")
def lacuna() -> Path:
    """The command as it is installed."""
    command = Path(sys.executable).with_name("lacuna")
    assert command.exists(), "the command is not installed beside this Python; run ./dev setup"
    return command
