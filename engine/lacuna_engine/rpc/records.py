"""Argument and result records of every procedure Lacuna knows (protocol.md 2.1 and 3).

Named for what they hold, not for one call, since many calls share a shape. Sizes are in bytes
unless a field says otherwise.
"""

from __future__ import annotations

from typing import Annotated

from lacuna_engine import xdr
from lacuna_engine.rpc.record import (
    Char,
    Hyper,
    Int,
    OptionalText,
    Record,
    Text,
    UChar,
    UHyper,
    UInt,
    Uuid,
)
from lacuna_engine.rpc.typed import TypedParameter

MAX_LIST = 16_384
"""Most pools or volumes one answer can name (protocol.md 1.4)."""


# --- parts ---------------------------------------------------------------------------------------


class PoolHandle(Record):
    """A storage pool. Of this the daemon uses only the uuid (protocol.md 2.1)."""

    name: Text
    uuid: Uuid


class VolumeHandle(Record):
    """A volume. Of this the daemon uses the two names and ignores the key (protocol.md 2.1)."""

    pool: Text
    name: Text
    key: Text


OptionalPool = Annotated[PoolHandle | None, xdr.optional(PoolHandle.codec())]


class DomainHandle(Record):
    """A virtual machine; ``id`` is -1 for one that does not run."""

    name: Text
    uuid: Uuid
    id: Int


class NetworkHandle(Record):
    """Part of an error; never set for storage."""

    name: Text
    uuid: Uuid


class WireError(Record):
    """The error struct of failed replies and streams; ``int1`` is the errno when code is 38."""

    code: Int
    domain: Int
    message: OptionalText
    level: Int = 2
    dom: Annotated[DomainHandle | None, xdr.optional(DomainHandle.codec())] = None
    str1: OptionalText = None
    str2: OptionalText = None
    str3: OptionalText = None
    int1: Int = -1
    int2: Int = -1
    net: Annotated[NetworkHandle | None, xdr.optional(NetworkHandle.codec())] = None


class Hole(Record):
    """Payload of a STREAM_HOLE message: ``length`` bytes, at least one; ``flags`` is 0."""

    length: Hyper
    flags: UInt = 0


class DomainFlags(Record):
    """A domain and flags."""

    domain: DomainHandle
    flags: UInt = 0


class ListDomains(Record):
    """``need_results`` 0 asks for the count alone; flags filter: 1 active, 2 inactive."""

    need_results: Int = 1
    flags: UInt = 0


class DomainList(Record):
    """Domains and their count."""

    domains: Annotated[tuple[DomainHandle, ...], xdr.array(DomainHandle.codec(), MAX_LIST)]
    count: UInt


# --- shared by many calls ------------------------------------------------------------------------


class Number(Record):
    """One int: a count, a yes or no, a feature, a callback id."""

    value: Int


class BigNumber(Record):
    """One unsigned hyper: a version."""

    value: UHyper


class String(Record):
    """One string: a name, a path, a key, XML."""

    value: Text


class MaybeString(Record):
    """One string that may be absent."""

    value: OptionalText


class Flags(Record):
    """Flags alone."""

    flags: UInt = 0


class Names(Record):
    """Names of pools or volumes."""

    names: Annotated[tuple[str, ...], xdr.array(xdr.string(), MAX_LIST)]


# --- authentication (3.1) ------------------------------------------------------------------------

SaslData = Annotated[bytes, xdr.chars(65_536)]


class AuthTypes(Record):
    """What the daemon wants: 0 none, 1 SASL, 2 polkit."""

    types: Annotated[tuple[int, ...], xdr.array(xdr.INT, 20)]


class SaslStart(Record):
    """First client message; ``nil`` 1 means no data, which is not the same as empty data."""

    mechanism: Text
    nil: Int
    data: SaslData


class SaslStep(Record):
    """A later client message."""

    nil: Int
    data: SaslData


class SaslResult(Record):
    """The server's message; ``complete`` 1 ends the exchange."""

    complete: Int
    nil: Int
    data: SaslData


# --- connection (3.2) ----------------------------------------------------------------------------


class Open(Record):
    """CONNECT_OPEN: a URI without transport and host; flags 1 read-only, 2 no aliases."""

    uri: OptionalText
    flags: UInt = 0


class NodeInfo(Record):
    """The host's processor and memory (KiB); ``model`` is 32 chars of four bytes each."""

    model: Annotated[tuple[int, ...], xdr.fixed_array(xdr.CHAR, 32)]
    memory: UHyper
    cpus: Int
    mhz: Int
    nodes: Int
    sockets: Int
    cores: Int
    threads: Int


class PoolSourcesQuery(Record):
    """Ask for what could become a pool of this type."""

    type: Text
    source_xml: OptionalText
    flags: UInt = 0


class Identity(Record):
    """Used between daemons."""

    parameters: Annotated[tuple[TypedParameter, ...], xdr.array(TypedParameter.codec(), 20)] = ()
    flags: UInt = 0


# --- pools (3.3) ---------------------------------------------------------------------------------


class MaxNames(Record):
    """How many names are wanted, 0 to 16,384."""

    maximum: Int


class Xml(Record):
    """An XML document and flags."""

    xml: Text
    flags: UInt = 0


class Pool(Record):
    """A pool, as the whole argument or result."""

    pool: PoolHandle


class PoolFlags(Record):
    """A pool and flags."""

    pool: PoolHandle
    flags: UInt = 0


class PoolUuid(Record):
    """A pool's uuid."""

    uuid: Uuid


class PoolNumber(Record):
    """A pool and an int: autostart, or the most names wanted."""

    pool: PoolHandle
    value: Int


class PoolName(Record):
    """A pool and the name of a volume in it."""

    pool: PoolHandle
    name: Text


class PoolXml(Record):
    """A pool and the XML of a volume to make in it."""

    pool: PoolHandle
    xml: Text
    flags: UInt = 0


class PoolInfo(Record):
    """State (3.6) and sizes of a pool."""

    state: UChar
    capacity: UHyper
    allocation: UHyper
    available: UHyper


class ListPools(Record):
    """``need_results`` 0 asks for the count alone; flags filter (3.6)."""

    need_results: Int = 1
    flags: UInt = 0


class PoolList(Record):
    """Pools and their count."""

    pools: Annotated[tuple[PoolHandle, ...], xdr.array(PoolHandle.codec(), MAX_LIST)]
    count: UInt


class ListVolumes(Record):
    """Fails above 16,384 volumes even when only the count is wanted (protocol.md 0.9)."""

    pool: PoolHandle
    need_results: Int = 1
    flags: UInt = 0


class VolumeList(Record):
    """Volumes and their count."""

    volumes: Annotated[tuple[VolumeHandle, ...], xdr.array(VolumeHandle.codec(), MAX_LIST)]
    count: UInt


# --- volumes (3.4) -------------------------------------------------------------------------------


class Volume(Record):
    """A volume, as the whole argument or result."""

    volume: VolumeHandle


class VolumeFlags(Record):
    """A volume and flags."""

    volume: VolumeHandle
    flags: UInt = 0


class VolumeInfo(Record):
    """Type (3.6) and sizes; ``size`` is the allocation, or the physical size if asked for."""

    type: Char
    capacity: UHyper
    size: UHyper


class CloneVolume(Record):
    """Make a volume from another one on the same daemon."""

    pool: PoolHandle
    xml: Text
    source: VolumeHandle
    flags: UInt = 0


class VolumeRange(Record):
    """Open a stream on part of a volume: ``length`` 0 is no limit, flags 1 is sparse."""

    volume: VolumeHandle
    offset: UHyper = 0
    length: UHyper = 0
    flags: UInt = 0


class WipePattern(Record):
    """Overwrite a volume by an algorithm (3.6)."""

    volume: VolumeHandle
    algorithm: UInt = 0
    flags: UInt = 0


class Resize(Record):
    """Change a volume's capacity; flags 1 allocate, 2 delta, 4 shrink."""

    volume: VolumeHandle
    capacity: UHyper
    flags: UInt = 0


# --- events (3.5) --------------------------------------------------------------------------------


class RegisterPoolEvent(Record):
    """Event 0 lifecycle, 1 refresh; of one pool or of all."""

    event: Int
    pool: OptionalPool = None


class ConnectionClosed(Record):
    """The daemon's own connection onward was closed."""

    reason: Int


class PoolLifecycle(Record):
    """A pool was defined, undefined, started, stopped, created or deleted (0 to 5)."""

    callback: Int
    pool: PoolHandle
    event: Int
    detail: Int


class PoolRefreshed(Record):
    """A pool's volumes have been read again."""

    callback: Int
    pool: PoolHandle
