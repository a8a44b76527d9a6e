"""SASL's mechanisms by themselves: right servers, wrong servers, hostile servers."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from scramp import ScramMechanism

from lacuna_engine.client.sasl import digest as digest_module
from lacuna_engine.client.sasl.choice import KNOWN, Privacy, choose, privacy_of, takes_tickets
from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.client.sasl.digest import DigestMd5
from lacuna_engine.client.sasl.mechanism import Mechanism
from lacuna_engine.client.sasl.plain import Plain
from lacuna_engine.client.sasl.scram import Scram1, Scram256, Scram512
from lacuna_engine.errors import AuthenticationError, UsageError
from lacuna_engine.transport import parse_uri

ANN = Credentials("ann", "correct horse")
SCRAMS = (Scram1, Scram256, Scram512)


def test_a_password_is_in_no_text() -> None:
    assert "correct horse" not in f"{ANN} {ANN!r}"


# --- SCRAM ---------------------------------------------------------------------------------------


def scram_server(mechanism: Mechanism) -> Any:
    chosen = ScramMechanism(mechanism.name)
    info = chosen.make_auth_info(ANN.password)
    return chosen.make_server(lambda _: info)


@pytest.mark.parametrize("kind", SCRAMS)
@pytest.mark.parametrize("apart", [False, True])
def test_scram(kind: type[Mechanism], apart: bool) -> None:
    """``apart``: the proof comes as a message of its own, before the word that it is complete."""
    client = kind(ANN, "host")  # type: ignore[call-arg]
    server = scram_server(client)
    server.set_client_first((client.start() or b"").decode())
    final = client.step(server.get_server_first().encode())
    server.set_client_final((final or b"").decode())
    proof = server.get_server_final().encode()
    if apart:
        assert client.step(proof) == b""
        client.finish(None)
    else:
        client.finish(proof)
    assert client.layer() is None


@pytest.mark.parametrize("proof", [None, b"", b"v=AAAA", b"\xff", b"e=other-error", b"v="])
def test_a_server_that_proves_nothing(proof: bytes | None) -> None:
    client = Scram256(ANN, "host")
    server = scram_server(client)
    server.set_client_first(client.start().decode())
    client.step(server.get_server_first().encode())
    with pytest.raises(AuthenticationError, match="could not prove"):
        client.finish(proof)


def test_a_server_that_is_done_at_once() -> None:
    client = Scram256(ANN, "host")
    client.start()
    with pytest.raises(AuthenticationError, match="could not prove"):
        client.finish(b"v=AAAA")


SALT = base64.b64encode(bytes(16)).decode()


@pytest.mark.parametrize(
    "message",
    [
        None, b"", b"\xff\xfe", b"garbage", b"e=unknown-user",
        f"r=foreign,s={SALT},i=4096".encode(),
        f"r=NONCE,s={SALT},i=1".encode(),
        f"r=NONCE,s={SALT},i=4095".encode(),
        f"r=NONCE,s={SALT},i=99999999999".encode(),
        f"r=NONCE,s={SALT},i=-5".encode(),
        b"r=NONCE,s=AAAA,i=4096", b"r=NONCE,s=!,i=4096", b"r=NONCE,i=4096",
        f"m=ext,r=NONCE,s={SALT},i=4096".encode(),
    ],
)  # fmt: skip
def test_first_messages_that_break_the_rules(message: bytes | None) -> None:
    client = Scram256(ANN, "host")
    nonce = client.start().rpartition(b"r=")[2]
    if message is not None:
        message = message.replace(b"NONCE", nonce + b"x")
    with pytest.raises(AuthenticationError, match="broke the rules"):
        client.step(message)


@pytest.mark.parametrize("user", ["", "a\u0007"])
def test_names_that_cannot_be_used(user: str) -> None:
    with pytest.raises(AuthenticationError, match="cannot be used") as caught:
        Scram256(Credentials(user, "secret-word"), "host")
    assert "secret-word" not in str(caught.value)


# --- PLAIN ---------------------------------------------------------------------------------------


def test_plain() -> None:
    client = Plain(Credentials("çé", "日本"), "host")
    assert client.start() == "\0çé\0日本".encode()
    client.finish(None)
    with pytest.raises(AuthenticationError, match="broke the rules"):
        client.step(b"more?")


@pytest.mark.parametrize(("user", "password"), [("a\0b", "x"), ("a", "x\0y")])
def test_plain_has_no_nul(user: str, password: str) -> None:
    with pytest.raises(AuthenticationError, match="NUL"):
        Plain(Credentials(user, password), "host")


# --- DIGEST-MD5 ----------------------------------------------------------------------------------

# The example of RFC 2831, section 4.
CHALLENGE = (
    b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",'
    b'qop="auth",algorithm=md5-sess,charset=utf-8'
)


@pytest.fixture
def rfc(monkeypatch: pytest.MonkeyPatch) -> DigestMd5:
    monkeypatch.setattr(digest_module, "SERVICE", "imap")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "OA6MHXh6VqTrRk")
    return DigestMd5(Credentials("chris", "secret"), "elwood.innosoft.com")


@pytest.mark.parametrize("apart", [False, True])
def test_the_example_of_the_rfc(rfc: DigestMd5, apart: bool) -> None:
    rfc.start()
    answer = rfc.step(CHALLENGE)
    assert b"response=d388dad90d4bbd760a152321f2143af7" in answer
    assert b'digest-uri="imap/elwood.innosoft.com"' in answer
    proof = b"rspauth=ea40f60335c427b5527b84dbabcdfffd"
    if apart:
        assert rfc.step(proof) == b""
        rfc.finish(None)
    else:
        rfc.finish(proof)
    assert rfc.layer() is None


@pytest.mark.parametrize("proof", [None, b"", b"rspauth=", b"rspauth=" + b"0" * 32])
def test_a_digest_that_proves_nothing(rfc: DigestMd5, proof: bytes | None) -> None:
    rfc.step(CHALLENGE)
    with pytest.raises(AuthenticationError, match="could not prove"):
        rfc.finish(proof)


def test_a_digest_without_a_challenge(rfc: DigestMd5) -> None:
    with pytest.raises(AuthenticationError, match="broke the rules"):
        rfc.finish(b"rspauth=")


@pytest.mark.parametrize(
    "challenge",
    [
        None, b"", b"x" * 5000, b"nonce", b'nonce="', b"=", b'nonce="",algorithm=md5-sess',
        b'nonce="a",nonce="b",algorithm=md5-sess', b'nonce="a"', b'nonce="a",algorithm=md5',
        b'nonce="a" x,algorithm=md5-sess', b"\xff\xff",
    ],
)  # fmt: skip
def test_challenges_that_break_the_rules(challenge: bytes | None) -> None:
    with pytest.raises(AuthenticationError, match="broke the rules"):
        DigestMd5(ANN, "host").step(challenge)


SEALED = b'nonce="n",realm="r",qop="auth-conf",cipher="rc4-56,rc4,3des",algorithm=md5-sess'


@pytest.mark.parametrize(
    "challenge",
    [
        CHALLENGE,
        SEALED.replace(b"auth-conf", b"auth-int"),
        SEALED.replace(b"rc4-56,rc4,3des", b"rc4-40,rc4-56,des"),
        SEALED.replace(b'cipher="rc4-56,rc4,3des",', b""),
        b'nonce="n",algorithm=md5-sess',
    ],
)
def test_what_does_not_encrypt_is_refused(challenge: bytes) -> None:
    with pytest.raises(AuthenticationError, match="does not encrypt"):
        DigestMd5(ANN, "host", sealed=True).step(challenge)


@pytest.mark.parametrize("size", [b"0", b"17", b"99999999999", b"-1", b"x", "٣٣٣٣".encode()])
def test_blocks_of_strange_sizes(size: bytes) -> None:
    with pytest.raises(AuthenticationError, match="broke the rules"):
        DigestMd5(ANN, "host", sealed=True).step(SEALED + b",maxbuf=" + size)


def test_names_are_quoted() -> None:
    client = DigestMd5(Credentials('a"b\\c', "x", realm='r"'), "host")
    answer = client.step(CHALLENGE)
    assert b'username="a\\"b\\\\c"' in answer
    assert b'realm="r\\""' in answer
    with pytest.raises(AuthenticationError, match="empty"):
        DigestMd5(Credentials("", "x"), "host")


# --- the choice ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "privacy", "name"),
    [
        ("PLAIN,DIGEST-MD5,SCRAM-SHA-1,SCRAM-SHA-256,SCRAM-SHA-512", Privacy.PRIVATE, KNOWN[0]),
        ("plain scram-sha-256", Privacy.PRIVATE, "SCRAM-SHA-256"),
        ("LOGIN,PLAIN,ANONYMOUS", Privacy.PRIVATE, "PLAIN"),
        ("PLAIN,DIGEST-MD5", Privacy.UNSURE, "DIGEST-MD5"),
        ("GSSAPI,DIGEST-MD5,SCRAM-SHA-512", Privacy.OPEN, "DIGEST-MD5"),
        ("x" * 100_000 + ",SCRAM-SHA-1", Privacy.PRIVATE, None),
    ],
)
def test_the_strongest_that_suits(offered: str, privacy: Privacy, name: str | None) -> None:
    if name is None:
        with pytest.raises(AuthenticationError):
            choose(offered, privacy)
    else:
        chosen, make = choose(offered, privacy)
        assert chosen == name
        assert make(ANN, "host").name == name


def test_plain_tcp_demands_encryption() -> None:
    _, make = choose("DIGEST-MD5", Privacy.OPEN)
    with pytest.raises(AuthenticationError, match="does not encrypt"):
        make(ANN, "host").step(CHALLENGE)


@pytest.mark.parametrize(
    ("offered", "privacy", "text", "hint"),
    [
        ("", Privacy.PRIVATE, "offers nothing", "mech_list"),
        ("OTP", Privacy.PRIVATE, "offers OTP, Lacuna knows SCRAM-SHA-512", "mech_list"),
        ("PLAIN", Privacy.UNSURE, "would show the password", "TLS"),
        ("PLAIN", Privacy.OPEN, "must encrypt what follows", "TLS or SSH"),
        ("SCRAM-SHA-512", Privacy.OPEN, "offers SCRAM-SHA-512", "TLS or SSH"),
        ("\x1b[31m,<b>" + ",".join(f"X{n}" for n in range(900)), Privacy.PRIVATE, "more", ""),
    ],
)
def test_nothing_suits(offered: str, privacy: Privacy, text: str, hint: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        choose(offered, privacy)
    assert text in str(caught.value)
    assert hint in caught.value.hint
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("privacy", list(Privacy))
def test_tickets_only(privacy: Privacy) -> None:
    assert takes_tickets("SCRAM-SHA-256,GSSAPI")
    assert takes_tickets("gssapi", "gssapi")
    assert not takes_tickets("SCRAM-SHA-256,GSSAPI", "SCRAM-SHA-256")
    assert not takes_tickets("SCRAM-SHA-256,GSSAPIX")
    with pytest.raises(AuthenticationError, match="Kerberos ticket: none here") as caught:
        choose("GSSAPI", privacy, no_ticket="none here")
    assert "kinit" in caught.value.hint
    assert choose("GSSAPI,DIGEST-MD5", privacy, no_ticket="none here")[0] == "DIGEST-MD5"


def test_the_one_that_is_wanted() -> None:
    assert choose("SCRAM-SHA-512,PLAIN", Privacy.PRIVATE, "plain")[0] == "PLAIN"
    with pytest.raises(AuthenticationError, match="PLAIN was asked for"):
        choose("SCRAM-SHA-512", Privacy.PRIVATE, "PLAIN")
    with pytest.raises(AuthenticationError, match="would show the password"):
        choose("SCRAM-SHA-512,PLAIN", Privacy.UNSURE, "PLAIN")
    with pytest.raises(UsageError, match="'magic' is not known"):
        choose("SCRAM-SHA-512", Privacy.PRIVATE, "magic")


@pytest.mark.parametrize(
    ("uri", "privacy"),
    [
        ("qemu:///system", Privacy.PRIVATE),
        ("qemu+ssh://h/system", Privacy.PRIVATE),
        ("qemu+ssh://h/system?no_verify=1", Privacy.UNSURE),
        ("qemu+tls://h/system", Privacy.PRIVATE),
        ("qemu+tls://h/system?no_verify=1", Privacy.UNSURE),
        ("qemu+tls://h/system?no_verify=0", Privacy.PRIVATE),
        ("qemu+tcp://h/system", Privacy.OPEN),
        ("qemu+tcp://127.1.2.3/system", Privacy.UNSURE),
        ("qemu+tcp://[::1]/system", Privacy.UNSURE),
        ("qemu+tcp://localhost/system", Privacy.UNSURE),
        ("qemu+tcp://localhost.example.com/system", Privacy.OPEN),
        ("qemu+ext://h/system?command=x", Privacy.UNSURE),
    ],
)
def test_who_may_listen(uri: str, privacy: Privacy) -> None:
    assert privacy_of(parse_uri(uri)) is privacy
    assert privacy_of(None) is Privacy.PRIVATE
