"""Folders for the sockets that ssh and its questions go through."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from lacuna_engine.errors import ConnectError

__all__ = ["make_socket_folder"]

LONGEST = 72
"""Bytes of a folder's path: macOS has 103 for that of a socket, of which ssh takes 17 for itself,
and a folder for temporary files with 49."""

_PLAIN = re.compile(r"[\w/.,+@~-]+")
"""What ssh takes in a setting as it stands."""


def make_socket_folder() -> Path:
    """Make a folder that nobody else may enter, and return it.

    It is where temporary files go, or in /tmp where the path would be too much for a socket or for
    ssh. Raises :class:`ConnectError`.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="lacuna-"))
        if len(bytes(folder)) <= LONGEST and _PLAIN.fullmatch(str(folder)):
            return folder
        folder.rmdir()
        return Path(tempfile.mkdtemp(prefix="lacuna-", dir="/tmp"))
    except OSError as error:
        raise ConnectError(
            f"no folder for the sockets of ssh can be made: {error.strerror or error}",
            hint="Set TMPDIR to a folder of yours with a short path.",
        ) from error
