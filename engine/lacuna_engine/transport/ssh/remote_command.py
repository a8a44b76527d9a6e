"""What is run on the host behind an SSH login (pure).

One line for ``sh``, since the login shell may be another. It has no exclamation mark, which csh
would expand even between quotes. virsh's own line was the model; new are the modular daemons'
sockets, the user's own daemon without the helper, ncat and socat, and the marker.
"""

from __future__ import annotations

import re
import struct
from shlex import quote

from lacuna_engine.errors import ConnectError
from lacuna_engine.transport.ssh.target import Target

__all__ = ["MARK", "NO_PROGRAM", "NO_SOCKET", "OFFER", "PING", "Preamble", "remote_command"]

MARK = b"lacuna: the daemon's bytes follow\n"
"""Printed right before the program that is the connection: what comes ahead of it is the noise of
somebody's shell start-up files."""

OFFER = b"lacuna: the daemon's socket is number "
"""Printed, with the number, where the socket is that can be opened with no program in between. Then
the host waits for a line, which says that it cannot."""

NO_SOCKET, NO_PROGRAM = 93, 94
"""Exit statuses that no program involved has."""

NOISE_LIMIT = 1 << 16
"""Bytes that may come ahead of the connection."""

PING = struct.pack(">7I", 28, 0x6B65_6570, 1, 1, 2, 0, 0)
"""A packet that asks for a sign of life; an answer nobody waits for does no harm."""

_OFFERED = re.compile(re.escape(OFFER) + rb"([1-9]\d{0,2})\n")

_PROGRAMS = (0x2000_8086, 0x6B65_6570)
_SMALLEST, _LARGEST = 28, (1 << 25) + 4


def remote_command(target: Target, *, offers: bool = False) -> str:
    """Return the command line for the host's login shell.

    If it ``offers``, the host first says which of the target's sockets there is.
    """
    mark = f'echo "{MARK.decode().strip()}"'
    script = [_with_offer(target)] if offers else []
    if target.proxy != "netcat":
        helper = f"{mark}; exec virt-ssh-helper {quote(target.helper_uri)}"
        script.append(f"if command -v virt-ssh-helper >/dev/null 2>&1; then {helper}; fi")
    if target.proxy == "native":
        script.append('echo "virt-ssh-helper: not found" >&2; exit ' + str(NO_PROGRAM))
    else:
        script += _with_netcat(target, mark)
    return f"sh -c {quote('; '.join(script))}"


def _with_offer(target: Target) -> str:
    places = " ".join(map(quote, target.sockets))
    offer = f'echo "{OFFER.decode()}$N"; read A || exit 0; break'
    look = f'N=$((N+1)); if test -S "$s" && test -w "$s"; then {offer}; fi'
    return f"N=0; for s in {places}; do {look}; done"


def _with_netcat(target: Target, mark: str) -> list[str]:
    if target.sockets:
        places = " ".join(map(quote, target.sockets))
    else:
        folders = (
            '"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/libvirt/%s"',
            '"$HOME/.cache/libvirt/%s"',
        )
        places = " ".join(folder % name for folder in folders for name in target.names)
    find = 'S=; for s in %s; do if test -S "$s"; then S=$s; break; fi; done' % places  # noqa: UP031
    none = f'if test -z "$S"; then echo "no libvirt socket" >&2; exit {NO_SOCKET}; fi'
    script = [find, none]
    for program in [target.netcat] if target.netcat else ["nc", "ncat"]:
        nc = quote(program)
        # Debian's needs -q0 to end when the connection does; others do not know it.
        option = (
            f'A=; if {nc} -q 2>&1 | grep "requires an argument" >/dev/null 2>&1; then A=-q0; fi'
        )
        run = f'{option}; {mark}; exec {nc} $A -U "$S"'
        script.append(f"if command -v {nc} >/dev/null 2>&1; then {run}; fi")
    if not target.netcat:
        run = f'{mark}; exec socat - "UNIX-CONNECT:$S"'
        script.append(f"if command -v socat >/dev/null 2>&1; then {run}; fi")
    name = target.netcat or "neither virt-ssh-helper nor nc"
    script.append(f"echo {quote(f'{name}: not found')} >&2; exit {NO_PROGRAM}")
    return script


class Preamble:
    """Finds where the connection begins in what comes from the host.

    A host that allows only a command of its own choice (``ForceCommand``) prints no marker: there
    the first packet is the beginning. A daemon does not speak first, so it is to be asked: with
    :data:`PING`, which it answers at any time (transports.md 5).
    """

    def __init__(self) -> None:
        self._noise = bytearray()
        self.offer = 0
        """The number of the socket that the host has offered, from 1 on."""

    def feed(self, data: bytes | memoryview) -> bytes | None:
        """Take in bytes; return those of the connection once it has begun, else None.

        Raises :class:`ConnectError`, with the noise, if there is too much of it.
        """
        noise = self._noise
        noise += data
        place = noise.find(MARK)
        if place >= 0:
            return bytes(noise[place + len(MARK) :])
        if not self.offer and (offered := _OFFERED.search(noise)):
            self.offer = int(offered[1])
            del noise[offered.start() : offered.end()]
        length, program = (int.from_bytes(noise[at : at + 4]) for at in (0, 4))
        if len(noise) >= 8 and program in _PROGRAMS and _SMALLEST <= length <= _LARGEST:
            return bytes(noise)
        if len(noise) > NOISE_LIMIT:
            raise ConnectError(f"the host answers with something else than libvirt: {self.text}")
        return None

    @property
    def text(self) -> str:
        """The beginning of the noise, for a message."""
        return self._noise[:200].decode(errors="replace").strip()
