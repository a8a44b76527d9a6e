"""Making holes in real files, and what happens where there can be none."""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacuna_engine.errors import LocalFileError
from lacuna_engine.extents import (
    Kind,
    _linux,
    allocated_bytes,
    make_sparse,
    punch_hole,
    scan_file,
)

BLOCK = 64 * 1024


def test_punched_blocks_are_a_hole(folder: Path) -> None:
    path = folder / "image"
    path.write_bytes(b"\x5a" * (8 * BLOCK))
    with path.open("r+b") as file:
        assert make_sparse(file.fileno())
        assert punch_hole(file.fileno(), 2 * BLOCK, 5 * BLOCK)
    assert list(scan_file(path)) == [
        (0, 2 * BLOCK, Kind.DATA),
        (2 * BLOCK, 5 * BLOCK, Kind.HOLE),
        (5 * BLOCK, 8 * BLOCK, Kind.DATA),
    ]
    assert path.stat().st_size == 8 * BLOCK


@settings(max_examples=40)
@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_punched_range_reads_zero_and_nothing_else_does(one: int, other: int) -> None:
    start, end = sorted((one, other))
    size = 80_000
    with tempfile.TemporaryFile() as file:
        file.write(b"\x5a" * size)
        file.flush()
        assert punch_hole(file.fileno(), start, end)
        file.seek(0)
        content = bytearray(b"\x5a" * size)
        content[start:end] = bytes(max(min(end, size) - min(start, size), 0))
        assert file.read() == content


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4)])
def test_impossible_ranges_are_refused(tmp_path: Path, start: int, end: int) -> None:
    with (tmp_path / "image").open("wb") as file, pytest.raises(ValueError, match="range"):
        punch_hole(file.fileno(), start, end)


def test_descriptor_open_for_reading_only_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(bytes(BLOCK))
    with path.open("rb") as file, pytest.raises(LocalFileError, match="punch a hole into"):
        punch_hole(file.fileno(), 0, BLOCK)


def test_pipe_cannot_have_holes() -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(LocalFileError, match="Illegal seek"):
            punch_hole(write, 0, 1)
    finally:
        os.close(read)
        os.close(write)


def fallocate_answering(*numbers: int) -> tuple[Callable[[int, int, int, int], int], list[int]]:
    """Return a stand-in that fails with these numbers in turn and then succeeds; and its calls."""
    left, calls = list(numbers), list[int]()

    def call(fd: int, mode: int, offset: int, length: int) -> int:
        calls.append(mode)
        if not left:
            return 0
        ctypes.set_errno(left.pop(0))
        return -1

    return call, calls


def test_file_system_that_cannot_punch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call, calls = fallocate_answering(errno.EOPNOTSUPP)
    monkeypatch.setattr(_linux, "_fallocate", lambda: call)
    with (tmp_path / "image").open("wb") as file:
        assert not punch_hole(file.fileno(), 0, BLOCK)
    assert calls == [3]


def test_interrupted_call_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call, calls = fallocate_answering(errno.EINTR, errno.EINTR)
    monkeypatch.setattr(_linux, "_fallocate", lambda: call)
    with (tmp_path / "image").open("wb") as file:
        assert punch_hole(file.fileno(), 0, BLOCK)
    assert len(calls) == 3


def test_c_library_without_fallocate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _linux._fallocate.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda *_names, **_options: object())
    try:
        with (tmp_path / "image").open("wb") as file:
            assert not punch_hole(file.fileno(), 0, BLOCK)
    finally:
        _linux._fallocate.cache_clear()


def test_allocated_bytes(folder: Path) -> None:
    path = folder / "image"
    with path.open("wb") as file:
        file.write(b"\x5a" * BLOCK)
        file.truncate(100 * BLOCK)
        file.flush()
        os.fsync(file.fileno())
        assert allocated_bytes(file.fileno()) == allocated_bytes(path)
    assert BLOCK <= allocated_bytes(path) < 3 * BLOCK
    assert allocated_bytes(str(path)) == allocated_bytes(path.stat())
    with pytest.raises(LocalFileError, match="No such file"):
        allocated_bytes(folder / "none")
