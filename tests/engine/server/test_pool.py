"""A pool over a folder: what the daemon does with a ``dir`` pool, looked up afresh every time."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.server.pools import KIB, MIB, code_of, error_of, qemu_img, write
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.server import pool as pool_module
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.storage.records import PoolState, PoolType, VolumeType
from lacuna_engine.storage.xml_build import volume_xml

# --- life cycle ----------------------------------------------------------------------------------


def test_life_of_a_pool(tmp_path: Path) -> None:
    events: list[int | None] = []
    pool = FolderPool("images", str(tmp_path / "x" / "y"))
    pool.notify = events.append
    assert not pool.active
    assert pool.info().capacity == 0
    assert pool.description().permissions is None
    missing = error_of(pool.start)
    assert (missing.code, missing.int1) == (Code.SYSTEM_ERROR, errno.ENOENT)
    assert missing.message == f"cannot open directory '{tmp_path}/x/y': No such file or directory"
    pool.start(build=1)
    assert code_of(pool.start) == Code.OPERATION_INVALID
    assert code_of(pool.build) == Code.OPERATION_INVALID
    assert error_of(pool.remove).str2 == "storage pool 'images' is still active"
    pool.refresh()
    pool.stop()
    assert code_of(pool.stop) == Code.OPERATION_INVALID
    assert code_of(pool.refresh) == Code.OPERATION_INVALID
    pool.remove()
    assert not (tmp_path / "x" / "y").exists()
    assert (tmp_path / "x").is_dir()
    pool.build()
    assert (tmp_path / "x" / "y").is_dir()
    assert events == [2, None, 3, 5, 4]


def test_info_and_description(pool: FolderPool, path: Path) -> None:
    info = pool.info()
    numbers = os.statvfs(path)
    assert info.state == PoolState.RUNNING
    assert info.capacity == numbers.f_blocks * numbers.f_frsize
    assert info.capacity == info.allocation + info.available
    description = pool.description()
    assert (description.name, description.uuid) == ("images", pool.uuid)
    assert (description.type, description.target_path) == (PoolType.DIR, str(path))
    assert description.permissions is not None
    assert description.permissions.mode == path.stat().st_mode & 0o777
    assert pool.handle.uuid == pool.uuid.bytes
    pool.stop()
    assert pool.info().state == PoolState.INACTIVE
    assert pool.info().capacity == info.capacity


def test_an_inactive_pool_has_no_volumes(path: Path) -> None:
    pool, other = FolderPool("images", str(path)), FolderPool("other", str(path))
    calls: list[Callable[[], object]] = [
        pool.names,
        pool.volumes,
        lambda: pool.lookup("a"),
        lambda: pool.volume_info("a"),
        lambda: pool.volume_description("a"),
        lambda: pool.create(volume_xml("a")),
        lambda: pool.clone(volume_xml("a"), other, "b"),
        lambda: pool.delete("a"),
        lambda: pool.resize("a", 1),
        lambda: pool.wipe("a"),
        lambda: pool.open_read("a"),
        lambda: pool.open_write("a"),
    ]
    for call in calls:
        error = error_of(call)
        assert (error.code, error.str2) == (
            Code.OPERATION_INVALID,
            "storage pool 'images' is not active",
        )


def test_flags_that_are_not_known(pool: FolderPool) -> None:
    pool.create(volume_xml("a"))
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: pool.refresh(1), "0x1"),
        (lambda: pool.create(volume_xml("b"), 2), "0x2"),
        (lambda: pool.create(volume_xml("b"), 5), "0x4"),
        (lambda: pool.clone(volume_xml("b"), pool, "a", 4), "0x4"),
        (lambda: pool.delete("a", 1), "0x1"),
        (lambda: pool.delete("a", 2), "0x2"),
        (lambda: pool.resize("a", 1, 8), "0x8"),
        (lambda: pool.wipe("a", 0, 1), "0x1"),
        (lambda: pool.remove(1), "0x1"),
        (lambda: pool.build(1), "0x1"),
        (lambda: pool.start(8), "0x8"),
    ]
    for call, shown in calls:
        error = error_of(call)
        assert (error.code, error.str2, error.int1) == (Code.INVALID_ARG, "flags", 0)
        assert f"({shown})" in (error.message or "")
    pool.stop()
    assert code_of(lambda: pool.start(6)) == Code.INVALID_ARG
    assert code_of(lambda: pool.build(12)) == Code.INVALID_ARG


def test_autostart_needs_a_persistent_pool(path: Path) -> None:
    lasting = FolderPool("a", str(path))
    lasting.autostart = True
    assert lasting.autostart
    passing = FolderPool("b", str(path), persistent=False)
    with pytest.raises(Refusal) as caught:
        passing.autostart = True
    assert caught.value.error.code == Code.INTERNAL_ERROR
    assert caught.value.error.str2 == "pool has no config file"


def test_a_refresh_without_the_folder_makes_it_inactive(pool: FolderPool, path: Path) -> None:
    events: list[int | None] = []
    pool.notify = events.append
    moved = path.with_name(path.name + "-moved")
    path.rename(moved)
    try:
        assert pool.names() == []  # still the folder that was opened
        error = error_of(pool.refresh)
        assert (error.code, error.int1) == (Code.SYSTEM_ERROR, errno.ENOENT)
        assert not pool.active
        assert events == [3]
    finally:
        moved.rename(path)


def test_a_refresh_opens_no_more_than_it_needs(pool: FolderPool) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    errors: list[Refusal] = []
    for _ in range(10):
        try:
            pool.lookup("no")
        except Refusal as error:
            errors.append(error)  # keeps alive what was used
        pool.refresh()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_refresh_takes_the_folder_that_is_there_now(pool: FolderPool, path: Path) -> None:
    moved = path.with_name(path.name + "-moved")
    path.rename(moved)
    path.mkdir()
    try:
        (path / "new").touch()
        assert pool.names() == []
        pool.refresh()
        assert pool.names() == ["new"]
    finally:
        shutil.rmtree(path)
        moved.rename(path)


def test_descriptors_are_closed(path: Path) -> None:
    pool = FolderPool("images", str(path))
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        pool.start()
        pool.refresh()
        with contextlib.suppress(Refusal):
            pool.create(volume_xml("a"))
        pool.volume_description("a")
        pool.resize("a", 100)
        pool.wipe("a")
        pool.clone(volume_xml("b"), pool, "a")
        pool.delete("b")
        error_of(lambda: pool.resize("a", 1))
        error_of(lambda: pool.clone(volume_xml("a"), pool, "a"))
        pool.stop()
    gc.collect()  # refusals refer to what raised them
    assert len(os.listdir("/proc/self/fd")) == before


# --- looking -------------------------------------------------------------------------------------


def test_volumes_and_their_numbers(pool: FolderPool, path: Path) -> None:
    write(path / "a.raw", 1000)
    (path / "sub").mkdir()
    handles = pool.volumes()
    assert [(volume.pool, volume.name) for volume in handles] == [
        ("images", "a.raw"),
        ("images", "sub"),
    ]
    assert handles[0].key == f"{path}/a.raw"
    assert pool.lookup("a.raw") == handles[0]
    assert code_of(lambda: pool.lookup("no")) == Code.NO_STORAGE_VOL
    info = pool.volume_info("a.raw")
    assert (info.type, info.capacity, info.physical) == (VolumeType.FILE, 1000, 1000)
    assert info.allocation == (path / "a.raw").stat().st_blocks * 512 == 4096
    info = pool.volume_info("sub")
    assert (info.type, info.capacity, info.physical, info.allocation) == (VolumeType.DIR, 0, 0, 0)
    write(path / "a.raw", 70_000)
    assert pool.volume_info("a.raw").capacity == 70_000


def test_description(pool: FolderPool, path: Path) -> None:
    write(path / "a", 10)
    (path / "a").chmod(0o640)
    os.utime(path / "a", ns=(1_000_000_007, 2_000_000_000))
    seen = pool.volume_description("a")
    status = (path / "a").stat()
    assert (seen.name, seen.key, seen.path, seen.format) == (
        "a",
        f"{path}/a",
        f"{path}/a",
        "raw",
    )
    assert seen.timestamps is not None
    # Looking at a file may count as an access, if the one before is older than its change.
    assert seen.timestamps.modification == 2_000_000_000
    assert seen.timestamps.change == status.st_ctime_ns
    assert seen.permissions is not None
    assert seen.permissions.mode == 0o640
    assert (seen.permissions.owner, seen.permissions.group) == (status.st_uid, status.st_gid)
    assert pool.volume_description("a").backing is None


def test_what_an_image_says_of_itself(pool: FolderPool, path: Path) -> None:
    qemu_img("create", "-q", "-f", "qcow2", path / "base", "7M")
    options = "cluster_size=4096,lazy_refcounts=on,backing_file=base,backing_fmt=qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", options, path / "over", "9M")
    seen = pool.volume_description("over")
    assert (seen.format, seen.capacity, seen.compat) == ("qcow2", 9 * MIB, "1.1")
    assert seen.physical == (path / "over").stat().st_size
    assert (seen.cluster_size, seen.features) == (4096, ("lazy_refcounts",))
    assert seen.backing is not None
    assert (seen.backing.path, seen.backing.format) == (f"{path}/base", "qcow2")
    qemu_img("create", "-q", "-f", "qcow2", "-o", "compat=0.10", path / "old", "1M")
    seen = pool.volume_description("old")
    assert (seen.compat, seen.cluster_size, seen.features) == ("0.10", 65536, ())
    for name in ("vmdk", "vdi", "qed", "vpc"):
        qemu_img("create", "-q", "-f", name, path / name, "4M")
        assert pool.volume_description(name).format == name
        assert pool.volume_info(name).capacity >= 4 * MIB


@given(st.binary(max_size=300), st.integers(0, 4), st.integers(0, 300))
def test_any_header_is_survived(tail: bytes, version: int, cut: int) -> None:
    head = (b"QFI\xfb" + version.to_bytes(4, "big") + tail)[: max(cut, 4)]
    with tempfile.TemporaryDirectory() as folder:
        pool = FolderPool("p", folder)
        pool.start()
        Path(folder, "x").write_bytes(head)
        assert pool.volume_description("x").physical == len(head)


def test_more_volumes_than_a_list_can_have(
    pool: FolderPool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MAX_LIST", 3)
    for number in range(4):
        (path / str(number)).touch()
    error = error_of(pool.volumes)
    assert (error.code, error.domain) == (Code.INTERNAL_ERROR, Domain.RPC)
    assert error.str2 == "Too many storage_vols '4' for limit '3'"
    assert len(pool.names()) == 4
    (path / "0").unlink()
    assert len(pool.volumes()) == 3


def test_a_file_that_may_not_be_read_is_listed_all_the_same(
    pool: FolderPool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path / "a", 1000)
    real = os.open

    def forbidden(name: Any, flags: int, *rest: Any, **more: Any) -> int:
        if name == b"a":
            raise OSError(errno.EACCES, "no")
        return real(name, flags, *rest, **more)

    monkeypatch.setattr(os, "open", forbidden)
    assert pool.volume_info("a").capacity == 1000
    assert error_of(lambda: pool.open_read("a")).int1 == errno.EACCES


def test_using(pool: FolderPool) -> None:
    pool.create(volume_xml("a"))
    with pool.using("a"):
        assert code_of(lambda: pool.delete("a")) == Code.OPERATION_INVALID

        def again() -> None:
            with pool.using("a"):
                pass

        assert code_of(again) == Code.OPERATION_INVALID
        with pool.using("b"):
            pass
    pool.delete("a")


# --- many at once --------------------------------------------------------------------------------


def test_many_threads_do_all_sorts_of_things(pool: FolderPool, path: Path) -> None:
    errors = {
        Code.NO_STORAGE_VOL,
        Code.STORAGE_VOL_EXIST,
        Code.OPERATION_INVALID,
        Code.INVALID_ARG,
        Code.INTERNAL_ERROR,  # a clone's name is taken
    }

    def work(seed: int) -> set[int]:
        seen: set[int] = set()
        for step in range(60):
            name, other = f"v{(seed + step) % 3}", f"v{(seed * 7 + step) % 3}"
            actions: list[Callable[[], object]] = [
                lambda name=name: pool.create(volume_xml(name, capacity=64 * KIB)),  # type: ignore[misc]
                lambda name=name: pool.resize(name, 128 * KIB),  # type: ignore[misc]
                lambda name=name: pool.wipe(name),  # type: ignore[misc]
                lambda name=name, other=other: pool.clone(volume_xml(name), pool, other),  # type: ignore[misc]
                lambda name=name: pool.volume_description(name),  # type: ignore[misc]
                pool.volumes,
                pool.refresh,
                lambda name=name: pool.delete(name),  # type: ignore[misc]
            ]
            try:
                actions[(seed * 31 + step * 5) % len(actions)]()
            except Refusal as error:
                seen.add(error.error.code)
        return seen

    with ThreadPoolExecutor(8) as threads:
        for seen in threads.map(work, range(16)):
            assert seen <= errors
    assert not any(name.endswith(".lacuna-part") for name in os.listdir(path))
    pool.stop()
