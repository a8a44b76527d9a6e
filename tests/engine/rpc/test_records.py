"""Every record there and back, and the limits of protocol.md 1.4."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rpc.strategies import RECORDS, record_strategy
from lacuna_engine.errors import XdrError
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Record
from lacuna_engine.rpc.typed import TypedParameter, TypedValue
from lacuna_engine.xdr import MAX_STRING, Cursor

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

POOL = r.PoolHandle("p", bytes(16))
VOLUME = r.VolumeHandle("p", "v", "/p/v")
COUNT_BOMB = (16_384).to_bytes(4, "big")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
@settings(relaxed, max_examples=30)
@given(data=st.data())
def test_round_trip(record: type[Record], data: st.DataObject) -> None:
    value = data.draw(record_strategy(record))
    raw = value.pack()
    assert len(raw) % 4 == 0
    cursor = Cursor(raw)
    back = record.unpack(cursor)
    cursor.end()
    assert back == value
    assert back.pack() == raw


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
@settings(relaxed, max_examples=10)
@given(data=st.data())
def test_cut_short(record: type[Record], data: st.DataObject) -> None:
    raw = data.draw(record_strategy(record)).pack()
    if raw:
        size = data.draw(st.integers(0, len(raw) - 1))
        with pytest.raises(XdrError):
            record.unpack(Cursor(raw[:size]))


def test_all_records_are_covered() -> None:
    assert len(RECORDS) == len(set(RECORDS)) > 40


@pytest.mark.parametrize(
    "value",
    [
        r.PoolList((POOL,) * 16_385, 0),
        r.VolumeList((VOLUME,) * 16_385, 0),
        r.Names(("n",) * 16_385),
        r.AuthTypes((0,) * 21),
        r.SaslStart("PLAIN", 0, bytes(65_537)),
        r.SaslStep(0, bytes(65_537)),
        r.SaslResult(0, 0, bytes(65_537)),
        r.Identity((TypedParameter("f", TypedValue(1, 1)),) * 21),
        r.NodeInfo((0,) * 31, 0, 0, 0, 0, 0, 0, 0),
        r.PoolUuid(bytes(15)),
        r.String("x" * (MAX_STRING + 1)),
        r.String("a\0b"),
        r.Open("a\0b"),
        r.Number(2**31),
        r.Flags(-1),
        r.VolumeRange(VOLUME, 2**64),
        r.Hole(2**63),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not_fit_is_not_sent(value: Record) -> None:
    with pytest.raises(XdrError):
        value.pack()


@pytest.mark.parametrize("record", [r.PoolList, r.VolumeList, r.Names])
def test_lists_at_their_limit(record: type[Record]) -> None:
    with pytest.raises(XdrError, match="message ends early"):
        record.unpack(Cursor(COUNT_BOMB))
    with pytest.raises(XdrError, match="more than the limit of 16384"):
        record.unpack(Cursor((16_385).to_bytes(4, "big")))


def test_the_longest_lists() -> None:
    volumes = r.VolumeList((VOLUME,) * 16_384, 16_384)
    assert r.VolumeList.unpack(Cursor(volumes.pack())) == volumes


def test_sasl_data_is_sign_extended() -> None:
    step = r.SaslStep(0, b"a\x80")
    assert step.pack().hex() == "000000000000000200000061ffffff80"
    assert r.SaslStep.unpack(Cursor(step.pack())) == step


def test_node_model_takes_four_bytes_for_each_char() -> None:
    assert len(r.NodeInfo((120,) * 32, 0, 0, 0, 0, 0, 0, 0).pack()) == 128 + 8 + 24
