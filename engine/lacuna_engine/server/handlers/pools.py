"""Calls on pools (protocol.md 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.describe import pool_xml
from lacuna_engine.server.handlers.table import Table, pool_by_handle
from lacuna_engine.server.refusal import check_flags, in_words

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["TABLE"]

TABLE = Table()


@TABLE.answers(p.LIST_ALL_POOLS)
def list_all_pools(calls: Calls, caller: Caller, arguments: r.ListPools) -> Answer:
    """Filtered; the count alone if no results are wanted."""
    del caller
    pools = tuple(calls.registry.pools(arguments.flags))
    return r.PoolList(pools if arguments.need_results else (), len(pools))


def _names(calls: Calls, maximum: int, *, active: bool) -> r.Names:
    if not 0 <= maximum <= r.MAX_LIST:
        raise in_words(Code.RPC, "maxnames must be 0 to 16384", domain=Domain.RPC)
    return r.Names(tuple(calls.registry.names(active=active)[:maximum]))


@TABLE.answers(p.LIST_POOLS)
def list_pools(calls: Calls, caller: Caller, arguments: r.MaxNames) -> Answer:
    """Names of the active ones."""
    del caller
    return _names(calls, arguments.maximum, active=True)


@TABLE.answers(p.LIST_DEFINED_POOLS)
def list_defined_pools(calls: Calls, caller: Caller, arguments: r.MaxNames) -> Answer:
    """Names of the inactive ones."""
    del caller
    return _names(calls, arguments.maximum, active=False)


@TABLE.answers(p.NUM_OF_POOLS)
def num_of_pools(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """How many are active."""
    del caller, arguments
    return r.Number(len(calls.registry.names(active=True)))


@TABLE.answers(p.NUM_OF_DEFINED_POOLS)
def num_of_defined_pools(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """How many are not active."""
    del caller, arguments
    return r.Number(len(calls.registry.names(active=False)))


@TABLE.answers(p.POOL_LOOKUP_BY_NAME)
def pool_by_name(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """By name."""
    del caller
    return r.Pool(calls.registry.lookup_by_name(arguments.value).handle)


@TABLE.answers(p.POOL_LOOKUP_BY_UUID)
def pool_by_uuid(calls: Calls, caller: Caller, arguments: r.PoolUuid) -> Answer:
    """By uuid."""
    del caller
    return r.Pool(calls.registry.lookup_by_uuid(arguments.uuid).handle)


@TABLE.answers(p.POOL_LOOKUP_BY_VOLUME)
def pool_by_volume(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """By a volume's handle, of which the pool's name counts."""
    del caller
    return r.Pool(calls.registry.lookup_by_volume(arguments.volume).handle)


@TABLE.answers(p.POOL_LOOKUP_BY_PATH)
def pool_by_path(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """By the folder."""
    del caller
    return r.Pool(calls.registry.lookup_by_target_path(arguments.value).handle)


@TABLE.answers(p.POOL_GET_INFO)
def pool_info(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """State and sizes."""
    del caller
    info = pool_by_handle(calls, arguments.pool).info()
    return r.PoolInfo(int(info.state), info.capacity, info.allocation, info.available)


@TABLE.answers(p.POOL_GET_XML_DESC)
def pool_description(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """XML."""
    del caller
    check_flags(arguments.flags, 1, "virStoragePoolGetXMLDesc")
    return r.String(pool_xml(pool_by_handle(calls, arguments.pool).description()))


@TABLE.answers(p.POOL_GET_AUTOSTART)
def get_autostart(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it starts with the server."""
    del caller
    return r.Number(int(pool_by_handle(calls, arguments.pool).autostart))


@TABLE.answers(p.POOL_SET_AUTOSTART)
def set_autostart(calls: Calls, caller: Caller, arguments: r.PoolNumber) -> Answer:
    """Not for a transient pool."""
    del caller
    pool_by_handle(calls, arguments.pool).autostart = bool(arguments.value)
    return Void()


@TABLE.answers(p.POOL_IS_ACTIVE)
def is_active(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it runs."""
    del caller
    return r.Number(int(pool_by_handle(calls, arguments.pool).active))


@TABLE.answers(p.POOL_IS_PERSISTENT)
def is_persistent(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it outlives being stopped."""
    del caller
    return r.Number(int(pool_by_handle(calls, arguments.pool).persistent))


@TABLE.answers(p.POOL_DEFINE_XML)
def define(calls: Calls, caller: Caller, arguments: r.Xml) -> Answer:
    """A new pool, not started."""
    del caller
    return r.Pool(calls.registry.define(arguments.xml, arguments.flags).handle)


@TABLE.answers(p.POOL_CREATE_XML)
def create_xml(calls: Calls, caller: Caller, arguments: r.Xml) -> Answer:
    """A transient pool, started."""
    del caller
    return r.Pool(calls.registry.create_xml(arguments.xml, arguments.flags).handle)


@TABLE.answers(p.POOL_CREATE)
def start(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Make it active."""
    del caller
    pool_by_handle(calls, arguments.pool).start(arguments.flags)
    return Void()


@TABLE.answers(p.POOL_BUILD)
def build(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Make its folder."""
    del caller
    calls.registry.build(arguments.pool.uuid, arguments.flags)
    return Void()


@TABLE.answers(p.POOL_DESTROY)
def stop(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Make it inactive."""
    del caller
    pool_by_handle(calls, arguments.pool).stop()
    return Void()


@TABLE.answers(p.POOL_DELETE)
def deletepool_by_handle(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Remove its folder, which must be empty."""
    del caller
    calls.registry.delete_pool(arguments.pool.uuid, arguments.flags)
    return Void()


@TABLE.answers(p.POOL_UNDEFINE)
def undefine(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Forget it."""
    del caller
    calls.registry.undefine(arguments.pool.uuid)
    return Void()


@TABLE.answers(p.POOL_REFRESH)
def refresh(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Nothing is cached here, but clients wait for the event."""
    del caller
    pool_by_handle(calls, arguments.pool).refresh(arguments.flags)
    return Void()


@TABLE.answers(p.POOL_NUM_OF_VOLUMES)
def num_of_volumes(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """How many."""
    del caller
    return r.Number(len(pool_by_handle(calls, arguments.pool).names()))


@TABLE.answers(p.POOL_LIST_VOLUMES)
def list_volumes(calls: Calls, caller: Caller, arguments: r.PoolNumber) -> Answer:
    """Names, at most so many."""
    del caller
    if not 0 <= arguments.value <= r.MAX_LIST:
        raise in_words(Code.RPC, "maxnames must be 0 to 16384", domain=Domain.RPC)
    return r.Names(tuple(pool_by_handle(calls, arguments.pool).names()[: arguments.value]))


@TABLE.answers(p.LIST_ALL_VOLUMES)
def list_all_volumes(calls: Calls, caller: Caller, arguments: r.ListVolumes) -> Answer:
    """Handles; more than 16,384 are an error as with the daemon."""
    del caller
    check_flags(arguments.flags, 0, "virStoragePoolListAllVolumes")
    volumes = tuple(pool_by_handle(calls, arguments.pool).volumes())
    return r.VolumeList(volumes if arguments.need_results else (), len(volumes))
