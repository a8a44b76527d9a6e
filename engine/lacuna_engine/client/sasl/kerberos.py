"""GSSAPI: a login with a Kerberos ticket in place of a password (RFC 4752, transports.md 2).

The tickets and the arithmetic are the system's own, through the Python package ``gssapi``, which
comes with the optional extra ``lacuna[kerberos]``. After the login plain TCP is encrypted by the
ticket's key, which libvirt's daemon demands there.
"""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Any, ClassVar

from lacuna_engine.client.sasl.kerberos_layer import OWN_LIMIT, KerberosLayer
from lacuna_engine.client.sasl.layer import SecurityLayer
from lacuna_engine.client.sasl.mechanism import Mechanism, broken, impostor
from lacuna_engine.errors import AuthenticationError

__all__ = ["Kerberos", "lacking"]

SERVICE = "libvirt"
NO_LAYER, ENCRYPTED = 1, 4
"""Bits of the daemon's offer; the one between them only signs, and is never asked for here."""
OFFER = 4
"""Bytes of an offer or a choice: the bits, and the size of a block at most."""

MIN_BLOCK = 1024
"""Bytes of a block the daemon may say it takes; far less would be a trap."""

ITS_KEY = "the key of its service"

_HINT = "`klist` shows your tickets, and `kinit` gets one."


def lacking(user: str = "") -> str:
    """Return what lacks for a login as ``user`` (empty for whoever has a ticket), or nothing.

    Asks the system and perhaps its files: not for the loop's own thread.
    """
    try:
        gssapi: Any = import_module("gssapi")
    except ImportError:
        return "the Python package gssapi is not installed (pip install 'lacuna[kerberos]')"
    except OSError as error:
        return f"this system's Kerberos library cannot be loaded: {error}"
    try:
        _ticket(gssapi, user)
    except gssapi.exceptions.GSSError as error:
        return _words(error)
    return ""


def _ticket(gssapi: Any, user: str) -> Any:
    name = gssapi.Name(user, gssapi.NameType.user) if user else None
    found = gssapi.Credentials(name=name, mechs=[gssapi.MechType.kerberos], usage="initiate")
    # It would be found expired in the middle of the login otherwise.
    _ = found.lifetime
    return found


class Kerberos(Mechanism):
    """A login at the service of ``host``, empty for this machine.

    ``sealed`` demands the security layer, ``private`` tells that nothing need be encrypted.
    """

    name: ClassVar[str] = "GSSAPI"

    def __init__(
        self, host: str, user: str = "", *, sealed: bool = False, private: bool = False
    ) -> None:
        self._host = host
        self._user = user
        self._sealed = sealed
        self._private = private
        self._gssapi: Any = None
        self._context: Any = None
        self._block = 0
        self._agreed = False

    def start(self) -> bytes:
        """Return the first token; the system may ask its ticket server for it."""
        self._gssapi = gssapi = import_module("gssapi")
        wanted = gssapi.RequirementFlag
        service = f"{SERVICE}@{self._host or socket.getfqdn()}"
        try:
            self._context = gssapi.SecurityContext(
                name=gssapi.Name(service, gssapi.NameType.hostbased_service),
                creds=_ticket(gssapi, self._user),
                mech=gssapi.MechType.kerberos,
                usage="initiate",
                flags=[
                    wanted.mutual_authentication,
                    wanted.replay_detection,
                    wanted.out_of_sequence_detection,
                    wanted.integrity,
                    wanted.confidentiality,
                ],
            )
            return self._context.step() or b""
        except gssapi.exceptions.GSSError as error:
            raise _refused(service, error) from None

    def step(self, message: bytes | None) -> bytes:
        """Go on with the tokens, then agree on the layer."""
        context = self._context
        if context.complete:
            return self._agree(message)
        try:
            return context.step(message or b"") or b""
        except self._gssapi.exceptions.GSSError:
            raise impostor(self.name, ITS_KEY) from None

    def finish(self, message: bytes | None) -> None:
        """Accept the end only of a login that went all its way."""
        if message or not self._agreed:
            raise broken(self.name)

    def layer(self) -> SecurityLayer | None:
        """Return the layer, if that was agreed on."""
        return KerberosLayer(self._gssapi, self._context, self._block) if self._block else None

    def _agree(self, message: bytes | None) -> bytes:
        context = self._context
        if self._agreed or not message or len(message) > OWN_LIMIT:
            raise broken(self.name)
        if not context.actual_flags & self._gssapi.RequirementFlag.mutual_authentication:
            raise impostor(self.name, ITS_KEY)
        try:
            offer: bytes = context.unwrap(message).message
        except self._gssapi.exceptions.GSSError:
            raise broken(self.name) from None
        if len(offer) != OFFER:
            raise broken(self.name)
        choice = self._choose(offer[0], int.from_bytes(offer[1:], "big"))
        self._agreed = True
        answer: bytes = context.wrap(choice, False).message  # noqa: FBT003 - gssapi's own
        return answer

    def _choose(self, offered: int, block: int) -> bytes:
        """Return our choice: encrypted wherever somebody may be listening."""
        plain = bool(offered & NO_LAYER) and not self._sealed
        if offered & ENCRYPTED and not (plain and self._private):
            if block < MIN_BLOCK:
                raise broken(self.name)
            self._block = block
            return bytes([ENCRYPTED]) + OWN_LIMIT.to_bytes(3, "big")
        if plain:
            return bytes([NO_LAYER, 0, 0, 0])
        raise AuthenticationError(
            f"the daemon would not encrypt what follows the login ({self.name})",
            hint="Use TLS or SSH.",
        )


def _refused(service: str, error: Any) -> AuthenticationError:
    return AuthenticationError(
        f"Kerberos has no ticket for {service.replace('@', '/')}: {_words(error)}", hint=_HINT
    )


def _words(error: Any) -> str:
    """Return the system's own words for an error, those of the mechanism if it has some."""
    for code, is_major in ((error.min_code, False), (error.maj_code, True)):
        words = [str(one) for one in error.get_all_statuses(code, is_major)] if code else []
        if words:
            return "; ".join(words)
    return str(error)
