"""Logging in with a Kerberos ticket: a realm of our own, real daemons, and what can be wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.server.certificates import Certificates
from integration.images import assert_same, data, hole, make_image
from integration.kdc import PrivateKdc
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port
from integration.sasl import Answers, configuration, configure
from integration.sshd import USER, PrivateSshd
from lacuna_engine.client import Connection
from lacuna_engine.client.sasl import choice
from lacuna_engine.client.sasl.kerberos import Kerberos
from lacuna_engine.client.sasl.kerberos_layer import OWN_LIMIT
from lacuna_engine.client.sasl.layer import LENGTH
from lacuna_engine.errors import AuthenticationError, LacunaError, ProtocolError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.transfer import Download, Session, TransferOptions, Upload
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.ssh import ENGINE_VARIABLE

USERS = {"ann": "correct horse", "bo": "battery staple"}
SERVICES = ("libvirt/localhost", "libvirt/tunnel.example")
NOBODY = Answers(None)


@pytest.fixture(scope="module")
def kdc() -> Iterator[PrivateKdc]:
    with PrivateKdc(USERS, SERVICES) as private:
        yield private


@pytest.fixture(autouse=True)
def ticket(kdc: PrivateKdc, monkeypatch: pytest.MonkeyPatch) -> str:
    """We are ann, and have her ticket."""
    forget_answers()
    monkeypatch.delenv("KRB5_KTNAME", raising=False)
    monkeypatch.setenv("KRB5_CONFIG", str(kdc.config))
    cache = kdc.ticket("ann")
    monkeypatch.setenv("KRB5CCNAME", cache)
    return cache


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the loopback count as a network, where anybody may listen."""
    monkeypatch.setattr(choice, "_is_loopback", lambda _: False)


@contextmanager
def running(
    kdc: PrivateKdc, folder: Path, mechanisms: str, pki: Path | None = None
) -> Iterator[PrivateLibvirtd]:
    """Run a daemon of the realm, that asks for a login everywhere."""
    place = configure(folder / "sasl", mechanisms, {"ann": "of the database"})
    with (place / "libvirt.conf").open("a") as file:
        file.write(f"keytab: {kdc.keytab}\n")
    settings: dict[str, Any] = {}
    if pki is not None:
        settings = {
            "listen_tls": 1,
            "tls_port": str(_free_port()),
            "key_file": str(pki / "serverkey.pem"),
            "cert_file": str(pki / "servercert.pem"),
            "ca_file": str(pki / "cacert.pem"),
            "crl_file": "",
        }
    binds = {configuration(): place, "/etc/krb5.conf": kdc.config}
    with PrivateLibvirtd(settings=settings, binds=binds) as daemon:
        daemon.make_pool("pool", "tmpfs")
        # Only now with logins: the harness makes pools without.
        daemon.terminate()
        daemon._settings |= {f"auth_{kind}": "sasl" for kind in ("unix_rw", "tcp", "tls")}
        daemon.start()
        yield daemon


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki") / "pki")


@pytest.fixture(scope="module")
def daemon(
    kdc: PrivateKdc, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrivateLibvirtd]:
    """A daemon that takes tickets and passwords."""
    folder = tmp_path_factory.mktemp("kerberos")
    mechanisms = "gssapi scram-sha-256 digest-md5"
    with running(kdc, folder, mechanisms, certificates.folder) as private:
        yield private


def tcp(daemon: PrivateLibvirtd, more: str = "", user: str = "") -> str:
    at = f"{user}@" if user else ""
    return f"storage+tcp://{at}localhost:{daemon.tcp_port}/system{more}"


async def opened(uri: str, answers: Answers = NOBODY) -> Connection:
    connection = await Connection.open(parse_uri(uri), prompter=answers)
    assert (await connection.call(p.LIST_ALL_POOLS, r.ListPools())).count == 1
    return connection


async def refused(uri: str, answers: Answers | None = None) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        await Connection.open(parse_uri(uri), prompter=answers or Answers(None))
    assert caught.value.exit_code == 3
    assert not any(secret in f"{caught.value} {caught.value.hint}" for secret in USERS.values())
    return caught.value


# --- with a ticket -------------------------------------------------------------------------------


@pytest.mark.usefixtures("network")
async def test_tcp_is_encrypted(daemon: PrivateLibvirtd) -> None:
    """Nobody is asked; the daemon hears nothing but the layer after the login."""
    connection = await opened(tcp(daemon, "?auth=sasl.GSSAPI"))
    assert connection._layered is not None
    await connection.close()


async def test_a_ticket_comes_before_any_password(daemon: PrivateLibvirtd) -> None:
    for uri in (tcp(daemon), tcp(daemon, user="ann"), tcp(daemon, "?auth=sasl")):
        await (await opened(uri)).close()


async def test_no_layer_under_tls(daemon: PrivateLibvirtd, certificates: Certificates) -> None:
    port = daemon._settings["tls_port"]
    connection = await opened(
        f"storage+tls://localhost:{port}/system?pkipath={certificates.folder}&auth=sasl.GSSAPI"
    )
    assert connection._layered is None
    await connection.close()


async def test_the_local_socket_is_this_machine(
    daemon: PrivateLibvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: "tunnel.example")
    await (await opened(f"{daemon.uri}&auth=sasl.GSSAPI")).close()


@pytest.mark.parametrize("way", ["openssh", "asyncssh", "ext"])
async def test_through_something_else(
    daemon: PrivateLibvirtd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The ticket is for the host that the URI names, or for this one."""
    if way == "ext":
        monkeypatch.setattr("socket.getfqdn", lambda: "tunnel.example")
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\nexec nc -q0 -U {daemon.socket_path}\n")
        program.chmod(0o700)
        await (await opened(f"qemu+ext:///system?command={program}&auth=sasl.GSSAPI")).close()
        return
    monkeypatch.setenv(ENGINE_VARIABLE, way)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with PrivateSshd(daemon) as host:
        known = tmp_path / "known"
        known.write_text(host.known_hosts_line.replace("127.0.0.1", "localhost"))
        uri = f"qemu+ssh://{USER}@localhost:{host.port}/system?keyfile={host.folder / 'key'}"
        await (await opened(f"{uri}&known_hosts={known}&auth=sasl.GSSAPI")).close()


@pytest.mark.usefixtures("network")
async def test_images_through_the_layer(daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    image = make_image(
        tmp_path / "disk.raw", data(5 * MIB + 512), hole(8 * MIB), data(3 * MIB), hole(MIB)
    )
    async with Session(parse_uri(tcp(daemon, "?auth=sasl.GSSAPI"))) as session:
        await Upload(session, image, "pool", "", options=TransferOptions(verify=True)).run()
        back = tmp_path / "back"
        await Download(session, "pool", image.name, back).run()
    assert_same(back, image)
    assert_same(daemon.mounts / "pool" / image.name, image)


# --- without one ---------------------------------------------------------------------------------


async def test_passwords_do_where_there_is_no_ticket(
    daemon: PrivateLibvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nowhere/at/all")
    answers = Answers("ann", "of the database")
    await (await opened(tcp(daemon), answers)).close()
    assert len(answers.asked) == 2
    error = await refused(tcp(daemon, "?auth=sasl.GSSAPI"))
    assert "asks for a Kerberos ticket: No Kerberos credentials available" in str(error)
    assert "kinit" in error.hint


async def test_the_ticket_of_somebody_else(daemon: PrivateLibvirtd) -> None:
    """Whoever writes a user into the URI wants to be that one."""
    error = await refused(tcp(daemon, "?auth=sasl.GSSAPI", user="bo"))
    assert "bo" in str(error)


async def test_no_ticket_for_that_host(kdc: PrivateKdc, daemon: PrivateLibvirtd) -> None:
    uri = f"storage+tcp://127.0.0.1:{daemon.tcp_port}/system"
    error = await refused(f"{uri}?auth=sasl.GSSAPI")
    assert "no ticket for libvirt/127.0.0.1: Server" in str(error)
    kdc.stop()
    try:
        error = await refused(f"{uri}?auth=sasl.GSSAPI")
        assert "Cannot contact any KDC" in str(error)
    finally:
        kdc.start()


async def test_the_package_is_not_there(
    daemon: PrivateLibvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    error = await refused(tcp(daemon, "?auth=sasl.GSSAPI"))
    assert "pip install 'lacuna[kerberos]'" in str(error)
    answers = Answers("ann", "of the database")
    await (await opened(tcp(daemon), answers)).close()


# --- what comes is not trusted -------------------------------------------------------------------


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("way", ["changed", "repeated", "huge"])
async def test_hostile_blocks_end_the_connection(daemon: PrivateLibvirtd, way: str) -> None:
    connection = await opened(tcp(daemon, "?auth=sasl.GSSAPI"))
    layered = connection._layered
    assert layered is not None
    receive = connection.received

    def spoil(view: memoryview) -> None:
        block = bytes(view)
        length = LENGTH + int.from_bytes(block[:LENGTH], "big")
        if way == "changed":
            block = block[:60] + bytes([block[60] ^ 1]) + block[61:]
        elif way == "repeated":
            block = block[:length] * 2
        else:
            block = (OWN_LIMIT + 1).to_bytes(LENGTH, "big") + block
        receive(memoryview(block))

    layered._inner._receiver.received = spoil  # type: ignore[attr-defined]
    with pytest.raises(LacunaError, match=r"tampered|too large") as caught:
        await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    assert isinstance(caught.value, ProtocolError)
    assert not connection.is_open


class Acceptor:
    """The daemon's side of a login, with an offer of one's own choice."""

    def __init__(self, kdc: PrivateKdc) -> None:
        gssapi: Any = import_module("gssapi")
        store = {"keytab": str(kdc.keytab)}
        credentials = gssapi.Credentials(usage="accept", store=store)
        self._context: Any = gssapi.SecurityContext(creds=credentials, usage="accept")

    def answer(self, token: bytes) -> bytes:
        return bytes(self._context.step(token))

    def offer(self, offer: bytes, *, encrypted: bool = False) -> bytes:
        return bytes(self._context.wrap(offer, encrypted).message)

    def chosen(self, answer: bytes) -> bytes:
        return bytes(self._context.unwrap(answer).message)


def begin(kdc: PrivateKdc, kind: str) -> tuple[Kerberos, Acceptor]:
    sealed, private = kind == "sealed", kind == "private"
    mechanism, acceptor = Kerberos("localhost", sealed=sealed, private=private), Acceptor(kdc)
    assert mechanism.step(acceptor.answer(mechanism.start())) == b""
    return mechanism, acceptor


@pytest.mark.parametrize(
    ("kind", "offer", "chosen"),
    [
        ("private", "01000000", "01000000"),
        ("private", "07010000", "01000000"),
        ("private", "04010000", "04010000"),
        ("unsure", "01000000", "01000000"),
        ("unsure", "05010000", "04010000"),
        ("sealed", "07ffffff", "04010000"),
        ("sealed", "04000400", "04010000"),
    ],
)
def test_the_layer_that_is_chosen(kdc: PrivateKdc, kind: str, offer: str, chosen: str) -> None:
    mechanism, acceptor = begin(kdc, kind)
    answer = mechanism.step(acceptor.offer(bytes.fromhex(offer)))
    assert acceptor.chosen(answer).hex() == chosen
    mechanism.finish(None)
    layer = mechanism.layer()
    assert (layer is None) == chosen.startswith("01")
    if layer is not None:
        limit = min(int.from_bytes(bytes.fromhex(offer)[1:], "big"), OWN_LIMIT)
        block = layer.wrap(memoryview(bytes(layer.plain_limit)))
        assert 0 < layer.plain_limit < len(block) <= limit
        assert layer.unwrap(memoryview(acceptor.offer(b"hello", encrypted=True))) == b"hello"
        with pytest.raises(ProtocolError, match="had to be encrypted"):
            layer.unwrap(memoryview(acceptor.offer(b"signed, but not encrypted")))


@pytest.mark.parametrize(
    "offer",
    [
        "01000000",
        "03ffffff",
        "02010000",
        "00000000",
        "04000000",
        "040003ff",
        "",
        "04",
        "0401000000",
    ],
)
def test_offers_that_are_not_taken(kdc: PrivateKdc, offer: str) -> None:
    mechanism, acceptor = begin(kdc, "sealed")
    with pytest.raises(AuthenticationError, match=r"would not encrypt|broke the rules"):
        mechanism.step(acceptor.offer(bytes.fromhex(offer)))
    with pytest.raises(AuthenticationError, match="broke the rules"):
        mechanism.finish(None)
    assert mechanism.layer() is None


@pytest.mark.parametrize("message", [None, b"", b"x", b"x" * 70_000], ids=["no", "0", "1", "70000"])
def test_messages_that_are_none(kdc: PrivateKdc, message: bytes | None) -> None:
    first = Kerberos("localhost")
    first.start()
    with pytest.raises(AuthenticationError, match="could not prove that it knows the key"):
        first.step(message)
    second, _ = begin(kdc, "unsure")
    with pytest.raises(AuthenticationError, match="broke the rules"):
        second.step(message)
    with pytest.raises(AuthenticationError, match="broke the rules"):
        second.finish(None)


def test_an_end_before_the_end(kdc: PrivateKdc) -> None:
    """The daemon that says "you are in" has not shown yet who it is."""
    mechanism = Kerberos("localhost")
    mechanism.start()
    with pytest.raises(AuthenticationError, match="broke the rules"):
        mechanism.finish(None)
