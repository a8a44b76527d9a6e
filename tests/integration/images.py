"""Images to move, with data, holes and zeros where a test wants them, and judges of what arrived.

The judges are programs that are not ours (virsh, cmp) and the kernel's own numbers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from integration.libvirtd import MIB, Pool, PoolKind, PrivateLibvirtd, run

KIB = 1 << 10
GIB = 1 << 30
TIB = 1 << 40
CHUNK = 8 * MIB


@dataclass(frozen=True)
class Piece:
    """``length`` bytes of an image: data, a hole, or zeros that take room."""

    kind: Literal["data", "hole", "zeros"]
    length: int


def data(length: int) -> Piece:
    return Piece("data", length)


def hole(length: int) -> Piece:
    return Piece("hole", length)


def zeros(length: int) -> Piece:
    return Piece("zeros", length)


def pattern(start: int, length: int, seed: int = 1) -> bytes:
    """Bytes that differ from place to place and from seed to seed; hardly any of them is zero."""
    first, last = start // 8, -(-(start + length) // 8)
    words = np.arange(first, last, dtype=np.uint64)
    words *= np.uint64(0x9E3779B97F4A7C15)
    words += np.uint64(seed * 0x0101010101010101)
    words |= np.uint64(0x0101010101010101)
    return words.tobytes()[start % 8 : start % 8 + length]


def make_image(path: Path, *pieces: Piece, seed: int = 1) -> Path:
    """Write a file of these pieces and return its path."""
    position = 0
    with path.open("xb") as file:
        for piece in pieces:
            end = position + piece.length
            if piece.kind == "hole":
                position = end
                continue
            file.seek(position)
            while position < end:
                count = min(CHUNK, end - position)
                content = pattern(position, count, seed) if piece.kind == "data" else bytes(count)
                file.write(content)
                position += count
        file.truncate(position)
    return path


def fill(path: Path, size: int, byte: int = 0xEE) -> None:
    """Make a file dense with one byte, in place: its inode, owner and mode stay."""
    with path.open("r+b") as file:
        file.truncate(0)
        for start in range(0, size, CHUNK):
            file.write(bytes([byte]) * min(CHUNK, size - start))


def allocated(path: Path) -> int:
    """Bytes the file takes on its file system."""
    return path.stat().st_blocks * 512


def assert_sparse(path: Path, count: int, kind: PoolKind = "tmpfs") -> None:
    """A file that was written through the daemon has its holes.

    XFS reserves room behind data that is appended and keeps what a hole then covers, so whoever
    writes through the daemon gets a little more than the data; virsh too.
    """
    assert allocated(path) <= (2 * count + 2 * MIB if kind == "xfs" else within(count))


def within(count: int) -> int:
    """``count`` bytes and one per cent, and a block for the rounding of tiny images."""
    return count + count // 100 + 4096


def assert_same(one: Path, other: Path) -> None:
    """Have cmp compare two files byte by byte; `HarnessError` says where they differ."""
    run("cmp", one, other)


def virsh_download(daemon: PrivateLibvirtd, pool: Pool, volume: str, target: Path) -> Path:
    """Have virsh download a volume into a new file and return that."""
    target.unlink(missing_ok=True)
    arguments = ("--pool", pool.name, "--vol", volume, "--file", target)
    daemon.virsh("vol-download", *arguments, "--sparse")
    return target


def virsh_upload(daemon: PrivateLibvirtd, pool: Pool, volume: str, source: Path) -> None:
    """Have virsh make an empty volume and upload a file into it."""
    daemon.virsh("vol-create-as", pool.name, volume, "0", "--allocation", "0")
    virsh_overwrite(daemon, pool, volume, source)


def virsh_overwrite(daemon: PrivateLibvirtd, pool: Pool, volume: str, source: Path) -> None:
    """Have virsh upload a file into a volume that is there."""
    arguments = ("--pool", pool.name, "--vol", volume, "--file", source)
    daemon.virsh("vol-upload", *arguments, "--sparse")


def make_volume(daemon: PrivateLibvirtd, pool: Pool, name: str, *pieces: Piece) -> Path:
    """Put an image into the pool's folder, have the daemon see it, and return its path."""
    path = make_image(pool.file(name), *pieces)
    daemon.virsh("pool-refresh", pool.name)
    return path


def content(path: Path) -> bytes:
    """All bytes of a file or device."""
    return path.read_bytes()


def files_in(folder: Path) -> list[str]:
    """Names of everything in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())
