"""Which running virtual machines use a volume, as far as the daemon can tell.

Only a hypervisor's driver knows domains; the storage driver answers that it does not support the
call (protocol.md 3.7). A domain uses what its disks name as source (a file, a device, or a volume
of a pool), what the daemon lists below them as backing files, and what is mirrored to. What a
domain names in other ways (its firmware's variables, a passed-through filesystem) counts too where
it is a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from lacuna_engine.client import Connection
from lacuna_engine.errors import ProtocolError, RemoteError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage.busy import in_turns
from lacuna_engine.storage.names import display_name
from lacuna_engine.storage.xml import parse_tree

__all__ = ["DiskUse", "domains_using", "running_domains", "used_by"]

ACTIVE = 1

MAX_DEPTH = 256
"""Deepest nesting: each backing file is one level, and libvirt follows 200 of them."""

_PATHS = ("file", "dev")


class DiskUse(NamedTuple):
    """What one running domain uses: paths on its host, and volumes by pool and name."""

    domain: str
    paths: frozenset[str]
    volumes: frozenset[tuple[str, str]]


def used_by(xml: str, name: str) -> DiskUse:
    """What the domain ``name`` of this XML uses. Raises :class:`ProtocolError` if it is none."""
    root = parse_tree(xml, "domain", max_depth=MAX_DEPTH)
    paths: set[str] = set()
    volumes: set[tuple[str, str]] = set()
    for source in _sources(root):
        paths.update(path for path in map(source.get, _PATHS) if path)
        pool, volume = source.get("pool"), source.get("volume")
        if pool and volume:
            volumes.add((pool, volume))
    variables = root.findtext("os/nvram")
    if variables:
        paths.add(variables)
    return DiskUse(name, frozenset(paths), frozenset(volumes))


def _sources(root: Element) -> Iterator[Element]:
    """All sources of disks, with those of the chain below each."""
    for disk in root.iterfind("devices/disk"):
        yield from disk.iter("source")
    yield from root.iterfind("os/nvram/source")


async def running_domains(connection: Connection) -> list[DiskUse] | None:
    """Ask what the running domains use; None if the daemon cannot tell.

    A domain that has ended meanwhile, or whose XML makes no sense, is left out.
    """
    try:
        found = await connection.call(p.LIST_ALL_DOMAINS, r.ListDomains(flags=ACTIVE))
    except RemoteError:
        return None

    async def describe(domain: r.DomainHandle) -> DiskUse | None:
        try:
            xml = await connection.call(p.DOMAIN_GET_XML_DESC, r.DomainFlags(domain))
            return used_by(xml.value, domain.name)
        except (RemoteError, ProtocolError):
            return None

    return [use for use in await in_turns(describe, found.domains) if use is not None]


def domains_using(uses: Iterable[DiskUse], *, path: str, pool: str, volume: str) -> tuple[str, ...]:
    """Return the names, for people, of the domains that use a volume."""
    return tuple(
        sorted(
            display_name(use.domain)
            for use in uses
            if path in use.paths or (pool, volume) in use.volumes
        )
    )
