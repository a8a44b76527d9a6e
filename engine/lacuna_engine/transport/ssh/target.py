"""What a URI says about a login through SSH (pure)."""

from __future__ import annotations

from typing import NamedTuple

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.local import socket_names
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["HostCheck", "Target", "target_of"]

_METHODS = {
    "agent": "publickey",
    "privkey": "publickey",
    "password": "password",
    "keyboard-interactive": "keyboard-interactive",
}
_PROXIES = ("auto", "netcat", "native")


class HostCheck:
    """What is done about the host's key."""

    ASK = "ask"
    """Known keys only; the user is asked about a host's first one."""
    ACCEPT_NEW = "accept-new"
    """A host's first key is taken as it is."""
    OFF = "off"
    """Any key is taken, but no password is given to a host whose key has changed (OpenSSH). Only
    when written out: this is what virsh makes of ``no_verify``."""
    IGNORE = "ignore"
    """Any key is taken, and what is known is not even looked at. Only when written out."""


class Target(NamedTuple):
    """A host to log in to, how, and what to connect to there."""

    uri: ConnectionUri
    host: str
    user: str
    port: int | None
    helper_uri: str
    """The URI given to ``virt-ssh-helper``."""
    sockets: tuple[str, ...]
    """Paths on the host to try; empty for the user's own daemon, whose place the host knows."""
    names: tuple[str, ...]
    """File names of the daemons' sockets, in the order to be tried."""
    is_direct: bool
    """Whether a socket may be opened with no program in between, as no program was named."""
    proxy: str
    netcat: str
    command: str
    keyfile: str
    known_hosts: str
    host_check: str
    methods: tuple[str, ...]
    """Ways to log in, by the names of the URI; empty for all."""
    may_ask: bool
    compression: str
    """``yes`` or ``no``; empty for what the settings for ssh say."""

    @property
    def where(self) -> str:
        """The host as it is named in messages."""
        return f"{self.host} port {self.port}" if self.port else self.host

    @property
    def ssh_methods(self) -> tuple[str, ...]:
        """The ways to log in by SSH's own names, without repetition."""
        return tuple(dict.fromkeys(_METHODS[method] for method in self.methods))

    @property
    def login(self) -> tuple[object, ...]:
        """Equal for targets that one login serves."""
        return (
            *(self.host, self.user, self.port, self.command, self.keyfile),
            *(self.known_hosts, self.host_check, self.methods, self.may_ask, self.compression),
        )


def target_of(uri: ConnectionUri) -> Target:
    """Read the parameters. Raises :class:`UsageError` for a value that is none."""
    own = uri.parameters
    proxy = own.get("proxy", "").lower() or "auto"
    if proxy not in _PROXIES:
        raise UsageError(
            f"'{uri}': unknown proxy '{proxy}'", hint=f"Known ones: {', '.join(_PROXIES)}."
        )
    if own.get("mode", "").lower() == "direct":
        raise UsageError(
            f"'{uri}': mode=direct is not possible through SSH",
            hint="Leave it out: the host's own daemons are found by themselves.",
        )
    socket = own.get("socket", "")
    if socket and proxy == "native":
        raise UsageError(f"'{uri}': proxy=native finds the socket itself; leave out 'socket'")
    names = socket_names(uri)
    folders = ("/run/libvirt", "/var/run/libvirt")
    paths = tuple(f"{folder}/{name}" for folder in folders for name in names)
    return Target(
        uri=uri,
        host=uri.host,
        user=uri.user,
        port=uri.port,
        helper_uri=uri.names()[0],
        sockets=(socket,) if socket else () if uri.is_session else paths,
        names=names,
        is_direct=proxy == "auto" and "netcat" not in own,
        # The helper knows no other sockets than its own, and netcat= asks for that program.
        proxy="netcat" if socket or (own.get("netcat") and proxy == "auto") else proxy,
        netcat=own.get("netcat", ""),
        command=own.get("command", ""),
        keyfile=own.get("keyfile", ""),
        known_hosts=own.get("known_hosts", ""),
        host_check=_host_check(uri),
        methods=_methods(uri),
        may_ask=not uri.flag("no_tty"),
        compression=_compression(uri),
    )


def _host_check(uri: ConnectionUri) -> str:
    if uri.flag("no_verify"):
        return HostCheck.OFF
    match uri.parameters.get("known_hosts_verify", "").lower():
        case "" | "normal":
            return HostCheck.ASK
        case "auto":
            return HostCheck.ACCEPT_NEW
        case "ignore":
            return HostCheck.IGNORE
        case other:
            raise UsageError(
                f"'{uri}': unknown known_hosts_verify '{other}'",
                hint="Known ones: normal, auto, ignore.",
            )


def _compression(uri: ConnectionUri) -> str:
    wanted = uri.parameters.get("compression", "").lower()
    if wanted not in ("", "yes", "no"):
        raise UsageError(f"'{uri}': unknown compression '{wanted}'", hint="Known ones: yes, no.")
    return wanted


def _methods(uri: ConnectionUri) -> tuple[str, ...]:
    named = [name.strip().lower() for name in uri.parameters.get("sshauth", "").split(",")]
    methods = tuple(filter(None, named))
    for method in methods:
        if method not in _METHODS:
            raise UsageError(
                f"'{uri}': unknown sshauth '{method}'", hint=f"Known ones: {', '.join(_METHODS)}."
            )
    return methods
