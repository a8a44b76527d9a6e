"""Delegates: cells that are drawings.

Each takes what it draws from the record behind the row, or from a function of the cell's index, so
that delegates know no model and models know no delegate.
"""

from lacuna_gui.delegates.allocation import AllocationDelegate
from lacuna_gui.delegates.cell import Cell, CellDelegate
from lacuna_gui.delegates.extent_strip import ExtentStripDelegate
from lacuna_gui.delegates.extent_strip import ExtentStripDelegate as StripDelegate
from lacuna_gui.delegates.progress import ProgressDelegate, ProgressValue

__all__ = [
    "AllocationDelegate",
    "Cell",
    "CellDelegate",
    "ExtentStripDelegate",
    "ProgressDelegate",
    "ProgressValue",
    "StripDelegate",
]
