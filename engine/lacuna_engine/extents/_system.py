"""The one place that chooses the platform's module; all three offer the same functions."""

from __future__ import annotations

import sys

__all__ = ["allocated", "data_sections", "device_size", "forget", "make_sparse", "punch"]

if sys.platform == "win32":
    from lacuna_engine.extents._windows import (
        allocated,
        data_sections,
        device_size,
        forget,
        make_sparse,
        punch,
    )
elif sys.platform == "darwin":
    from lacuna_engine.extents._macos import (
        allocated,
        data_sections,
        device_size,
        forget,
        make_sparse,
        punch,
    )
else:
    from lacuna_engine.extents._linux import (
        allocated,
        data_sections,
        device_size,
        forget,
        make_sparse,
        punch,
    )
