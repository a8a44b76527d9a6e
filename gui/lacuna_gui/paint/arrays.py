"""NumPy, loaded when the first extents are drawn: it takes longer than building the window.

Modules that draw take ``np`` and ``NDArray`` from here. Their types are written as strings where
they stand outside of functions, since naming one there would load it after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.late import LateModule

__all__ = ["NDArray", "np"]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = LateModule("numpy")
    NDArray = None  # only ever in annotations, which nobody evaluates
