"""The parts for Windows and macOS that can be shown to be right without being there."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents import _macos, _windows

BLOCK = 4096


class FakeNtfs:
    """Answers control codes as NTFS does, for a file with these allocated ranges."""

    def __init__(self, ranges: list[tuple[int, int]], error: int = 0) -> None:
        self.ranges = ranges
        self.error = error
        self.calls: list[tuple[int, bytes]] = []

    def __call__(self, code: int, question: bytes, room: int) -> tuple[int, bytes]:
        self.calls.append((code, question))
        if self.error:
            return self.error, b""
        if code != _windows.FSCTL_QUERY_ALLOCATED_RANGES:
            return _windows.ERROR_SUCCESS, b""
        offset, length = _windows.RANGE.unpack(question)
        found = [
            _windows.RANGE.pack(max(start, offset), min(end, offset + length) - max(start, offset))
            for start, end in self.ranges
            if start < offset + length and end > offset
        ]
        fitting = room // _windows.RANGE.size
        more = len(found) > fitting
        error = _windows.ERROR_MORE_DATA if more else _windows.ERROR_SUCCESS
        return error, b"".join(found[:fitting])


lengths = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=20)


@given(lengths, st.integers(1, 5))
def test_windows_ranges_come_in_any_number_of_batches(
    parts: list[tuple[int, int]], batch: int
) -> None:
    ranges: list[tuple[int, int]] = []
    position = 0
    for hole, data in parts:
        ranges.append((position + hole, position + hole + data))
        position += hole + data
    control = FakeNtfs(ranges)
    assert list(_windows.allocated_ranges(control, position + 5, batch)) == ranges
    assert len(control.calls) == max(-(-len(ranges) // batch), 1)


def test_windows_ranges_end_with_the_file() -> None:
    """NTFS counts in units of 64 KiB, also beyond the end; a growing file has more behind it."""

    def control(code: int, question: bytes, room: int) -> tuple[int, bytes]:
        return 0, _windows.RANGE.pack(0, 65536) + _windows.RANGE.pack(131072, 65536)

    assert list(_windows.allocated_ranges(control, 140_000)) == [(0, 65536), (131072, 140_000)]
    assert list(_windows.allocated_ranges(control, 1000)) == [(0, 1000)]
    assert list(_windows.allocated_ranges(control, 0)) == []


@pytest.mark.parametrize("error", [1, 50, 87])
def test_windows_file_system_without_holes(error: int) -> None:
    control = FakeNtfs([], error)
    assert list(_windows.allocated_ranges(control, 1000)) == [(0, 1000)]
    assert not _windows.set_sparse(control)
    assert not _windows.set_zero_data(control, 0, 10)


def test_windows_promising_more_without_giving_any() -> None:
    def control(code: int, question: bytes, room: int) -> tuple[int, bytes]:
        return _windows.ERROR_MORE_DATA, b""

    assert list(_windows.allocated_ranges(control, 1000)) == [(0, 1000)]


def test_windows_errors() -> None:
    control = FakeNtfs([], 5)
    with pytest.raises(OSError, match="Windows error 5"):
        list(_windows.allocated_ranges(control, 1000))
    with pytest.raises(OSError, match="Windows error 5"):
        _windows.set_sparse(control)


def test_windows_requests() -> None:
    control = FakeNtfs([])
    assert _windows.set_sparse(control)
    assert _windows.set_zero_data(control, 2**40, 2**40 + 5)
    assert control.calls == [
        (0x900C4, b""),
        (0x980C8, bytes.fromhex("0000000000010000 0500000000010000")),
    ]


class FakeApfs:
    """Stands in for fcntl.fcntl: punches whole blocks by writing zeros."""

    def __init__(self, error: int = 0) -> None:
        self.error = error
        self.punched: list[tuple[int, int]] = []

    def __call__(self, fd: int, command: int, argument: bytes) -> bytes:
        assert command == 99
        flags, reserved, offset, length = struct.unpack("=IIqq", argument)
        assert flags == reserved == offset % BLOCK == length % BLOCK == 0
        assert length > 0
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.punched.append((offset, offset + length))
        os.pwrite(fd, bytes(length), offset)
        return argument


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(b"\x5a" * (10 * BLOCK + 100))
    return path


@pytest.mark.parametrize(
    ("start", "end", "punched"),
    [
        (BLOCK, 3 * BLOCK, [(BLOCK, 3 * BLOCK)]),
        (10, 3 * BLOCK + 10, [(BLOCK, 3 * BLOCK)]),
        (10, BLOCK + 10, []),
        (10, 20, []),
        (9 * BLOCK + 1, 20 * BLOCK, []),
        (8 * BLOCK + 1, 20 * BLOCK, [(9 * BLOCK, 10 * BLOCK)]),
        (15 * BLOCK, 20 * BLOCK, []),
    ],
)
def test_macos_punches_blocks_and_overwrites_the_rest(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: int,
    end: int,
    punched: list[tuple[int, int]],
) -> None:
    apfs = FakeApfs()
    monkeypatch.setattr(fcntl, "fcntl", apfs)
    content = bytearray(file.read_bytes())
    size = len(content)
    content[start:end] = bytes(max(min(end, size) - min(start, size), 0))
    with file.open("r+b") as opened:
        assert _macos.punch(opened.fileno(), start, end)
    assert apfs.punched == punched
    assert file.read_bytes() == content


def test_macos_file_system_without_holes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()
    with file.open("r+b") as opened:
        monkeypatch.setattr(fcntl, "fcntl", FakeApfs(errno.ENOTSUP))
        assert not _macos.punch(opened.fileno(), 10, 5 * BLOCK)
        monkeypatch.setattr(fcntl, "fcntl", FakeApfs(errno.EIO))
        with pytest.raises(OSError, match="Input/output"):
            _macos.punch(opened.fileno(), 10, 5 * BLOCK)
        _macos.forget(opened.fileno(), 0, BLOCK)
    assert file.read_bytes() == before


def test_macos_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {0x40046418: struct.pack("=I", 512), 0x40086419: struct.pack("=Q", 2**33)}
    monkeypatch.setattr(fcntl, "ioctl", lambda _fd, request, _room: answers[request])
    read, write = os.pipe()
    try:
        assert _macos.device_size(read) == 2**42
        assert not _macos.punch(write, 0, BLOCK)
    finally:
        os.close(read)
        os.close(write)
