"""Enumerations that take any value, and records that cross a process border."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.storage.records import (
    PoolDescription,
    PoolSource,
    PoolState,
    PoolType,
    VolumeInfo,
    VolumeType,
)


def test_known_values() -> None:
    assert PoolState(2) is PoolState.RUNNING
    assert PoolState.RUNNING.is_known
    assert PoolType("iscsi-direct") is PoolType.ISCSI_DIRECT
    assert PoolType.DIR.is_known
    assert VolumeType.from_number(5) is VolumeType.PLOOP
    assert hash(PoolType.DIR) == hash("dir")


def test_unknown_values_are_data() -> None:
    state = PoolState(77)
    assert (state, state.value, state.name) == (77, 77, "UNKNOWN_77")
    assert not state.is_known
    kind = PoolType("frob")
    assert (kind, kind.value, str(kind), f"{kind}") == ("frob", "frob", "frob", "frob")
    assert not kind.is_known
    assert VolumeType.from_number(6) == "unknown(6)"
    assert VolumeType.from_number(-1) == VolumeType.from_number(-1) == "unknown(-1)"
    assert kind not in list(PoolType)  # a peer cannot make the class grow


@pytest.mark.parametrize(("enum", "value"), [(PoolState, "2"), (PoolType, 2), (VolumeType, None)])
def test_values_of_another_kind_are_mistakes(enum: type, value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        enum(value)


@given(st.integers(-(2**31), 2**31), st.text())
def test_any_value_keeps_its_identity(number: int, text: str) -> None:
    for member in (PoolState(number), PoolType(text), VolumeType(text)):
        same = pickle.loads(pickle.dumps(member))  # noqa: S301 - our own
        assert same == member
        assert hash(same) == hash(member)
        assert type(same) is type(member)
        assert copy.deepcopy(member) == member


def test_records_pickle_and_are_frozen() -> None:
    info = VolumeInfo(VolumeType.FILE, 2**64 - 1, 0, 5)
    assert pickle.loads(pickle.dumps(info)) == info  # noqa: S301 - our own
    assert not hasattr(info, "__dict__")
    with pytest.raises(AttributeError):
        info.physical = 6  # type: ignore[misc]


def test_defaults() -> None:
    pool = PoolDescription("p", None, PoolType.DIR)
    assert pool.source == PoolSource()
    assert pool.source.hosts == ()
    assert pool.permissions is None
