"""Maps made small: sums stay exact, and the size is bounded."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.extents.outline import CELLS, MOST_RUNS, Outline


def pieces(size: int, borders: list[int], seed: int) -> ExtentMap:
    """A map of pieces of any kind, and each as far as chance wills."""
    chance = random.Random(seed)
    made = ExtentMap(size)
    for start, end in pairwise([0, *sorted(borders), size]):
        if start < end:
            made.classify(start, end, chance.choice(list(Kind)))
            made.advance(start, end, chance.choice(list(Progress)))
    return made


@given(st.integers(1, 1 << 50), st.integers(0, 3000), st.integers())
def test_sums_are_exact_in_each_cell(size: int, count: int, seed: int) -> None:
    chance = random.Random(seed)
    whole = pieces(size, [chance.randrange(size) for _ in range(count)], seed)
    found = Outline.from_bytes(Outline.of(whole).to_bytes())
    assert found == Outline.of(whole)
    for start in range(0, size, found.grain or size):
        end = min(size, start + (found.grain or size))
        sums: list[dict[tuple[Kind, Progress], int]] = []
        for extents in (whole, found.map):
            here: dict[tuple[Kind, Progress], int] = {}
            for first, last, kind, progress in extents.runs(start, end):
                here[kind, progress] = here.get((kind, progress), 0) + last - first
            sums.append(here)
        assert sums[0] == sums[1]


@pytest.mark.parametrize("count", [0, 1, MOST_RUNS])
def test_few_runs_are_kept_as_they_are(count: int) -> None:
    whole = ExtentMap(4096 * count)
    for number in range(0, count, 2):
        whole.classify(4096 * number, 4096 * (number + 1), Kind.HOLE)
    assert Outline.of(whole) == Outline(whole)


def test_it_stays_small_whatever_the_image() -> None:
    size = 1 << 43
    chance = random.Random(3)
    whole = pieces(size, [chance.randrange(size) for _ in range(50_000)], 3)
    found = Outline.of(whole)
    assert found.grain == size // CELLS
    kinds = len(Kind) * len(Progress)
    assert sum(1 for _ in found.map.runs()) <= CELLS * kinds
    done = whole.copy()
    done.advance(0, size, Progress.ACKNOWLEDGED)
    assert sum(1 for _ in Outline.of(done).map.runs()) <= CELLS * len(Kind)
    assert len(Outline.of(done).to_bytes()) < 8 << 10


@pytest.mark.parametrize("blob", [b"", b"x" * 40, Outline(ExtentMap(3)).to_bytes()[:-9]])
def test_damaged_ones_are_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Outline.from_bytes(blob)
