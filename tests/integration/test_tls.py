"""TLS to a real libvirtd: whole transfers, and certificates that are wrong in every way."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integration.asking import Asked
from integration.libvirtd import MIB, PrivateLibvirtd, run
from integration.pki import DAY, Authority
from integration.tls import Server
from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    UnreachableError,
    UsageError,
)
from lacuna_engine.transfer import Download, Session, Upload
from lacuna_engine.transport import SecretKind, parse_uri
from lacuna_engine.transport.answers import forget_answers

PASSPHRASE = "battery staple"  # noqa: S105 - of the tests alone


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return Server(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def tls_daemon(server: Server) -> Iterator[PrivateLibvirtd]:
    with PrivateLibvirtd(settings=server.settings) as daemon:
        daemon.make_pool("pool", "dir")
        yield daemon


async def opening(uri: str, prompter: Asked | None = None) -> None:
    async with Session(parse_uri(uri), prompter=prompter or Asked()) as session:
        assert [pool.name for pool in await session.storage.pools()] == ["pool"]


async def refused(uri: str, kind: type[ConnectError], text: str) -> ConnectError:
    async with asyncio.timeout(10):
        with pytest.raises(kind, match=text) as caught:
            await opening(uri)
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.usefixtures("tls_daemon")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("more", ["", "&tls_priority=NORMAL:-VERS-TLS1.3"])
async def test_up_and_down(server: Server, tmp_path: Path, host: str, more: str) -> None:
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(os.urandom(9 * MIB + 5))
    os.truncate(source, 40 * MIB)
    name = f"{host}-{len(more)}.img"
    async with Session(parse_uri(server.uri(more=more, host=host))) as session:
        await Upload(session, source, "pool", name).run()
        await Download(session, "pool", name, back).run()
    run("cmp", source, back)


@pytest.mark.usefixtures("tls_daemon")
async def test_a_key_with_a_passphrase_is_asked_for_once(server: Server) -> None:
    forget_answers()
    server.authority.write(server.folder / "locked", "client", passphrase=PASSPHRASE)
    asked = Asked({SecretKind.KEY_PASSPHRASE: ["wrong", PASSPHRASE]})
    async with Session(parse_uri(server.uri("locked")), prompter=asked) as session:
        await (await session.connect()).ping()
    assert [question.attempt for question in asked.questions] == [1, 2]
    assert "clientkey.pem" in asked.questions[0].text
    forget_answers()
    with pytest.raises(AuthenticationError, match="there is nobody to ask"):
        async with Session(parse_uri(server.uri("locked"))):
            pass
    with pytest.raises(AuthenticationError, match="needs its passphrase"):
        await opening(server.uri("locked"), Asked({SecretKind.KEY_PASSPHRASE: [None]}))
    with pytest.raises(AuthenticationError, match="was wrong 3 times"):
        await opening(server.uri("locked"), Asked({SecretKind.KEY_PASSPHRASE: ["wrong"]}))


# --- what the server does not like ---------------------------------------------------------------


@pytest.mark.usefixtures("tls_daemon")
@pytest.mark.parametrize("version", ["", "&tls_priority=NORMAL:-VERS-TLS1.3"])
async def test_client_certificates_that_are_refused(server: Server, version: str) -> None:
    folder, good = server.folder, server.authority
    other = Authority("another ca")
    good.write(folder / "old", "client", start=-2 * DAY, end=-DAY)
    good.write(folder / "early", "client", start=timedelta(hours=5))
    other.write(folder / "foreign", "client", trusts=good)
    good.write(folder / "none", "client")
    for name in ("clientcert.pem", "clientkey.pem"):
        (folder / "none" / name).unlink()
    for pki, text in (
        ("none", "asks for a client certificate, and there is none here"),
        ("old", r"does not accept .*: it expired on \d{4}-"),
        ("early", r"does not accept .*: it is not valid before \d{4}-"),
        ("foreign", "does not accept .*: it was not issued by the CA in "),
        ("revoked", r"does not accept this machine's client certificate \(.*\)$"),
    ):
        error = await refused(server.uri(pki, version), AuthenticationError, text)
        assert error.hint


# --- what we do not like -------------------------------------------------------------------------


class Bad:
    """A port with a certificate of one's own making; nothing behind it is ever reached."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.pki = folder / "client"
        server.authority.write(self.pki, "client")

    async def meets(self, kind: type[ConnectError], text: str, host: str = "localhost") -> None:
        import ssl  # noqa: PLC0415

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "servercert.pem", self.folder / "serverkey.pem")
        listening = await asyncio.start_server(
            lambda _, writer: writer.close(), host, 0, ssl=context
        )
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            uri = f"qemu+tls://{host}:{port}/system?pkipath={self.pki}"
            error = await refused(uri, kind, text)
            assert error.hint


@pytest.mark.usefixtures("tls_daemon")
async def test_server_certificates_that_are_refused(server: Server, tmp_path: Path) -> None:
    good = server.authority
    bad = Bad(server, tmp_path)
    good.write(tmp_path, "server", start=-2 * DAY, end=-DAY)
    await bad.meets(AuthenticationError, "the certificate of localhost has expired")
    good.write(tmp_path, "server", start=timedelta(hours=5))
    await bad.meets(AuthenticationError, "is not valid yet")
    good.write(tmp_path, "server", names=["elsewhere"])
    await bad.meets(AuthenticationError, "is not for 'localhost'")
    await bad.meets(AuthenticationError, "is not for '127.0.0.1'", "127.0.0.1")
    Authority("another ca").write(tmp_path, "server")
    await bad.meets(AuthenticationError, "was not issued by the CA that is trusted here")
    certificate = good.write(tmp_path, "server")
    good.revoke(bad.pki / "cacrl.pem", certificate)
    await bad.meets(AuthenticationError, "was revoked")
    good.revoke(bad.pki / "cacrl.pem")
    await bad.meets(AuthenticationError, "does not accept this machine's client certificate")


@pytest.mark.usefixtures("tls_daemon")
async def test_no_verify_only_when_written_out(server: Server) -> None:
    folder = server.folder / "misled"
    server.authority.write(folder, "client", trusts=Authority("another ca"))
    await refused(server.uri("misled"), AuthenticationError, "was not issued by")
    await refused(server.uri("misled", "&no_verify=0"), AuthenticationError, "was not issued by")
    uri = server.uri("misled", "&no_verify=1")
    await opening(uri)
    assert "not checked" in parse_uri(uri).unsafe
    assert not parse_uri(server.uri()).unsafe


async def test_ports_that_are_no_tls(server: Server, tls_daemon: PrivateLibvirtd) -> None:
    pki = server.folder / "good"
    plain = f"qemu+tls://localhost:{tls_daemon.tcp_port}/system?pkipath={pki}"
    await refused(plain, UnreachableError, "broke off the TLS handshake")
    other_way = f"qemu+tcp://localhost:{server.port}/system"
    await refused(other_way, ConnectError, "closed the connection before it was open")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        closed = f"qemu+tls://127.0.0.1:{port}/system?pkipath={pki}"
        await refused(closed, UnreachableError, "Connection refused|cannot connect")


@pytest.mark.usefixtures("tls_daemon")
async def test_files_that_are_missing_or_wrong(server: Server, tmp_path: Path) -> None:
    await refused(server.uri("nowhere"), ConnectError, "there is no CA certificate")
    half = server.folder / "half"
    server.authority.write(half, "client")
    (half / "clientkey.pem").unlink()
    await refused(server.uri("half"), ConnectError, "clientkey.pem' is missing beside")
    server.authority.write(half, "client")
    (half / "clientcert.pem").write_bytes((server.folder / "good/clientcert.pem").read_bytes())
    await refused(server.uri("half"), ConnectError, "do not belong together")
    (half / "cacert.pem").write_text("nonsense")
    await refused(server.uri("half"), ConnectError, "cacert.pem' cannot be used")
    with pytest.raises(UsageError, match="cannot be followed"):
        await opening(server.uri(more="&tls_priority=NORMAL:%2BARCFOUR-128"))


@pytest.mark.usefixtures("tls_daemon")
def test_the_command_warns_once(server: Server, lacuna: Path, tmp_path: Path) -> None:
    """Of a connection that is unsafe because somebody wrote so, and of no other."""
    image = tmp_path / "warned.img"
    image.write_bytes(os.urandom(MIB))
    for more, warnings in (("&no_verify=1", 1), ("&no_verify=0", 0)):
        done = subprocess.run(
            [lacuna, "upload", image, server.uri(more=more), f"pool/warned-{warnings}"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("lacuna: warning: ") == warnings
        assert done.stderr.count("certificate is not checked (no_verify)") == warnings
        assert "warning" not in done.stdout
