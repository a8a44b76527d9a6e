"""How the window looks: palettes, colours with a meaning, icons, distances.

`Theme` dresses the application. Everything else is a question with an answer: `colours` of a
palette, `icon` of a name, the distances in `space`. Lives here: no widget.
"""

from lacuna_gui.theme import space
from lacuna_gui.theme.colours import DARK, LIGHT, Colours, Severity, colours, is_dark, mix
from lacuna_gui.theme.icons import app_icon, icon, icon_pixmap, paint_icon, severity_icon
from lacuna_gui.theme.palettes import dark_palette, light_palette, palette_of
from lacuna_gui.theme.scheme import Scheme, Theme
from lacuna_gui.theme.style import LacunaStyle

__all__ = [
    "DARK",
    "LIGHT",
    "Colours",
    "LacunaStyle",
    "Scheme",
    "Severity",
    "Theme",
    "app_icon",
    "colours",
    "dark_palette",
    "icon",
    "icon_pixmap",
    "is_dark",
    "light_palette",
    "mix",
    "paint_icon",
    "palette_of",
    "severity_icon",
    "space",
]
