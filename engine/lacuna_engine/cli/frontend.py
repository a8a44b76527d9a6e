"""The window, which the engine does not know: found by its entry point, if it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from lacuna_engine.errors import UsageError

__all__ = ["Frontend", "find_frontend", "has_display"]

Frontend = Callable[[list[str]], object]
"""What opens the window: called with arguments, it returns the exit code or nothing."""


def find_frontend() -> Frontend | None:
    """Return what opens the window, if one is installed; the engine itself knows none.

    Raises :class:`UsageError` if it is installed but cannot be loaded.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 30 ms, only needed here

    for entry in entry_points(group="lacuna.frontend"):
        try:
            loaded: Frontend = entry.load()
        except ImportError as error:
            raise UsageError(
                f"the window cannot be loaded: {error}",
                hint="Install what is missing (on Debian and Ubuntu: apt-get install "
                "libgl1 libegl1 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 "
                "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0); the commands work without.",
            ) from error
        return loaded
    return None


def has_display() -> bool:
    """Whether there is something to show a window on, as far as can be told before Qt tries."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
