"""Credentials from libvirt's own ``auth.conf`` (libvirt.org/auth.html, transports.md 1).

::

    [credentials-prod]
    authname=ann
    password=secret

    [auth-libvirt-host.example.com]
    credentials=prod

``auth-libvirt-default`` serves every host that has no group of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lacuna_engine.client.sasl.credentials import Credentials, user_of
from lacuna_engine.errors import UsageError
from lacuna_engine.logs import hide
from lacuna_engine.transport import ConnectionUri

__all__ = ["find_credentials", "read_groups"]

SYSTEM_FILE = Path("/etc/libvirt/auth.conf")
MAX_SIZE = 1 << 20
"""Bytes of a file at most; real ones have a few hundred."""


def find_credentials(
    uri: ConnectionUri | None, environment: Mapping[str, str] = os.environ
) -> Credentials | None:
    """Return what the first file that exists has for a daemon; None if that has nothing.

    Raises :class:`UsageError` if a file that was named cannot be used.
    """
    path, named = _auth_file(uri, environment)
    if path is None:
        return None
    try:
        if path.stat().st_size > MAX_SIZE:
            raise UsageError(f"{path} is too large for a file of credentials")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        if named:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error
        return None
    except UnicodeDecodeError:
        # Not as the cause: it holds the file's bytes.
        raise UsageError(f"{path} is not UTF-8 text") from None
    host = uri.host if uri is not None and uri.host else "localhost"
    return _credentials_for(host, user_of(uri), read_groups(text), path)


def read_groups(text: str) -> dict[str, dict[str, str]]:
    """Return the values of a file by group and key; lines that are neither are ignored."""
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] | None = None
    for line in map(str.strip, text.splitlines()):
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            group = groups.setdefault(line[1:-1], {})
        elif "=" in line and group is not None:
            key, _, value = line.partition("=")
            group[key.strip()] = value.strip()
    return groups


def _auth_file(
    uri: ConnectionUri | None, environment: Mapping[str, str]
) -> tuple[Path | None, bool]:
    """Return the file to read, and whether somebody named it."""
    named = uri.parameters.get("authfile", "") if uri is not None else ""
    named = named or environment.get("LIBVIRT_AUTH_FILE", "")
    if named:
        return Path(named), True
    settings = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(settings) if settings else Path.home() / ".config"
    for path in (folder / "libvirt" / "auth.conf", SYSTEM_FILE):
        if path.exists():
            return path, False
    return None, False


def _credentials_for(
    host: str, user: str, groups: dict[str, dict[str, str]], path: Path
) -> Credentials | None:
    service = groups.get(f"auth-libvirt-{host}") or groups.get("auth-libvirt-default")
    if service is None:
        return None
    name = service.get("credentials", "")
    values = groups.get(f"credentials-{name}")
    if values is None:
        raise UsageError(f"{path} has no group 'credentials-{name}', which it refers to")
    # The URI's user is the one who logs in: another one's password is of no use.
    found = values.get("authname", "") or user
    if "password" not in values or not found or (user and found != user):
        return None
    hide(values["password"])
    return Credentials(found, values["password"], values.get("realm", ""), str(path))
