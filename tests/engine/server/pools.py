"""What the tests of pools share: errors, files, qemu-img."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lacuna_engine.rpc.records import WireError
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


def error_of(call: Callable[[], object]) -> WireError:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.error


def code_of(call: Callable[[], object]) -> int:
    return error_of(call).code


def write(path: Path, length: int, byte: bytes = b"\xee") -> None:
    path.write_bytes(byte * length)
    os.sync()  # so that the file system has counted the blocks


def qemu_img(*arguments: str | Path) -> Any:
    """A missing qemu-img is a failure, not a skip."""
    done = subprocess.run(["qemu-img", *arguments], check=True, capture_output=True)
    return json.loads(done.stdout) if "--output=json" in arguments else None


# --- create --------------------------------------------------------------------------------------


def create(pool: FolderPool, inner: str, name: str = "v") -> os.stat_result:
    handle = pool.create(f"<volume><name>{name}</name>{inner}</volume>")
    assert handle.key == f"{pool.path}/{name}"
    return Path(handle.key).stat()
