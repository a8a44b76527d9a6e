"""Changing volumes that exist: resize and wipe."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.server.pools import MIB, code_of, error_of, qemu_img, write
from lacuna_engine.rpc.failure import Code
from lacuna_engine.server import changing
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.storage.xml_build import volume_xml


def test_resize(pool: FolderPool, path: Path) -> None:
    pool.create(volume_xml("v", capacity=MIB))
    pool.resize("v", 5 * MIB)
    assert (path / "v").stat().st_size == 5 * MIB
    error = error_of(lambda: pool.resize("v", 2 * MIB))
    assert (error.code, (error.str2 or "")[:45]) == (
        Code.INVALID_ARG,
        "Can't shrink capacity below current capacity ",
    )
    pool.resize("v", 2 * MIB, 4)
    assert (path / "v").stat().st_size == 2 * MIB
    pool.resize("v", MIB, 2)
    assert (path / "v").stat().st_size == 3 * MIB
    pool.resize("v", MIB, 2 | 4)
    assert (path / "v").stat().st_size == 2 * MIB
    pool.resize("v", 9 * MIB, 2 | 4)
    assert (path / "v").stat().st_size == 0
    pool.resize("v", 2 * MIB, 1)
    assert (path / "v").stat().st_blocks * 512 >= 2 * MIB


def test_resize_below_what_is_allocated(pool: FolderPool, path: Path) -> None:
    write(path / "v", 3 * MIB)
    for flags in (0, 4):
        error = error_of(lambda flags=flags: pool.resize("v", MIB, flags))  # type: ignore[misc]
        assert error.code == Code.INVALID_ARG
        assert error.str2 == "can't shrink capacity below existing allocation"
    # The file itself is asked, not what was known of it: here it was emptied by somebody else.
    os.truncate(path / "v", 0)
    os.truncate(path / "v", 3 * MIB)
    pool.resize("v", MIB, 4)
    assert (path / "v").stat().st_size == MIB


def test_resize_without_space(pool: FolderPool, path: Path) -> None:
    pool.create(volume_xml("v", capacity=MIB))
    much = pool.info().available + 64 * MIB
    error = error_of(lambda: pool.resize("v", much, 1))
    assert (error.code, error.str2) == (
        Code.OPERATION_FAILED,
        "Not enough space left in storage pool",
    )
    assert error_of(lambda: pool.resize("v", 2**63)).int1 == errno.EFBIG
    assert error_of(lambda: pool.resize("v", 2**64 - 1, 2)).int1 == errno.EFBIG
    assert (path / "v").stat().st_size == MIB


def test_resize_that_fails_in_the_middle(
    pool: FolderPool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path / "v", MIB)

    def full(fd: int, start: int, end: int, keep: int) -> None:
        assert (start, keep) == (0, MIB)
        os.ftruncate(fd, (start + end) // 2)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(changing, "allocate", full)
    assert error_of(lambda: pool.resize("v", 4 * MIB, 1)).int1 == errno.ENOSPC
    assert (path / "v").read_bytes() == b"\xee" * MIB


def test_resize_of_images_and_folders(pool: FolderPool, path: Path) -> None:
    qemu_img("create", "-q", "-f", "qcow2", path / "q", "7M")
    before = (path / "q").read_bytes()
    assert code_of(lambda: pool.resize("q", 9 * MIB)) == Code.OPERATION_UNSUPPORTED
    assert code_of(lambda: pool.resize("q", 9 * MIB, 1)) == Code.OPERATION_UNSUPPORTED
    assert (path / "q").read_bytes() == before
    (path / "sub").mkdir()
    assert error_of(lambda: pool.resize("sub", 1)).int1 == errno.EISDIR


@pytest.mark.parametrize("length", [0, 1, 4096, 1000, MIB, 3 * MIB + 17])
def test_wipe(pool: FolderPool, path: Path, length: int) -> None:
    write(path / "v", length)
    inode = (path / "v").stat().st_ino
    pool.wipe("v")
    assert (path / "v").read_bytes() == bytes(length)
    # What had all its space keeps it, as with the daemon.
    assert (path / "v").stat().st_blocks * 512 >= length
    assert (path / "v").stat().st_ino == inode
    os.truncate(path / "v", length + MIB)
    pool.wipe("v")
    assert (path / "v").read_bytes() == bytes(length + MIB)
    assert (path / "v").stat().st_blocks == 0


def test_resize_fills_holes_if_all_is_to_be_allocated(pool: FolderPool, path: Path) -> None:
    write(path / "v", 4096)
    os.truncate(path / "v", MIB)
    with (path / "v").open("r+b") as file:
        file.seek(MIB // 2)
        file.write(b"x")
    before = (path / "v").read_bytes()
    pool.resize("v", 2 * MIB, 1)
    assert (path / "v").read_bytes() == before + bytes(MIB)
    assert (path / "v").stat().st_blocks * 512 >= 2 * MIB


def test_wipe_makes_an_image_raw(pool: FolderPool, path: Path) -> None:
    qemu_img("create", "-q", "-f", "qcow2", path / "q", "7M")
    length = (path / "q").stat().st_size
    pool.wipe("q")
    seen = pool.volume_description("q")
    assert (seen.format, seen.capacity) == ("raw", length)


def test_wipe_errors(pool: FolderPool, path: Path) -> None:
    write(path / "v", 1000)
    (path / "sub").mkdir()
    for algorithm in range(1, 9):
        error = error_of(lambda algorithm=algorithm: pool.wipe("v", algorithm))  # type: ignore[misc]
        assert (error.code, error.int1) == (Code.SYSTEM_ERROR, errno.ENOENT)
    assert code_of(lambda: pool.wipe("v", 9)) == Code.ARGUMENT_UNSUPPORTED
    assert code_of(lambda: pool.wipe("v", 10)) == Code.INVALID_ARG
    assert error_of(lambda: pool.wipe("sub")).int1 == errno.EISDIR
    assert (path / "v").read_bytes() == b"\xee" * 1000


@pytest.mark.parametrize("length", [0, 1, 1000, 4096, MIB, 16 * MIB + 1])
@pytest.mark.parametrize("how", ["dense", "allocated", "holes"])
def test_recipe_w0(pool: FolderPool, path: Path, length: int, how: str) -> None:
    """Grow, wipe, shrink to nothing: protocol.md 5.1."""
    if how == "allocated":
        pool.create(volume_xml("v", capacity=length, allocation=length))
    else:
        write(path / "v", length)
    if how == "holes":
        os.truncate(path / "v", length + 5 * MIB)
    (path / "v").chmod(0o640)
    before = (path / "v").stat()
    info = pool.volume_info("v")
    grown = info.capacity + max(info.allocation - info.capacity, 0) + MIB
    pool.resize("v", grown)
    pool.wipe("v")
    assert pool.volume_info("v").allocation == 0
    pool.resize("v", 0, 4)
    info = pool.volume_info("v")
    assert (info.capacity, info.physical, info.allocation) == (0, 0, 0)
    after = (path / "v").stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
    )
