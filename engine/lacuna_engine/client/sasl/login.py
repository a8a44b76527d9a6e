"""Logging in over a connection: with a ticket, or with credentials from a file or a person.

Who has a Kerberos ticket is not asked for anything; that it does not do is no reason to give up
while the daemon takes passwords too. A wrong password is asked for again, twice. A mechanism that
fails by itself, because the daemon breaks its rules or cannot prove that it knows the password too,
ends the matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from lacuna_engine.client.sasl.auth_file import find_credentials
from lacuna_engine.client.sasl.choice import Privacy, choose, privacy_of, takes_tickets
from lacuna_engine.client.sasl.credentials import Credentials, user_of
from lacuna_engine.client.sasl.kerberos import Kerberos, lacking
from lacuna_engine.client.sasl.mechanism import Mechanism
from lacuna_engine.errors import AuthenticationError, RemoteError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Void
from lacuna_engine.rpc.records import SaslResult, SaslStart, SaslStep
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import SecretKind

if TYPE_CHECKING:
    from lacuna_engine.client.connection import Connection

__all__ = ["log_in"]

ATTEMPTS = 3
"""How often user name and password are tried on one connection."""
MAX_STEPS = 8
"""Messages of one login at most; the longest mechanism has three."""

_AUTH_FILE = (
    "User name and password can also be in libvirt's auth.conf (LIBVIRT_AUTH_FILE, or "
    "~/.config/libvirt/auth.conf)."
)


async def log_in(connection: Connection, wanted: str = "") -> None:
    """Log in; ``wanted`` is the one mechanism to use.

    Raises :class:`AuthenticationError`.
    """
    offered, no_ticket = await _mechanisms(connection), ""
    if takes_tickets(offered, wanted):
        no_ticket = await _by_ticket(connection)
        if not no_ticket:
            return
    # Before anybody is asked in vain.
    make = choose(offered, privacy_of(connection.uri), wanted, no_ticket)[1]
    asking = _Asking(connection)
    known = find_credentials(connection.uri)
    credentials = known or await asking.credentials()
    for attempt in range(1, ATTEMPTS + 1):
        refusal = await _try(connection, make(credentials, asking.host or "localhost"))
        if refusal is None:
            return
        wrong = _wrong(credentials, refusal)
        if attempt == ATTEMPTS:
            asking.inquiry.refused()
            raise wrong
        if attempt == 1 and known is not None:
            asking.before = f"{wrong.message}, from {known.source}\n"
        try:
            credentials = await asking.credentials()
        except AuthenticationError as error:
            # That a password was wrong says more than that there is nobody to ask for another.
            raise wrong from error
        # The daemon has forgotten the login; without a new INIT it refuses whatever comes.
        make = await _choose(connection, wanted)


async def _choose(connection: Connection, wanted: str) -> Callable[[Credentials, str], Mechanism]:
    offered = await _mechanisms(connection)
    return choose(offered, privacy_of(connection.uri), wanted)[1]


async def _by_ticket(connection: Connection) -> str:
    """Log in with a Kerberos ticket; return why that cannot be, or nothing if it was done.

    Raises :class:`AuthenticationError` if the daemon breaks the rules: no password for such a one.
    """
    uri, privacy, user = connection.uri, privacy_of(connection.uri), user_of(connection.uri)
    if problem := await asyncio.to_thread(lacking, user):
        return problem
    mechanism = Kerberos(
        uri.host if uri is not None else "",
        user,
        sealed=privacy is Privacy.OPEN,
        private=privacy is Privacy.PRIVATE,
    )
    try:
        first = await asyncio.to_thread(mechanism.start)
    except AuthenticationError as error:
        return error.message
    refusal = await _exchange(connection, mechanism, first)
    if refusal is None:
        return ""
    # The daemon has forgotten the login; without a new INIT it refuses whatever comes.
    await _mechanisms(connection)
    return f"the daemon does not accept it: {refusal}"


def _wrong(credentials: Credentials, refusal: str) -> AuthenticationError:
    source = f"They are from {credentials.source}. " if credentials.source else ""
    return AuthenticationError(
        f"wrong user name or password for '{credentials.user}': {refusal}",
        hint=f"{source}The daemon does not say which of the two is wrong; its users are set with "
        "saslpasswd2 -a libvirt USER.",
    )


async def _mechanisms(connection: Connection) -> str:
    """Return the daemon's list of mechanisms, as it came."""
    try:
        return (await connection.call(p.AUTH_SASL_INIT, Void())).value
    except (AuthenticationError, RemoteError) as error:
        if connection.uri is not None and connection.uri.transport == "tcp":
            # It leaves out what does not encrypt, and then has nothing (transports.md 2).
            raise AuthenticationError(
                "the daemon has no login for plain TCP, where one must encrypt what follows: "
                f"{error.message}",
                hint="Use TLS or SSH, or have digest-md5 added to mech_list in "
                "/etc/sasl2/libvirt.conf.",
            ) from error
        raise AuthenticationError(
            f"the daemon asks for a SASL login but has none: {error.message}",
            hint="Its log says why; mech_list in /etc/sasl2/libvirt.conf names the mechanisms.",
        ) from error


class _Asking:
    """Asks whoever is there for user name and password; once for all connections to a host."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.inquiry = Inquiry(connection.prompter)
        self.host = connection.uri.host if connection.uri is not None else ""
        self.before = ""
        """What to show in front of the questions."""

    async def credentials(self) -> Credentials:
        """Raise :class:`AuthenticationError` if nobody answers."""
        user = user_of(self._connection.uri)
        place = self.host or "this machine"
        if not user:
            text = f"{self.before}User name for libvirt on {place}:"
            user = await self._answer(SecretKind.SASL_USER, "", text)
        text = f"{self.before}Password of {user} for libvirt on {place}:"
        return Credentials(user, await self._answer(SecretKind.SASL_PASSWORD, user, text))

    async def _answer(self, kind: SecretKind, user: str, text: str) -> str:
        place, echo = self.host or "this machine", kind is SecretKind.SASL_USER
        try:
            with self._connection.unhurried():
                answer = await self.inquiry.secret(kind, place, user, text, echo=echo)
        except AuthenticationError as error:
            hint = f"{error.hint} {_AUTH_FILE}".strip()
            raise AuthenticationError(error.message, hint=hint) from error
        if answer is None:
            self.inquiry.refused()
            what = "user name" if echo else "password"
            raise AuthenticationError(f"{place} needs a {what}, and none was given")
        return answer


async def _try(connection: Connection, mechanism: Mechanism) -> str | None:
    """Make one attempt. Returns None if we are in, else the daemon's words.

    Raises :class:`AuthenticationError` if the mechanism itself fails: no other password helps.
    """
    return await _exchange(connection, mechanism, mechanism.start())


async def _exchange(
    connection: Connection, mechanism: Mechanism, message: bytes | None
) -> str | None:
    """Make one attempt that begins with ``message``; otherwise as :func:`_try`.

    The security layer, if there is one, is on from the daemon's last word (transports.md 2).
    """
    for number in range(MAX_STEPS):
        nil, data = int(message is None), message or b""
        try:
            if number == 0:
                start = SaslStart(mechanism.name, nil, data)
                result = await connection.call(p.AUTH_SASL_START, start)
            else:
                result = await connection.call(p.AUTH_SASL_STEP, SaslStep(nil, data))
        except AuthenticationError as error:
            return error.message
        if result.complete:
            mechanism.finish(_message(result))
            if (layer := mechanism.layer()) is not None:
                connection.secure(layer)
            return None
        # In a thread: a daemon may demand seconds of arithmetic.
        message = await asyncio.to_thread(mechanism.step, _message(result))
    raise AuthenticationError(f"the daemon does not come to an end of the login ({mechanism.name})")


def _message(result: SaslResult) -> bytes | None:
    return None if result.nil else result.data
