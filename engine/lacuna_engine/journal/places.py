"""Where a transfer comes from or goes to: a local path, or a volume (pure).

A :data:`Place` is one of the two, and has a plain form for JSON. No password is ever in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import urlsplit, urlunsplit

from lacuna_engine.errors import UsageError
from lacuna_engine.transport import parse_uri

__all__ = ["Endpoint", "LocalFile", "Place", "place_from_record"]

THIS_HOST = "localhost"


class LocalFile(NamedTuple):
    """A file or folder of this machine, as an absolute path."""

    path: str

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """Make it absolute: the job may go on from another folder."""
        return cls(os.path.abspath(os.fspath(path)))  # noqa: PTH100 - must not follow links

    @property
    def host(self) -> str | None:
        """None: only daemons' hosts are counted."""
        return None

    def __str__(self) -> str:
        return self.path

    def to_record(self) -> dict[str, str]:
        """Return the plain form."""
        return {"path": self.path}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The volume ``volume`` of ``pool``, at the daemon that ``uri`` leads to.

    ``volume`` may be empty where the transfer chooses it. A password in the URI is dropped.
    """

    uri: str
    pool: str
    volume: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uri", _without_password(self.uri))

    @property
    def host(self) -> str | None:
        """The host that the daemon runs on, in lower case, for limits per host."""
        try:
            return parse_uri(self.uri).host.lower() or THIS_HOST
        except UsageError:  # it fails when it runs; until then it counts as a host of its own
            return self.uri

    def __str__(self) -> str:
        return f"{self.uri}#{self.pool}/{self.volume}"

    def to_record(self) -> dict[str, str]:
        """Return the plain form."""
        return {"uri": self.uri, "pool": self.pool, "volume": self.volume}


Place = LocalFile | Endpoint


def place_from_record(record: object) -> Place:
    """Rebuild a place from its plain form; unknown keys are ignored. Raises ``ValueError``."""
    match record:
        case {"path": str(path)}:
            return LocalFile(path)
        case {"uri": str(uri), "pool": str(pool), "volume": str(volume)}:
            return Endpoint(uri, pool, volume)
        case Mapping():
            raise ValueError("neither a local path nor a volume")
        case _:
            raise ValueError("a place is saved as an object")


def _without_password(uri: str) -> str:
    """Drop ``:password`` before the host, whatever else the URI is."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = None
    if parts is None:
        # Not to be taken apart; the part between :// and the last @ is all that could hold one.
        head, at, tail = uri.rpartition("@")
        return f"{head.split('://')[0]}://{tail}" if at and "://" in head else uri
    account, at, host = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    if not at or not colon:
        return uri
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))
