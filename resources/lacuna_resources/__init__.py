"""Icons, translations and styles of Lacuna, as package data.

Lives here: the files, and how to read them whether the package is a folder, a wheel or part of a
bundle. Nothing here knows Qt; `lacuna_gui.theme` makes icons of the drawings.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["APP_ICON", "app_icon_svg", "icon_names", "icon_svg", "path", "read"]

APP_ICON = "lacuna"
"""The name of the application's icon, as icon themes and desktop entries use it."""

_SMALL_APP_ICONS = (16, 22, 24)


def path(*parts: str) -> Traversable:
    """Return a file or folder of this package: ``path("icons", "upload.svg")``.

    It can be read and listed. Who needs a real file, for a program outside, uses
    `importlib.resources.as_file`.
    """
    return files(__name__).joinpath(*parts)


def read(*parts: str) -> bytes:
    """Return what a file of this package contains.

    Raises:
        FileNotFoundError: if there is none.
    """
    return path(*parts).read_bytes()


@functools.cache
def icon_names() -> tuple[str, ...]:
    """Return the names of all drawings of the set, sorted."""
    names = (entry.name for entry in path("icons").iterdir())
    return tuple(sorted(name.removesuffix(".svg") for name in names if name.endswith(".svg")))


def icon_svg(name: str) -> bytes:
    """Return a one-colour drawing of the set; its colour is written ``currentColor``.

    Raises:
        KeyError: if there is no such drawing.
    """
    try:
        return read("icons", f"{name}.svg")
    except FileNotFoundError:
        raise KeyError(f"there is no icon {name!r}") from None


def app_icon_svg(pixels: int = 64, *, symbolic: bool = False) -> bytes:
    """Return the application's icon for a size: in colours, or one-coloured like the set.

    For small ones there are drawings of their own, whose edges lie between pixels.
    """
    variant = "-symbolic" if symbolic else f"-{pixels}" if pixels in _SMALL_APP_ICONS else ""
    return read("app", f"{APP_ICON}{variant}.svg")
