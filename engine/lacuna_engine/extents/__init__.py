"""Extents: what the bytes of an image are, and how far each of them is in a transfer.

Three layers: pure structures (`IntervalMap`, `ExtentMap`), a pure search for zeros in buffers
(`ZeroScanner` and its simpler relatives), and local files: finding their holes (`scan_file`,
`file_map`) and making holes (`punch_hole`), the same on Linux, macOS and Windows. All offsets and
lengths are bytes; ranges are half open.
"""

from lacuna_engine.extents.cache import available_memory, drop_cached, fetch_ahead, outgrows
from lacuna_engine.extents.intervals import IntervalMap
from lacuna_engine.extents.map import Extent, ExtentMap, ExtentRecord, Kind, Progress
from lacuna_engine.extents.probe import probe_zeros
from lacuna_engine.extents.scan import HoleCheck, Section, scan_file
from lacuna_engine.extents.source import Source, open_source
from lacuna_engine.extents.sparse import allocated_bytes, make_sparse, punch_hole
from lacuna_engine.extents.survey import ZeroScan, file_map, survey_file
from lacuna_engine.extents.zeros import (
    GRAIN,
    MIN_RUN,
    Buffer,
    ZeroRun,
    ZeroScanner,
    grain_runs,
    is_zero,
    may_have_zeros,
    zero_runs,
)

__all__ = [
    "GRAIN",
    "MIN_RUN",
    "Buffer",
    "Extent",
    "ExtentMap",
    "ExtentRecord",
    "HoleCheck",
    "IntervalMap",
    "Kind",
    "Progress",
    "Section",
    "Source",
    "ZeroRun",
    "ZeroScan",
    "ZeroScanner",
    "allocated_bytes",
    "available_memory",
    "drop_cached",
    "fetch_ahead",
    "file_map",
    "grain_runs",
    "is_zero",
    "make_sparse",
    "may_have_zeros",
    "open_source",
    "outgrows",
    "probe_zeros",
    "punch_hole",
    "scan_file",
    "survey_file",
    "zero_runs",
]
