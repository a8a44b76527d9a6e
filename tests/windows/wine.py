"""Wine, and the Windows Python that runs under it.

Standard streams are pipes or a terminal throughout: CPython cannot use a file that Wine was given
as one of them, as its `GetFileInformationByHandle` refuses what Wine did not open.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Wine"]

USER = "Jörg Müller"
"""Whose system it is: somebody with a space and an umlaut in the path of their home."""

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = tuple(REPOSITORY / name for name in ("engine", "resources", "tests"))
"""Folders that the Windows Python imports Lacuna and its tests from."""


class Wine:
    """The Windows system below a folder: its drive, and its Python."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.prefix = self._folder / "prefix"
        self.python = self._folder / "python/python.exe"

    def make_prefix(self) -> None:
        """Make the drive C: and the registry, of a Windows 10."""
        for command in (["wineboot", "--init"], ["wine", "winecfg", "-v", "win10"]):
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env=self.environment(),
                timeout=300,
            )

    def stop(self) -> None:
        """End every Windows program, and Wine's server."""
        subprocess.run(["wineserver", "-k"], check=False, env=self.environment(), timeout=60)

    @property
    def home(self) -> Path:
        """Where %USERPROFILE% leads, on this side."""
        return self.prefix / "drive_c/users" / USER

    def clear_home(self) -> None:
        """Remove all that the user has."""
        shutil.rmtree(self.home)
        (self.home / "Temp").mkdir(parents=True)

    def path(self, path: Path) -> str:
        """Return what a path of this side is on the other: drive Z: has all of it."""
        drive = self.prefix / "drive_c"
        if path.is_relative_to(drive):
            return "C:\\" + str(path.relative_to(drive)).replace("/", "\\")
        return "Z:" + str(path).replace("/", "\\")

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a program."""
        passed = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        return {
            **passed,
            "LC_ALL": "C.UTF-8",
            "USER": USER,
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # nothing is offered to be installed
            "PYTHONPATH": ";".join(self.path(source) for source in SOURCES),
            "PYTHONPYCACHEPREFIX": self.path(self._folder / "cache"),
            **(more or {}),
        }
