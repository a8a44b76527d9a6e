"""The holes of a local file, as its file system reports them.

Lives here: one lazy scan for every platform, and the check of what it was told. Nothing is read
but what the check needs; `survey` reads data to find zeros in it.

File systems have been wrong about holes, and a false hole is lost data that nobody notices:
APFS has reported data as holes until the volume was mounted again (coreutils/coreutils#68), ZFS
just after writing (openzfs/zfs#15526), virtiofs on a Mac for every file (docker/sbx-releases#526).
So a hole is looked at before it is believed; see `HoleCheck`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum

from lacuna_engine.extents._system import data_sections, forget
from lacuna_engine.extents.map import Kind
from lacuna_engine.extents.source import Source, StrPath, open_source
from lacuna_engine.extents.zeros import is_zero

__all__ = ["HoleCheck", "Section", "scan_file", "scan_source"]

Section = tuple[int, int, Kind]
"""``(start, end, kind)`` in bytes."""

_PROBE = 4096  # one block: what a wrong report gets wrong is whole blocks
_PIECE = 1024 * 1024
_ZEROS = bytearray(_PROBE)


class HoleCheck(Enum):
    """How a reported hole is looked at before it is believed."""

    NONE = "none"
    """Not at all."""
    ENDS = "ends"
    """Its first and last block are read. Costs microseconds for each hole, of any length."""
    WHOLE = "whole"
    """All of it is read, as fast as the file system gives out zeros: minutes for a terabyte."""


DEFAULT_CHECK = HoleCheck.WHOLE if sys.platform == "darwin" else HoleCheck.ENDS
"""APFS is wrong about single sections in between, which two blocks would not show."""


def scan_file(source: StrPath | int, *, check: HoleCheck = DEFAULT_CHECK) -> Iterator[Section]:
    """Yield the data and the holes of a file as ``(start, end, kind)``, in order.

    The sections cover ``[0, size)`` completely, with the size at the time of opening; kinds are
    ``DATA`` and ``HOLE``, neighbours may be of the same kind. One data section covers a device,
    and a file on a file system that does not know holes. What cannot be shown to be a hole is
    data: this holds for the end of a file that becomes shorter meanwhile, and once a hole turns
    out not to be zero, from there on for all that was not read in full.

    ``source`` is a path, opened at the first item and closed after the last, or a descriptor
    open for reading, which stays open and whose position moves.

    Raises:
        LocalFileError: at the first item, if the source cannot be opened, is a folder, pipe or
            socket, or is a character device without a size; at any item, if it cannot be read.
    """
    with open_source(source) as opened:
        yield from scan_source(opened, check)


def scan_source(source: Source, check: HoleCheck = DEFAULT_CHECK) -> Iterator[Section]:
    """Do what `scan_file` does with a source already open.

    Raises:
        OSError: if it cannot be read.
    """
    if source.device:
        if source.size:
            yield 0, source.size, Kind.DATA
        return
    position = 0
    doubt = _Doubt(source, check)
    for start, end in data_sections(source.fd, source.size):
        if position < start:
            if doubt.believes(position, start):
                yield position, start, Kind.HOLE
            elif check is HoleCheck.WHOLE:
                yield position, start, Kind.DATA
            else:
                break
        yield start, end, Kind.DATA
        position = end
    if position < source.size:
        hole = doubt.believes(position, source.size)
        yield position, source.size, Kind.HOLE if hole else Kind.DATA


class _Doubt:
    """Reads what a check asks for of reported holes. Their number is large: one block for all."""

    def __init__(self, source: Source, check: HoleCheck) -> None:
        self._source = source
        self._check = check
        self._block = bytearray(_PROBE)
        self._view = memoryview(self._block)

    def believes(self, start: int, end: int) -> bool:
        """Tell whether what was read of a hole is zero.

        What is missing because the file became shorter counts as not zero.
        """
        if self._check is HoleCheck.NONE:
            return True
        if self._check is HoleCheck.WHOLE or end - start <= 2 * _PROBE:
            return _reads_zero(self._source, start, end)
        believed = self._is_zero_block(start) and self._is_zero_block(end - _PROBE)
        forget(self._source.fd, start, end)  # reading a hole fills the cache with zeros
        return believed

    def _is_zero_block(self, start: int) -> bool:
        return self._source.read_into(start, self._view) == _PROBE and self._block == _ZEROS


def _reads_zero(source: Source, start: int, end: int) -> bool:
    """Tell whether ``[start, end)`` is there and all zero."""
    buffer = memoryview(bytearray(min(end - start, _PIECE)))
    while start < end:
        piece = buffer[: end - start]
        if source.read_into(start, piece) < len(piece) or not is_zero(piece):
            return False
        forget(source.fd, start, start + len(piece))
        start += len(piece)
    return True
