"""Reading and writing at a position, in the ways that the platforms have."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lacuna_engine.extents import positioned

PAGE = 512
PAGES = 64
ROUNDS = 40

Way = Callable[[int, memoryview, int], int]


def ways(*names: str) -> list[Way]:
    """Return those of this platform, and the ones that every platform has."""
    usable = [name for name in names if hasattr(os, "preadv") or name.endswith("seeking")]
    return [getattr(positioned, name) for name in usable]


@pytest.mark.parametrize("read", ways("_read_directly", "_read_by_seeking"))
def test_several_threads_read_one_file(read: Way, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"".join(bytes([number]) * PAGE for number in range(PAGES)))
    with path.open("rb") as file:

        def look(first: int) -> None:
            buffer = memoryview(bytearray(PAGE))
            for turn in range(ROUNDS * PAGES):
                number = (first + 7 * turn) % PAGES
                assert read(file.fileno(), buffer, number * PAGE) == PAGE
                assert buffer == bytes([number]) * PAGE

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(look, range(4)))


@pytest.mark.parametrize("write", ways("_write_directly", "_write_by_seeking"))
@pytest.mark.parametrize("read", ways("_read_directly", "_read_by_seeking"))
def test_a_file_that_is_read_while_it_is_written(write: Way, read: Way, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(bytes(PAGES * PAGE))
    with path.open("r+b") as file:

        def fill(first: int) -> None:
            buffer = memoryview(bytearray(PAGE))
            for number in list(range(first, PAGES, 4)) * ROUNDS:
                page = memoryview(bytes([number]) * PAGE)
                assert write(file.fileno(), page, number * PAGE) == PAGE
                assert read(file.fileno(), buffer, number * PAGE) == PAGE
                assert buffer == page

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(fill, range(4)))
    assert path.read_bytes() == b"".join(bytes([number]) * PAGE for number in range(PAGES))


def test_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"abc")
    with path.open("rb") as file:
        for read in ways("_read_directly", "_read_by_seeking"):
            buffer = memoryview(bytearray(8))
            assert read(file.fileno(), buffer, 1) == 2
            assert bytes(buffer[:2]) == b"bc"
            assert read(file.fileno(), buffer, 3) == 0
