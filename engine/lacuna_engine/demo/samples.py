"""Sample images: each shows another way in which an image is not all data.

The content is made from a fixed seed, so that a demo is the same every time.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from lacuna_engine.extents import make_sparse

__all__ = ["make_samples", "write_qcow2"]

MIB = 1 << 20
SEED = 1
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS


def make_samples(folder: Path) -> list[Path]:
    """Write the samples into ``folder`` and return their paths."""
    random_source = random.Random(SEED)  # noqa: S311 - content, not a secret
    samples = {
        "fragmented.raw": _fragmented,
        "mostly-zeros.raw": _mostly_zeros,
        "dense.raw": _dense,
        "system.qcow2": _qcow2,
    }
    paths: list[Path] = []
    for name, make in samples.items():
        path = folder / name
        make(path, random_source)
        paths.append(path)
    return paths


def _fragmented(path: Path, source: random.Random) -> None:
    """256 MiB with 400 pieces of data from 4 to 64 KiB, and holes between them."""
    size, pieces = 256 * MIB, 400
    with path.open("wb") as file:
        make_sparse(file.fileno())
        file.truncate(size)
        for number in range(pieces):
            start = number * (size // pieces) // 4096 * 4096
            file.seek(start)
            file.write(source.randbytes(4096 * source.randint(1, 16)))


def _mostly_zeros(path: Path, source: random.Random) -> None:
    """48 MiB that take 48 MiB on the disk, of which 5 MiB are not zero."""
    with path.open("wb") as file:
        file.write(source.randbytes(MIB))
        file.write(bytes(23 * MIB))
        file.write(source.randbytes(4 * MIB))
        file.write(bytes(20 * MIB))


def _dense(path: Path, source: random.Random) -> None:
    """16 MiB of data."""
    path.write_bytes(source.randbytes(16 * MIB))


def _qcow2(path: Path, source: random.Random) -> None:
    """A qcow2 image of 4 GiB with 12 MiB of data in three places."""
    clusters = [
        (start * MIB // CLUSTER + number, source.randbytes(CLUSTER))
        for start in (0, 1000, 3000)
        for number in range(64)
    ]
    write_qcow2(path, 4096 * MIB, clusters)


def write_qcow2(path: Path, virtual_size: int, clusters: Iterable[tuple[int, bytes]]) -> None:
    """Write a qcow2 image (version 3) with the given guest clusters of 64 KiB, by number.

    Follows QEMU's published description of the format. Clusters must not repeat; everything in
    the file must fit one block of reference counts, which is 2 GiB.

    Raises :class:`ValueError`.
    """
    content = dict(clusters)
    per_table = CLUSTER // 8
    tables = sorted({number // per_table for number in content})
    l1_entries = -(-virtual_size // (CLUSTER * per_table))
    l1_clusters = -(-l1_entries * 8 // CLUSTER)

    # Cluster 0 the header, 1 the table of reference counts, 2 their block, then L1, L2s, data.
    l1_at = 3
    l2_at = {table: l1_at + l1_clusters + index for index, table in enumerate(tables)}
    data_from = l1_at + l1_clusters + len(tables)
    data_at = {number: data_from + index for index, number in enumerate(sorted(content))}
    used = data_from + len(content)
    if used > CLUSTER // 2:
        raise ValueError("the image is too large for one block of reference counts")

    copied = 1 << 63  # the reference count is exactly one
    l1 = [(l2_at[table] * CLUSTER | copied) if table in l2_at else 0 for table in range(l1_entries)]
    with path.open("wb") as file:
        make_sparse(file.fileno())
        file.write(_header(virtual_size, l1_entries, l1_at))
        _put(file, 1, struct.pack(">Q", 2 * CLUSTER))
        _put(file, 2, struct.pack(f">{used}H", *[1] * used))
        _put(file, l1_at, struct.pack(f">{l1_entries}Q", *l1))
        for table, place in l2_at.items():
            entries = [
                data_at[number] * CLUSTER | copied if number in data_at else 0
                for number in range(table * per_table, (table + 1) * per_table)
            ]
            _put(file, place, struct.pack(f">{per_table}Q", *entries))
        for number, place in data_at.items():
            _put(file, place, content[number])
        file.truncate(used * CLUSTER)


def _put(file: BinaryIO, cluster: int, data: bytes) -> None:
    file.seek(cluster * CLUSTER)
    file.write(data)


def _header(virtual_size: int, l1_entries: int, l1_at: int) -> bytes:
    return struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        0,  # no backing file: offset
        0,  # and length of its name
        CLUSTER_BITS,
        virtual_size,
        0,  # not encrypted
        l1_entries,
        l1_at * CLUSTER,
        1 * CLUSTER,  # the table of reference counts
        1,  # its clusters
        0,  # no snapshots
        0,
        0,  # no incompatible,
        0,  # compatible
        0,  # or autoclear features
        4,  # a reference count has 16 bits
        104,  # the header's length
    )
