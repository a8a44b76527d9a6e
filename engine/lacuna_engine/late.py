"""Modules that are loaded when something of them is asked for, whoever imported them before.

Who only shows jobs need not load what runs them, who asks for the version needs next to nothing:
that is a tenth of a second and more at each start. Type checkers see plain imports beside these.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from types import ModuleType

__all__ = ["LateModule", "late"]


class LateModule:
    """Stands for a module, which is imported by whoever first wants something of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _module(self) -> ModuleType:
        return import_module(self._name)

    def __getattr__(self, name: str) -> object:
        """Return what the module has under this name."""
        return getattr(self._module, name)


def late(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package, which finds names in the modules they stand for.

    A module that begins with a dot is one of the package.
    """
    homes = {name: module for module, found in names.items() for name in found}

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(homes[name], package), name)
        setattr(sys.modules[package], name, value)  # and is found at once from now on
        return value

    return find
