"""The one place that chooses the platform's module; all three offer the same functions."""

from __future__ import annotations

import sys

__all__ = [
    "allocated",
    "available_memory",
    "data_sections",
    "device_size",
    "fetch",
    "forget",
    "make_sparse",
    "punch",
]

if sys.platform == "win32":
    from lacuna_engine.extents._windows import (
        allocated,
        available_memory,
        data_sections,
        device_size,
        fetch,
        forget,
        make_sparse,
        punch,
    )
elif sys.platform == "darwin":
    from lacuna_engine.extents._macos import (
        allocated,
        available_memory,
        data_sections,
        device_size,
        fetch,
        forget,
        make_sparse,
        punch,
    )
else:
    from lacuna_engine.extents._linux import (
        allocated,
        available_memory,
        data_sections,
        device_size,
        fetch,
        forget,
        make_sparse,
        punch,
    )
