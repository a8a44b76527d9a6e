"""What is too large for the page cache, and the advice; tests/integration show that it is taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lacuna_engine.extents import (
    _system,
    available_memory,
    drop_cached,
    fetch_ahead,
    outgrows,
    probe_zeros,
)
from lacuna_engine.extents.probe import CERTAIN
from lacuna_engine.extents.source import open_source

GIB = 1 << 30


@pytest.mark.parametrize(
    ("size", "available", "too_large"),
    [
        (0, 0, False),
        (4 * GIB, 8 * GIB, False),
        (4 * GIB + 1, 8 * GIB, True),
        (1, 1, True),
        (1 << 60, None, False),
    ],
)
def test_half_of_the_memory_is_the_limit(size: int, available: int | None, too_large: bool) -> None:
    assert outgrows(size, available) is too_large


def test_memory_is_some_of_what_there_is() -> None:
    available = available_memory()
    assert available is not None
    assert 0 < available <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_advice_that_cannot_be_given_is_no_error() -> None:
    """A pipe has no cache."""
    reading, writing = os.pipe()
    with pytest.raises(OSError, match="seek"):
        _system.forget(reading, 0, 1)
    drop_cached(reading, 0, 1)
    fetch_ahead(reading, 0, 1)
    os.close(reading)
    os.close(writing)


def test_the_end_of_the_range_before_is_dropped_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[tuple[int, int]] = []
    monkeypatch.setattr(_system, "forget", lambda _, *area: dropped.append(area))
    drop_cached(0, 0, 10)
    drop_cached(0, 5 << 20, 6 << 20)
    assert dropped == [(0, 10), (3 << 20, 6 << 20)]


def test_probing_asks_ahead_for_all_of_the_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part once, and before anything in it is read."""
    path = tmp_path / "image"
    path.write_bytes(b"\1" * (2 * CERTAIN + 12345))
    start, end = 70_000, 2 * CERTAIN + 12_000
    asked = [start]

    def fetch(_: int, begin: int, until: int) -> None:
        # The next probe is at the beginning, or at the first border behind it.
        assert asked[-1] <= begin <= asked[-1] + (64 << 10)
        asked.append(until)

    monkeypatch.setattr("lacuna_engine.extents.probe.fetch_ahead", fetch)
    with open_source(path) as source:
        assert not any(zero for _, _, zero in probe_zeros(source, start, end))
    assert asked[-1] == end
    assert len(asked) == 3
