"""The two palettes of the window, every role of them set.

A palette that leaves roles to Qt shows black on dark somewhere: Fusion derives bevels, links and
disabled text from a light button unless told otherwise.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor, QPalette

__all__ = ["control_palettes", "dark_palette", "light_palette", "palette_of"]

_Role = QPalette.ColorRole
_Group = QPalette.ColorGroup

_LIGHT: Final = {
    _Role.Window: "#f3f4f6", _Role.WindowText: "#1c2128",
    _Role.Base: "#ffffff", _Role.AlternateBase: "#f7f8fa", _Role.Text: "#1c2128",
    _Role.Button: "#f8f9fb", _Role.ButtonText: "#1c2128", _Role.BrightText: "#a80d2c",
    _Role.ToolTipBase: "#ffffff", _Role.ToolTipText: "#1c2128",
    _Role.PlaceholderText: "#67707c",
    _Role.Highlight: "#1a5fb4", _Role.HighlightedText: "#ffffff", _Role.Accent: "#1a5fb4",
    _Role.Link: "#1559b0", _Role.LinkVisited: "#6b3fa0",
    _Role.Light: "#ffffff", _Role.Midlight: "#eceef2", _Role.Mid: "#c3c8d0",
    _Role.Dark: "#a2a9b4", _Role.Shadow: "#6b7280",
}  # fmt: skip

_DARK: Final = {
    _Role.Window: "#1e2228", _Role.WindowText: "#e4e7eb",
    _Role.Base: "#16191d", _Role.AlternateBase: "#1a1e23", _Role.Text: "#e4e7eb",
    _Role.Button: "#2b3038", _Role.ButtonText: "#e4e7eb", _Role.BrightText: "#ff8278",
    _Role.ToolTipBase: "#2b3038", _Role.ToolTipText: "#e4e7eb",
    _Role.PlaceholderText: "#8b94a1",
    _Role.Highlight: "#2c62b5", _Role.HighlightedText: "#ffffff", _Role.Accent: "#4d9bff",
    _Role.Link: "#7db4ff", _Role.LinkVisited: "#c4a3f0",
    _Role.Light: "#3d444f", _Role.Midlight: "#343a44", _Role.Mid: "#262b32",
    _Role.Dark: "#121519", _Role.Shadow: "#08090b",
}  # fmt: skip

_DISABLED_LIGHT: Final = {
    _Role.WindowText: "#8d949e", _Role.Text: "#8d949e", _Role.ButtonText: "#8d949e",
    _Role.PlaceholderText: "#a9afb8", _Role.Base: "#f3f4f6",
    _Role.Highlight: "#c3c8d0", _Role.HighlightedText: "#59616c", _Role.Accent: "#c3c8d0",
    _Role.Link: "#8d949e", _Role.LinkVisited: "#8d949e",
}  # fmt: skip

_DISABLED_DARK: Final = {
    _Role.WindowText: "#6b7480", _Role.Text: "#6b7480", _Role.ButtonText: "#6b7480",
    _Role.PlaceholderText: "#555d68", _Role.Base: "#1e2228",
    _Role.Highlight: "#343a44", _Role.HighlightedText: "#8b94a1", _Role.Accent: "#343a44",
    _Role.Link: "#6b7480", _Role.LinkVisited: "#6b7480",
}  # fmt: skip


def light_palette() -> QPalette:
    """Return the palette of dark text on light."""
    return _built(_LIGHT, _DISABLED_LIGHT)


def dark_palette() -> QPalette:
    """Return the palette of light text on dark."""
    return _built(_DARK, _DISABLED_DARK)


def palette_of(*, dark: bool) -> QPalette:
    """Return one of the two palettes."""
    return dark_palette() if dark else light_palette()


def control_palettes(*, dark: bool) -> dict[str, QPalette]:
    """Return palettes for classes of controls whose border has to be seen.

    Fusion draws borders 1.4 times darker than the window, whatever the window is: on a dark one an
    empty check box cannot be found. These controls do not paint the window's colour otherwise, so
    theirs is one from which the border comes out right.
    """
    palette = palette_of(dark=dark)
    for group in (_Group.Active, _Group.Inactive):
        palette.setColor(group, _Role.Window, QColor("#a5afbc" if dark else "#b7bdc7"))
    palette.setColor(_Group.Disabled, _Role.Window, QColor("#5d6570" if dark else "#d5d9df"))
    names = ("QCheckBox", "QRadioButton", "QLineEdit", "QAbstractSpinBox", "QComboBox")
    return dict.fromkeys(names, palette)


def _built(roles: dict[QPalette.ColorRole, str], off: dict[QPalette.ColorRole, str]) -> QPalette:
    palette = QPalette()
    for role, text in roles.items():
        palette.setColor(_Group.All, role, QColor(text))
    for role, text in off.items():
        palette.setColor(_Group.Disabled, role, QColor(text))
    return palette
