"""The same daemon through every transport: whatever a connection is made of, it does the same."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.images import assert_same, data, hole, make_image, zeros
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port
from integration.moves import until
from integration.pki import Authority
from integration.sshd import USER, PrivateSshd
from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    ConnectionLostError,
    PoolNotFoundError,
    ReadOnlyError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage.events import PoolWatch
from lacuna_engine.transfer import Download, Session, State, TransferOptions, Upload
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.ssh import ENGINE_VARIABLE

TRANSPORTS = ("unix", "tcp", "tls", "openssh", "asyncssh", "ext")
VERIFY = TransferOptions(verify=True)


@dataclass(frozen=True)
class Ground:
    """A daemon that listens everywhere, with the pool ``pool``, and a URI for each transport."""

    daemon: PrivateLibvirtd
    uris: dict[str, str]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder, port = tmp_path_factory.mktemp("transports"), _free_port()
    authority = Authority()
    authority.write(folder / "server", "server")
    authority.write(folder / "client", "client")
    settings: dict[str, str | int | Sequence[str]] = {
        "listen_tls": 1,
        "tls_port": str(port),
        "key_file": str(folder / "server/serverkey.pem"),
        "cert_file": str(folder / "server/servercert.pem"),
        "ca_file": str(folder / "server/cacert.pem"),
        "crl_file": "",
    }
    with PrivateLibvirtd(settings=settings) as daemon, PrivateSshd(daemon) as host:
        daemon.make_pool("pool", "tmpfs")
        (folder / "known").write_text(host.known_hosts_line)
        program = folder / "program"
        program.write_text(f"#!/bin/sh\nexec nc -q0 -U {shlex.quote(str(daemon.socket_path))}\n")
        program.chmod(0o700)
        ssh = (
            f"qemu+ssh://{USER}@127.0.0.1:{host.port}/system"
            f"?keyfile={host.folder / 'key'}&known_hosts={folder / 'known'}"
        )
        yield Ground(
            daemon,
            {
                "unix": f"qemu+unix:///system?socket={daemon.socket_path}",
                "tcp": f"qemu+tcp://127.0.0.1:{daemon.tcp_port}/system",
                "tls": f"qemu+tls://localhost:{port}/system?pkipath={folder / 'client'}",
                "openssh": ssh,
                "asyncssh": ssh,
                "ext": f"qemu+ext:///system?command={program}",
            },
        )


@pytest.fixture(params=TRANSPORTS)
def uri(ground: Ground, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    transport: str = request.param
    if transport.endswith("ssh"):
        monkeypatch.setenv(ENGINE_VARIABLE, transport)
    for name in ("SSH_AUTH_SOCK", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    forget_answers()
    return ground.uris[transport]


@pytest.fixture
async def session(uri: str, ground: Ground) -> AsyncIterator[Session]:
    """A session, whose volumes are gone after the test."""
    async with Session(parse_uri(uri)) as opened:
        yield opened
    for name in ground.daemon.volumes("pool"):
        ground.daemon.virsh("vol-delete", "--pool", "pool", name)


async def test_there_and_back(session: Session, ground: Ground, tmp_path: Path) -> None:
    """Odd sizes, holes at both ends, zeros, more than any buffer on the way holds."""
    source = make_image(
        tmp_path / "source", hole(MIB), data(9 * MIB + 5), hole(3 * MIB), zeros(MIB), hole(MIB)
    )
    sent = await Upload(session, source, "pool", "v", options=VERIFY).run()
    back = tmp_path / "back"
    received = await Download(session, "pool", "v", back, options=VERIFY).run()
    assert sent.state is received.state is State.DONE
    assert sent.digest == received.digest
    assert_same(back, source)
    assert_same(ground.daemon.mounts / "pool/v", source)
    assert 0 < received.bytes_received == sent.bytes_sent < received.bytes_wire


async def test_several_at_once(session: Session, tmp_path: Path) -> None:
    """As many connections as transfers, each both ways, in one process."""
    images = [make_image(tmp_path / f"i{n}", data(2 * MIB + n), hole(MIB)) for n in range(3)]
    await asyncio.gather(*(Upload(session, one, "pool", one.name).run() for one in images))
    backs = [tmp_path / f"back{n}" for n in range(3)]
    await asyncio.gather(
        *(Download(session, "pool", f"i{n}", back).run() for n, back in enumerate(backs))
    )
    for image, back in zip(images, backs, strict=True):
        assert_same(back, image)


async def test_errors_leave_it_usable(session: Session) -> None:
    storage = session.storage
    with pytest.raises(PoolNotFoundError):
        await storage.pool("nothing")
    pool = await storage.pool("pool")
    await storage.create_volume(pool, "v", capacity=MIB)
    with pytest.raises(VolumeExistsError):
        await storage.create_volume(pool, "v", capacity=MIB)
    with pytest.raises(VolumeNotFoundError):
        await storage.volume(pool, "w")
    assert [one.name for one in (await storage.volumes(pool)).volumes] == ["v"]


async def test_many_calls_and_pings_at_once(uri: str) -> None:
    connection = await Connection.open(parse_uri(uri))
    calls = [connection.call(p.LIST_ALL_POOLS, r.ListPools()) for _ in range(20)]
    answers, _ = await asyncio.gather(
        asyncio.gather(*calls), asyncio.gather(*(connection.ping() for _ in range(5)))
    )
    assert [one.count for one in answers] == [1] * 20
    await connection.close()


async def test_events_arrive(session: Session, uri: str) -> None:
    async with (
        asyncio.timeout(20),
        Session(parse_uri(uri)) as other,
        PoolWatch(session.storage.connection) as watch,
    ):
        pool = await other.storage.pool("pool")
        await other.storage.refresh_pool(pool)
        assert (await anext(watch)).pool == pool


async def test_giving_up_in_the_middle(session: Session, ground: Ground, tmp_path: Path) -> None:
    """Both ways; afterwards the daemon does what it did before."""
    source = make_image(tmp_path / "source", data(24 * MIB))
    await Upload(session, source, "pool", "v").run()
    transfers: tuple[Upload | Download, ...] = (
        Upload(session, source, "pool", "w", options=TransferOptions(limit=4 * MIB)),
        Download(session, "pool", "v", tmp_path / "b", options=TransferOptions(limit=4 * MIB)),
    )
    for transfer in transfers:
        task = asyncio.create_task(transfer.run())
        await until(lambda: transfer.tracker.moved >= MIB)  # noqa: B023
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await Download(session, "pool", "v", tmp_path / "back").run()
    assert_same(tmp_path / "back", source)


async def test_the_daemon_goes_away(tmp_path: Path, uri: str, ground: Ground) -> None:
    """Whoever waits for an answer hears of it; afterwards all works as before."""
    connection = await Connection.open(parse_uri(uri))
    gone = asyncio.Event()
    connection.on_close(lambda _: gone.set())
    ground.daemon.kill()
    try:
        async with asyncio.timeout(10):
            await gone.wait()
        with pytest.raises(ConnectionLostError):
            await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    finally:
        ground.daemon.start()
        await connection.close()
    async with Session(parse_uri(uri)) as session:
        assert [one.name for one in await session.storage.pools()] == ["pool"]


async def test_a_read_only_connection(uri: str) -> None:
    connection = await Connection.open(parse_uri(uri), read_only=True)
    found = await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    assert found.count == 1
    with pytest.raises(ReadOnlyError):
        await connection.call(p.POOL_REFRESH, r.PoolFlags(found.pools[0]))
    await connection.close()


def test_no_process_is_left() -> None:
    """After all of it: no ssh, no program of the transport ``ext``."""
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in mine]
    assert not {"ssh", "nc", "program"} & set(names)
