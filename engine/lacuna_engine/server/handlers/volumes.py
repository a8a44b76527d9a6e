"""Calls on volumes (protocol.md 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.describe import volume_xml
from lacuna_engine.server.handlers.table import Table, pool_by_handle, pool_of
from lacuna_engine.server.refusal import check_flags
from lacuna_engine.storage.records import VolumeType

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["TABLE"]

TABLE = Table()

PHYSICAL = 1
FILE, BLOCK, DIRECTORY = 0, 1, 2
HUGE = 2**64 - 1


TABLE.of_pool(p.VOL_LOOKUP_BY_NAME, lambda pool, call: r.Volume(pool.lookup(call.name)))
TABLE.of_registry(
    p.VOL_LOOKUP_BY_KEY, lambda pools, call: r.Volume(pools.volume_by_key(call.value))
)
TABLE.of_registry(
    p.VOL_LOOKUP_BY_PATH, lambda pools, call: r.Volume(pools.volume_by_path(call.value))
)
TABLE.of_pool(p.VOL_CREATE_XML, lambda pool, call: r.Volume(pool.create(call.xml, call.flags)))


@TABLE.answers(p.VOL_GET_PATH)
def volume_path(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """The key is the path."""
    del caller
    return r.String(pool_of(calls, arguments.volume).lookup(arguments.volume.name).key)


@TABLE.answers(p.VOL_GET_INFO)
def volume_info(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """Kind, capacity, allocation."""
    return _volume_info(calls, caller, arguments.volume, physical=False)


@TABLE.answers(p.VOL_GET_INFO_FLAGS)
def volume_info_flags(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """The same, or with the physical size in place of the allocation."""
    check_flags(arguments.flags, PHYSICAL, "virStorageVolGetInfoFlags")
    return _volume_info(calls, caller, arguments.volume, physical=bool(arguments.flags))


def _volume_info(
    calls: Calls, caller: Caller, volume: r.VolumeHandle, *, physical: bool
) -> r.VolumeInfo:
    info = pool_of(calls, volume).volume_info(volume.name)
    capacity = HUGE if caller.faults.huge_capacity else info.capacity
    number = DIRECTORY if info.type is VolumeType.DIR else FILE
    if caller.faults.no_holes:
        number = BLOCK
    return r.VolumeInfo(number, capacity, info.physical if physical else info.allocation)


@TABLE.answers(p.VOL_GET_XML_DESC)
def volume_description(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """XML."""
    check_flags(arguments.flags, 0, "virStorageVolGetXMLDesc")
    volume = arguments.volume
    description = pool_of(calls, volume).volume_description(volume.name)
    if caller.faults.huge_capacity:
        description = description._replace(capacity=HUGE)
    if caller.faults.no_holes:
        description = description._replace(type=VolumeType.BLOCK)
    return r.String(volume_xml(description))


@TABLE.answers(p.VOL_CREATE_XML_FROM)
def clone_volume(calls: Calls, caller: Caller, arguments: r.CloneVolume) -> Answer:
    """A copy of another volume."""
    del caller
    source, name = pool_of(calls, arguments.source), arguments.source.name
    pool = pool_by_handle(calls, arguments.pool)
    return r.Volume(pool.clone(arguments.xml, source, name, arguments.flags))


@TABLE.answers(p.VOL_DELETE)
def delete_volume(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """Gone, even while it is streamed."""
    del caller
    pool_of(calls, arguments.volume).delete(arguments.volume.name, arguments.flags)
    return Void()


@TABLE.answers(p.VOL_RESIZE)
def resize_volume(calls: Calls, caller: Caller, arguments: r.Resize) -> Answer:
    """Longer or shorter."""
    del caller
    volume = arguments.volume
    pool_of(calls, volume).resize(volume.name, arguments.capacity, arguments.flags)
    return Void()


@TABLE.answers(p.VOL_WIPE)
def wipe_volume(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """All zeros."""
    del caller
    pool_of(calls, arguments.volume).wipe(arguments.volume.name, 0, arguments.flags)
    return Void()


@TABLE.answers(p.VOL_WIPE_PATTERN)
def wipe_pattern(calls: Calls, caller: Caller, arguments: r.WipePattern) -> Answer:
    """By an algorithm; only zeros are there."""
    del caller
    volume = arguments.volume
    pool_of(calls, volume).wipe(volume.name, arguments.algorithm, arguments.flags)
    return Void()
