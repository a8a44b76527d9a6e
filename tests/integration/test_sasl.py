"""Logging in with SASL: real daemons with users of their own, and the embedded server."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.server.certificates import Certificates
from engine.server.serving import serving
from integration.images import assert_same, data, hole, make_image
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port
from integration.sasl import Answers, auth_file, guarded
from lacuna_engine.client import Connection
from lacuna_engine.client.sasl import choice
from lacuna_engine.errors import AuthenticationError, LacunaError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.server import Address, Logins
from lacuna_engine.transfer import Download, Session, TransferOptions, Upload
from lacuna_engine.transport import ConnectionUri, parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.prompts import SecretKind

USERS = {"ann": "correct horse", "bo": "påss \"wörd' \\x, =y", "çé": "日本語 pw"}
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "DIGEST-MD5", "PLAIN")
ALL = "scram-sha-512 scram-sha-256 scram-sha-1 digest-md5 plain anonymous"
SECRETS = ("correct horse", "not-it-1", "not-it-2", "not-it-3")


@pytest.fixture(scope="module")
def login_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateLibvirtd]:
    """A daemon that asks for a login, with the pool ``pool``."""
    with guarded(tmp_path_factory.mktemp("sasl"), ALL, USERS, ["pool"]) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def nothing_answered() -> None:
    """What other tests answered is forgotten."""
    forget_answers()


@pytest.fixture
def plain_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the loopback count as a network, where anybody may listen."""
    monkeypatch.setattr(choice, "_is_loopback", lambda _: False)


async def pools(uri: ConnectionUri, answers: Answers) -> int:
    """Log in and ask for something; return how many pools there are."""
    connection = await Connection.open(uri, prompter=answers)
    try:
        return (await connection.call(p.LIST_ALL_POOLS, r.ListPools())).count
    finally:
        await connection.close()


async def refused(uri: ConnectionUri, answers: Answers) -> AuthenticationError:
    forget_answers()
    with pytest.raises(AuthenticationError) as caught:
        await Connection.open(uri, prompter=answers)
    error: BaseException | None = caught.value
    while error is not None:
        told = f"{error} {error!r} {getattr(error, 'hint', '')}"
        assert not any(secret in told for secret in SECRETS)
        error = error.__cause__ or error.__context__
    assert caught.value.exit_code == 3
    return caught.value


# --- the right password --------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("user", USERS)
async def test_each_mechanism(login_daemon: PrivateLibvirtd, mechanism: str, user: str) -> None:
    answers = Answers(user, USERS[user])
    assert await pools(parse_uri(f"{login_daemon.uri}&auth=sasl.{mechanism}"), answers) == 1
    assert [question.kind for question in answers.asked] == [
        SecretKind.SASL_USER,
        SecretKind.SASL_PASSWORD,
    ]


async def test_the_strongest_is_taken(
    login_daemon: PrivateLibvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    original = Connection.call

    async def call(
        self: Connection, procedure: object, arguments: object, **rest: object
    ) -> object:
        if isinstance(arguments, r.SaslStart):
            used.append(arguments.mechanism)
        return await original(self, procedure, arguments, **rest)  # type: ignore[arg-type, type-var]

    monkeypatch.setattr(Connection, "call", call)
    assert await pools(parse_uri(login_daemon.uri), Answers("ann", USERS["ann"])) == 1
    assert used == ["SCRAM-SHA-512"]


@pytest.mark.parametrize("user", USERS)
async def test_plain_tcp_is_encrypted(
    login_daemon: PrivateLibvirtd, plain_tcp: None, user: str
) -> None:
    """The daemon hears nothing but the security layer after the login, so calls prove it."""
    assert await pools(parse_uri(login_daemon.tcp_uri), Answers(user, USERS[user])) == 1


async def test_images_through_the_layer(
    login_daemon: PrivateLibvirtd,
    plain_tcp: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    image = make_image(
        tmp_path / "disk.raw", data(5 * MIB + 512), hole(8 * MIB), data(3 * MIB), hole(MIB)
    )
    monkeypatch.setenv(
        "LIBVIRT_AUTH_FILE",
        str(auth_file(tmp_path / "auth.conf", "ann", USERS["ann"], "127.0.0.1")),
    )
    async with Session(parse_uri(login_daemon.tcp_uri)) as session:
        await Upload(session, image, "pool", "", options=TransferOptions(verify=True)).run()
        back = tmp_path / "back"
        await Download(session, "pool", image.name, back).run()
        assert session.bytes_on_wire > 16 * MIB
    assert_same(back, image)
    assert_same(login_daemon.mounts / "pool" / image.name, image)


async def test_a_changed_byte_ends_the_connection(
    login_daemon: PrivateLibvirtd, plain_tcp: None
) -> None:
    """What comes is checked before it means anything."""
    connection = await Connection.open(
        parse_uri(login_daemon.tcp_uri), prompter=Answers("ann", USERS["ann"])
    )
    original = connection.received

    def spoil(view: memoryview) -> None:
        changed = bytearray(view)
        changed[10] ^= 1
        original(memoryview(changed))

    connection._layered._inner._receiver.received = spoil  # type: ignore[union-attr]
    with pytest.raises(LacunaError, match="tampered"):
        await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    assert not connection.is_open


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki") / "pki")


@pytest.fixture(scope="module")
def tls_daemon(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[tuple[PrivateLibvirtd, str]]:
    """A daemon that asks for a login over TLS too, and its URI."""
    port, pki = _free_port(), certificates.folder
    settings: dict[str, str | int | Sequence[str]] = {
        "listen_tls": 1,
        "tls_port": str(port),
        "key_file": str(pki / "serverkey.pem"),
        "cert_file": str(pki / "servercert.pem"),
        "ca_file": str(pki / "cacert.pem"),
        "crl_file": "",
    }
    folder = tmp_path_factory.mktemp("sasl-tls")
    with guarded(folder, ALL, USERS, ["pool"], settings) as daemon:
        yield daemon, f"storage+tls://localhost:{port}/system?pkipath={pki}"


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_each_mechanism_over_tls(
    tls_daemon: tuple[PrivateLibvirtd, str], mechanism: str
) -> None:
    uri = parse_uri(f"{tls_daemon[1]}&auth=sasl.{mechanism}")
    assert await pools(uri, Answers("bo", "not-it-1", USERS["bo"])) == 1
    error = await refused(uri, Answers("bo", *SECRETS[1:]))
    assert "wrong user name or password" in str(error)


async def test_a_password_is_not_shown_to_just_any_server(
    tls_daemon: tuple[PrivateLibvirtd, str],
) -> None:
    """A certificate that was not checked may be anybody's."""
    uri = f"{tls_daemon[1]}&no_verify=1"
    assert await pools(parse_uri(uri), Answers("ann", USERS["ann"])) == 1
    answers = Answers("ann", USERS["ann"])
    error = await refused(parse_uri(f"{uri}&auth=sasl.PLAIN"), answers)
    assert "would show the password" in str(error)
    assert not answers.asked


async def test_images_over_tls(
    tls_daemon: tuple[PrivateLibvirtd, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = auth_file(tmp_path / "auth.conf", "ann", USERS["ann"])
    monkeypatch.setenv("LIBVIRT_AUTH_FILE", str(path))
    image = make_image(tmp_path / "tls.raw", data(3 * MIB), hole(2 * MIB), data(MIB))
    async with Session(parse_uri(tls_daemon[1])) as session:
        await Upload(session, image, "pool", "", options=TransferOptions(verify=True)).run()
        await Download(session, "pool", image.name, tmp_path / "back").run()
    assert_same(tmp_path / "back", image)


async def test_the_embedded_server(tmp_path: Path, certificates: Certificates) -> None:
    """TLS and SCRAM, as ``lacuna serve --auth`` has them."""
    logins = Logins({"ann": USERS["ann"]})
    async with serving(tmp_path, logins=logins, tls=certificates.server()) as served:
        address = await served.server.listen(Address("tls", host="localhost"))
        uri = f"{address.uri}?pkipath={certificates.folder}"
        for mechanism in ("", "&auth=sasl.SCRAM-SHA-256"):
            forget_answers()
            answers = Answers("ann", "not-it-1", USERS["ann"])
            assert await pools(parse_uri(uri + mechanism), answers) == 1
        error = await refused(parse_uri(f"{uri}&auth=sasl.PLAIN"), Answers("ann"))
        assert "offers SCRAM-SHA-512, SCRAM-SHA-256, PLAIN was asked for" in str(error)
        error = await refused(parse_uri(uri), Answers("ann", *SECRETS[1:]))
        assert "wrong user name or password" in str(error)


# --- the wrong password --------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("wrong", [1, 2])
async def test_asking_again(login_daemon: PrivateLibvirtd, mechanism: str, wrong: int) -> None:
    answers = Answers("ann", *SECRETS[1 : 1 + wrong], USERS["ann"])
    assert await pools(parse_uri(f"{login_daemon.uri}&auth=sasl.{mechanism}"), answers) == 1
    passwords = [one for one in answers.asked if one.kind is SecretKind.SASL_PASSWORD]
    assert [one.attempt for one in passwords] == list(range(1, wrong + 2))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("user", ["ann", "stranger"])
async def test_three_wrong_passwords(
    login_daemon: PrivateLibvirtd, mechanism: str, user: str
) -> None:
    uri = parse_uri(f"{login_daemon.uri}&auth=sasl.{mechanism}")
    error = await refused(uri, Answers(user, *SECRETS[1:]))
    assert str(error) == (
        f"wrong user name or password for '{user}': authentication failed: authentication failed"
    )


async def test_a_wrong_password_on_plain_tcp(
    login_daemon: PrivateLibvirtd, plain_tcp: None
) -> None:
    uri = parse_uri(login_daemon.tcp_uri)
    error = await refused(uri, Answers("ann", *SECRETS[1:]))
    assert "wrong user name or password" in str(error)
    assert await pools(uri, Answers("ann", "not-it-1", USERS["ann"])) == 1


async def test_one_question_for_many_connections(login_daemon: PrivateLibvirtd) -> None:
    answers = Answers("ann", USERS["ann"])
    uri = parse_uri(login_daemon.uri)
    assert await asyncio.gather(*(pools(uri, answers) for _ in range(4))) == [1] * 4
    assert len(answers.asked) == 2


async def test_giving_no_password(login_daemon: PrivateLibvirtd) -> None:
    error = await refused(parse_uri(login_daemon.uri), Answers("ann", None))
    assert "none was given" in str(error)


# --- what both sides know ------------------------------------------------------------------------


async def test_no_common_mechanism(tmp_path: Path) -> None:
    with guarded(tmp_path, "anonymous", {"ann": USERS["ann"]}) as daemon:
        error = await refused(parse_uri(daemon.uri), Answers("ann", "not-it-1"))
        assert "offers ANONYMOUS" in str(error)
        for name in MECHANISMS:
            assert name in str(error)


async def test_plain_tcp_where_nothing_encrypts(tmp_path: Path, plain_tcp: None) -> None:
    with guarded(tmp_path, "scram-sha-256", {"ann": USERS["ann"]}) as daemon:
        answers = Answers("ann", "not-it-1")
        error = await refused(parse_uri(daemon.tcp_uri), answers)
        assert "must encrypt" in str(error)
        assert "TLS or SSH" in error.hint
        assert not answers.asked


async def test_a_mechanism_that_is_not_offered(tmp_path: Path) -> None:
    with guarded(tmp_path, "scram-sha-256", {"ann": USERS["ann"]}) as daemon:
        uri = parse_uri(f"{daemon.uri}&auth=sasl.PLAIN")
        error = await refused(uri, Answers("ann", "not-it-1"))
        assert "offers SCRAM-SHA-256, PLAIN was asked for" in str(error)


@pytest.mark.parametrize("kind", ["sasl", "sasl.SCRAM-SHA-256", "polkit"])
async def test_a_login_that_was_demanded(daemon: PrivateLibvirtd, kind: str) -> None:
    """Whoever demands a login does not get a connection without one."""
    error = await refused(parse_uri(f"{daemon.uri}&auth={kind}"), Answers(None))
    assert "offers no authentication" in str(error)


# --- auth.conf and the command line --------------------------------------------------------------


def run(lacuna: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [lacuna, *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=os.environ | environment,
        start_new_session=True,  # no terminal to ask on
    )
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert not any(secret in told for secret in SECRETS)
    return done


def test_the_command_line(login_daemon: PrivateLibvirtd, lacuna: Path, tmp_path: Path) -> None:
    path = auth_file(tmp_path / "auth.conf", "ann", USERS["ann"])
    done = run(lacuna, "ls", login_daemon.uri, LIBVIRT_AUTH_FILE=str(path))
    assert done.returncode == 0, done.stderr
    assert "pool" in done.stdout
    done = run(lacuna, "ls", f"{login_daemon.uri}&authfile={path}")
    assert done.returncode == 0, done.stderr


def test_the_command_line_with_a_wrong_password(
    login_daemon: PrivateLibvirtd, lacuna: Path, tmp_path: Path
) -> None:
    path = auth_file(tmp_path / "auth.conf", "ann", "not-it-1")
    done = run(lacuna, "ls", login_daemon.uri, LIBVIRT_AUTH_FILE=str(path))
    assert done.returncode == 3
    assert "wrong user name or password for 'ann'" in done.stderr
    assert str(path) in done.stderr


def test_the_command_line_with_nobody_to_ask(login_daemon: PrivateLibvirtd, lacuna: Path) -> None:
    done = run(lacuna, "ls", login_daemon.uri)
    assert done.returncode == 3
    assert "user name" in done.stderr
    assert "auth.conf" in done.stderr


def test_a_saved_connection(login_daemon: PrivateLibvirtd, lacuna: Path, tmp_path: Path) -> None:
    own = {"LACUNA_CONFIG": str(tmp_path / "settings")}
    path = auth_file(tmp_path / "auth.conf", "ann", USERS["ann"])
    assert run(lacuna, "profiles", "add", "lab", login_daemon.uri, **own).returncode == 0
    done = run(lacuna, "profiles", "test", "lab", LIBVIRT_AUTH_FILE=str(path), **own)
    assert done.returncode == 0, done.stderr
    assert "libvirt " in done.stdout
    assert "1 pool: pool" in done.stdout
    assert run(lacuna, "profiles", "test", "lab", **own).returncode == 3
    done = run(lacuna, "ls", "LAB", "pool", LIBVIRT_AUTH_FILE=str(path), **own)
    assert done.returncode == 0, done.stderr


# --- polkit --------------------------------------------------------------------------------------


async def test_polkit_refuses() -> None:
    """As another user, and with no polkit that could be asked."""
    with PrivateLibvirtd(settings={"auth_unix_rw": "polkit"}) as daemon:
        assert await pools(parse_uri(daemon.uri), Answers(None)) == 0  # root need not ask
        os.seteuid(65_534)
        try:
            error = await refused(parse_uri(daemon.uri), Answers(None))
        finally:
            os.seteuid(0)
        assert "group 'libvirt'" in error.hint
        assert "pkttyagent" in error.hint
        assert str(error)
