"""GnuTLS priority strings, as far as Python's OpenSSL can follow them (pure but for ssl's names).

A priority that cannot be followed is an error: a connection must not be weaker than was asked.
"""

from __future__ import annotations

import re
import ssl

from lacuna_engine.errors import UsageError

__all__ = ["apply_priority"]

_VERSIONS = {
    "VERS-TLS1.0": ssl.TLSVersion.TLSv1,
    "VERS-TLS1.1": ssl.TLSVersion.TLSv1_1,
    "VERS-TLS1.2": ssl.TLSVersion.TLSv1_2,
    "VERS-TLS1.3": ssl.TLSVersion.TLSv1_3,
}
_MODERN = ("VERS-TLS1.2", "VERS-TLS1.3")
_EVERY = ("VERS-ALL", "VERS-TLS-ALL")

# Levels, and what they mean for OpenSSL's choice of suites for TLS 1.2.
_LEVELS = {
    "NORMAL": "",
    "PERFORMANCE": "",
    "PFS": "ECDHE:DHE:!aNULL:!eNULL",
    "SECURE128": "HIGH:!aNULL:!eNULL",
    "SECURE192": "AES256:CHACHA20:!aNULL:!eNULL",
    "SECURE256": "AES256:CHACHA20:!aNULL:!eNULL",
}


def apply_priority(context: ssl.SSLContext, priority: str) -> None:
    """Set up ``context`` by a priority string such as ``SECURE256:-VERS-TLS1.3``.

    Followed are the levels, ``@LEVEL`` names of the system (as its default) and versions. Raises
    :class:`UsageError` for anything else.
    """
    level, *changes = priority.strip().split(":")
    allowed: list[str] = [*_MODERN]
    if level.startswith("@"):
        suites = ""
    elif level.upper() in _LEVELS:
        suites = _LEVELS[level.upper()]
    elif level.upper() == "NONE":
        allowed, suites = [], ""
    else:
        raise _cannot(priority, level)
    for change in filter(None, changes):
        match = re.fullmatch(r"([+!-])(.+)", change)
        if match is None:
            raise _cannot(priority, change)
        names = list(_VERSIONS) if match[2].upper() in _EVERY else [match[2].upper()]
        if not set(names) <= set(_VERSIONS):
            raise _cannot(priority, change)
        allowed = [name for name in allowed if name not in names]
        allowed += names if match[1] == "+" else []
    _set_versions(context, priority, allowed)
    if suites:
        context.set_ciphers(suites)


def _set_versions(context: ssl.SSLContext, priority: str, allowed: list[str]) -> None:
    order = [name for name in _VERSIONS if name in allowed]
    if not order:
        raise UsageError(f"tls_priority '{priority}' allows no version of TLS")
    known = list(_VERSIONS)
    first, last = known.index(order[0]), known.index(order[-1])
    if order != known[first : last + 1]:
        raise UsageError(f"tls_priority '{priority}' leaves a gap between versions of TLS")
    context.minimum_version = _VERSIONS[order[0]]
    context.maximum_version = _VERSIONS[order[-1]]


def _cannot(priority: str, part: str) -> UsageError:
    return UsageError(
        f"tls_priority '{priority}': '{part}' cannot be followed here",
        hint="Levels (NORMAL, PFS, SECURE128, SECURE256) and versions (-VERS-TLS1.3) can.",
    )
