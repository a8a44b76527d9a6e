"""The client's settings of libvirt, ``libvirt.conf``: other names for URIs, and defaults.

The user's own file comes before the system's. Unlike libvirt, which reads one of the two, a name
is looked for in both: what is there for all users should not vanish with a file of one's own.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.uri import ConnectionUri, parse_uri

__all__ = ["conf_files", "default_uri", "parse_conf", "resolve_uri", "setting", "uri_aliases"]

_ALIAS = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(
    r"""(?P<skip>[\s,]+|\#[^\n]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[=\[\]])"""
    r"""|"{3}(?P<long>.*?)"{3}|"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<number>-?[0-9]+)""",
    re.DOTALL,
)


def parse_conf(text: str) -> dict[str, str | list[str]]:
    """Return the settings in ``text``, numbers as text. Raises :class:`ValueError`."""
    found: dict[str, str | list[str]] = {}
    name = ""
    items: list[str] | None = None
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            line = text.count("\n", 0, position) + 1
            raise ValueError(f"line {line} is not understood")
        position = token.end()
        kind, value = token.lastgroup or "", token[token.lastgroup or 0]
        if kind == "name":
            name = value
        elif value == "[":
            items = []
        elif value == "]":
            found[name], items = items or [], None
        elif kind in ("long", "double", "single", "number"):
            if items is None:
                found[name] = value
            else:
                items.append(value)
    return found


def conf_files() -> tuple[Path, ...]:
    """Return where libvirt.conf may be, the user's own first."""
    if sys.platform == "win32":
        roaming = os.environ.get("APPDATA")
        return (Path(roaming) / "libvirt" / "libvirt.conf",) if roaming else ()
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    system = Path("/etc/libvirt/libvirt.conf")
    return (Path(home) / "libvirt" / "libvirt.conf", system)


def _settings() -> Iterable[dict[str, str | list[str]]]:
    for path in conf_files():
        try:
            yield parse_conf(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        except ValueError as error:
            raise UsageError(f"{path}: {error}", hint="Correct or remove the file.") from error


def uri_aliases() -> dict[str, str]:
    """Return the other names for URIs, ``name -> URI``.

    Raises :class:`UsageError` for a file or an alias that is wrong.
    """
    aliases: dict[str, str] = {}
    for settings in _settings():
        listed = settings.get("uri_aliases", [])
        for item in [listed] if isinstance(listed, str) else listed:
            name, _, uri = item.partition("=")
            if not uri or not _ALIAS.fullmatch(name):
                raise UsageError(
                    f"libvirt.conf: '{item}' is no alias for a URI",
                    hint="It should look like name=qemu+ssh://host/system.",
                )
            aliases.setdefault(name, uri)
    return aliases


def setting(name: str) -> str:
    """Return a single setting, or an empty string. Raises :class:`UsageError`."""
    for settings in _settings():
        value = settings.get(name)
        if isinstance(value, str):
            return value
    return ""


def default_uri() -> str:
    """Return the URI that is meant where none is written.

    The order is libvirt's: LIBVIRT_DEFAULT_URI, ``uri_default``, and then this machine's own: the
    system's daemon for root, the user's for others. Raises :class:`UsageError` if there is none.
    """
    named = os.environ.get("LIBVIRT_DEFAULT_URI") or setting("uri_default")
    if named:
        return named
    if os.name != "posix":
        raise UsageError(
            "no URI is given", hint="Name a host, for example qemu+ssh://root@host/system."
        )
    return "qemu:///system" if os.geteuid() == 0 else "qemu:///session"


def resolve_uri(text: str = "") -> ConnectionUri:
    """Return what is meant by ``text``: a URI, an alias, or (empty) the default.

    Raises :class:`UsageError`.
    """
    text = text or default_uri()
    if _ALIAS.fullmatch(text):
        aliases = uri_aliases()
        if text in aliases:
            return parse_uri(aliases[text])
        known = f"Aliases in libvirt.conf: {', '.join(sorted(aliases))}." if aliases else ""
        raise UsageError(
            f"'{text}' is neither a URI nor an alias in libvirt.conf",
            hint=known or "A URI looks like qemu:///system or qemu+ssh://user@host/system.",
        )
    return parse_uri(text)
