"""What a disk image's first bytes tell: its format, virtual size and backing file.

Pure: the caller reads the head of the file. A header is whatever someone wrote there, so every
field is checked against the bytes at hand and nothing here ever raises; what cannot be told is
None. Facts are for display and for warnings, never for the number of bytes to transfer.

Formats are named as libvirt does (protocol.md 7.2). Layouts are those of the formats' public
descriptions, and checked against images made by qemu-img.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["HEAD_BYTES", "ImageFacts", "detect_format", "read_facts"]

HEAD_BYTES = 64 * 1024
"""How much of a file's start to give; the farthest mark looked for is at 32769 (ISO 9660)."""

_SECTOR = 512
_UINT64_MAX = 2**64 - 1
_BACKING_NAME_MAX = 1023
"""Longest backing file name qcow2 allows; more is a damaged or forged header."""

_FLAG_QED_BACKING = 1
_NO_PARENT = "ffffffff"

_LINES = re.MULTILINE | re.IGNORECASE
_VMDK_TEXT = b"# disk descriptorfile"
_VMDK_EXTENT = re.compile(r"^(?:RW|RDONLY|NOACCESS)[ \t]+([0-9]{1,20})[ \t]+[A-Z]", re.MULTILINE)
_VMDK_PARENT_ID = re.compile(r"^parentCID[ \t]*=[ \t]*([0-9a-f]{1,8})[ \t\r]*$", _LINES)
_VMDK_PARENT = re.compile(r'^parentFileNameHint[ \t]*=[ \t]*"([^"\n]+)"', _LINES)


class ImageFacts(NamedTuple):
    """What the head of an image says about it.

    ``virtual_size`` is in bytes, as the guest would see it, or None where the head does not say
    (raw, iso, luks and vhdx never do). ``backing_file`` is the name as written in the image, not
    resolved and not trusted; an image with one is not complete by itself.
    """

    format: str
    virtual_size: int | None = None
    backing_file: str | None = None


def detect_format(head: bytes) -> str:
    """The format of an image whose first bytes are ``head`` (up to 64 KiB, `HEAD_BYTES`).

    One of raw, qcow2, qcow, qed, vmdk, vdi, vpc, vhdx, luks and iso. Anything without a mark in
    its head is raw, fixed-size VHD and dmg too: their mark stands at the end of the file.
    """
    if head.startswith(b"QFI\xfb"):
        # As qemu probes: 1 is qcow, everything later qcow2, 0 was never used.
        version = _big(head, 4, 4)
        return "qcow" if version == 1 else "qcow2" if version else "raw"
    for offset, magic, name in _MAGICS:
        if head.startswith(magic, offset):
            return name
    if head[:256].lstrip().lower().startswith(_VMDK_TEXT):
        return "vmdk"
    return "raw"


_MAGICS = (
    (0, b"QED\0", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"conectix", "vpc"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"LUKS\xba\xbe", "luks"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    # Last: hybrid boot images are ISO 9660 behind somebody else's first sector.
    (32769, b"CD001", "iso"),
)


def read_facts(head: bytes) -> ImageFacts:
    """Format, virtual size and backing file from an image's first bytes. Raises nothing."""
    name = detect_format(head)
    reader = _READERS.get(name)
    return reader(head, name) if reader else ImageFacts(name)


def _qcow(head: bytes, name: str) -> ImageFacts:
    backing = _text(head, _big(head, 8, 8), _big(head, 16, 4))
    return ImageFacts(name, _big(head, 24, 8), backing)


def _qed(head: bytes, name: str) -> ImageFacts:
    backing = None
    if (_little(head, 16, 8) or 0) & _FLAG_QED_BACKING:
        backing = _text(head, _little(head, 56, 4), _little(head, 60, 4))
    return ImageFacts(name, _little(head, 48, 8), backing)


def _vdi(head: bytes, name: str) -> ImageFacts:
    # A parent is named only by its uuid.
    return ImageFacts(name, _little(head, 368, 8))


def _vpc(head: bytes, name: str) -> ImageFacts:
    # The current size; qemu rounds to whole cylinders from the geometry, which can differ.
    return ImageFacts(name, _big(head, 48, 8))


def _vmdk(head: bytes, name: str) -> ImageFacts:
    if head.startswith(b"COWD"):
        return ImageFacts(name, _sectors(_little(head, 12, 4)))
    if not head.startswith(b"KDMV"):
        text = head.decode("utf-8", "replace")
        total = sum(int(count) for count in _VMDK_EXTENT.findall(text))
        return ImageFacts(name, _sectors(total or None), _vmdk_parent(text))
    start, length = _sectors(_little(head, 28, 8)), _sectors(_little(head, 36, 8))
    backing = None
    if start and length and start < len(head):
        backing = _vmdk_parent(head[start : start + length].decode("utf-8", "replace"))
    return ImageFacts(name, _sectors(_little(head, 12, 8)), backing)


def _vmdk_parent(descriptor: str) -> str | None:
    parent = _VMDK_PARENT_ID.search(descriptor)
    hint = _VMDK_PARENT.search(descriptor)
    # The hint alone does not count: a copy made stand-alone may still carry it.
    if parent is None or hint is None or parent[1].lower() == _NO_PARENT:
        return None
    return hint[1]


_READERS: dict[str, Callable[[bytes, str], ImageFacts]] = {
    "qcow": _qcow,
    "qcow2": _qcow,
    "qed": _qed,
    "vdi": _vdi,
    "vmdk": _vmdk,
    "vpc": _vpc,
}


def _big(head: bytes, offset: int, size: int) -> int | None:
    field = head[offset : offset + size]
    return int.from_bytes(field, "big") if len(field) == size else None


def _little(head: bytes, offset: int, size: int) -> int | None:
    field = head[offset : offset + size]
    return int.from_bytes(field, "little") if len(field) == size else None


def _sectors(count: int | None) -> int | None:
    """A count of sectors in bytes; None if that is no size of anything."""
    if count is None or count > _UINT64_MAX // _SECTOR:
        return None
    return count * _SECTOR


def _text(head: bytes, offset: int | None, length: int | None) -> str | None:
    """A file name inside the head; None if there is none or it does not lie within."""
    if not offset or not length or length > _BACKING_NAME_MAX or offset + length > len(head):
        return None
    return head[offset : offset + length].decode("utf-8", "surrogateescape")
