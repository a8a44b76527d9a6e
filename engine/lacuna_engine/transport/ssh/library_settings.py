"""What the settings for ssh say, as asyncssh reads them.

It reads the user's alone. Ciphers are taken from the system's too: a policy for them is made there.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

import asyncssh

from lacuna_engine.transport.ssh.ciphers import preferred, processor_knows_aes

__all__ = ["ciphers_for", "user_settings"]

SYSTEM_SETTINGS = (
    Path(os.environ.get("PROGRAMDATA", "C:/ProgramData"), "ssh/ssh_config")
    if os.name == "nt"
    else Path("/etc/ssh/ssh_config")
)


class _Construct(Protocol):
    """What asyncssh's method takes and gives; its own types do not say."""

    async def __call__(self, **options: object) -> asyncssh.SSHClientConnectionOptions: ...


async def user_settings(**address: object) -> asyncssh.SSHClientConnectionOptions:
    """Return what ``~/.ssh/config`` says of a host.

    Raises :class:`asyncssh.ConfigParseError`.
    """
    return await _read(address, config=())


async def ciphers_for(**address: object) -> list[str] | None:
    """Return the ciphers to offer a host, the first ones first; ``None`` for asyncssh's choice.

    What the user's settings say counts, then the system's, and only then which ciphers are faster.
    """
    # What asyncssh cannot read of the system's settings shall not keep anybody from logging in.
    with suppress(ValueError, OSError, TypeError):
        # Policies of distributions are behind "Match final"; `final` came with asyncssh 2.19.
        found = await _read(address, config=_files(), final=True)
        names = [name.decode("ascii") for name in found.encryption_algs]
        if found.config.get("Ciphers") is not None:
            return names or None
        return preferred(names, aes_is_fast=processor_knows_aes())
    return None


def _files() -> list[Path]:
    own = Path("~/.ssh/config").expanduser()
    return [file for file in (own, SYSTEM_SETTINGS) if os.access(file, os.R_OK)]


async def _read(
    address: dict[str, object], **options: object
) -> asyncssh.SSHClientConnectionOptions:
    """Read settings alone, hence without keys, and known hosts only where they are asked for."""
    construct = cast("_Construct", asyncssh.SSHClientConnectionOptions.construct)  # pyright: ignore[reportUnknownMemberType]
    return await construct(**address, **options, client_keys=None, known_hosts=None)
