"""Holes of real files and devices, and of file systems that answer strangely."""

from __future__ import annotations

import errno
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacuna_engine.errors import LocalFileError
from lacuna_engine.extents import HoleCheck, Kind, Section, _posix, scan, scan_file
from lacuna_engine.extents.source import Source, local_errors, open_source

BLOCK = 64 * 1024
TIB = 2**40


def merge(sections: Iterator[Section] | list[Section], size: int) -> list[Section]:
    """Merge neighbours of equal kind; the sections must cover ``[0, size)`` in order."""
    merged: list[Section] = []
    position = 0
    for start, end, kind in sections:
        assert position == start < end
        position = end
        if merged and merged[-1][2] is kind:
            merged[-1] = (merged[-1][0], end, kind)
        else:
            merged.append((start, end, kind))
    assert position == size
    return merged


def write_blocks(path: Path, pattern: str, tail: int = 0) -> int:
    """Write a block of data for each 'D' and leave a hole for each other; return the size."""
    with path.open("wb") as file:
        for index, sign in enumerate(pattern):
            if sign == "D":
                file.seek(index * BLOCK)
                file.write(b"\x5a" * BLOCK)
        file.truncate(len(pattern) * BLOCK + tail)
    return len(pattern) * BLOCK + tail


def expected(pattern: str) -> list[Section]:
    return [
        (index * BLOCK, (index + 1) * BLOCK, Kind.DATA if sign == "D" else Kind.HOLE)
        for index, sign in enumerate(pattern)
    ]


@pytest.mark.parametrize("check", list(HoleCheck))
@pytest.mark.parametrize("pattern", ["D", ".", "D.", ".D", "D..D.D", "..DD..", "D." * 50])
def test_pattern(folder: Path, pattern: str, check: HoleCheck) -> None:
    path = folder / "image"
    size = write_blocks(path, pattern)
    sections = list(scan_file(path, check=check))
    assert sections == merge(expected(pattern), size)


@settings(max_examples=30)
@given(st.text("D.", max_size=30), st.integers(0, BLOCK - 1))
def test_any_pattern(pattern: str, tail: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "image")
        size = write_blocks(path, pattern, tail)
        cover = expected(pattern)
        if tail:
            cover.append((size - tail, size, Kind.HOLE))
        assert merge(scan_file(path), size) == merge(cover, size)


def test_empty_file(folder: Path) -> None:
    path = folder / "empty"
    path.touch()
    assert list(scan_file(path)) == []


def test_eight_tebibytes_of_nothing(folder: Path) -> None:
    path = folder / "huge"
    path.touch()
    os.truncate(path, 8 * TIB)
    assert list(scan_file(str(path))) == [(0, 8 * TIB, Kind.HOLE)]


def test_data_at_the_end_of_eight_tebibytes(folder: Path) -> None:
    path = folder / "huge"
    with path.open("wb") as file:
        file.seek(8 * TIB - BLOCK)
        file.write(b"x" * BLOCK)
    assert list(scan_file(path)) == [
        (0, 8 * TIB - BLOCK, Kind.HOLE),
        (8 * TIB - BLOCK, 8 * TIB, Kind.DATA),
    ]


def test_descriptor_is_borrowed(folder: Path) -> None:
    path = folder / "image"
    size = write_blocks(path, "D.D")
    fd = os.open(path, os.O_RDONLY)
    try:
        assert merge(scan_file(fd), size) == expected("D.D")
        assert os.fstat(fd).st_size == size  # still open
    finally:
        os.close(fd)


def test_path_is_closed_when_the_scan_is_given_up(folder: Path) -> None:
    path = folder / "image"
    write_blocks(path, "D.D.D")

    def descriptors() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = descriptors()
    sections = iter(scan_file(path))
    next(sections)
    assert descriptors() == before + 1
    del sections
    assert descriptors() == before


@pytest.mark.parametrize("new", [0, BLOCK // 2, BLOCK, 2 * BLOCK, 5 * BLOCK + 17])
def test_file_becoming_shorter_is_covered_to_its_old_end(folder: Path, new: int) -> None:
    path = folder / "image"
    size = write_blocks(path, "D." * 10)
    found: list[Section] = []
    for section in scan_file(path):
        found.append(section)
        if len(found) == 1:
            os.truncate(path, new)
    cover = merge(found, size)
    # What is gone is reported as data, so that its reader notices.
    assert cover[-1][1:] == (size, Kind.DATA)
    assert cover[-1][0] <= max(new, BLOCK)


def test_file_growing_is_covered_to_its_old_end(folder: Path) -> None:
    path = folder / "image"
    size = write_blocks(path, "D.D.")
    found: list[Section] = []
    for section in scan_file(path):
        found.append(section)
        with path.open("ab") as file:
            file.write(b"more" * BLOCK)
    assert merge(found, size) == expected("D.D.")


# --- what is refused ----------------------------------------------------------------------------


def refusal(path: Path | str | int) -> LocalFileError:
    with pytest.raises(LocalFileError) as caught:
        list(scan_file(path))
    return caught.value


def test_folder_pipe_and_socket_are_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "a folder" in str(refusal(tmp_path))
    error = refusal(pipe)
    assert "a named pipe" in str(error)
    assert "image file" in error.hint
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        assert "a socket" in str(refusal(f"{short}/s"))


def test_pipe_by_descriptor_is_refused() -> None:
    read, write = os.pipe()
    try:
        assert f"descriptor {read} is a named pipe" in str(refusal(read))
    finally:
        os.close(read)
        os.close(write)


def test_pipe_put_in_place_after_the_look_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and opening the path may change: the open must not wait then either."""
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.touch()
    looked = file.stat()
    monkeypatch.setattr(os, "stat", lambda _name: looked)
    assert "a named pipe" in str(refusal(pipe))


def test_missing_file_says_why(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none")
    assert "No such file" in str(error)
    assert isinstance(error.__cause__, FileNotFoundError)


def test_closed_descriptor_is_refused(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    os.close(fd)
    assert "Bad file descriptor" in str(refusal(fd))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_character_device_without_a_size_is_refused(device: str) -> None:
    assert "without a size" in str(refusal(device))


def test_terminal_is_refused() -> None:
    controller, terminal = os.openpty()
    try:
        assert "cannot read" in str(refusal(terminal))
    finally:
        os.close(controller)
        os.close(terminal)


def test_error_without_a_text() -> None:
    with pytest.raises(LocalFileError, match="cannot read it: odd"), local_errors("it"):
        raise OSError("odd")


# --- devices ------------------------------------------------------------------------------------


@pytest.fixture
def loop_device(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A block device of 8 blocks over a file with data in the first and the last."""
    backing = tmp_path / "backing"
    write_blocks(backing, "D......D")
    done = subprocess.run(
        ["losetup", "--find", "--show", str(backing)], check=True, capture_output=True, text=True
    )
    device = done.stdout.strip()
    try:
        yield device, backing
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/loop-control").exists(),
    reason="only root can make a loop device; the test below stands in for it",
)
def test_block_device_is_one_data_section(loop_device: tuple[str, Path]) -> None:
    device, _ = loop_device
    assert Path(device).stat().st_size == 0
    assert list(scan_file(device)) == [(0, 8 * BLOCK, Kind.DATA)]
    with open_source(device) as source:
        assert source.device
        buffer = memoryview(bytearray(8))
        assert source.read_into(7 * BLOCK, buffer) == 8
        assert bytes(buffer) == b"\x5a" * 8


def test_device_is_not_asked_for_holes(tmp_path: Path) -> None:
    path = tmp_path / "image"
    size = write_blocks(path, "D.D")
    with path.open("rb") as file:
        device = Source(file.fileno(), "device", size, device=True)
        assert list(scan.scan_source(device)) == [(0, size, Kind.DATA)]
        empty = Source(file.fileno(), "device", 0, device=True)
        assert list(scan.scan_source(empty)) == []


# --- file systems that answer strangely ---------------------------------------------------------


def fake_lseek(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[int, int], int]
) -> Callable[[int], list[tuple[int, int]]]:
    """Let lseek answer by ``(offset, whence)``; return the function that asks for the sections."""
    monkeypatch.setattr(os, "lseek", lambda _fd, offset, whence: answer(offset, whence))
    with tempfile.TemporaryFile() as file:
        fd = os.dup(file.fileno())

    def ask(size: int) -> list[tuple[int, int]]:
        try:
            os.truncate(fd, size)
            return list(_posix.data_sections(fd, size))
        finally:
            os.close(fd)

    return ask


@pytest.mark.parametrize("number", sorted(_posix.UNSUPPORTED))
def test_file_system_without_holes(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def answer(offset: int, whence: int) -> int:
        raise OSError(number, os.strerror(number))

    assert fake_lseek(monkeypatch, answer)(1000) == [(0, 1000)]


def test_holes_cease_to_be_known_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(offset: int, whence: int) -> int:
        if offset == 0 and whence == os.SEEK_DATA:
            return 100
        if offset == 100:
            return 200
        raise OSError(errno.ENOTSUP, "")

    assert fake_lseek(monkeypatch, answer)(1000) == [(100, 200), (200, 1000)]


def test_data_vanishing_between_two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start of data is answered for both: without care this asks for ever."""

    def answer(offset: int, whence: int) -> int:
        return max(offset, 300)

    assert fake_lseek(monkeypatch, answer)(1000) == [(300, 1000)]


def test_answers_behind_the_question_do_not_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(offset: int, whence: int) -> int:
        return 0 if whence == os.SEEK_DATA else 50

    sections = fake_lseek(monkeypatch, answer)(100)
    assert sections == [(0, 50), (50, 100)]


def test_failing_disk_is_a_local_file_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image"
    write_blocks(path, "D.D")

    def answer(fd: int, offset: int, whence: int) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "lseek", answer)
    assert "Input/output error" in str(refusal(path))


def lie(monkeypatch: pytest.MonkeyPatch, *sections: tuple[int, int]) -> None:
    """Let the file system report these data sections, whatever the file holds."""
    monkeypatch.setattr(scan, "data_sections", lambda _fd, _size: iter(sections))


def test_file_reported_as_one_hole_is_not_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "image"
    size = write_blocks(path, "DDDD")
    lie(monkeypatch)
    assert list(scan_file(path, check=HoleCheck.NONE)) == [(0, size, Kind.HOLE)]
    assert list(scan_file(path, check=HoleCheck.ENDS)) == [(0, size, Kind.DATA)]
    assert list(scan_file(path, check=HoleCheck.WHOLE)) == [(0, size, Kind.DATA)]


def test_after_one_wrong_hole_no_other_is_believed_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "image"
    size = write_blocks(path, "D.DDD..D")
    lie(monkeypatch, (0, BLOCK), (2 * BLOCK, 3 * BLOCK), (4 * BLOCK, 5 * BLOCK), (7 * BLOCK, size))
    assert merge(scan_file(path, check=HoleCheck.ENDS), size) == [
        (0, BLOCK, Kind.DATA),
        (BLOCK, 2 * BLOCK, Kind.HOLE),
        (2 * BLOCK, size, Kind.DATA),
    ]
    assert merge(scan_file(path, check=HoleCheck.WHOLE), size) == merge(expected("D.DDD..D"), size)


def test_data_in_the_middle_of_a_hole_is_found_by_reading_it_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "image"
    size = write_blocks(path, "." * 40 + "D" + "." * 40)
    lie(monkeypatch)
    assert list(scan_file(path, check=HoleCheck.ENDS)) == [(0, size, Kind.HOLE)]
    assert list(scan_file(path, check=HoleCheck.WHOLE)) == [(0, size, Kind.DATA)]


def test_many_random_sections(folder: Path) -> None:
    """A file with a thousand single blocks in it, in random places."""
    chosen = random.Random(7)
    pattern = "".join(chosen.choice("D....") for _ in range(2000))
    path = folder / "image"
    size = write_blocks(path, pattern)
    assert merge(scan_file(path), size) == merge(expected(pattern), size)
