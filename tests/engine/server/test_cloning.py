"""Making volumes as copies of others."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.server.pools import KIB, MIB, code_of, error_of, qemu_img
from lacuna_engine.rpc.failure import Code
from lacuna_engine.server import making
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.storage.xml_build import volume_xml


@pytest.fixture
def sparse(path: Path) -> bytes:
    """The content of a file ``src`` with holes: 16 MiB, of which some are data."""
    with (path / "src").open("wb") as file:
        for offset in (0, 5 * MIB, 11 * MIB):
            file.seek(offset)
            file.write(os.urandom(200 * KIB))
        file.truncate(16 * MIB)
    return (path / "src").read_bytes()


def test_clone_keeps_holes(pool: FolderPool, path: Path, sparse: bytes) -> None:
    handle = pool.clone(volume_xml("dst"), pool, "src")
    assert handle == pool.lookup("dst")
    assert (path / "dst").read_bytes() == sparse
    assert (path / "dst").stat().st_blocks * 512 <= 2 * MIB


def test_clone_with_all_its_space(pool: FolderPool, path: Path, sparse: bytes) -> None:
    pool.clone("<volume><name>dst</name></volume>", pool, "src")
    assert (path / "dst").read_bytes() == sparse
    assert (path / "dst").stat().st_blocks * 512 >= 16 * MIB


def test_clone_into_a_larger_one_of_another_pool(
    pool: FolderPool, path: Path, sparse: bytes, tmp_path: Path
) -> None:
    other = FolderPool("other", str(tmp_path / "other"))
    other.start(build=1)
    other.clone(volume_xml("dst", capacity=20 * MIB), pool, "src")
    other.clone(volume_xml("less", capacity=MIB), pool, "src")
    assert (tmp_path / "other" / "dst").read_bytes() == sparse + bytes(4 * MIB)
    assert (tmp_path / "other" / "less").read_bytes() == sparse


def test_clone_of_an_image(pool: FolderPool, path: Path) -> None:
    qemu_img("create", "-q", "-f", "qcow2", path / "src", "7M")
    pool.clone(volume_xml("dst", format="qcow2"), pool, "src")
    pool.clone(volume_xml("same", format=None), pool, "src")
    assert (path / "dst").read_bytes() == (path / "src").read_bytes()
    assert (path / "same").read_bytes() == (path / "src").read_bytes()
    assert code_of(lambda: pool.clone(volume_xml("x"), pool, "src")) == Code.NO_SUPPORT
    larger = volume_xml("x", capacity=8 * MIB, format="qcow2")
    assert code_of(lambda: pool.clone(larger, pool, "src")) == Code.NO_SUPPORT
    (path / "raw").write_bytes(b"raw")
    as_qcow2 = volume_xml("x", format="qcow2")
    assert code_of(lambda: pool.clone(as_qcow2, pool, "raw")) == Code.NO_SUPPORT
    assert "x" not in pool.names()


def test_clone_errors(pool: FolderPool, path: Path, sparse: bytes) -> None:
    (path / "sub").mkdir()
    clone = pool.clone
    assert code_of(lambda: clone(volume_xml("src"), pool, "src")) == Code.INTERNAL_ERROR
    assert code_of(lambda: clone(volume_xml("x"), pool, "no")) == Code.NO_STORAGE_VOL
    assert error_of(lambda: clone(volume_xml("x"), pool, "sub")).int1 == errno.EISDIR
    assert code_of(lambda: clone(volume_xml("x"), pool, "src", 1)) == Code.CONFIG_UNSUPPORTED
    assert code_of(lambda: clone("<volume/>", pool, "src")) == Code.XML_ERROR
    # Neither tmpfs nor ext4 share blocks; where they can be shared the content is what counts.
    try:
        clone(volume_xml("x"), pool, "src", 2)
    except Refusal:
        assert "x" not in pool.names()
    else:
        assert (path / "x").read_bytes() == sparse


def test_while_a_clone_runs(
    pool: FolderPool, path: Path, sparse: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **more: Any) -> None:
        begun.set()
        assert go_on.wait(20)
        copy_content(*arguments, **more)

    monkeypatch.setattr(making, "copy_content", slow)
    with ThreadPoolExecutor(1) as threads:
        clone = threads.submit(pool.clone, volume_xml("dst"), pool, "src")
        assert begun.wait(20)
        try:
            refused: list[Callable[[], object]] = [
                lambda: pool.delete("src"),
                lambda: pool.wipe("src"),
                lambda: pool.resize("src", 20 * MIB),
                lambda: pool.open_write("src"),
                lambda: pool.clone(volume_xml("other"), pool, "src"),
            ]
            for call in refused:
                error = error_of(call)
                assert error.code == Code.OPERATION_INVALID
                assert error.str2 == "volume 'src' is still in use."
            assert code_of(lambda: pool.create(volume_xml("dst"))) == Code.STORAGE_VOL_EXIST
            assert error_of(pool.stop).str2 == "pool 'images' has asynchronous jobs running."
            assert pool.names() == ["src"]
            os.close(pool.open_read("src"))
            pool.create(volume_xml("free"))
            pool.delete("free")
            pool.refresh()
        finally:
            go_on.set()
        clone.result()
    assert (path / "dst").read_bytes() == sparse
    pool.delete("src")
    pool.stop()
