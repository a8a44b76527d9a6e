"""Connections that other programs have saved: libvirt's aliases and virt-manager's hosts."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from lacuna_engine.errors import LacunaError
from lacuna_engine.profiles.profile import strip_password
from lacuna_engine.transport.libvirt_conf import uri_aliases

__all__ = ["Candidate", "from_libvirt", "from_virt_manager"]

SCHEMA, KEY = "org.virt-manager.virt-manager.connections", "uris"
DCONF_KEY = "/org/virt-manager/virt-manager/connections/uris"
PROGRAM_TIMEOUT = 10.0
"""Seconds; gsettings may have to start a service first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A connection found elsewhere, without a password. ``source`` says where, for people."""

    name: str
    uri: str
    source: str


def from_libvirt() -> tuple[Candidate, ...]:
    """Return the ``uri_aliases`` of libvirt.conf, the user's and the system's.

    Raises :class:`UsageError` for a file that libvirt would not understand either.
    """
    return tuple(
        Candidate(name, strip_password(uri), "libvirt.conf") for name, uri in uri_aliases().items()
    )


def from_virt_manager() -> tuple[Candidate, ...]:
    """Return virt-manager's hosts; none where it is not installed or has none.

    They are in the desktop's settings, which gsettings knows how to read, and dconf where the
    schema is gone with virt-manager itself; their file is binary and private to dconf. Blocks for
    up to some seconds.

    Raises :class:`LacunaError` if the answer cannot be understood.
    """
    for command in (("gsettings", "get", SCHEMA, KEY), ("dconf", "read", DCONF_KEY)):
        text = _output(command)
        if text:
            return tuple(
                Candidate(_name_of(uri), strip_password(uri), "virt-manager")
                for uri in _strings(text)
            )
    return ()


def _output(command: tuple[str, ...]) -> str:
    """Return what a program prints, or nothing if it is missing or fails."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=PROGRAM_TIMEOUT,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _strings(text: str) -> list[str]:
    """Read a GVariant of strings in its text form: ``['a', 'b']`` or ``@as []``."""
    try:
        value: object = ast.literal_eval(text.removeprefix("@as").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise LacunaError("virt-manager's list of hosts is not understood") from error
    if not isinstance(value, list):
        raise LacunaError("virt-manager's list of hosts is not understood")
    return [item for item in cast("list[object]", value) if isinstance(item, str)]


def _name_of(uri: str) -> str:
    """Return a name for a URI: its host, or what it is on this machine."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return "host"
    driver = parts.scheme.partition("+")[0]
    kind = re.sub(r"\W+", "-", parts.path).strip("-")
    if not host:
        return "-".join(filter(None, ("local", driver, kind)))
    return host if kind in ("", "system") else f"{host}-{kind}"
