"""libvirt connection URIs, taken apart (pure).

``driver[+transport]://[user@][host][:port]/path[?parameter=value&...]``. Two URIs are in play: the
one the user writes, which says how to get to the daemon, and the one put into CONNECT_OPEN, which
has neither transport nor host (protocol.md 1.10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote, urlsplit

from lacuna_engine.errors import UsageError

__all__ = ["SSH_TRANSPORTS", "ConnectionUri", "parse_uri"]

TRANSPORTS = ("unix", "tcp", "tls", "ssh", "libssh", "libssh2", "ext")
SSH_TRANSPORTS = ("ssh", "libssh", "libssh2")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

# Parameters that say how to reach the daemon; all others belong to the driver and stay in the name
# (transports.md 1).
_OWN_PARAMETERS = frozenset(
    {
        "auth", "authfile", "command", "compression", "keyfile", "known_hosts",
        "known_hosts_verify", "mode", "name", "netcat", "no_sanity", "no_tty", "no_verify",
        "pkipath", "proxy", "socket", "sshauth", "tls_priority",
    }
)  # fmt: skip
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9.-]*(\+[A-Za-z0-9]+)?")


@dataclass(frozen=True, slots=True)
class ConnectionUri:
    """A parsed URI. ``parameters`` are Lacuna's own, ``extra`` those of the driver."""

    text: str
    driver: str
    transport: str
    path: str
    user: str = ""
    host: str = ""
    port: int | None = None
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def is_session(self) -> bool:
        """Whether this is the user's own daemon rather than the system's."""
        return self.path == "/session"

    @property
    def unsafe(self) -> str:
        """Why a connection made with this URI may be listened to or misled, or an empty string.

        Never so by default except for TCP: it is to be shown wherever the connection is.
        """
        own = self.parameters
        if self.transport == "tcp" and self.host not in _LOOPBACK:
            return "nothing is encrypted, and the server is not checked (transport tcp)"
        if self.transport == "tls" and self.flag("no_verify"):
            return "the server's certificate is not checked (no_verify)"
        if self.transport in SSH_TRANSPORTS:
            if self.flag("no_verify"):
                return "the SSH host's key is not checked (no_verify)"
            if own.get("known_hosts_verify", "").lower() == "ignore":
                return "the SSH host's key is not checked (known_hosts_verify=ignore)"
        return ""

    def flag(self, name: str) -> bool:
        """Return a parameter that is a number, 0 for no.

        Raises :class:`UsageError` if it is none.
        """
        value = self.parameters.get(name, "0")
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            raise UsageError(f"'{self.text}': '{name}' must be 0 or 1, not '{value}'")
        return int(value) != 0

    def names(self) -> tuple[str, ...]:
        """Return what to put into CONNECT_OPEN, best first.

        The storage driver is enough for Lacuna, needs no hypervisor daemon and is there since
        4.1.0; older daemons know only the hypervisor's URI (transports.md 6).
        """
        if "name" in self.parameters:
            return (self.parameters["name"],)
        own = self._own_name()
        storage = f"storage://{self.path}"
        match self.path:
            case "/system":
                names = [storage, own]
            case "/session":
                # Root's session is the system's daemon, whose storage driver refuses the first name
                # and knows the second alone. A user's own daemon knows the first, so that nobody
                # is shown the system's pools instead of their own. The own name last, for daemons
                # older than both: virtstoraged would open a hypervisor's session by it, and then
                # could not use it.
                names = [storage, "storage:///system", own]
            case _:
                names = [own]
        return tuple(dict.fromkeys(names))

    def of_hypervisor(self) -> ConnectionUri | None:
        """Return the URI that opens the hypervisor's driver, None if none is named."""
        name = self.parameters.get("name", "storage:")
        if name.startswith("storage:"):
            name = self._own_name()
        if name.startswith("storage:"):
            return None
        return replace(self, parameters={**self.parameters, "name": name})

    def _own_name(self) -> str:
        query = "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in self.extra)
        return f"{self.driver}://{_quoted(self.path)}" + (f"?{query}" if query else "")

    def __str__(self) -> str:
        return self.text


def parse_uri(text: str) -> ConnectionUri:
    """Take a URI apart. Raises :class:`UsageError` with what is wrong in it."""
    scheme, separator, _ = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise UsageError(
            f"'{text}' is not a libvirt URI",
            hint="A URI looks like qemu:///system or qemu+ssh://user@host/system.",
        )
    driver, _, named = scheme.lower().partition("+")
    try:
        parts = urlsplit(text)
        if parts.password is not None:
            # Without the text: it would bring the password into logs.
            raise UsageError(
                "a password does not belong in a URI",
                hint="Leave it out; it is asked for when it is needed.",
            )
        host, port = unquote(parts.hostname or ""), parts.port
    except ValueError as error:
        raise UsageError(f"'{text}': {error}") from error
    transport = named or ("tls" if host else "unix")
    _check_transport(text, transport, host)
    parameters, extra = _split_query(parts.query)
    return ConnectionUri(
        text=text,
        driver=driver,
        transport=transport,
        path=unquote(parts.path),
        user=unquote(parts.username or ""),
        host=host,
        port=port,
        parameters=parameters,
        extra=extra,
    )


def _quoted(text: str) -> str:
    return quote(text, safe="/:@+,!$'()*~")


def _check_transport(text: str, transport: str, host: str) -> None:
    if transport not in TRANSPORTS:
        raise UsageError(
            f"'{text}': unknown transport '{transport}'",
            hint=f"Known transports: {', '.join(TRANSPORTS)}.",
        )
    if transport == "unix" and host:
        raise UsageError(f"'{text}': the transport 'unix' takes no host")
    if transport not in ("unix", "ext") and not host:
        raise UsageError(f"'{text}': the transport '{transport}' needs a host")
    if host.startswith("-"):
        # A program that is given it would take it for an option.
        raise UsageError(f"'{text}': '{host}' is no host name")


def _split_query(query: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    own: dict[str, str] = {}
    extra: list[tuple[str, str]] = []
    # As libvirt reads it: a semicolon separates too, and a plus is a plus.
    for part in filter(None, re.split("[&;]", query)):
        key, _, value = map(unquote, part.partition("="))
        if not key:
            continue
        if key.lower() in _OWN_PARAMETERS:
            own[key.lower()] = value
        else:
            extra.append((key, value))
    return own, tuple(extra)
