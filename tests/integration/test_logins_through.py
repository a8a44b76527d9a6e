"""Logins with SASL through what is no socket of the daemon's: SSH, programs, the own server."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.server.certificates import Certificates
from engine.server.serving import serving
from integration.libvirtd import PrivateLibvirtd
from integration.sasl import Answers, guarded
from integration.sshd import USER, PrivateSshd
from lacuna_engine.client import Connection
from lacuna_engine.errors import AuthenticationError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.server import Address, Logins
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.ssh import ENGINE_VARIABLE

ANN = {"ann": "correct horse"}
ALL = "scram-sha-512 scram-sha-256 scram-sha-1 digest-md5 plain"
ENGINES = ("openssh", "asyncssh")
WAYS = ("unix", "tcp", "tls", *ENGINES, "ext")


@pytest.fixture(scope="module")
def login_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateLibvirtd]:
    with guarded(tmp_path_factory.mktemp("sasl"), ALL, ANN, ["pool"]) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def host(login_daemon: PrivateLibvirtd) -> Iterator[PrivateSshd]:
    with PrivateSshd(login_daemon) as private:
        (private.folder / "known").write_text(private.known_hosts_line)
        yield private


@pytest.fixture(autouse=True)
def nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "LIBVIRT_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)
    forget_answers()


def ssh(host: PrivateSshd, more: str) -> str:
    """Return a URI; its user is not that of libvirt, who is asked for."""
    known, key = host.folder / "known", host.folder / "key"
    place = f"{USER}@127.0.0.1:{host.port}"
    return f"qemu+ssh://{place}/system?known_hosts={known}&keyfile={key}{more}"


def program(folder: Path, socket: Path) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\nexec nc -q0 -U {shlex.quote(str(socket))}\n")
    path.chmod(0o700)
    return f"qemu+ext:///system?command={path}"


async def pools(uri: str, answers: Answers | None = None) -> int:
    connection = await Connection.open(parse_uri(uri), prompter=answers or Answers(None))
    try:
        return (await connection.call(p.LIST_ALL_POOLS, r.ListPools())).count
    finally:
        await connection.close()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "DIGEST-MD5", "PLAIN"])
async def test_through_ssh(
    host: PrivateSshd, engine: str, mechanism: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, engine)
    answers = Answers("ann", "mistyped", ANN["ann"])
    assert await pools(ssh(host, f"&auth=sasl.{mechanism}"), answers) == 1


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "DIGEST-MD5"])
async def test_through_a_program(
    login_daemon: PrivateLibvirtd, tmp_path: Path, mechanism: str
) -> None:
    uri = f"{program(tmp_path, login_daemon.socket_path)}&auth=sasl.{mechanism}"
    assert await pools(uri, Answers("ann", ANN["ann"])) == 1


async def test_no_password_in_the_clear_through_a_program(
    login_daemon: PrivateLibvirtd, tmp_path: Path
) -> None:
    """Where it leads to is not known here."""
    uri = f"{program(tmp_path, login_daemon.socket_path)}&auth=sasl.PLAIN"
    with pytest.raises(AuthenticationError, match="would show the password"):
        await pools(uri, Answers("ann", ANN["ann"]))


async def test_digest_on_the_loopback(login_daemon: PrivateLibvirtd) -> None:
    assert await pools(f"{login_daemon.tcp_uri}?auth=sasl", Answers("ann", ANN["ann"])) == 1


# --- the embedded server -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "guard"),
    # Over TLS it wants users: its certificates say nothing about clients.
    [(way, guard) for way in WAYS for guard in (False, True) if guard or way != "tls"],
)
async def test_our_own_server(
    short_folder: Path, host: PrivateSshd, way: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``lacuna serve`` has it, with users and without."""
    certificates = Certificates(short_folder / "pki")
    logins = Logins(ANN) if guard else None
    async with serving(short_folder, logins=logins, tls=certificates.server()) as served:
        if way == "tcp" or way == "tls":  # noqa: PLR1714 - narrows the type
            address = await served.server.listen(Address(way, host="localhost"))
            uri = f"{address.uri}?pkipath={certificates.folder}"
        else:
            socket = short_folder / "s"
            uri = (await served.server.listen(Address("unix", path=str(socket)))).uri
            socket.chmod(0o777)
            if way in ENGINES:
                monkeypatch.setenv(ENGINE_VARIABLE, way)
                uri = ssh(host, f"&socket={socket}")
            elif way == "ext":
                uri = program(short_folder, socket)
        answers = Answers("ann", ANN["ann"])
        assert await pools(uri, answers) == 1
        assert bool(answers.asked) is guard


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Whose path leaves room for a socket's name, and where others may look."""
    with tempfile.TemporaryDirectory(prefix="lacuna-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
