"""DIGEST-MD5, and the encryption that libvirt demands on plain TCP (RFC 2831, transports.md 2).

Old and weak, but the only mechanism with passwords that libvirt's daemon offers on plain TCP, where
it insists on a security layer of its own. On a private pipe it is used without the layer, for
daemons that have nothing better.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import ClassVar

from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.client.sasl.digest_layer import CIPHER, DigestLayer
from lacuna_engine.client.sasl.layer import SecurityLayer
from lacuna_engine.client.sasl.mechanism import Mechanism, broken, impostor
from lacuna_engine.errors import AuthenticationError

__all__ = ["DigestMd5"]

SERVICE = "libvirt"
AUTH, AUTH_CONF = "auth", "auth-conf"
COUNT = "00000001"
"""How often the server's nonce was used; each login has its own."""
NO_BODY = ":" + "0" * 32
"""Stands for the digest of a body, which only HTTP has."""

MIN_BLOCK, MAX_BLOCK = 1024, (1 << 24) - 1
"""Bytes of a block the server may say it takes; RFC 2831 has 16 as the least, which is a trap."""
DEFAULT_BLOCK = 65_536
MAX_CHALLENGE = 2048

_PAIR = re.compile(r'\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)', re.DOTALL)


class DigestMd5(Mechanism):
    """A login with DIGEST-MD5; ``sealed`` demands the security layer.

    Raises :class:`AuthenticationError`.
    """

    name: ClassVar[str] = "DIGEST-MD5"

    def __init__(self, credentials: Credentials, host: str, *, sealed: bool = False) -> None:
        if not credentials.user:
            raise AuthenticationError("the user name cannot be used with DIGEST-MD5: it is empty")
        self._credentials = credentials
        self._uri = f"{SERVICE}/{host}"
        self._sealed = sealed
        self._quality = AUTH
        self._block = DEFAULT_BLOCK
        self._secret = b""
        self._expected = b""
        self._proved = False

    def start(self) -> None:
        """The server speaks first."""

    def step(self, message: bytes | None) -> bytes:
        """Answer the challenge, or the proof of a server that sends it apart."""
        if self._expected:
            self._check_proof(message)
            return b""
        return self._answer(self._parse(message))

    def finish(self, message: bytes | None) -> None:
        """Check the server's proof."""
        if not self._expected:
            raise broken(self.name)
        if not self._proved:
            self._check_proof(message)

    def layer(self) -> SecurityLayer | None:
        """Return the layer, if the server was told that there is one."""
        if self._quality == AUTH:
            return None
        return DigestLayer(self._secret, self._block)

    # --- the challenge -------------------------------------------------------------------------

    def _parse(self, message: bytes | None) -> dict[str, list[str]]:
        """Return the values of a challenge by their names."""
        if not message or len(message) > MAX_CHALLENGE:
            raise broken(self.name)
        # Bytes that are no UTF-8 come back as they were.
        text = message.decode("utf-8", "surrogateescape").rstrip("\0")
        values: dict[str, list[str]] = {}
        position = 0
        while position < len(text):
            pair = _PAIR.match(text, position)
            if pair is None:
                raise broken(self.name)
            quoted = pair[2]
            value = pair[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
            values.setdefault(pair[1].lower(), []).append(value)
            position = pair.end()
        return values

    def _answer(self, challenge: dict[str, list[str]]) -> bytes:
        nonce = challenge.get("nonce", [])
        if len(nonce) != 1 or not nonce[0] or challenge.get("algorithm") != ["md5-sess"]:
            raise broken(self.name)
        self._choose_protection(challenge)
        realm = self._credentials.realm or challenge.get("realm", [""])[0]
        own_nonce = secrets.token_hex(16)
        self._secret = self._session_secret(realm, nonce[0], own_nonce)
        fields = f"{nonce[0]}:{COUNT}:{own_nonce}:{self._quality}"
        self._expected = b"rspauth=" + self._proof("", fields)
        parts = [
            "charset=utf-8",
            f"username={_quoted(self._credentials.user)}",
            f"realm={_quoted(realm)}",
            f"nonce={_quoted(nonce[0])}",
            f'cnonce="{own_nonce}"',
            f"nc={COUNT}",
            f"qop={self._quality}",
            f"digest-uri={_quoted(self._uri)}",
            f"response={self._proof('AUTHENTICATE', fields).decode()}",
        ]
        if self._quality == AUTH_CONF:
            parts += [f"maxbuf={DEFAULT_BLOCK}", f"cipher={CIPHER}"]
        return _encoded(",".join(parts))

    def _choose_protection(self, challenge: dict[str, list[str]]) -> None:
        offered = _words(challenge.get("qop", [AUTH]))
        if AUTH in offered and not self._sealed:
            return
        if AUTH_CONF not in offered or CIPHER not in _words(challenge.get("cipher", [])):
            raise AuthenticationError(
                "the daemon does not encrypt what follows the login in a way that Lacuna knows",
                hint="Use TLS or SSH rather than plain TCP.",
            )
        block = challenge.get("maxbuf", [str(DEFAULT_BLOCK)])[0]
        if not block.isascii() or not block.isdigit() or not MIN_BLOCK <= int(block) <= MAX_BLOCK:
            raise broken(self.name)
        self._quality, self._block = AUTH_CONF, int(block)

    # --- digests -------------------------------------------------------------------------------

    def _session_secret(self, realm: str, nonce: str, own_nonce: str) -> bytes:
        """Return H(A1)."""
        user, password = self._credentials.user, self._credentials.password
        secret = _md5(b":".join(_latin(part) for part in (user, realm, password)))
        return _md5(secret + _encoded(f":{nonce}:{own_nonce}"))

    def _proof(self, method: str, fields: str) -> bytes:
        what = f"{method}:{self._uri}" + (NO_BODY if self._quality == AUTH_CONF else "")
        digest = _md5(_encoded(what)).hex()
        return _md5(_encoded(f"{self._secret.hex()}:{fields}:{digest}")).hex().encode()

    def _check_proof(self, message: bytes | None) -> None:
        if not hmac.compare_digest((message or b"").rstrip(b"\0"), self._expected):
            raise impostor(self.name)
        self._proved = True


def _words(values: list[str]) -> set[str]:
    return {word.strip().lower() for value in values for word in value.split(",")}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _latin(text: str) -> bytes:
    """Encode as RFC 2831 wants it digested: in ISO 8859-1 where that is possible."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return _encoded(text)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
