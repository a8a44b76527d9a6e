"""Copying one file's content into another, with its holes."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from engine.server.folders import KIB, MIB
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.folder import allocate


@pytest.mark.parametrize("kernel", [True, False])
def test_copies_keep_holes(path: Path, monkeypatch: pytest.MonkeyPatch, kernel: bool) -> None:
    def cannot(*_: object) -> int:
        raise OSError(errno.EXDEV, "not here")

    if not kernel:
        monkeypatch.setattr(os, "copy_file_range", cannot)
    with (path / "a").open("wb+") as source, (path / "b").open("wb+") as target:
        for offset in (0, 3 * MIB, 9 * MIB + 7):
            source.seek(offset)
            source.write(os.urandom(100 * KIB))
        source.truncate(16 * MIB)
        source.flush()
        target.truncate(20 * MIB)
        copy_content(source.fileno(), target.fileno(), 16 * MIB, share=True)
    assert (path / "b").read_bytes() == (path / "a").read_bytes() + bytes(4 * MIB)
    assert (path / "b").stat().st_blocks * 512 <= MIB


def test_blocks_are_shared_where_they_can_be(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def share(target: int, request: int, source: int) -> int:
        assert request == 0x40049409
        assert os.fstat(target).st_size == 0
        return os.pwrite(target, os.pread(source, MIB, 0), 0)

    with (path / "a").open("wb+") as source, (path / "b").open("wb+") as target:
        source.write(b"shared")
        source.flush()
        target.truncate(10)
        copy_content(source.fileno(), target.fileno(), 6)
        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "ioctl", share)
            copy_content(source.fileno(), target.fileno(), 6, must_share=True)
    assert (path / "b").read_bytes() == b"shared" + bytes(4)


def test_reserved_space_is_not_given_up_for_shared_blocks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> int:
        raise AssertionError("the kernel would share on some file systems")

    monkeypatch.setattr(os, "copy_file_range", never)
    monkeypatch.setattr(fcntl, "ioctl", never)
    data = os.urandom(3 * MIB + 5)
    (path / "a").write_bytes(data)
    with (path / "a").open("rb") as source, (path / "b").open("wb+") as target:
        allocate(target.fileno(), 0, len(data))
        copy_content(source.fileno(), target.fileno(), len(data))
    assert (path / "b").read_bytes() == data


def test_sharing_that_must_be(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(fcntl, "ioctl", cannot)
    with (path / "a").open("wb+") as source, (path / "b").open("wb+") as target:
        source.write(b"copied")
        source.flush()
        target.truncate(10)
        with pytest.raises(OSError, match="not here"):
            copy_content(source.fileno(), target.fileno(), 6, must_share=True)
        assert os.fstat(target.fileno()).st_size == 10
        copy_content(source.fileno(), target.fileno(), 6, share=True)
    assert (path / "b").read_bytes() == b"copied" + bytes(4)


def test_a_source_that_became_shorter(path: Path) -> None:
    with (path / "a").open("wb+") as source, (path / "b").open("wb+") as target:
        source.write(b"short")
        source.flush()
        target.truncate(10)
        copy_content(source.fileno(), target.fileno(), 10)
    assert (path / "b").read_bytes() == b"short" + bytes(5)
