"""What the user's and the system's settings for ssh leave open, which is ours to choose.

Asked of ssh itself, as nobody else reads its settings as it does.
"""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress
from typing import NamedTuple

from lacuna_engine.transport.ssh.ciphers import preferred, processor_knows_aes
from lacuna_engine.transport.ssh.target import Target

__all__ = ["CONNECT_TIMEOUT", "SILENCE_TIMEOUT", "Unchosen", "address", "look_up"]

CONNECT_TIMEOUT = 8
"""Seconds until a host is at the login, unless the settings have a ConnectTimeout; the whole of a
failure is to be told within 10. Somebody who looks for a password may take longer."""

SYSTEMS_TIMEOUT = 150
"""Seconds that systems at most take to give up, which ConnectTimeout 0 leaves to them."""

SILENCE_TIMEOUT = 30.0
"""Seconds without a question until the host's side of the connection has to be there."""


class Unchosen(NamedTuple):
    """What we choose, as neither the user nor the system has."""

    options: tuple[str, ...]
    patience: float
    """Seconds of silence until the host's side of the connection has to be there."""
    may_forward: bool
    """Whether forwardings would be ours alone: the settings have none, and no process is shared."""


_FORWARDINGS = ("localforward", "remoteforward", "dynamicforward", "controlpath")

_known: dict[tuple[object, ...], Unchosen] = {}


async def look_up(target: Target) -> Unchosen:
    """Return what is ours to choose: ciphers and patience, unless settings say something."""
    found = _known.get(target.login)
    if found is None:
        own, without = await asyncio.gather(_settings(target), _settings(target, "-F", "none"))
        options: list[str] = []
        ciphers = own.get("ciphers", "")
        names = preferred(ciphers.split(","), aes_is_fast=processor_knows_aes())
        ordered = ",".join(names)
        if ciphers == without.get("ciphers") and ciphers != ordered:
            options += ["-o", f"Ciphers={ordered}"]
        timeout = own.get("connecttimeout", "")
        if not timeout.isdigit():
            options += ["-o", f"ConnectTimeout={CONNECT_TIMEOUT}"]
            timeout = "0"
        elif timeout == "0":
            timeout = str(SYSTEMS_TIMEOUT)
        alone = bool(own) and not any(own.get(name, "none") != "none" for name in _FORWARDINGS)
        patience = SILENCE_TIMEOUT + int(timeout)
        found = _known[target.login] = Unchosen(tuple(options), patience, alone)
    return found


async def _settings(target: Target, *more: str) -> dict[str, str]:
    """Ask ssh for its settings for this host, by their names in small letters."""
    with suppress(OSError, TimeoutError):
        process = await asyncio.create_subprocess_exec(
            *(target.command or "ssh", *address(target), *more, "-G", "--", target.host),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                shown, _ = await process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        lines = shown.decode(errors="replace").splitlines()
        return {name: value for name, _, value in (line.partition(" ") for line in lines)}
    return {}


def address(target: Target) -> list[str]:
    """Return the options that name the host's port, the user and the key."""
    words: list[str] = []
    if target.port is not None:
        words += ["-p", str(target.port)]
    if target.user:
        words += ["-l", target.user]
    if target.keyfile:
        words += ["-i", target.keyfile]
    return words
