"""The cases: images, what each is compared with, and who cannot take part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.distribution import Distribution
from bench.images import GIB, KIB, MIB, dense, preallocated, qcow2, scattered, zeros

PLAIN, SPARSE = "virsh", "virsh --sparse"


@dataclass(frozen=True)
class Case:
    """An image; the tool that others are compared with; tools that are left out, and why."""

    key: str
    name: str
    make: Callable[[Path], object]
    base: str
    down: bool = True
    without: Mapping[str, str] = field(default_factory=dict[str, str])

    def matches(self, words: list[str]) -> bool:
        """Return whether one of the words (none: any) is part of the key or the name."""
        return not words or any(word in self.key or word in self.name for word in words)


def amount(size: int) -> str:
    """Return bytes for people: ``512 MiB``, ``1 TiB``."""
    for unit, name in ((1 << 40, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size / MIB:,.0f} MiB"


def cases(images: Path, *, scale: float = 1) -> list[Case]:
    """Return all cases. ``images`` keeps what is downloaded; ``scale`` makes all smaller."""

    def scaled(size: int, unit: int = MIB) -> int:
        return max(int(size * scale) // unit, 1) * unit

    def count(number: int) -> int:
        return max(int(number * scale), 8)

    small, large = scaled(2 * GIB), scaled(4 * GIB)
    data = scaled(512 * MIB, 8 * MIB)
    fragmented, extents = scaled(10 * GIB), count(20_000)
    huge, pieces = scaled(1024 * GIB), count(1000)
    filled = f"would send the holes too, and fill the pool with {amount(fragmented)}"
    distribution = Distribution(images)
    return [
        Case("dense", f"dense {amount(small)}", partial(dense, size=small), PLAIN),
        Case(
            "sparse",
            f"{amount(large)}, {amount(data)} data in 8 runs",
            partial(scattered, size=large, data=data, runs=8),
            SPARSE,
        ),
        Case(
            "zeros",
            f"{amount(large)} of allocated zeros",
            partial(zeros, size=large),
            SPARSE,
            down=False,
        ),
        Case(
            "fragmented",
            f"{amount(fragmented)} in {extents:,} extents",
            partial(scattered, size=fragmented, data=extents * 32 * KIB, runs=extents),
            SPARSE,
            without={PLAIN: filled},
        ),
        Case(
            "huge",
            f"{amount(huge)}, {amount(pieces * MIB)} in {pieces:,} extents",
            partial(scattered, size=huge, data=pieces * MIB, runs=pieces),
            SPARSE,
            without={
                PLAIN: f"would send the holes too, and fill the pool with {amount(huge)}",
                "rsync": f"reads and sends all of the holes, {amount(huge)}: half an hour a run",
            },
        ),
        Case("debian-raw", "Debian's disk, raw", distribution.raw, SPARSE),
        Case("debian-qcow2", "Debian's disk, qcow2", distribution.qcow2, SPARSE),
        Case(
            "qcow2",
            f"qcow2 of {amount(data)}",
            partial(qcow2, size=large, data=data, runs=8),
            SPARSE,
        ),
        Case(
            "preallocated",
            f"preallocated {amount(large)}, {amount(data)} data",
            partial(preallocated, size=large, data=data, runs=8),
            SPARSE,
        ),
    ]


WIRE = ("sparse", "debian-raw", "qcow2", "debian-qcow2", "fragmented", "preallocated")
"""Cases in which the bytes on the wire are compared."""
