"""The procedure table: every call and event of protocol.md section 3, with its records.

Numbers never change between libvirt versions and new ones are only appended, so this table is
not tied to a version; what an old daemon lacks it answers with an error.
"""

from __future__ import annotations

from enum import Enum
from typing import Generic, NamedTuple, TypeVar, cast

from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Program
from lacuna_engine.rpc.record import Record, Void

__all__ = ["EVENTS", "KEEPALIVE_PING", "KEEPALIVE_PONG", "PROCEDURES", "Kind", "Procedure"]

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)

KEEPALIVE_PING = 1
KEEPALIVE_PONG = 2


class Kind(Enum):
    """What a procedure starts."""

    CALL = "call"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    EVENT = "event"


class Procedure(NamedTuple, Generic[A, R]):
    """One row: what a call takes and gives, or (for an event) what its message carries.

    ``priority`` procedures still run while all the daemon's ordinary workers are busy
    (protocol.md 1.8).
    """

    number: int
    name: str
    arguments: type[A]
    result: type[R]
    priority: bool = False
    kind: Kind = Kind.CALL
    program: int = Program.REMOTE

    def __str__(self) -> str:
        """Return name and number, as messages for people show it."""
        return f"{self.name}({self.number})"


PROCEDURES: dict[int, Procedure[Record, Record]] = {}
"""Every call by number."""

EVENTS: dict[int, Procedure[Record, Record]] = {}
"""Every message the daemon sends on its own, by number."""


def _call(
    number: int,
    name: str,
    arguments: type[A],
    result: type[R],
    *,
    priority: bool = False,
    kind: Kind = Kind.CALL,
) -> Procedure[A, R]:
    procedure = Procedure(number, name, arguments, result, priority, kind)
    table = EVENTS if kind is Kind.EVENT else PROCEDURES
    # The tables forget which records belong to a row, so that what comes off the wire can be
    # looked up; the name of the row keeps them, and calls are made by name.
    table[number] = cast("Procedure[Record, Record]", procedure)
    return procedure


def _urgent(number: int, name: str, arguments: type[A], result: type[R]) -> Procedure[A, R]:
    return _call(number, name, arguments, result, priority=True)


def _event(number: int, name: str, payload: type[R]) -> Procedure[Void, R]:
    return _call(number, name, Void, payload, kind=Kind.EVENT)


# fmt: off
# Authentication (3.1).
AUTH_LIST = _urgent(66, "AUTH_LIST", Void, r.AuthTypes)
AUTH_SASL_INIT = _urgent(67, "AUTH_SASL_INIT", Void, r.String)
AUTH_SASL_START = _urgent(68, "AUTH_SASL_START", r.SaslStart, r.SaslResult)
AUTH_SASL_STEP = _urgent(69, "AUTH_SASL_STEP", r.SaslStep, r.SaslResult)
AUTH_POLKIT = _urgent(70, "AUTH_POLKIT", Void, r.Number)

# Connection (3.2).
CONNECT_OPEN = _urgent(1, "CONNECT_OPEN", r.Open, Void)
CONNECT_CLOSE = _urgent(2, "CONNECT_CLOSE", Void, Void)
CONNECT_GET_TYPE = _urgent(3, "CONNECT_GET_TYPE", Void, r.String)
CONNECT_GET_VERSION = _urgent(4, "CONNECT_GET_VERSION", Void, r.BigNumber)
CONNECT_GET_MAX_VCPUS = _urgent(5, "CONNECT_GET_MAX_VCPUS", r.MaybeString, r.Number)
NODE_GET_INFO = _urgent(6, "NODE_GET_INFO", Void, r.NodeInfo)
CONNECT_GET_CAPABILITIES = _call(7, "CONNECT_GET_CAPABILITIES", Void, r.String)
CONNECT_GET_HOSTNAME = _urgent(59, "CONNECT_GET_HOSTNAME", Void, r.String)
CONNECT_SUPPORTS_FEATURE = _urgent(60, "CONNECT_SUPPORTS_FEATURE", r.Number, r.Number)
FIND_POOL_SOURCES = _call(75, "CONNECT_FIND_STORAGE_POOL_SOURCES", r.PoolSourcesQuery, r.String)
CONNECT_GET_URI = _urgent(110, "CONNECT_GET_URI", Void, r.String)
CONNECT_IS_SECURE = _urgent(149, "CONNECT_IS_SECURE", Void, r.Number)
CONNECT_GET_LIB_VERSION = _urgent(157, "CONNECT_GET_LIB_VERSION", Void, r.BigNumber)
CONNECT_GET_SYSINFO = _urgent(203, "CONNECT_GET_SYSINFO", r.Flags, r.String)
REGISTER_CLOSE = _urgent(360, "CONNECT_REGISTER_CLOSE_CALLBACK", Void, Void)
UNREGISTER_CLOSE = _urgent(361, "CONNECT_UNREGISTER_CLOSE_CALLBACK", Void, Void)
GET_POOL_CAPABILITIES = _call(403, "CONNECT_GET_STORAGE_POOL_CAPABILITIES", r.Flags, r.String)
CONNECT_SET_IDENTITY = _call(419, "CONNECT_SET_IDENTITY", r.Identity, Void)

# Pools (3.3).
NUM_OF_POOLS = _urgent(71, "CONNECT_NUM_OF_STORAGE_POOLS", Void, r.Number)
LIST_POOLS = _urgent(72, "CONNECT_LIST_STORAGE_POOLS", r.MaxNames, r.Names)
NUM_OF_DEFINED_POOLS = _urgent(73, "CONNECT_NUM_OF_DEFINED_STORAGE_POOLS", Void, r.Number)
LIST_DEFINED_POOLS = _urgent(74, "CONNECT_LIST_DEFINED_STORAGE_POOLS", r.MaxNames, r.Names)
POOL_CREATE_XML = _call(76, "STORAGE_POOL_CREATE_XML", r.Xml, r.Pool)
POOL_DEFINE_XML = _urgent(77, "STORAGE_POOL_DEFINE_XML", r.Xml, r.Pool)
POOL_CREATE = _call(78, "STORAGE_POOL_CREATE", r.PoolFlags, Void)
POOL_BUILD = _call(79, "STORAGE_POOL_BUILD", r.PoolFlags, Void)
POOL_DESTROY = _urgent(80, "STORAGE_POOL_DESTROY", r.Pool, Void)
POOL_DELETE = _call(81, "STORAGE_POOL_DELETE", r.PoolFlags, Void)
POOL_UNDEFINE = _urgent(82, "STORAGE_POOL_UNDEFINE", r.Pool, Void)
POOL_REFRESH = _call(83, "STORAGE_POOL_REFRESH", r.PoolFlags, Void)
POOL_LOOKUP_BY_NAME = _urgent(84, "STORAGE_POOL_LOOKUP_BY_NAME", r.String, r.Pool)
POOL_LOOKUP_BY_UUID = _urgent(85, "STORAGE_POOL_LOOKUP_BY_UUID", r.PoolUuid, r.Pool)
POOL_LOOKUP_BY_VOLUME = _urgent(86, "STORAGE_POOL_LOOKUP_BY_VOLUME", r.Volume, r.Pool)
POOL_GET_INFO = _urgent(87, "STORAGE_POOL_GET_INFO", r.Pool, r.PoolInfo)
POOL_GET_XML_DESC = _urgent(88, "STORAGE_POOL_GET_XML_DESC", r.PoolFlags, r.String)
POOL_GET_AUTOSTART = _urgent(89, "STORAGE_POOL_GET_AUTOSTART", r.Pool, r.Number)
POOL_SET_AUTOSTART = _urgent(90, "STORAGE_POOL_SET_AUTOSTART", r.PoolNumber, Void)
POOL_NUM_OF_VOLUMES = _urgent(91, "STORAGE_POOL_NUM_OF_VOLUMES", r.Pool, r.Number)
POOL_LIST_VOLUMES = _urgent(92, "STORAGE_POOL_LIST_VOLUMES", r.PoolNumber, r.Names)
POOL_IS_ACTIVE = _urgent(154, "STORAGE_POOL_IS_ACTIVE", r.Pool, r.Number)
POOL_IS_PERSISTENT = _urgent(155, "STORAGE_POOL_IS_PERSISTENT", r.Pool, r.Number)
LIST_ALL_POOLS = _urgent(281, "CONNECT_LIST_ALL_STORAGE_POOLS", r.ListPools, r.PoolList)
LIST_ALL_VOLUMES = _urgent(282, "STORAGE_POOL_LIST_ALL_VOLUMES", r.ListVolumes, r.VolumeList)
POOL_LOOKUP_BY_PATH = _urgent(391, "STORAGE_POOL_LOOKUP_BY_TARGET_PATH", r.String, r.Pool)

# Volumes (3.4).
VOL_CREATE_XML = _call(93, "STORAGE_VOL_CREATE_XML", r.PoolXml, r.Volume)
VOL_DELETE = _call(94, "STORAGE_VOL_DELETE", r.VolumeFlags, Void)
VOL_LOOKUP_BY_NAME = _urgent(95, "STORAGE_VOL_LOOKUP_BY_NAME", r.PoolName, r.Volume)
VOL_LOOKUP_BY_KEY = _urgent(96, "STORAGE_VOL_LOOKUP_BY_KEY", r.String, r.Volume)
VOL_LOOKUP_BY_PATH = _urgent(97, "STORAGE_VOL_LOOKUP_BY_PATH", r.String, r.Volume)
VOL_GET_INFO = _urgent(98, "STORAGE_VOL_GET_INFO", r.Volume, r.VolumeInfo)
VOL_GET_XML_DESC = _urgent(99, "STORAGE_VOL_GET_XML_DESC", r.VolumeFlags, r.String)
VOL_GET_PATH = _urgent(100, "STORAGE_VOL_GET_PATH", r.Volume, r.String)
VOL_CREATE_XML_FROM = _call(125, "STORAGE_VOL_CREATE_XML_FROM", r.CloneVolume, r.Volume)
VOL_WIPE = _call(165, "STORAGE_VOL_WIPE", r.VolumeFlags, Void)
VOL_UPLOAD = _call(208, "STORAGE_VOL_UPLOAD", r.VolumeRange, Void, kind=Kind.UPLOAD)
VOL_DOWNLOAD = _call(209, "STORAGE_VOL_DOWNLOAD", r.VolumeRange, Void, kind=Kind.DOWNLOAD)
VOL_WIPE_PATTERN = _call(259, "STORAGE_VOL_WIPE_PATTERN", r.WipePattern, Void)
VOL_RESIZE = _call(260, "STORAGE_VOL_RESIZE", r.Resize, Void)
VOL_GET_INFO_FLAGS = _urgent(378, "STORAGE_VOL_GET_INFO_FLAGS", r.VolumeFlags, r.VolumeInfo)

# Domains, of which only is asked what they use (the public remote_protocol.x).
DOMAIN_GET_XML_DESC = _call(14, "DOMAIN_GET_XML_DESC", r.DomainFlags, r.String)
LIST_ALL_DOMAINS = _urgent(273, "CONNECT_LIST_ALL_DOMAINS", r.ListDomains, r.DomainList)

# Events (3.5).
POOL_EVENT_REGISTER = _urgent(
    368, "CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY", r.RegisterPoolEvent, r.Number)
POOL_EVENT_DEREGISTER = _urgent(
    369, "CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY", r.Number, Void)
CONNECTION_CLOSED = _event(362, "CONNECT_EVENT_CONNECTION_CLOSED", r.ConnectionClosed)
POOL_EVENT_LIFECYCLE = _event(370, "STORAGE_POOL_EVENT_LIFECYCLE", r.PoolLifecycle)
POOL_EVENT_REFRESH = _event(373, "STORAGE_POOL_EVENT_REFRESH", r.PoolRefreshed)
# fmt: on
