"""The calls, one function each, and the table that finds them.

Flags that a function does not know are refused by it with the daemon's own error (protocol.md 3.6).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server.caller import Answer, Caller, OpenedStream
from lacuna_engine.server.describe import pool_xml, volume_xml
from lacuna_engine.server.logins import MECHANISMS, Login, denied
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import (
    busy,
    in_words,
    invalid,
    system,
    unknown_flags,
    unsupported,
)
from lacuna_engine.storage.records import VolumeType

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["HANDLERS"]

LIBRARY_VERSION = 9_000_000
"""The version the server behaves like (protocol.md 8, policy 5)."""

FEATURES = frozenset({10, 14, 15})
"""Keepalive, callback ids, close callbacks (protocol.md 3.2)."""

AUTH_NONE, AUTH_SASL = 0, 1
READ_ONLY, NO_ALIASES = 1, 2
SPARSE = 1
PHYSICAL = 1
FILE, DIRECTORY = 0, 2
HUGE = 2**64 - 1
MAX_OFFSET = 2**63

CAPABILITIES = (
    "<capabilities>\n  <pool><enum name='type'><value>dir</value></enum></pool>\n</capabilities>\n"
)
POOL_CAPABILITIES = """\
<storagepoolCapabilities>
  <pool type='dir' supported='yes'>
    <volOptions>
      <defaultFormat type='raw'/>
      <enum name='targetFormatType'>
        <value>raw</value>
        <value>qcow2</value>
        <value>iso</value>
      </enum>
    </volOptions>
  </pool>
</storagepoolCapabilities>
"""

A = TypeVar("A", bound=Record)
Function = Callable[["Calls", Caller, Any], Answer]

HANDLERS: dict[int, Function] = {}
"""By number; a procedure that is missing is unknown to the server."""


def _answers(
    procedure: Procedure[A, Any],
) -> Callable[[Callable[[Calls, Caller, A], Answer]], Callable[[Calls, Caller, A], Answer]]:
    """Enter a function into the table."""

    def enter(
        function: Callable[[Calls, Caller, A], Answer],
    ) -> Callable[[Calls, Caller, A], Answer]:
        HANDLERS[procedure.number] = function
        return function

    return enter


def _check_flags(flags: int, known: int, function: str) -> None:
    if flags & ~known:
        raise unknown_flags(flags & ~known, function)


# --- logging in ----------------------------------------------------------------------------------


@_answers(p.AUTH_LIST)
def auth_list(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """The call that lets a client in if nothing more is asked of it."""
    del arguments
    if calls.logins is None:
        caller.let_in = True
        return r.AuthTypes((AUTH_NONE,))
    return r.AuthTypes((AUTH_SASL,))


@_answers(p.AUTH_SASL_INIT)
def sasl_init(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """Which mechanisms there are."""
    del caller, arguments
    if calls.logins is None:
        raise denied()
    return r.String(",".join(MECHANISMS))


@_answers(p.AUTH_SASL_START)
def sasl_start(calls: Calls, caller: Caller, arguments: r.SaslStart) -> Answer:
    """Begin a login; it may be begun again after a failed one."""
    if calls.logins is None or caller.let_in:
        raise denied()
    caller.login = Login(calls.logins, arguments.mechanism)
    return _sasl_step(caller, arguments.data)


@_answers(p.AUTH_SASL_STEP)
def sasl_step(calls: Calls, caller: Caller, arguments: r.SaslStep) -> Answer:
    """Go on with a login."""
    del calls
    return _sasl_step(caller, arguments.data)


def _sasl_step(caller: Caller, data: bytes) -> Answer:
    login = caller.login
    if login is None or login.complete:
        raise denied()
    result = login.step(data)
    caller.let_in = login.complete
    return result


# --- the connection ------------------------------------------------------------------------------


@_answers(p.CONNECT_OPEN)
def connect_open(calls: Calls, caller: Caller, arguments: r.Open) -> Answer:
    """Any URI of the storage driver, and none at all, open the server's pools."""
    del calls
    if caller.opened:
        raise in_words(Code.INTERNAL_ERROR, "connection already open", domain=Domain.RPC)
    _check_flags(arguments.flags & ~8, READ_ONLY | NO_ALIASES, "virConnectOpen")
    uri = arguments.uri
    if uri is None:
        return Void()  # answered, but opens nothing (protocol.md 3.2)
    scheme, _, rest = uri.partition(":")
    if uri and scheme not in ("storage", "lacuna"):
        raise in_words(Code.NO_CONNECT, f"No connection driver available for {uri}")
    if uri and rest not in ("///system", "///session"):
        raise in_words(
            Code.INTERNAL_ERROR, f"unexpected storage URI path, try storage:///system: {uri}"
        )
    caller.read_only = bool(arguments.flags & READ_ONLY)
    caller.opened = True
    return Void()


@_answers(p.CONNECT_SUPPORTS_FEATURE)
def supports_feature(calls: Calls, caller: Caller, arguments: r.Number) -> Answer:
    """Only the keepalive may be asked for before the connection is open."""
    del calls
    if not caller.opened and arguments.value != 10:
        raise in_words(Code.INTERNAL_ERROR, "connection not open", domain=Domain.RPC)
    return r.Number(int(arguments.value in FEATURES))


def _constant(procedure: Procedure[Any, Any], answer: Record) -> None:
    def function(calls: Calls, caller: Caller, arguments: Record) -> Answer:
        del calls, caller, arguments
        return answer

    HANDLERS[procedure.number] = function


def _not_there(procedure: Procedure[Any, Any], name: str) -> None:
    def function(calls: Calls, caller: Caller, arguments: Record) -> Answer:
        del calls, caller, arguments
        raise unsupported(name)

    HANDLERS[procedure.number] = function


_constant(p.CONNECT_GET_TYPE, r.String("storage"))
_constant(p.CONNECT_GET_URI, r.String("storage:///system"))
_constant(p.CONNECT_GET_LIB_VERSION, r.BigNumber(LIBRARY_VERSION))
_constant(p.CONNECT_GET_CAPABILITIES, r.String(CAPABILITIES))
_constant(p.GET_POOL_CAPABILITIES, r.String(POOL_CAPABILITIES))
_constant(p.REGISTER_CLOSE, Void())
_constant(p.UNREGISTER_CLOSE, Void())
_not_there(p.CONNECT_GET_VERSION, "virConnectGetVersion")
_not_there(p.CONNECT_GET_HOSTNAME, "virConnectGetHostname")
_not_there(p.CONNECT_GET_MAX_VCPUS, "virConnectGetMaxVcpus")
_not_there(p.NODE_GET_INFO, "virNodeGetInfo")
_not_there(p.CONNECT_GET_SYSINFO, "virConnectGetSysinfo")
_not_there(p.FIND_POOL_SOURCES, "virConnectFindStoragePoolSources")


@_answers(p.CONNECT_IS_SECURE)
def is_secure(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """Unix sockets and TLS are, plain TCP is not."""
    del calls, arguments
    return r.Number(int(caller.secure))


@_answers(p.POOL_EVENT_REGISTER)
def event_register(calls: Calls, caller: Caller, arguments: r.RegisterPoolEvent) -> Answer:
    """Of one pool or of all; the pool need not exist."""
    return r.Number(calls.register(caller, arguments))


@_answers(p.POOL_EVENT_DEREGISTER)
def event_deregister(calls: Calls, caller: Caller, arguments: r.Number) -> Answer:
    """Only what this connection has registered."""
    del calls
    if caller.registrations.pop(arguments.value, None) is None:
        raise in_words(
            Code.INTERNAL_ERROR, f"storage pool event callback {arguments.value} not registered"
        )
    return Void()


# --- pools ---------------------------------------------------------------------------------------


def _pool(calls: Calls, handle: r.PoolHandle) -> FolderPool:
    """Of a handle only the uuid counts (protocol.md 2.1)."""
    return calls.registry.lookup_by_uuid(handle.uuid)


@_answers(p.LIST_ALL_POOLS)
def list_all_pools(calls: Calls, caller: Caller, arguments: r.ListPools) -> Answer:
    """Filtered; the count alone if no results are wanted."""
    del caller
    pools = tuple(calls.registry.pools(arguments.flags))
    return r.PoolList(pools if arguments.need_results else (), len(pools))


def _names(calls: Calls, maximum: int, *, active: bool) -> r.Names:
    if not 0 <= maximum <= r.MAX_LIST:
        raise in_words(Code.RPC, "maxnames must be 0 to 16384", domain=Domain.RPC)
    return r.Names(tuple(calls.registry.names(active=active)[:maximum]))


@_answers(p.LIST_POOLS)
def list_pools(calls: Calls, caller: Caller, arguments: r.MaxNames) -> Answer:
    """Names of the active ones."""
    del caller
    return _names(calls, arguments.maximum, active=True)


@_answers(p.LIST_DEFINED_POOLS)
def list_defined_pools(calls: Calls, caller: Caller, arguments: r.MaxNames) -> Answer:
    """Names of the inactive ones."""
    del caller
    return _names(calls, arguments.maximum, active=False)


@_answers(p.NUM_OF_POOLS)
def num_of_pools(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """How many are active."""
    del caller, arguments
    return r.Number(len(calls.registry.names(active=True)))


@_answers(p.NUM_OF_DEFINED_POOLS)
def num_of_defined_pools(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """How many are not active."""
    del caller, arguments
    return r.Number(len(calls.registry.names(active=False)))


@_answers(p.POOL_LOOKUP_BY_NAME)
def pool_by_name(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """By name."""
    del caller
    return r.Pool(calls.registry.lookup_by_name(arguments.value).handle)


@_answers(p.POOL_LOOKUP_BY_UUID)
def pool_by_uuid(calls: Calls, caller: Caller, arguments: r.PoolUuid) -> Answer:
    """By uuid."""
    del caller
    return r.Pool(calls.registry.lookup_by_uuid(arguments.uuid).handle)


@_answers(p.POOL_LOOKUP_BY_VOLUME)
def pool_by_volume(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """By a volume's handle, of which the pool's name counts."""
    del caller
    return r.Pool(calls.registry.lookup_by_volume(arguments.volume).handle)


@_answers(p.POOL_LOOKUP_BY_PATH)
def pool_by_path(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """By the folder."""
    del caller
    return r.Pool(calls.registry.lookup_by_target_path(arguments.value).handle)


@_answers(p.POOL_GET_INFO)
def pool_info(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """State and sizes."""
    del caller
    info = _pool(calls, arguments.pool).info()
    return r.PoolInfo(int(info.state), info.capacity, info.allocation, info.available)


@_answers(p.POOL_GET_XML_DESC)
def pool_description(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """XML."""
    del caller
    _check_flags(arguments.flags, 1, "virStoragePoolGetXMLDesc")
    return r.String(pool_xml(_pool(calls, arguments.pool).description()))


@_answers(p.POOL_GET_AUTOSTART)
def get_autostart(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it starts with the server."""
    del caller
    return r.Number(int(_pool(calls, arguments.pool).autostart))


@_answers(p.POOL_SET_AUTOSTART)
def set_autostart(calls: Calls, caller: Caller, arguments: r.PoolNumber) -> Answer:
    """Not for a transient pool."""
    del caller
    _pool(calls, arguments.pool).autostart = bool(arguments.value)
    return Void()


@_answers(p.POOL_IS_ACTIVE)
def is_active(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it runs."""
    del caller
    return r.Number(int(_pool(calls, arguments.pool).active))


@_answers(p.POOL_IS_PERSISTENT)
def is_persistent(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Whether it outlives being stopped."""
    del caller
    return r.Number(int(_pool(calls, arguments.pool).persistent))


@_answers(p.POOL_DEFINE_XML)
def define(calls: Calls, caller: Caller, arguments: r.Xml) -> Answer:
    """A new pool, not started."""
    del caller
    return r.Pool(calls.registry.define(arguments.xml, arguments.flags).handle)


@_answers(p.POOL_CREATE_XML)
def create_xml(calls: Calls, caller: Caller, arguments: r.Xml) -> Answer:
    """A transient pool, started."""
    del caller
    return r.Pool(calls.registry.create_xml(arguments.xml, arguments.flags).handle)


@_answers(p.POOL_CREATE)
def start(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Make it active."""
    del caller
    _pool(calls, arguments.pool).start(arguments.flags)
    return Void()


@_answers(p.POOL_BUILD)
def build(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Make its folder."""
    del caller
    calls.registry.build(arguments.pool.uuid, arguments.flags)
    return Void()


@_answers(p.POOL_DESTROY)
def stop(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Make it inactive."""
    del caller
    _pool(calls, arguments.pool).stop()
    return Void()


@_answers(p.POOL_DELETE)
def delete_pool(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Remove its folder, which must be empty."""
    del caller
    calls.registry.delete_pool(arguments.pool.uuid, arguments.flags)
    return Void()


@_answers(p.POOL_UNDEFINE)
def undefine(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """Forget it."""
    del caller
    calls.registry.undefine(arguments.pool.uuid)
    return Void()


@_answers(p.POOL_REFRESH)
def refresh(calls: Calls, caller: Caller, arguments: r.PoolFlags) -> Answer:
    """Nothing is cached here, but clients wait for the event."""
    del caller
    _pool(calls, arguments.pool).refresh(arguments.flags)
    return Void()


@_answers(p.POOL_NUM_OF_VOLUMES)
def num_of_volumes(calls: Calls, caller: Caller, arguments: r.Pool) -> Answer:
    """How many."""
    del caller
    return r.Number(len(_pool(calls, arguments.pool).names()))


@_answers(p.POOL_LIST_VOLUMES)
def list_volumes(calls: Calls, caller: Caller, arguments: r.PoolNumber) -> Answer:
    """Names, at most so many."""
    del caller
    if not 0 <= arguments.value <= r.MAX_LIST:
        raise in_words(Code.RPC, "maxnames must be 0 to 16384", domain=Domain.RPC)
    return r.Names(tuple(_pool(calls, arguments.pool).names()[: arguments.value]))


@_answers(p.LIST_ALL_VOLUMES)
def list_all_volumes(calls: Calls, caller: Caller, arguments: r.ListVolumes) -> Answer:
    """Handles; more than 16,384 are an error as with the daemon."""
    del caller
    _check_flags(arguments.flags, 0, "virStoragePoolListAllVolumes")
    volumes = tuple(_pool(calls, arguments.pool).volumes())
    return r.VolumeList(volumes if arguments.need_results else (), len(volumes))


# --- volumes -------------------------------------------------------------------------------------


def _pool_of(calls: Calls, volume: r.VolumeHandle) -> FolderPool:
    """Of a volume's handle the two names count (protocol.md 2.1)."""
    return calls.registry.lookup_by_name(volume.pool)


@_answers(p.VOL_LOOKUP_BY_NAME)
def volume_by_name(calls: Calls, caller: Caller, arguments: r.PoolName) -> Answer:
    """By pool and name."""
    del caller
    return r.Volume(_pool(calls, arguments.pool).lookup(arguments.name))


@_answers(p.VOL_LOOKUP_BY_KEY)
def volume_by_key(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """The key is the path."""
    del caller
    return r.Volume(calls.registry.volume_by_key(arguments.value))


@_answers(p.VOL_LOOKUP_BY_PATH)
def volume_by_path(calls: Calls, caller: Caller, arguments: r.String) -> Answer:
    """By path."""
    del caller
    return r.Volume(calls.registry.volume_by_path(arguments.value))


@_answers(p.VOL_GET_PATH)
def volume_path(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """The key is the path."""
    del caller
    return r.String(_pool_of(calls, arguments.volume).lookup(arguments.volume.name).key)


@_answers(p.VOL_GET_INFO)
def volume_info(calls: Calls, caller: Caller, arguments: r.Volume) -> Answer:
    """Kind, capacity, allocation."""
    return _volume_info(calls, caller, arguments.volume, physical=False)


@_answers(p.VOL_GET_INFO_FLAGS)
def volume_info_flags(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """The same, or with the physical size in place of the allocation."""
    _check_flags(arguments.flags, PHYSICAL, "virStorageVolGetInfoFlags")
    return _volume_info(calls, caller, arguments.volume, physical=bool(arguments.flags))


def _volume_info(
    calls: Calls, caller: Caller, volume: r.VolumeHandle, *, physical: bool
) -> r.VolumeInfo:
    info = _pool_of(calls, volume).volume_info(volume.name)
    capacity = HUGE if caller.faults.huge_capacity else info.capacity
    number = DIRECTORY if info.type is VolumeType.DIR else FILE
    return r.VolumeInfo(number, capacity, info.physical if physical else info.allocation)


@_answers(p.VOL_GET_XML_DESC)
def volume_description(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """XML."""
    del caller
    _check_flags(arguments.flags, 0, "virStorageVolGetXMLDesc")
    volume = arguments.volume
    return r.String(volume_xml(_pool_of(calls, volume).volume_description(volume.name)))


@_answers(p.VOL_CREATE_XML)
def create_volume(calls: Calls, caller: Caller, arguments: r.PoolXml) -> Answer:
    """A new volume."""
    del caller
    return r.Volume(_pool(calls, arguments.pool).create(arguments.xml, arguments.flags))


@_answers(p.VOL_CREATE_XML_FROM)
def clone_volume(calls: Calls, caller: Caller, arguments: r.CloneVolume) -> Answer:
    """A copy of another volume."""
    del caller
    source, name = _pool_of(calls, arguments.source), arguments.source.name
    pool = _pool(calls, arguments.pool)
    return r.Volume(pool.clone(arguments.xml, source, name, arguments.flags))


@_answers(p.VOL_DELETE)
def delete_volume(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """Gone, even while it is streamed."""
    del caller
    _pool_of(calls, arguments.volume).delete(arguments.volume.name, arguments.flags)
    return Void()


@_answers(p.VOL_RESIZE)
def resize_volume(calls: Calls, caller: Caller, arguments: r.Resize) -> Answer:
    """Longer or shorter."""
    del caller
    volume = arguments.volume
    _pool_of(calls, volume).resize(volume.name, arguments.capacity, arguments.flags)
    return Void()


@_answers(p.VOL_WIPE)
def wipe_volume(calls: Calls, caller: Caller, arguments: r.VolumeFlags) -> Answer:
    """All zeros."""
    del caller
    _pool_of(calls, arguments.volume).wipe(arguments.volume.name, 0, arguments.flags)
    return Void()


@_answers(p.VOL_WIPE_PATTERN)
def wipe_pattern(calls: Calls, caller: Caller, arguments: r.WipePattern) -> Answer:
    """By an algorithm; only zeros are there."""
    del caller
    volume = arguments.volume
    _pool_of(calls, volume).wipe(volume.name, arguments.algorithm, arguments.flags)
    return Void()


# --- streams -------------------------------------------------------------------------------------


def _check_range(caller: Caller, arguments: r.VolumeRange, function: str) -> None:
    faults = caller.faults
    if faults.busy_opens > 0:
        faults.busy_opens -= 1
        raise busy(arguments.volume.name)
    _check_flags(arguments.flags, 0 if faults.no_sparse else SPARSE, function)
    if arguments.offset >= MAX_OFFSET:
        raise system(22, "Unable to seek in the volume", domain=Domain.STREAMS)


@_answers(p.VOL_UPLOAD)
def upload(calls: Calls, caller: Caller, arguments: r.VolumeRange) -> Answer:
    """Open a volume to write to."""
    _check_range(caller, arguments, "virStorageVolUpload")
    pool = _pool_of(calls, arguments.volume)
    descriptor = pool.open_write(arguments.volume.name)
    return OpenedStream(descriptor, arguments, lambda: calls.upload_ended(caller, pool))


@_answers(p.VOL_DOWNLOAD)
def download(calls: Calls, caller: Caller, arguments: r.VolumeRange) -> Answer:
    """Open a volume to read from."""
    _check_range(caller, arguments, "virStorageVolDownload")
    pool = _pool_of(calls, arguments.volume)
    descriptor = pool.open_read(arguments.volume.name)
    if arguments.offset > os.fstat(descriptor).st_size and arguments.flags & SPARSE:
        os.close(descriptor)
        raise invalid("the offset is beyond the end of the volume")
    return OpenedStream(descriptor, arguments, lambda: None)
