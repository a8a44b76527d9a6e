"""What a pool of a private libvirtd stands on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MIB = 1 << 20

PoolKind = Literal["dir", "tmpfs", "ext4", "xfs", "disk"]
"""What a pool stands on: a plain folder, a fresh file system, or a partitioned loop device."""

POOL_SIZES: dict[PoolKind, int] = {
    "dir": 0,  # as large as the file system of the temporary directory
    "tmpfs": 64 * MIB,
    "ext4": 64 * MIB,
    "xfs": 320 * MIB,  # mkfs.xfs refuses less than 300 MiB
    "disk": 64 * MIB,
}
"""Bytes of a new pool's file system or device, unless another size is asked for."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A started pool of a private daemon, and what it stands on in the caller's own view."""

    name: str
    kind: PoolKind
    path: Path
    """The folder whose files are the volumes; ``/dev`` for a ``disk`` pool."""
    device: Path | None = None
    """The loop device of a ``disk`` pool."""
    partitions: tuple[str, ...] = ()
    """A ``disk`` pool's volumes, in the order of the partitions (``loop0p1``, ``loop0p2``)."""

    def file(self, volume: str) -> Path:
        """Return the file or block device behind a volume."""
        return self.path / volume
