"""DIGEST-MD5's security layer: RC4 over data and a MAC (RFC 2831 2.4).

It is libvirt's daemon that demands it on plain TCP, and there is nothing better in the mechanism:
of its other ciphers with enough bits, 3DES is refused by the daemon itself ("couldn't init cipher",
seen with libvirt 9.0 and Cyrus SASL 2.1.28), and AES is not offered.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from lacuna_engine.errors import ProtocolError

__all__ = ["CIPHER", "DigestLayer"]

CIPHER = "rc4"
"""With 128 bits; the daemon demands 112 by default."""

_FROM_CLIENT = b"client-to-server"
_FROM_SERVER = b"server-to-client"
_SIGNING = b"Digest session key to %s signing key magic constant"
_SEALING = b"Digest H(A1) to %s sealing key magic constant"

MAC = 10
TRAILER = 6
"""Behind the ciphertext: the version, 1, in two bytes, and the number of the block in four."""
VERSION = b"\0\1"
OWN_LIMIT = 65_536


class DigestLayer:
    """The layer of one connection, from H(A1) of its login. ``server_limit`` is in bytes."""

    def __init__(self, secret: bytes, server_limit: int) -> None:
        self.plain_limit: int = min(server_limit, OWN_LIMIT) - MAC - TRAILER
        self.block_limit: int = OWN_LIMIT
        self._send_key = _md5(secret + _SIGNING % _FROM_CLIENT)
        self._receive_key = _md5(secret + _SIGNING % _FROM_SERVER)
        self._seal = Cipher(ARC4(_md5(secret + _SEALING % _FROM_CLIENT)), mode=None).encryptor()
        self._open = Cipher(ARC4(_md5(secret + _SEALING % _FROM_SERVER)), mode=None).decryptor()
        self._sent = 0
        self._received = 0

    def wrap(self, data: memoryview) -> bytes:
        """Return a block's content."""
        number = _number(self._sent)
        self._sent += 1
        sealed = self._seal.update(b"".join((data, _mac(self._send_key, number, data))))
        return sealed + VERSION + number

    def unwrap(self, block: memoryview) -> bytes:
        """Return what is in a block. Raises :class:`ProtocolError` if it was tampered with."""
        number = _number(self._received)
        self._received += 1
        sealed, trailer = block[:-TRAILER], bytes(block[-TRAILER:])
        plain = self._open.update(sealed)
        data, mac = plain[:-MAC], plain[-MAC:]
        right = hmac.compare_digest(mac, _mac(self._receive_key, number, data))
        if not right or trailer != VERSION + number:
            raise ProtocolError("an encrypted block is damaged or was tampered with")
        return data


def _number(count: int) -> bytes:
    return (count & 0xFFFF_FFFF).to_bytes(4, "big")


def _mac(key: bytes, number: bytes, data: bytes | memoryview) -> bytes:
    digest = hmac.new(key, number, hashlib.md5)
    digest.update(data)
    return digest.digest()[:MAC]


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
