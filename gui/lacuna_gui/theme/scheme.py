"""Which of the two palettes holds: the system's choice, or the user's.

One `Theme` for the application. Where the system says nothing (offscreen, plain X11) it is light.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from lacuna_gui.theme.palettes import control_palettes, palette_of
from lacuna_gui.theme.style import LacunaStyle

__all__ = ["Scheme", "Theme"]


class Scheme(Enum):
    """What the user wants. The values are what settings save."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Style and palettes of an application; sets both at once, and follows the system.

    There is no style sheet: one for the application takes all painting away from the style.

    ``changed`` tells, after a change, whether the window is dark now. Widgets need not listen: they
    are sent a palette change, and ask `colours` with their palette when they paint.
    """

    changed = Signal(bool)

    def __init__(self, app: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        self._dark: bool | None = None
        app.setStyle(LacunaStyle())
        self._hints = app.styleHints()
        self._hints.colorSchemeChanged.connect(self._update)
        self.set_scheme(scheme)

    @property
    def scheme(self) -> Scheme:
        """What was asked for."""
        return self._scheme

    @property
    def dark(self) -> bool:
        """Whether the window is dark now."""
        return bool(self._dark)

    def set_scheme(self, scheme: Scheme) -> None:
        """Follow the system, or hold to one of the two."""
        self._scheme = scheme
        # The platform paints title bars and native dialogs; it is told, where it listens.
        if scheme is Scheme.SYSTEM:
            self._hints.unsetColorScheme()
        else:
            self._hints.setColorScheme(
                Qt.ColorScheme.Dark if scheme is Scheme.DARK else Qt.ColorScheme.Light
            )
        self._update()

    def _update(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            dark = self._hints.colorScheme() == Qt.ColorScheme.Dark
        else:
            dark = self._scheme is Scheme.DARK
        if dark is self._dark:
            return
        self._dark = dark
        self._app.setPalette(palette_of(dark=dark))
        for name, palette in control_palettes(dark=dark).items():
            # The description says bytes, but only a string is taken.
            self._app.setPalette(palette, name)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self.changed.emit(dark)
