"""What a transfer writes down so that it can go on later, in another process or after a crash.

A checkpoint says what the source was, where the half-made destination is, and which ranges have
been seen to be there. Where it is kept is the business of a :class:`Keeper`.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from lacuna_engine.errors import TransferError
from lacuna_engine.extents import ExtentMap
from lacuna_engine.extents.source import Source
from lacuna_engine.storage import VolumeDescription

__all__ = ["Checkpoint", "FileMark", "Keeper", "Stage", "VolumeMark", "boot_id"]

VERSION = 1

MAX_BYTES = 256 << 20
"""A checkpoint larger than this is not one of ours; a million extents take some 10 MiB."""


def boot_id() -> str:
    """Return what names this run of the machine's system, empty where it cannot be told.

    What was written before and not flushed is there as long as it stays the same.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class Stage(StrEnum):
    """How far the destination is."""

    MAKING = "making"
    """It is about to be made, or made empty: what is there by its name may not be ours yet."""
    CLONING = "cloning"
    """The daemon makes it as a copy of the source: it has its full length long before its content,
    so what is there is of no use until the next stage."""
    FILLING = "filling"
    """It is ours, and holds a part of the image."""
    PLACING = "placing"
    """All of it is there and proved, under a temporary name; the volume of its final name is being
    deleted, or gone, or being made anew. What is under the temporary name may be all there is."""
    PLACED = "placed"
    """It is complete under its final name too; the temporary one is to be deleted."""
    COMPLETE = "complete"
    """All is there and proved; a file that was downloaded may have to get its final name."""


class FileMark(NamedTuple):
    """What a local file looks like as long as nobody changes it. Times in nanoseconds."""

    size: int
    mtime: int
    inode: int

    @classmethod
    def of(cls, source: Source) -> FileMark:
        """Look at an open file; of a device only the size can tell."""
        status = os.fstat(source.fd)
        if source.device:
            return cls(source.size, 0, status.st_ino)
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class VolumeMark(NamedTuple):
    """What a volume looks like as long as nobody changes it.

    ``modified`` is its time of modification as the daemon writes it, empty where there is none.
    """

    key: str
    size: int
    modified: str

    @classmethod
    def of(cls, description: VolumeDescription, size: int) -> VolumeMark:
        """Make it of a volume's description and its physical size in bytes."""
        times = description.timestamps
        return cls(description.key, size, "" if times is None else str(times.modification))


Mark = FileMark | VolumeMark

_MARKS_OF: dict[int, dict[str, type[FileMark | VolumeMark]]] = {
    VERSION: {"file": FileMark, "volume": VolumeMark}
}
"""Kinds of source of each version that can be read."""


@dataclass(slots=True)
class Checkpoint:
    """The state of an interrupted transfer.

    ``map`` has as acknowledged what was seen at the destination, and as in flight what was handed
    over; ``place`` names the destination (a pool and a volume, or a path) and ``name`` what it is
    filled under; ``identity`` is the destination's key or inode once it is ours; ``seen`` is when
    the daemon was last heard of, in seconds since 1970, and ``boot`` which run of this machine's
    system that was. ``left`` is how many bytes of unknown value it held when it was made empty;
    ``made`` is false for a device that was there before, which is never deleted. ``final`` is the
    volume that it takes the place of once it is complete, empty if it is filled under its own
    name, and ``old`` what was there under that name. ``deferred`` are ranges that a volume may have
    grown over without having them.
    """

    source: Mark
    place: str
    name: str
    map: ExtentMap
    stage: Stage = Stage.MAKING
    identity: str = ""
    left: int = 0
    made: bool = True
    final: str = ""
    old: VolumeMark | None = None
    deferred: tuple[tuple[int, int], ...] = ()
    seen: float = field(default_factory=time.time)
    boot: str = field(default_factory=boot_id)

    @property
    def has_arrived(self) -> bool:
        """Whether there is something to go on with."""
        return self.stage not in (Stage.MAKING, Stage.CLONING)

    @property
    def has_leftovers(self) -> bool:
        """Whether something may be at the destination that is known to be ours."""
        return self.stage is not Stage.MAKING or bool(self.final)

    def to_bytes(self) -> bytes:
        """Return a form that :meth:`from_bytes` reads.

        Before anything has been made it says nothing of the extents: they are looked for anew.
        """
        extents = ExtentMap(self.map.size) if self.stage is Stage.MAKING else self.map
        fields = {
            "version": VERSION,
            "source_kind": "file" if isinstance(self.source, FileMark) else "volume",
            "source": self.source._asdict(),
            "place": self.place,
            "name": self.name,
            "map": extents.to_record(),
            "stage": self.stage.value,
            "identity": self.identity,
            "left": self.left,
            "made": self.made,
            "final": self.final,
            "old": None if self.old is None else self.old._asdict(),
            "deferred": self.deferred,
            "seen": self.seen,
            "boot": self.boot,
        }
        return zlib.compress(json.dumps(fields).encode("ascii"), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """Read one. Raises :class:`TransferError` if it is none, or of a newer Lacuna."""
        try:
            unpacker = zlib.decompressobj()
            text = unpacker.decompress(data, MAX_BYTES)
            fields = cast("dict[str, Any]", json.loads(text))
            old = fields.get("old")
            return cls(
                source=_MARKS_OF[fields["version"]][fields["source_kind"]](**fields["source"]),
                place=str(fields["place"]),
                name=str(fields["name"]),
                map=ExtentMap.from_record(fields["map"]),
                stage=Stage(fields["stage"]),
                identity=str(fields["identity"]),
                left=int(fields["left"]),
                made=bool(fields["made"]),
                final=str(fields.get("final", "")),
                old=None if old is None else VolumeMark(**old),
                deferred=_ranges(fields.get("deferred", []), int(fields["map"]["size"])),
                seen=float(fields["seen"]),
                boot=str(fields["boot"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
            raise TransferError(
                f"what was noted about the interrupted transfer cannot be read: {error}",
                hint="Start it over.",
            ) from error


def _ranges(saved: list[list[int]], size: int) -> tuple[tuple[int, int], ...]:
    """Return saved ranges. Raises :class:`ValueError` if they are out of order or of the image."""
    ranges = tuple((int(start), int(end)) for start, end in saved)
    borders = [0, *(border for one in ranges for border in one), size]
    if borders != sorted(borders):
        raise ValueError("ranges out of order")
    return ranges


class Keeper(Protocol):
    """Keeps the checkpoint of one transfer."""

    def load(self) -> Checkpoint | None:
        """Return what was saved last, None for a transfer that begins."""

    def save(self, checkpoint: Checkpoint, *, durable: bool) -> None:
        """Save it. It outlives this process; if ``durable``, a power loss as well."""

    def finish(self) -> None:
        """The transfer is done: what was saved last, complete, goes when that is written down."""

    def forget(self) -> None:
        """There is nothing left to go on with."""
