"""Starting the user's own daemon, which libvirt leaves to the client (transports.md 6)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess

from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["start_daemon", "starts_by_itself"]

_PROGRAMS = ("virtstoraged", "libvirtd")
_START_TIMEOUT = 15.0
"""Seconds for a daemon to come up."""


def starts_by_itself(uri: ConnectionUri) -> bool:
    """Return whether the daemon is one that its client is to start: the session's, of a user."""
    return (
        uri.is_session
        and os.name == "posix"
        and os.getuid() != 0
        and "socket" not in uri.parameters
        and os.environ.get("LIBVIRT_AUTOSTART") != "0"
    )


async def start_daemon() -> bool:
    """Start the first daemon installed; it ends by itself 120 s after its last client.

    Returns whether there is one. If it cannot start, connecting will say so.
    """
    folders = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
    for name in _PROGRAMS:
        program = shutil.which(name, path=folders)
        if program is not None:
            break
    else:
        return False
    # It forks, and its first process ends when the second is ready: nothing of it is our child.
    process = await asyncio.create_subprocess_exec(
        *(program, "--daemon", "--timeout=120"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    return True
