"""What the window remembers: preferences, geometry, columns.

The only place that reads or writes settings. Everything has a default and a type; what a file says
wrongly is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from lacuna_engine.transfer import IfExists
from lacuna_gui.language import LANGUAGES

__all__ = ["THEMES", "Preferences", "Settings"]

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What people choose in the preferences. ``limit`` is bytes a second, 0 for none."""

    theme: str = "system"
    language: str = ""
    """One of `language.LANGUAGES`; empty is that of the system."""
    if_exists: str = IfExists.FAIL.value
    verify: bool = False
    limit: int = 0
    concurrency: int = 2
    start_at_once: bool = True
    notify: bool = True
    tray: bool = False
    connect_at_start: bool = False
    download_folder: str = ""
    owner: str = ""
    """Owner and group of new volumes, as `dialogs.permissions` reads it; empty is the pool's."""
    mode: str = ""


class Settings(QObject):
    """Settings in an INI file; by default in the user's configuration folder."""

    changed = Signal()
    """Preferences are others."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        place = path or platformdirs.user_config_path("lacuna", appauthor=False) / "window.ini"
        self._file = QSettings(str(place), QSettings.Format.IniFormat)
        self._preferences = self._read_preferences()

    @property
    def preferences(self) -> Preferences:
        """The preferences now."""
        return self._preferences

    def set_preferences(self, preferences: Preferences) -> None:
        """Store preferences and tell whoever listens."""
        if preferences == self._preferences:
            return
        self._preferences = preferences
        for field in fields(preferences):
            self._file.setValue(f"preferences/{field.name}", getattr(preferences, field.name))
        self._file.sync()
        self.changed.emit()

    def override(self, *, theme: str | None = None, language: str | None = None) -> None:
        """Use another theme or language for this run only."""
        if theme is not None:
            self._preferences = replace(self._preferences, theme=theme)
        if language is not None:
            self._preferences = replace(self._preferences, language=language)

    def _read_preferences(self) -> Preferences:
        chosen = Preferences()
        for field in fields(chosen):
            default: object = getattr(chosen, field.name)
            text = self._file.value(f"preferences/{field.name}")
            if text is None:
                continue
            value = _converted(str(text), default)
            if value is not None:
                changes: dict[str, Any] = {field.name: value}
                chosen = replace(chosen, **changes)
        valid = {one.value for one in IfExists}
        return replace(
            chosen,
            theme=chosen.theme if chosen.theme in THEMES else "system",
            language=chosen.language if chosen.language in LANGUAGES else "",
            if_exists=chosen.if_exists if chosen.if_exists in valid else IfExists.FAIL.value,
            concurrency=min(max(chosen.concurrency, 1), 16),
            limit=max(chosen.limit, 0),
        )

    # --- geometry ------------------------------------------------------------------------------

    def state(self, name: str) -> QByteArray:
        """Return a saved geometry or header state; empty if there is none."""
        value = self._file.value(f"window/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_state(self, name: str, state: QByteArray) -> None:
        """Save a geometry or header state."""
        self._file.setValue(f"window/{name}", state)

    def text(self, name: str) -> str:
        """Return a remembered text; empty if there is none."""
        value = self._file.value(f"window/{name}")
        return value if isinstance(value, str) else ""

    def set_text(self, name: str, text: str) -> None:
        """Remember a text."""
        self._file.setValue(f"window/{name}", text)

    def sync(self) -> None:
        """Write everything to the file."""
        self._file.sync()


def _converted(text: str, default: object) -> object:
    """Return a stored text as the type of the default, None if it is not one."""
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text.lower())
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            return None
    return text
