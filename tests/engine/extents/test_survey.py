"""The map of real files: holes, zeros and data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacuna_engine.errors import LocalFileError, SourceChangedError
from lacuna_engine.extents import (
    ExtentMap,
    HoleCheck,
    Kind,
    Progress,
    ZeroScan,
    file_map,
    survey,
    survey_file,
)

BLOCK = 64 * 1024
MIB = 1024 * 1024


@pytest.fixture
def image(folder: Path) -> Path:
    """1 MiB data, 1 MiB hole, 5 MiB written zeros, 4 KiB data, 32 KiB zeros, 7 bytes of data."""
    path = folder / "image"
    with path.open("wb") as file:
        file.write(b"\x5a" * MIB)
        file.seek(2 * MIB)
        file.write(bytes(5 * MIB))
        file.write(b"\x5a" * 4096)
        file.write(bytes(32 * 1024))
        file.write(b"\x5a" * 7)
    return path


SIZE = 7 * MIB + 36 * 1024 + 7


def test_holes_only(image: Path) -> None:
    extents = file_map(image)
    assert list(extents.kinds()) == [
        (0, MIB, Kind.DATA),
        (MIB, 2 * MIB, Kind.HOLE),
        (2 * MIB, SIZE, Kind.DATA),
    ]
    assert extents.bytes_at(Progress.PENDING) == SIZE


@pytest.mark.parametrize("keep", [True, False])
def test_zeros_too(image: Path, keep: bool) -> None:
    extents = file_map(image, zero_scan=ZeroScan(keep_cache=keep))
    assert list(extents.kinds()) == [
        (0, MIB, Kind.DATA),
        (MIB, 2 * MIB, Kind.HOLE),
        (2 * MIB, 7 * MIB, Kind.ZERO),
        (7 * MIB, SIZE, Kind.DATA),
    ]
    assert extents.saved == 6 * MIB
    assert file_map(image, zero_scan=True) == extents


def test_short_zero_runs_on_request(image: Path) -> None:
    extents = file_map(image, zero_scan=ZeroScan(min_run=4096))
    assert list(extents.kinds(7 * MIB)) == [
        (7 * MIB, 7 * MIB + 4096, Kind.DATA),
        (7 * MIB + 4096, 7 * MIB + 36 * 1024, Kind.ZERO),
        (7 * MIB + 36 * 1024, SIZE, Kind.DATA),
    ]


def test_descriptor_and_lazy_form(image: Path) -> None:
    with image.open("rb") as file:
        sections = list(survey_file(file.fileno(), zero_scan=True, check=HoleCheck.WHOLE))
    assert ExtentMap.from_kinds(SIZE, sections) == file_map(image, zero_scan=True)


def test_nothing_is_lost_or_invented(image: Path) -> None:
    """Every byte outside of data is zero, and the map of all data is the file."""
    content = image.read_bytes()
    rebuilt = bytearray(len(content))
    for start, end, kind in file_map(image, zero_scan=True).kinds():
        if kind is Kind.DATA:
            rebuilt[start:end] = content[start:end]
    assert rebuilt == content


def test_empty_file(folder: Path) -> None:
    (folder / "empty").touch()
    assert file_map(folder / "empty", zero_scan=True) == ExtentMap(0)


def test_all_hole_is_instant(folder: Path) -> None:
    path = folder / "huge"
    path.touch()
    os.truncate(path, 8 * 2**40)
    assert file_map(path, zero_scan=True).bytes_of(Kind.HOLE) == 8 * 2**40


def test_file_becoming_shorter_while_read(image: Path) -> None:
    sections = survey_file(image, zero_scan=True)
    next(sections)
    os.truncate(image, 3 * MIB)
    with pytest.raises(SourceChangedError, match="shorter") as caught:
        list(sections)
    assert caught.value.hint


def test_unreadable_descriptor(folder: Path) -> None:
    path = folder / "image"
    path.write_bytes(b"data")
    with path.open("wb") as file:
        file.write(b"data")
        file.flush()
        with pytest.raises(LocalFileError, match="cannot read descriptor"):
            file_map(file.fileno(), zero_scan=True)


def test_cache_is_dropped_in_whole_chunks(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[tuple[int, int]] = []
    monkeypatch.setattr(survey, "forget", lambda _fd, start, end: dropped.append((start, end)))
    file_map(image, zero_scan=True)
    assert dropped == [
        (0, MIB),
        (2 * MIB, 4 * MIB),
        (4 * MIB, 6 * MIB),
        (6 * MIB, SIZE),
    ]


@pytest.fixture
def loop_device(image: Path) -> Iterator[str]:
    os.truncate(image, 8 * MIB)
    done = subprocess.run(
        ["losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True
    )
    try:
        yield done.stdout.strip()
    finally:
        subprocess.run(["losetup", "--detach", done.stdout.strip()], check=True)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/loop-control").exists(),
    reason="only root can make a loop device",
)
def test_zeros_of_a_block_device(loop_device: str) -> None:
    assert list(file_map(loop_device, zero_scan=True).kinds()) == [
        (0, MIB, Kind.DATA),
        (MIB, 7 * MIB, Kind.ZERO),
        (7 * MIB, 7 * MIB + 40 * 1024, Kind.DATA),
        (7 * MIB + 40 * 1024, 8 * MIB, Kind.ZERO),
    ]
