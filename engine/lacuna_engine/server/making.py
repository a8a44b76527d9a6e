"""Making volumes: of zeros, as an empty image, or as a copy (protocol.md 5.5, 7.3)."""

from __future__ import annotations

import os

from lacuna_engine.server import refusal
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.describe import VolumeRequest, read_volume_request, xml_error
from lacuna_engine.server.folder import Folder, refused
from lacuna_engine.server.qcow2 import CLUSTER, empty_qcow2
from lacuna_engine.server.volume_file import PLAIN, write_all
from lacuna_engine.storage.image import HEAD_BYTES, read_facts

__all__ = ["REFLINK", "clone_request", "clone_volume", "create_request", "create_volume"]

PREALLOCATE = 1
REFLINK = 2

_CLONED = frozenset({"qcow", "qed", "vmdk", "vdi", "vpc"})
"""More formats that can be copied as they are."""


def create_request(xml: str, flags: int) -> VolumeRequest:
    """Read what is to be created. Raises `Refusal` if it cannot be."""
    refusal.check_flags(flags, PREALLOCATE, "storageVolCreateXML")
    request = read_volume_request(xml)
    if request.capacity is None:
        raise xml_error("missing capacity element")
    _require_possible(request, flags)
    return request


def create_volume(folder: Folder, request: VolumeRequest) -> None:
    """Make a volume of zeros: raw, iso or an empty qcow2 image."""
    length, reserved, head = request.capacity or 0, request.allocation, b""
    if request.format == "qcow2":
        head, length = empty_qcow2(length, request.compat)
        reserved = 0
    elif reserved is None:
        reserved = length
    wanted = request.permissions
    folder.create(
        request.name,
        max(length, reserved or 0),
        reserved or 0,
        wanted.mode,
        wanted.owner,
        wanted.group,
        fill=(lambda fd: write_all(fd, head)) if head else None,
    )


def clone_request(xml: str, flags: int) -> VolumeRequest:
    """Read what a copy is to be. Raises `Refusal` if it cannot be made."""
    refusal.check_flags(flags, PREALLOCATE | REFLINK, "storageVolCreateXMLFrom")
    request = read_volume_request(xml)
    _require_possible(request, flags & PREALLOCATE, cloning=True)
    return request


def clone_volume(folder: Folder, request: VolumeRequest, source: int, *, must_share: bool) -> None:
    """Make the volume that was asked for with the content of an open file.

    Raises :class:`Refusal`.
    """
    with refused("cannot read the source of the clone"):
        size = os.fstat(source).st_size
        facts = read_facts(os.pread(source, HEAD_BYTES, 0))
    plain = facts.format in PLAIN
    same = request.format in {"", facts.format} or (plain and request.format in PLAIN)
    if not same:
        raise refusal.unsupported(f"conversion from {facts.format} to {request.format}")
    capacity = request.capacity or 0
    if not plain and capacity > (facts.virtual_size or size):
        raise refusal.unsupported(f"growing a {facts.format} image while it is cloned")
    length = max(size, capacity) if plain else size
    reserved = length if request.allocation is None else request.allocation
    holes = reserved < size or must_share
    wanted = request.permissions
    folder.create(
        request.name,
        max(length, reserved) if plain else length,
        0 if holes else reserved,
        wanted.mode,
        wanted.owner,
        wanted.group,
        fill=lambda fd: copy_content(source, fd, size, share=holes, must_share=must_share),
    )


def _require_possible(request: VolumeRequest, flags: int, *, cloning: bool = False) -> None:
    known = PLAIN | {"qcow2", ""}
    if request.format not in known and not (cloning and request.format in _CLONED):
        raise refusal.unsupported_config(f"unknown volume format type {request.format}")
    if request.backing and request.format in PLAIN | {""} and not cloning:
        raise refusal.unsupported("backing storage not supported for raw volumes")
    if request.backing:
        raise refusal.unsupported("a volume with a backing store")
    if request.encrypted:
        raise refusal.unsupported_config("storage pool does not support encrypted volumes")
    if flags:
        what = "qcow2" if request.format == "qcow2" else "raw"
        raise refusal.unsupported_config(
            f"metadata preallocation is not supported for {what} volumes"
        )
    if request.cluster_size not in {None, 0, CLUSTER}:
        raise refusal.unsupported_config(f"cluster size {request.cluster_size}")
