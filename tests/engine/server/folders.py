"""What the tests of folders share."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from lacuna_engine.server.folder import Folder
from lacuna_engine.server.refusal import Refusal

KIB = 1 << 10
MIB = 1 << 20


def refusal_of(call: Callable[[], object]) -> tuple[int, int]:
    """The code and errno of the refusal."""
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.error.code, caught.value.error.int1


def content(folder: Folder, name: str) -> bytes:
    fd = folder.open_read(name)
    try:
        return os.read(fd, 16 * MIB)
    finally:
        os.close(fd)
