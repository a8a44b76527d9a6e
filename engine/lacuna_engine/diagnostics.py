"""What somebody who helps needs to know: versions, transports, daemons, the last errors.

It is meant to be pasted into a public place, so it names nobody: no host, user, pool, image, path
or message, unless names are asked for, and never a secret. An error without its message is still
told apart by its class, its numbers and the line of the source that raised it.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import shutil
import sqlite3
import ssl
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lacuna_engine import __version__
from lacuna_engine.errors import LacunaError
from lacuna_engine.journal import Journal, journal_path
from lacuna_engine.log_file import log_path, recent_lines
from lacuna_engine.logs import redacted
from lacuna_engine.storage import Storage
from lacuna_engine.transport import ConnectionUri

__all__ = ["ConnectionFacts", "diagnostics", "facts_of_connection"]

LIBRARIES = (
    "asyncssh", "click", "cryptography", "keyring", "numpy", "PySide6-Essentials", "qasync",
    "scramp",
)  # fmt: skip
PROGRAMS = ("ssh", "virsh", "qemu-img")

LINES = 2000
"""How far back in the log errors are looked for."""
ERRORS = 20
"""How many of them are told, the latest."""

_NAMELESS = frozenset(
    {"time", "level", "from", "event", "job", "error", "raised", "code", "errno", "kind", "scheme",
     "transport", "seconds", "moved", "attempts", "role", "version"}
)  # fmt: skip
"""Fields of a line of the log in which nobody's names can be."""

_PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """A connection. ``driver`` and ``transport`` are those of its URI; ``libvirt`` is empty where
    the daemon was not asked. ``name`` is shown only where names are asked for."""

    driver: str
    transport: str
    state: str
    libvirt: str = ""
    unsafe: str = ""
    name: str = ""


async def facts_of_connection(
    uri: ConnectionUri, storage: Storage | None, state: str = "", name: str = ""
) -> ConnectionFacts:
    """Ask the daemon for its version, if there is a connection. Never raises LacunaError."""
    version = ""
    if storage is not None:
        try:
            version = ".".join(map(str, await storage.library_version()))
        except LacunaError as error:
            state = type(error).__name__
    return ConnectionFacts(uri.driver, uri.transport, state, version, uri.unsafe, name)


def diagnostics(
    connections: Iterable[ConnectionFacts] = (),
    *,
    more: Mapping[str, str] | None = None,
    names: bool = False,
) -> str:
    """Return the text. ``more`` is shown with the versions; with ``names`` names are told too.

    What cannot be found out is said in its place; nothing is raised for it.
    """
    sections = (
        ("Versions", [*_versions(), *(f"{key}: {value}" for key, value in (more or {}).items())]),
        ("Connections", _connections(connections, names=names)),
        ("Jobs", _jobs()),
        ("Last errors", _errors(recent_lines(LINES), names=names)),
        ("Log file", [str(log_path())] if names else []),
    )
    told = [(title, lines) for title, lines in sections if lines]
    parts = ("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in told)
    return redacted("\n\n".join(parts) + "\n")


def _versions() -> list[str]:
    libraries = ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    programs = (name for name in PROGRAMS if shutil.which(name))
    bundled = ", bundled" if getattr(sys, "frozen", False) else ""
    return [
        f"Lacuna: {__version__}{bundled}",
        f"Python: {platform.python_version()} ({platform.python_implementation()})",
        f"System: {platform.system()} {platform.release()} {platform.machine()}",
        f"Libraries: {libraries}, {ssl.OPENSSL_VERSION}, SQLite {sqlite3.sqlite_version}",
        f"Programs: {', '.join(programs) or 'none of ' + ', '.join(PROGRAMS)}",
    ]


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _connections(connections: Iterable[ConnectionFacts], *, names: bool) -> list[str]:
    lines: list[str] = []
    for number, one in enumerate(connections, 1):
        title = f"{number}{f' ({one.name})' if names and one.name else ''}"
        version = f", libvirt {one.libvirt}" if one.libvirt else ""
        unsafe = ", not safe" if one.unsafe else ""
        lines.append(f"{title}: {one.driver}, {one.transport}, {one.state}{version}{unsafe}")
    return lines


def _jobs() -> list[str]:
    if not journal_path().exists():
        return ["none"]
    try:
        with Journal(journal_path()) as journal:
            jobs, notes = journal.list_jobs(), len(journal.notes)
            done = journal.totals().jobs
    except LacunaError as error:
        return [f"the journal cannot be read: {type(error).__name__}"]
    states = Counter(str(job.state) for job in jobs)
    found = [f"{state} {count}" for state, count in sorted(states.items())]
    return [", ".join([*found, f"done {done}", *([f"notes {notes}"] if notes else [])])]


def _errors(lines: Sequence[str], *, names: bool) -> list[str]:
    """Return what the log has of errors, shortened to what may be told."""
    found = [dict(_pairs(line)) for line in lines]
    errors = [one for one in found if one.get("level") in ("warning", "error", "critical")]
    return [
        " ".join(f"{key}={value}" for key, value in one.items() if names or key in _NAMELESS)
        for one in errors[-ERRORS:]
    ]


def _pairs(line: str) -> Iterable[tuple[str, str]]:
    for match in _PAIR.finditer(line):
        key, text = match.groups()
        if text.startswith('"'):
            try:
                text = str(json.loads(text))
            except ValueError:  # the line was cut short
                text = "?"
        yield key, " ".join(text.split())
