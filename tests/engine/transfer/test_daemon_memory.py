"""When a long key is worth its bytes."""

from __future__ import annotations

import pytest

from engine.transfer.images import KIB, MIB
from lacuna_engine.extents import Kind
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer.daemon_memory import (
    EARLY,
    LARGE_PACKET,
    LONGEST_KEY,
    WORTHWHILE,
    key_length,
    with_key,
)


def kinds(*lengths: int) -> list[tuple[int, int, Kind]]:
    """Runs of data of these lengths, with a hole behind each."""
    found: list[tuple[int, int, Kind]] = []
    position = 0
    for length in lengths:
        found.append((position, position + length, Kind.DATA))
        found.append((position + length, position + length + MIB, Kind.HOLE))
        position += length + MIB
    return found


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], 0),
        ([MIB] * (WORTHWHILE // MIB - 1), 0),
        ([MIB] * (WORTHWHILE // MIB), WORTHWHILE // 128),
        ([32 * KIB] * (WORTHWHILE // (32 * KIB)), WORTHWHILE // 128),
        ([MIB] * 512, LONGEST_KEY),
        ([MIB] * 5000, LONGEST_KEY),
        ([LARGE_PACKET] * 5, 0),
        ([*[MIB] * (EARLY // MIB - 1), LARGE_PACKET], 0),
        ([*[MIB] * (EARLY // MIB), LARGE_PACKET], (EARLY + LARGE_PACKET) // 128),
        ([64 * KIB, 1 << 40], 0),
    ],
)
def test_much_data_without_a_long_run_early_wants_a_key(lengths: list[int], expected: int) -> None:
    assert key_length(kinds(*lengths)) == expected


def test_holes_and_zeros_of_any_length_do_not_count() -> None:
    assert not key_length([(0, 1 << 40, Kind.HOLE), (1 << 40, 1 << 41, Kind.ZERO)])


def test_the_key_is_all_that_changes() -> None:
    volume = VolumeHandle("pool", "name", "/the/key")
    assert with_key(volume, 5) == VolumeHandle("pool", "name", "     ")
