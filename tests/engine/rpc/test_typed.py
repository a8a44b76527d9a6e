"""Typed parameters."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings

from engine.rpc.strategies import typed_values
from lacuna_engine.errors import XdrError
from lacuna_engine.rpc.records import Identity
from lacuna_engine.rpc.typed import TypedParameter, TypedValue
from lacuna_engine.xdr import Cursor

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(typed_values())
def test_round_trip(value: TypedValue) -> None:
    raw = TypedParameter("field", value).pack()
    back = TypedParameter.unpack(Cursor(raw))
    assert back.value.type == value.type
    assert back.pack() == raw


def test_wire_form() -> None:
    raw = Identity((TypedParameter("id", TypedValue(4, 2**64 - 1)),), 0).pack()
    assert raw.hex() == "00000001000000026964000000000004ffffffffffffffff00000000"


def test_not_a_number_is_a_double() -> None:
    raw = TypedParameter("f", TypedValue(5, math.nan)).pack()
    value = TypedParameter.unpack(Cursor(raw)).value.value
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("kind", [0, 8, -1])
def test_unknown_types(kind: int) -> None:
    with pytest.raises(XdrError, match=f"unknown type {kind}"):
        TypedParameter("f", TypedValue(kind, 1)).pack()
    raw = TypedParameter("f", TypedValue(1, 1)).pack()
    with pytest.raises(XdrError, match="unknown type"):
        TypedParameter.unpack(Cursor(raw[:8] + kind.to_bytes(4, "big", signed=True) + bytes(8)))


@pytest.mark.parametrize(("kind", "value"), [(7, 1), (1, "x"), (5, "x"), (1, 1.5), (2, -1)])
def test_value_of_another_type(kind: int, value: float | str) -> None:
    with pytest.raises(XdrError):
        TypedParameter("f", TypedValue(kind, value)).pack()
