"""Images to be moved, and the proof that a copy is the same."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bench.account import ToolError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def dense(path: Path, size: int) -> None:
    """All data, no two blocks alike."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])


def scattered(path: Path, size: int, data: int, runs: int) -> None:
    """``data`` bytes in ``runs`` runs, the rest holes."""
    with path.open("wb") as file:
        file.truncate(size)
        _fill(file.fileno(), size, data, runs)


def preallocated(path: Path, size: int, data: int, runs: int) -> None:
    """The same, but all of the file has its place in the file system."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
        _fill(file.fileno(), size, data, runs)


def _fill(fd: int, size: int, data: int, runs: int) -> None:
    piece = min(MIB, data // runs)
    block = os.urandom(piece)
    for number in range(runs):
        start = number * (size // runs)
        for position in range(start, start + data // runs // piece * piece, piece):
            os.pwrite(fd, block, position)


def zeros(path: Path, size: int) -> None:
    """Allocated, and nothing but zeros."""
    block = bytes(MIB)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(block)


def qcow2(path: Path, size: int, data: int, runs: int) -> None:
    """A qcow2 image of what `scattered` makes."""
    raw = path.with_name(path.name + ".raw")
    try:
        scattered(raw, size, data, runs)
        to_qcow2(raw, path)
    finally:
        raw.unlink(missing_ok=True)


def to_qcow2(raw: Path, path: Path) -> None:
    """Convert a raw image. The file ends at a whole MiB, since qemu-img writes whole sectors."""
    command = ["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", str(raw), str(path)]
    subprocess.run(command, check=True)
    os.truncate(path, -(-path.stat().st_size // MIB) * MIB)


def check(one: Path, two: Path) -> None:
    """Raise `ToolError` if two files differ: a fast copy that is wrong is no result."""
    same = one.stat().st_size == two.stat().st_size
    with one.open("rb") as first, two.open("rb") as second:
        for file in (first, second):
            for start, end in data_in(file.fileno()):
                for position in range(start, end, MIB):
                    count = min(MIB, end - position)
                    mine = os.pread(first.fileno(), count, position)
                    same = same and mine == os.pread(second.fileno(), count, position)
    if not same:
        raise ToolError("the copy differs from the image")


def data_in(fd: int) -> Iterator[tuple[int, int]]:
    """Yield where a file has data; what is a hole in both of two files needs no comparison."""
    end = 0
    with suppress(OSError):  # there is no more
        while True:
            start = os.lseek(fd, end, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
            yield start, end


def kept(path: Path) -> int:
    """Return the bytes that lie where a file has data."""
    with path.open("rb") as file:
        return sum(end - start for start, end in data_in(file.fileno()))
