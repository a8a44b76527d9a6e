"""qcow2 as far as a storage server needs it: an empty image, and what a header tells.

Follows QEMU's published description of the format. Headers are a client's content and trusted in
nothing.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from lacuna_engine.server import refusal

__all__ = ["CLUSTER", "Qcow2Details", "empty_qcow2", "qcow2_details"]

CLUSTER = 65536
_PER_ENTRY = CLUSTER * (CLUSTER // 8)
"""Bytes of the disk that one entry of the first table stands for."""
_MAX_ENTRIES = (32 << 20) // 8
"""QEMU takes no larger first table."""

_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_HEADER_3 = struct.Struct(">QQQII")
_BACKING_FORMAT = 0xE2792ACA


@dataclass(frozen=True, slots=True)
class Qcow2Details:
    """What a header tells beyond the disk's size; ``cluster_size`` in bytes."""

    compat: str = ""
    cluster_size: int | None = None
    features: tuple[str, ...] = ()
    backing_format: str = "raw"


def empty_qcow2(capacity: int, compat: str) -> tuple[bytes, int]:
    """Return the beginning of an image of nothing, and the length its file has.

    Clusters: header, table of the reference counts, the counts, and the first table, which is all
    zeros and so need not be written.

    Raises :class:`Refusal`.
    """
    size = -(-capacity // 1024) * 1024
    entries = max(-(-size // _PER_ENTRY), 1)
    if entries > _MAX_ENTRIES:
        raise refusal.system(errno.EFBIG, "cannot create a qcow2 image")
    version = 2 if compat == "0.10" else 3
    header = _HEADER.pack(
        b"QFI\xfb", version, 0, 0, 16, size, 0, entries, 3 * CLUSTER, CLUSTER, 1, 0, 0
    )
    if version == 3:
        header += _HEADER_3.pack(0, 0, 0, 4, _HEADER.size + _HEADER_3.size)
    used = 3 + -(-entries * 8 // CLUSTER)
    parts = (header, struct.pack(">Q", 2 * CLUSTER), b"\0\1" * used)
    head = b"".join(part.ljust(CLUSTER, b"\0") for part in parts)
    return head, 3 * CLUSTER + entries * 8


def qcow2_details(head: bytes) -> Qcow2Details:
    """Read the beginning of an image; nonsense gives what there is no doubt about."""
    if len(head) < _HEADER.size:
        return Qcow2Details()
    fields = _HEADER.unpack_from(head)
    version, bits = fields[1], fields[4]
    cluster = 1 << bits if 9 <= bits <= 21 else None
    marks: tuple[tuple[str, int], ...] = ()
    if version < 3 or len(head) < _HEADER.size + _HEADER_3.size:
        extensions, compat = _HEADER.size, "0.10"
    else:
        incompatible, compatible, _, _, extensions = _HEADER_3.unpack_from(head, _HEADER.size)
        marks = (("lazy_refcounts", compatible & 1), ("extended_l2", incompatible & 16))
        compat = "1.1"
    features = tuple(name for name, mark in marks if mark)
    return Qcow2Details(compat, cluster, features, _backing_format(head, extensions))


def _backing_format(head: bytes, offset: int) -> str:
    while offset + 8 <= len(head):
        kind, length = struct.unpack_from(">II", head, offset)
        if kind == 0:
            break
        if kind == _BACKING_FORMAT:
            text = head[offset + 8 : offset + 8 + min(length, 64)].decode("ascii", "replace")
            return text if text.isalnum() and text.isascii() else "raw"
        offset += 8 + -(-length // 8) * 8
    return "raw"
