"""The extent map of a local file: its holes, and on request the zeros in its data.

Lives here: reading a file for the sake of its map, as `lacuna map` does. A transfer that reads
the file anyway finds zeros as it goes, with `zeros.ZeroScanner`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lacuna_engine.errors import SourceChangedError
from lacuna_engine.extents._system import forget
from lacuna_engine.extents.map import ExtentMap, Kind
from lacuna_engine.extents.scan import DEFAULT_CHECK, HoleCheck, Section, scan_source
from lacuna_engine.extents.source import Source, StrPath, open_source
from lacuna_engine.extents.zeros import GRAIN, MIN_RUN, ZeroRun, ZeroScanner

__all__ = ["ZeroScan", "file_map", "survey_file"]

CHUNK = 2 * 1024 * 1024
"""Read at once: large enough that calls do not count, small enough for the cache."""


class ZeroScan(NamedTuple):
    """How data is searched for zeros; the fields are those of `zeros.ZeroScanner`, in bytes.

    With ``keep_cache`` false, what was read is dropped from the page cache again where the
    platform can do that, so that the map of a large file does not push everything else out.
    """

    grain: int = GRAIN
    min_run: int = MIN_RUN
    keep_cache: bool = False


def survey_file(
    source: StrPath | int,
    *,
    zero_scan: bool | ZeroScan = False,
    check: HoleCheck = DEFAULT_CHECK,
) -> Iterator[Section]:
    """Yield the sections of a file as `scan.scan_file` does, with zeros in data told apart.

    With ``zero_scan`` all data is read, and its zero runs come as ``Kind.ZERO``; True means a
    `ZeroScan` with its defaults. A zero run is measured inside its data section. Neighbours may
    be of the same kind.

    Raises:
        LocalFileError: as for `scan.scan_file`.
        SourceChangedError: if the file became shorter while it was read.
    """
    with open_source(source) as opened:
        yield from _sections(opened, _options(zero_scan), check)


def file_map(
    source: StrPath | int,
    *,
    zero_scan: bool | ZeroScan = False,
    check: HoleCheck = DEFAULT_CHECK,
) -> ExtentMap:
    """Return the map of a file or device, all of it pending; parameters as for `survey_file`.

    Raises:
        LocalFileError: as for `scan.scan_file`.
        SourceChangedError: if the file became shorter while it was read.
    """
    with open_source(source) as opened:
        return ExtentMap.from_kinds(opened.size, _sections(opened, _options(zero_scan), check))


def _options(zero_scan: bool | ZeroScan) -> ZeroScan | None:  # noqa: FBT001  # kept positional
    """Return how to search for zeros, None for not at all."""
    if isinstance(zero_scan, ZeroScan):
        return zero_scan
    return ZeroScan() if zero_scan else None


def _sections(source: Source, options: ZeroScan | None, check: HoleCheck) -> Iterator[Section]:
    """Yield the sections of an open source; a failing read is an `OSError`."""
    sections = scan_source(source, check)
    if options is None:
        yield from sections
        return
    buffer = memoryview(bytearray(CHUNK))
    for start, end, kind in sections:
        if kind is not Kind.DATA:
            yield start, end, kind
            continue
        for first, last, zero in _read(source, start, end, options, buffer):
            yield first, last, Kind.ZERO if zero else Kind.DATA


def _read(
    source: Source, start: int, end: int, options: ZeroScan, buffer: memoryview
) -> Iterator[ZeroRun]:
    """Read one data section, chunk by chunk into the same buffer, and yield its runs."""
    scanner = ZeroScanner(min_run=options.min_run, grain=options.grain)
    while start < end:
        # Chunks end at multiples of their size, so that whole pages can be dropped.
        chunk = buffer[: min(end - start, CHUNK - start % CHUNK)]
        if source.read_into(start, chunk) < len(chunk):
            raise SourceChangedError(
                f"{source.name} became shorter while it was read",
                hint="Stop what is writing to it, then try again.",
            )
        yield from scanner.feed(start, chunk)
        if not options.keep_cache:
            forget(source.fd, start, start + len(chunk))
        start += len(chunk)
    yield from scanner.finish()
