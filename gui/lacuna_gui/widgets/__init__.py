"""Widgets of the window that know no services: they show what they are given and tell clicks.

They may use types of `lacuna_engine.extents`, and nothing else of the engine.
"""

from lacuna_gui.widgets.elided_label import ElidedLabel
from lacuna_gui.widgets.empty_state import EmptyState
from lacuna_gui.widgets.extent_map import ExtentMapWidget, MapMode
from lacuna_gui.widgets.extent_strip import ExtentStrip
from lacuna_gui.widgets.fill_bar import FillBar
from lacuna_gui.widgets.legend import Legend, LegendEntry
from lacuna_gui.widgets.message_bar import Message, MessageAction, MessageBar
from lacuna_gui.widgets.speed_graph import SpeedGraph
from lacuna_gui.widgets.speed_history import SpeedHistory

__all__ = [
    "ElidedLabel",
    "EmptyState",
    "ExtentMapWidget",
    "ExtentStrip",
    "FillBar",
    "Legend",
    "LegendEntry",
    "MapMode",
    "Message",
    "MessageAction",
    "MessageBar",
    "SpeedGraph",
    "SpeedHistory",
]
