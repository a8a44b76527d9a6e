"""The security layer of a login with Kerberos: tokens of ``gss_wrap`` (RFC 4752 3.4)."""

from __future__ import annotations

from typing import Any

from lacuna_engine.errors import ProtocolError

__all__ = ["OWN_LIMIT", "KerberosLayer"]

OWN_LIMIT = 65_536
"""Bytes of a block that we take."""


class KerberosLayer:
    """The layer of one connection; ``server_limit`` is what the daemon takes, in bytes."""

    def __init__(self, gssapi: Any, context: Any, server_limit: int) -> None:
        self._broken: type[Exception] = gssapi.exceptions.GSSError
        self._context = context
        limit = min(server_limit, OWN_LIMIT)
        self.plain_limit: int = context.get_wrap_size_limit(limit, True)  # noqa: FBT003 - encrypted
        self.block_limit: int = OWN_LIMIT

    def wrap(self, data: memoryview) -> bytes:
        """Return a block's content."""
        sealed: bytes = self._context.wrap(bytes(data), True).message  # noqa: FBT003
        return sealed

    def unwrap(self, block: memoryview) -> bytes:
        """Return what is in a block. Raises :class:`ProtocolError` if it was tampered with."""
        try:
            opened = self._context.unwrap(bytes(block))
        except self._broken:
            # Damaged, forged, repeated or out of its turn.
            raise ProtocolError("an encrypted block is damaged or was tampered with") from None
        if not opened.encrypted:
            raise ProtocolError("a block that had to be encrypted is not")
        data: bytes = opened.message
        return data
