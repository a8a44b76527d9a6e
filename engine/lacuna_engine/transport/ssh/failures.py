"""What ssh and the programs on the host say when they fail, in plain words (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    LacunaError,
    UnreachableError,
)
from lacuna_engine.transport.prompts import SecretKind
from lacuna_engine.transport.ssh.remote_command import NO_PROGRAM, NO_SOCKET
from lacuna_engine.transport.ssh.target import Target

__all__ = [
    "changed_key",
    "explain",
    "no_daemon",
    "no_program",
    "not_let_in",
    "too_many_keys",
    "unknown_key",
]

SSH_FAILED = 255

_PASSWORDS = frozenset({SecretKind.SSH_PASSWORD, SecretKind.KEYBOARD_INTERACTIVE})

_GROUP_HINT = (
    "Ask to be added to the group 'libvirt' on that host, or log in as root "
    "(qemu+ssh://root@host/system)."
)
_DAEMON_HINT = (
    "Start it there (systemctl start libvirtd, or virtqemud and virtstoraged), or name its "
    "socket with ?socket=PATH."
)
_HELPER_HINT = (
    "Install libvirt's daemon package on that host, which brings virt-ssh-helper, or netcat "
    "(netcat-openbsd)."
)


def changed_key(target: Target, detail: str = "") -> AuthenticationError:
    """The host shows another key than the one that is known: the loud one."""
    place = f"[{target.host}]:{target.port}" if target.port else target.host
    return AuthenticationError(
        f"THE SSH KEY OF {target.host} HAS CHANGED{f' ({detail})' if detail else ''}. Somebody may "
        "be between you and the host, or it was installed anew. Nothing was sent to it.",
        hint="Ask its administrator. Only if the new key is right, remove the old one: "
        f"ssh-keygen -R '{place}'",
    )


def unknown_key(target: Target) -> AuthenticationError:
    """The host is not known, and nobody has said that it is right."""
    return AuthenticationError(
        f"the SSH key of {target.host} is not known and was not accepted",
        hint="Compare its fingerprint with the host's, and accept it.",
    )


def not_let_in(
    target: Target, methods: str = "", answered: Collection[SecretKind] = ()
) -> AuthenticationError:
    """No key, password or answer was accepted; ``answered`` is what somebody was asked for."""
    who = f"'{target.user}'" if target.user else "this user"
    takes = f" (it takes: {methods.replace(',', ', ')})" if methods else ""
    hint = "Check user name, key and password; `ssh -v` to the host shows what is tried."
    if _PASSWORDS.intersection(answered):
        why = "the password was wrong"
    elif not target.may_ask and "password" in (target.methods or methods):
        why, hint = "nobody may be asked for a password", "Leave out no_tty, or use a key."
    elif target.keyfile:
        why = f"the key '{target.keyfile}' is not accepted"
    else:
        why = "no key is accepted"
    return AuthenticationError(
        f"{target.where} does not let {who} in through SSH{takes}: {why}", hint=hint
    )


def too_many_keys(target: Target) -> AuthenticationError:
    """The host has ended the login before the right key or password came."""
    return AuthenticationError(
        f"{target.where} ended the login: too many keys or passwords were tried",
        hint="Name the right key with ?keyfile=PATH, and set IdentitiesOnly in ~/.ssh/config.",
    )


def no_daemon(target: Target, detail: str = "") -> UnreachableError:
    """SSH works, libvirt does not answer."""
    return UnreachableError(
        f"libvirt's daemon is not running on {target.host}{f' ({detail})' if detail else ''}",
        hint=_DAEMON_HINT,
    )


def no_program(target: Target, detail: str = "") -> ConnectError:
    """Nothing on the host can reach the daemon's socket for us."""
    what = detail or "neither virt-ssh-helper nor nc is there"
    return ConnectError(
        f"nothing on {target.host} can connect to libvirt: {what}", hint=_HELPER_HINT
    )


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    message: str
    hint: str = ""


def _rule(pattern: str, message: str, hint: str = "") -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), message, hint)


# ssh's own words for a host that cannot be reached; {where} is the host with its port.
_NETWORK = (
    _rule(
        r"Could not resolve hostname (\S+?):",
        "the host name {0} is not known",
        "Check its spelling, and your name server or VPN.",
    ),
    _rule(
        r"connect to host .*Connection refused",
        "{where} refuses SSH: no SSH server listens there",
        "Check the port, and that sshd runs on that host.",
    ),
    _rule(
        r"(connect to host .*|Connection |Timeout, server .*)(timed out|not responding)",
        "{where} did not answer",
        "Check the address, the network and the firewall.",
    ),
    _rule(
        r"connect to host .*: (No route to host|Network is unreachable|.*unreachable)",
        "there is no way to {where}: {0}",
        "Check the network or VPN.",
    ),
    _rule(
        r"no matching (.*?) found",
        "{where} and this SSH client have no {0} in common",
        "The host may be very old; allow what it offers in ~/.ssh/config.",
    ),
    _rule(
        r"kex_exchange_identification|banner exchange|banner line|Connection (closed|reset) by",
        "{where} broke off before the login: it is no SSH server, is overloaded or refuses you",
        "Check the port, and the log of sshd on that host.",
    ),
    _rule(r"(Bad configuration option: .*)", "ssh's settings are wrong: {0}"),
)

_CONNECTING = re.compile(r"connect to host (\S+) port (\d{1,5}):")
_DENIED = re.compile(r"Permission denied(?: \(([^)]*)\))?\.", re.IGNORECASE)
_CHANGED = re.compile(
    r"REMOTE HOST IDENTIFICATION HAS CHANGED|host key .*has changed", re.IGNORECASE
)
_OLD_KEY = re.compile(r"^Offending (\S+) key in (.+)$", re.MULTILINE)
_SOCKET_DENIED = re.compile(
    r"(virt-ssh-helper: |Failed to connect|\bnc\b|ncat|socat|unix).*Permission denied",
    re.IGNORECASE,
)
_SOCKET_DEAD = re.compile(
    r"(cannot connect|Failed to connect|unix connect|connect\b|ncat|socat).*"
    r"(No such file|Connection refused)",
    re.IGNORECASE,
)


_DECLINED = re.compile(r"^channel \d+: open failed: .*\n?", re.MULTILINE)
"""What ssh says of a forwarding that is not allowed, after which a program was tried."""


def explain(
    target: Target,
    status: int,
    words: str,
    *,
    was_open: bool,
    answered: Collection[SecretKind] = (),
) -> LacunaError:
    """Make an error of ssh's exit status and what was written to standard error.

    ``was_open`` tells that the daemon had already answered: then the link has broken, and trying
    again may help. ``answered`` is what somebody was asked for.
    """
    words = _DECLINED.sub("", words)
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    last = lines[-1] if lines else f"ssh ended with status {status}"
    if was_open:
        return ConnectionLostError(f"the SSH connection to {target.host} ended: {last}")
    if status == SSH_FAILED:
        return _of_ssh(target, words, last, answered)
    return _of_host(target, status, words, last)


def _of_ssh(target: Target, words: str, last: str, answered: Collection[SecretKind]) -> LacunaError:
    if _CHANGED.search(words):
        old = _OLD_KEY.search(words)
        return changed_key(target, f"the known one is in {old[2].strip()}" if old else "")
    if "Host key verification failed" in words:
        return unknown_key(target)
    if "Too many authentication failures" in words:
        return too_many_keys(target)
    for rule in _NETWORK:
        found = rule.pattern.search(words)
        if found:
            values = [group or "" for group in found.groups()]
            return UnreachableError(
                rule.message.format(*values, last, where=_where(target, words)), hint=rule.hint
            )
    denied = _DENIED.search(words)
    if denied:
        return not_let_in(target, denied[1] or "", answered)
    return UnreachableError(f"SSH to {target.where} failed: {last}")


def _where(target: Target, words: str) -> str:
    """Return the host that is meant: one on the way, or one with another name in the settings."""
    found = _CONNECTING.search(words)
    if found is None or (found[1] == target.host and target.port in (None, int(found[2]))):
        return target.where
    return f"{found[1]} port {found[2]} (on the way to {target.where})"


def _of_host(target: Target, status: int, words: str, last: str) -> LacunaError:
    if status == NO_SOCKET:
        return no_daemon(target)
    if status in (NO_PROGRAM, 126, 127):
        return no_program(target, last)
    if _SOCKET_DENIED.search(words):
        return AuthenticationError(
            f"your user may not manage libvirt on {target.host}", hint=_GROUP_HINT
        )
    if _SOCKET_DEAD.search(words):
        return no_daemon(target, last)
    return UnreachableError(f"the connection through {target.where} ended: {last}")
