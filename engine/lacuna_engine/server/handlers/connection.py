"""Calls on the connection itself: opening it, what it can do, events (protocol.md 3.2, 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.describe import no_backend
from lacuna_engine.server.handlers.table import Table
from lacuna_engine.server.refusal import check_flags, in_words, internal, unsupported
from lacuna_engine.storage.records import PoolType

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["TABLE"]

TABLE = Table()

LIBRARY_VERSION = 9_000_000
"""The version the server behaves like (protocol.md 8, policy 5)."""

FEATURES = frozenset({10, 14, 15})
"""Keepalive, callback ids, close callbacks (protocol.md 3.2)."""

READ_ONLY, NO_ALIASES = 1, 2

CAPABILITIES = """\
<capabilities>

  <pool>
    <enum name='type'>
      <value>dir</value>
    </enum>
  </pool>

</capabilities>
"""
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


@TABLE.answers(p.CONNECT_OPEN)
def connect_open(calls: Calls, caller: Caller, arguments: r.Open) -> Answer:
    """Any URI of the storage driver, and none at all, open the server's pools."""
    del calls
    if caller.opened:
        raise in_words(Code.INTERNAL_ERROR, "connection already open", domain=Domain.RPC)
    check_flags(arguments.flags & ~8, READ_ONLY | NO_ALIASES, "virConnectOpen")
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


@TABLE.answers(p.CONNECT_SUPPORTS_FEATURE)
def supports_feature(calls: Calls, caller: Caller, arguments: r.Number) -> Answer:
    """Only the keepalive may be asked for before the connection is open."""
    del calls
    if not caller.opened and arguments.value != 10:
        raise in_words(Code.INTERNAL_ERROR, "connection not open", domain=Domain.RPC)
    return r.Number(int(arguments.value in FEATURES))


TABLE.constant(p.CONNECT_GET_TYPE, r.String("storage"))
TABLE.constant(p.CONNECT_GET_URI, r.String("storage:///system"))
TABLE.constant(p.CONNECT_GET_LIB_VERSION, r.BigNumber(LIBRARY_VERSION))
TABLE.constant(p.CONNECT_GET_CAPABILITIES, r.String(CAPABILITIES))
TABLE.constant(p.GET_POOL_CAPABILITIES, r.String(POOL_CAPABILITIES))
TABLE.constant(p.REGISTER_CLOSE, Void())
TABLE.constant(p.UNREGISTER_CLOSE, Void())
TABLE.unsupported(p.CONNECT_GET_VERSION, "virConnectGetVersion")
TABLE.unsupported(p.CONNECT_GET_HOSTNAME, "virConnectGetHostname")
TABLE.unsupported(p.CONNECT_GET_MAX_VCPUS, "virConnectGetMaxVcpus")
TABLE.unsupported(p.NODE_GET_INFO, "virNodeGetInfo")
TABLE.unsupported(p.CONNECT_GET_SYSINFO, "virConnectGetSysinfo")


@TABLE.answers(p.FIND_POOL_SOURCES)
def find_pool_sources(calls: Calls, caller: Caller, arguments: r.PoolSourcesQuery) -> Answer:
    """A folder is nothing that could be looked for."""
    del calls, caller
    kind = PoolType(arguments.type)
    if not kind.is_known:
        raise internal(f"unknown storage pool type {kind}")
    if kind != PoolType.DIR:
        raise no_backend(kind)
    raise unsupported(f"pool type '{kind}' does not support source discovery")


@TABLE.answers(p.CONNECT_IS_SECURE)
def is_secure(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """Unix sockets and TLS are, plain TCP is not."""
    del calls, arguments
    return r.Number(int(caller.secure))


@TABLE.answers(p.POOL_EVENT_REGISTER)
def event_register(calls: Calls, caller: Caller, arguments: r.RegisterPoolEvent) -> Answer:
    """Of one pool or of all; the pool need not exist."""
    return r.Number(calls.register(caller, arguments))


@TABLE.answers(p.POOL_EVENT_DEREGISTER)
def event_deregister(calls: Calls, caller: Caller, arguments: r.Number) -> Answer:
    """Only what this connection has registered."""
    del calls
    if caller.registrations.pop(arguments.value, None) is None:
        raise in_words(
            Code.INTERNAL_ERROR, f"storage pool event callback {arguments.value} not registered"
        )
    return Void()
