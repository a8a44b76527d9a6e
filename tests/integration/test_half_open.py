"""A peer that is gone though nobody said so: the host is asleep, or the way to it is dead.

The daemon is stopped, so that its system still takes what is sent, and nothing is ever answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.images import assert_same, data, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import SLOW, run_into, session_to
from lacuna_engine.client import Connection, Patience
from lacuna_engine.errors import LacunaError, PeerSilentError
from lacuna_engine.transfer import Download, Session, State, TransferOptions, Upload
from lacuna_engine.transport import parse_uri

SHORT = Patience(ping_after=0.1, give_up_after=1.0)
SHAPE = (data(6 * MIB), hole(5 * MIB), data(7 * MIB + 4096))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna_engine.client.connection.Patience", lambda: SHORT)


@pytest.fixture
def host(daemon: PrivateLibvirtd) -> Iterator[PrivateLibvirtd]:
    """A daemon that runs again after the test."""
    yield daemon
    wake(daemon)


def fall_asleep(daemon: PrivateLibvirtd) -> None:
    os.kill(daemon.pid, signal.SIGSTOP)


def wake(daemon: PrivateLibvirtd) -> None:
    os.kill(daemon.pid, signal.SIGCONT)


def test_the_patience_of_every_connection() -> None:
    """Longer than a stalled disk makes the daemon silent, and still a matter of a minute or two."""
    assert 60 <= Patience().give_up_after <= 120
    assert Patience().ping_after * 3 <= Patience().give_up_after


@pytest.mark.parametrize("way", ["uri", "tcp_uri"])
async def test_an_idle_connection(host: PrivateLibvirtd, short: None, way: str) -> None:
    connection = await Connection.open(parse_uri(getattr(host, way)))
    gone: asyncio.Future[LacunaError] = asyncio.get_running_loop().create_future()
    connection.on_close(gone.set_result)
    fall_asleep(host)
    async with asyncio.timeout(20):
        reason = await gone
    assert isinstance(reason, PeerSilentError)
    assert reason.retryable
    await connection.close()


async def test_a_short_nap(host: PrivateLibvirtd, short: None) -> None:
    """Nothing is given up before its time."""
    connection = await Connection.open(parse_uri(host.tcp_uri))
    for _ in range(3):
        fall_asleep(host)
        await asyncio.sleep(SHORT.give_up_after / 3)
        wake(host)
        await connection.ping()
    assert connection.is_open
    await connection.close()


@pytest.mark.parametrize("kind", [Upload, Download])
async def test_in_the_middle_of_a_transfer(
    host: PrivateLibvirtd,
    pool: Pool,
    tmp_path: Path,
    short: None,
    kind: type[Upload | Download],
) -> None:
    """It fails in time, as something that may be tried again, and then goes on where it was."""
    image, back = make_image(tmp_path / "image", *SHAPE), tmp_path / "back"
    keeper = MemoryKeeper()

    def transfer(session: Session, options: TransferOptions | None = None) -> Upload | Download:
        if kind is Upload:
            return Upload(session, image, pool.name, "v", options=options, keeper=keeper)
        return Download(session, pool.name, "v", back, options=options, keeper=keeper)

    async with session_to(host.tcp_uri) as session:
        if kind is Download:
            await Upload(session, image, pool.name, "v").run()
        async with asyncio.timeout(60):
            with pytest.raises(PeerSilentError) as caught:
                await run_into(transfer(session, SLOW), lambda: fall_asleep(host))
    assert caught.value.retryable
    wake(host)
    async with session_to(host.tcp_uri) as session:
        report = await transfer(session).run()
    assert (report.state, report.resumed) == (State.DONE, True)
    assert 0 < max(report.bytes_sent, report.bytes_received) < 13 * MIB + 4096
    assert_same(pool.file("v") if kind is Upload else back, image)
