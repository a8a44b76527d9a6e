"""Hypothesis strategies for records, derived from their fields' annotations."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from lacuna_engine import xdr
from lacuna_engine.rpc import records
from lacuna_engine.rpc.record import Record, Uuid, Void
from lacuna_engine.rpc.typed import TypedParameter, TypedValue

__all__ = ["RECORDS", "record_strategy", "typed_values", "wire_text"]

RECORDS: tuple[type[Record], ...] = (
    Void,
    TypedParameter,
    *(
        value
        for value in vars(records).values()
        if isinstance(value, type)
        and issubclass(value, Record)
        and value.__module__ == records.__name__
    ),
)


def _decode(raw: bytes) -> str:
    return raw.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def wire_text() -> st.SearchStrategy[str]:
    """Text as it comes off the wire: any bytes but NUL."""
    return st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        st.binary(max_size=20).map(_decode),
    )


def _signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


_NUMBERS: dict[int, st.SearchStrategy[Any]] = {
    id(xdr.INT): _signed(32),
    id(xdr.UINT): _unsigned(32),
    id(xdr.HYPER): _signed(64),
    id(xdr.UHYPER): _unsigned(64),
    id(xdr.BOOL): st.booleans(),
}


def typed_values() -> st.SearchStrategy[TypedValue]:
    """Values of all seven types."""
    by_type: dict[int, st.SearchStrategy[Any]] = {
        1: _signed(32),
        2: _unsigned(32),
        3: _signed(64),
        4: _unsigned(64),
        5: st.floats(allow_nan=False),
        6: st.integers(0, 1),
        7: wire_text(),
    }
    make: Callable[[int, Any], TypedValue] = TypedValue
    return st.one_of([st.builds(make, st.just(kind), value) for kind, value in by_type.items()])


def record_strategy(record: type[Record]) -> st.SearchStrategy[Record]:
    """Return a strategy for all values of a record."""
    hints = get_type_hints(record, include_extras=True)
    return st.builds(record, **{name: _of(hints[name], name) for name in record.__match_args__})


def _of(hint: Any, name: str) -> st.SearchStrategy[Any]:
    if hint == Uuid:
        return st.binary(min_size=16, max_size=16)
    for codec in getattr(hint, "__metadata__", ()):
        number = _NUMBERS.get(id(codec))
        if number is not None:
            return number
    plain = hint.__origin__ if hasattr(hint, "__metadata__") else hint
    return _of_type(plain, name)


def _of_type(plain: Any, name: str) -> st.SearchStrategy[Any]:
    if get_origin(plain) in {Union, types.UnionType}:
        inner = next(part for part in get_args(plain) if part is not types.NoneType)
        return st.none() | _of_type(inner, name)
    if get_origin(plain) is tuple:
        element = _of_type(get_args(plain)[0], name)
        if name == "model":  # NODE_GET_INFO's only array without a count
            return st.tuples(*[element] * 32)
        return st.lists(element, max_size=20).map(tuple)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: _signed(32),
        str: wire_text(),
        bytes: st.binary(max_size=40),
        TypedValue: typed_values(),
    }
    return simple[plain] if plain in simple else record_strategy(plain)
