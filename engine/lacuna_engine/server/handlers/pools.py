"""Calls on pools (protocol.md 3.3)."""

from __future__ import annotations

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.server.describe import pool_xml
from lacuna_engine.server.handlers.table import Table
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import check_flags, in_words
from lacuna_engine.server.registry import Registry

__all__ = ["TABLE"]

TABLE = Table()


def _yes_or_no(value: bool) -> r.Number:  # noqa: FBT001 - it becomes a number
    return r.Number(int(value))


def _at_most(maximum: int, names: list[str]) -> r.Names:
    if not 0 <= maximum <= r.MAX_LIST:
        raise in_words(Code.RPC, "maxnames must be 0 to 16384", domain=Domain.RPC)
    return r.Names(tuple(names[:maximum]))


# --- all pools: listed, found, made, forgotten ---------------------------------------------------


def _list_all(pools: Registry, call: r.ListPools) -> r.PoolList:
    """Filtered; the count alone if no results are wanted."""
    found = tuple(pools.pools(call.flags))
    return r.PoolList(found if call.need_results else (), len(found))


TABLE.of_registry(p.LIST_ALL_POOLS, _list_all)
TABLE.of_registry(
    p.LIST_POOLS, lambda pools, call: _at_most(call.maximum, pools.names(active=True))
)
TABLE.of_registry(
    p.LIST_DEFINED_POOLS, lambda pools, call: _at_most(call.maximum, pools.names(active=False))
)
TABLE.of_registry(p.NUM_OF_POOLS, lambda pools, _: r.Number(len(pools.names(active=True))))
TABLE.of_registry(p.NUM_OF_DEFINED_POOLS, lambda pools, _: r.Number(len(pools.names(active=False))))

TABLE.of_registry(
    p.POOL_LOOKUP_BY_NAME, lambda pools, call: r.Pool(pools.lookup_by_name(call.value).handle)
)
TABLE.of_registry(
    p.POOL_LOOKUP_BY_UUID, lambda pools, call: r.Pool(pools.lookup_by_uuid(call.uuid).handle)
)
# Of a volume's handle the pool's name counts.
TABLE.of_registry(
    p.POOL_LOOKUP_BY_VOLUME, lambda pools, call: r.Pool(pools.lookup_by_volume(call.volume).handle)
)
TABLE.of_registry(
    p.POOL_LOOKUP_BY_PATH,
    lambda pools, call: r.Pool(pools.lookup_by_target_path(call.value).handle),
)

TABLE.of_registry(
    p.POOL_DEFINE_XML, lambda pools, call: r.Pool(pools.define(call.xml, call.flags).handle)
)
TABLE.of_registry(
    p.POOL_CREATE_XML, lambda pools, call: r.Pool(pools.create_xml(call.xml, call.flags).handle)
)
TABLE.of_registry(p.POOL_BUILD, lambda pools, call: pools.build(call.pool.uuid, call.flags))
TABLE.of_registry(p.POOL_DELETE, lambda pools, call: pools.delete_pool(call.pool.uuid, call.flags))
TABLE.of_registry(p.POOL_UNDEFINE, lambda pools, call: pools.undefine(call.pool.uuid))


# --- one pool ------------------------------------------------------------------------------------


def _info(pool: FolderPool, call: r.Pool) -> r.PoolInfo:
    """State and sizes."""
    del call
    info = pool.info()
    return r.PoolInfo(int(info.state), info.capacity, info.allocation, info.available)


def _description(pool: FolderPool, call: r.PoolFlags) -> r.String:
    """XML."""
    check_flags(call.flags, 1, "virStoragePoolGetXMLDesc")
    return r.String(pool_xml(pool.description()))


def _set_autostart(pool: FolderPool, call: r.PoolNumber) -> None:
    """Not for a transient pool."""
    pool.autostart = bool(call.value)


def _list_volumes(pool: FolderPool, call: r.ListVolumes) -> r.VolumeList:
    """Handles; more than 16,384 are an error as with the daemon."""
    check_flags(call.flags, 0, "virStoragePoolListAllVolumes")
    found = tuple(pool.volumes())
    return r.VolumeList(found if call.need_results else (), len(found))


TABLE.of_pool(p.POOL_GET_INFO, _info)
TABLE.of_pool(p.POOL_GET_XML_DESC, _description)
TABLE.of_pool(p.POOL_IS_ACTIVE, lambda pool, _: _yes_or_no(pool.active))
TABLE.of_pool(p.POOL_IS_PERSISTENT, lambda pool, _: _yes_or_no(pool.persistent))
TABLE.of_pool(p.POOL_GET_AUTOSTART, lambda pool, _: _yes_or_no(pool.autostart))
TABLE.of_pool(p.POOL_SET_AUTOSTART, _set_autostart)

TABLE.of_pool(p.POOL_CREATE, lambda pool, call: pool.start(call.flags))
TABLE.of_pool(p.POOL_DESTROY, lambda pool, _: pool.stop())
# Nothing is cached here, but clients wait for the event.
TABLE.of_pool(p.POOL_REFRESH, lambda pool, call: pool.refresh(call.flags))

TABLE.of_pool(p.POOL_NUM_OF_VOLUMES, lambda pool, _: r.Number(len(pool.names())))
TABLE.of_pool(p.POOL_LIST_VOLUMES, lambda pool, call: _at_most(call.value, pool.names()))
TABLE.of_pool(p.LIST_ALL_VOLUMES, _list_volumes)
