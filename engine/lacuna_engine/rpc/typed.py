"""Typed parameters: libvirt's name/value pairs whose value carries its own type.

Only CONNECT_SET_IDENTITY uses them here (protocol.md 3.2).
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from lacuna_engine import xdr
from lacuna_engine.errors import XdrError
from lacuna_engine.rpc.record import Record, Text
from lacuna_engine.xdr import Codec, Cursor

__all__ = ["TypedParameter", "TypedValue"]


class TypedValue(NamedTuple):
    """A value and its wire type: 1 int, 2 uint, 3 hyper, 4 uhyper, 5 double, 6 bool, 7 string."""

    type: int
    value: int | float | str


_STRING = 7

_BY_TYPE: dict[int, Codec[Any]] = {
    1: xdr.INT,
    2: xdr.UINT,
    3: xdr.HYPER,
    4: xdr.UHYPER,
    5: xdr.DOUBLE,
    6: xdr.INT,
    _STRING: xdr.string(),
}


def _codec(kind: int) -> Codec[Any]:
    try:
        return _BY_TYPE[kind]
    except KeyError:
        raise XdrError(f"a typed parameter of unknown type {kind}") from None


def _pack(value: TypedValue) -> bytes:
    codec = _codec(value.type)
    if isinstance(value.value, str) is not (value.type == _STRING):
        raise XdrError(f"{value.value!r} in a typed parameter of type {value.type}")
    return xdr.INT.pack(value.type) + codec.pack(value.value)


def _unpack(cursor: Cursor) -> TypedValue:
    kind = xdr.INT.unpack(cursor)
    return TypedValue(kind, _codec(kind).unpack(cursor))


class TypedParameter(Record):
    """One named value."""

    field: Text
    value: Annotated[TypedValue, Codec(_pack, _unpack)]
