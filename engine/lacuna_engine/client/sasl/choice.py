"""Which mechanism: the strongest that both sides know and that suits the pipe (pure).

The daemon's list is not trusted: only names that are known here are looked at, their order is ours,
and a list that leaves out the good ones gets no password in the clear.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from enum import IntEnum

from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.client.sasl.digest import DigestMd5
from lacuna_engine.client.sasl.kerberos import Kerberos
from lacuna_engine.client.sasl.mechanism import Mechanism
from lacuna_engine.client.sasl.plain import Plain
from lacuna_engine.client.sasl.scram import Scram1, Scram256, Scram512
from lacuna_engine.errors import AuthenticationError, UsageError
from lacuna_engine.transport import ConnectionUri

__all__ = ["KNOWN", "Privacy", "choose", "privacy_of", "takes_tickets"]

Maker = Callable[[Credentials, str], Mechanism]
"""Makes a mechanism for a user and the daemon's host."""


class Privacy(IntEnum):
    """Who may be listening, or be in the daemon's place."""

    OPEN = 0
    """Anybody on the way: plain TCP. What follows a login must be encrypted by it."""
    UNSURE = 1
    """Perhaps nobody, but nothing shows that: no password in the clear."""
    PRIVATE = 2
    """Nobody: a local socket, SSH, TLS with a certificate that was checked."""


_BY_STRENGTH: tuple[type[Mechanism], ...] = (Scram512, Scram256, Scram1, DigestMd5, Plain)
_MAKERS: dict[str, Maker] = {
    Scram512.name: Scram512,
    Scram256.name: Scram256,
    Scram1.name: Scram1,
    DigestMd5.name: DigestMd5,
    Plain.name: Plain,
}

KNOWN: tuple[str, ...] = tuple(mechanism.name for mechanism in _BY_STRENGTH)
"""All mechanisms with a password, the strongest first."""

# What proves the password without showing it is good enough where a password must not be shown;
# what encrypts by itself is needed where everything can be heard.
_SUITS = {Privacy.PRIVATE: KNOWN, Privacy.UNSURE: KNOWN[:-1], Privacy.OPEN: (DigestMd5.name,)}

MAX_LIST = 4096
"""Characters of the daemon's list that are looked at; a long one has some 150."""
MAX_SHOWN = 20
"""Names of the daemon's list in a message at most."""

_NAME = re.compile(r"[A-Z0-9_-]{1,20}")


def privacy_of(uri: ConnectionUri | None) -> Privacy:
    """Return what the way to a daemon is good for; None is a pipe within the process."""
    if uri is None or uri.transport == "unix":
        return Privacy.PRIVATE
    if uri.transport == "tcp":
        return Privacy.UNSURE if _is_loopback(uri.host) else Privacy.OPEN
    if uri.transport == "ext" or uri.unsafe:
        return Privacy.UNSURE
    return Privacy.PRIVATE


def takes_tickets(offered: str, wanted: str = "") -> bool:
    """Return whether to try a Kerberos ticket first, for which nobody need be asked."""
    return Kerberos.name in _names(offered) and wanted.upper() in ("", Kerberos.name)


def choose(
    offered: str, privacy: Privacy, wanted: str = "", no_ticket: str = ""
) -> tuple[str, Maker]:
    """Return the name and the maker of the mechanism to use with a password.

    ``offered`` is the daemon's list as it came, ``wanted`` the one mechanism to use or empty,
    ``no_ticket`` why a Kerberos ticket was of no use.

    Raises :class:`AuthenticationError` if there is none, :class:`UsageError` if ``wanted`` is
    unknown here.
    """
    every = (*KNOWN, Kerberos.name)
    if wanted and wanted.upper() not in every:
        raise UsageError(
            f"the SASL mechanism '{wanted}' is not known", hint=f"Known are {_listed(every)}."
        )
    names = _names(offered)
    both = [name for name in KNOWN if name in names and name == (wanted.upper() or name)]
    suitable = [name for name in both if name in _SUITS[privacy]]
    if not suitable and no_ticket:
        raise AuthenticationError(
            f"the daemon asks for a Kerberos ticket: {no_ticket}",
            hint="Get one with kinit, use SSH, or have scram-sha-256 added to mech_list in "
            "the daemon's /etc/sasl2/libvirt.conf.",
        )
    if not suitable:
        raise _nothing(names, both, privacy, wanted.upper())
    if privacy is Privacy.OPEN:
        return suitable[0], _sealed_digest
    return suitable[0], _MAKERS[suitable[0]]


def _sealed_digest(credentials: Credentials, host: str) -> Mechanism:
    return DigestMd5(credentials, host, sealed=True)


def _nothing(
    names: tuple[str, ...], both: list[str], privacy: Privacy, wanted: str
) -> AuthenticationError:
    offers = f"the daemon offers {_listed(names)}"
    if not both:
        knows = f"{wanted} was asked for" if wanted else f"Lacuna knows {_listed(KNOWN)}"
        return AuthenticationError(
            f"there is no way to log in that both sides know: {offers}, {knows}",
            hint="The daemon's administrator sets them with mech_list in /etc/sasl2/libvirt.conf.",
        )
    if privacy is Privacy.OPEN:
        return AuthenticationError(
            f"a login over plain TCP must encrypt what follows, as only {DigestMd5.name} does: "
            f"{offers}",
            hint="Use TLS or SSH.",
        )
    return AuthenticationError(
        f"the login would show the password to whoever may be listening: {offers}",
        hint="Use TLS with a certificate that is checked, or SSH.",
    )


def _names(offered: str) -> tuple[str, ...]:
    """Return the names in a list of the daemon, without what cannot be one."""
    words = re.split(r"[\s,]+", offered[:MAX_LIST].upper())
    return tuple(dict.fromkeys(word for word in words if _NAME.fullmatch(word)))


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "nothing"
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(names[:MAX_SHOWN]) + more


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
