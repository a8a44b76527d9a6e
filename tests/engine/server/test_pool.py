"""A pool over a folder: what the daemon does with a ``dir`` pool, looked up afresh every time."""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import WireError
from lacuna_engine.server import changing, making
from lacuna_engine.server import pool as pool_module
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.storage.records import PoolState, PoolType, VolumeType
from lacuna_engine.storage.xml_build import volume_xml

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a tmpfs on every Linux


@pytest.fixture(params=["disk", "tmpfs"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An empty folder on the disk behind the temporary folder, or in memory."""
    if request.param == "disk" or not SHARED_MEMORY.is_dir():
        made = tmp_path / "pool"
        made.mkdir()
        yield made
        return
    made = Path(tempfile.mkdtemp(dir=SHARED_MEMORY))
    try:
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture
def pool(path: Path) -> FolderPool:
    made = FolderPool("images", str(path))
    made.start()
    return made


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


# --- create --------------------------------------------------------------------------------------


def create(pool: FolderPool, inner: str, name: str = "v") -> os.stat_result:
    handle = pool.create(f"<volume><name>{name}</name>{inner}</volume>")
    assert handle.key == f"{pool.path}/{name}"
    return Path(handle.key).stat()


def test_create_sizes(pool: FolderPool) -> None:
    status = create(pool, "<capacity>1000</capacity><allocation>0</allocation>")
    assert (status.st_size, status.st_blocks) == (1000, 0)
    status = create(pool, "<capacity>1000</capacity>", "full")
    assert (status.st_size, status.st_blocks * 512) == (1000, 4096)
    status = create(pool, "<capacity unit='M'>1</capacity><allocation unit='M'>3</allocation>", "x")
    assert status.st_size == 3 * MIB
    assert status.st_blocks * 512 >= 3 * MIB
    status = create(pool, "<capacity unit='M'>3</capacity><allocation unit='M'>1</allocation>", "y")
    assert status.st_size == 3 * MIB
    assert MIB <= status.st_blocks * 512 < 2 * MIB
    assert create(pool, "<capacity unit='KB'>2</capacity>", "z").st_size == 2000
    assert pool.volume_info("v").capacity == 1000


def test_create_iso_and_permissions(pool: FolderPool) -> None:
    inner = (
        "<capacity>0</capacity><target><format type='iso'/>"
        "<permissions><mode>0644</mode><owner>-1</owner></permissions></target>"
    )
    assert create(pool, inner).st_mode & 0o777 == 0o644


FORMATTED = """<volume><name>q</name><capacity>1</capacity>
<target><format type='{}'/></target></volume>"""
CREATE_ERRORS = [
    ("<volume><name>q</name></volume>", 27, "missing capacity element"),
    (
        "<volume><name>q</name><capacity unit='Q'>1</capacity></volume>",
        8,
        "unknown suffix 'Q'",
    ),
    ("<volume><name>q</name><capacity>1.5</capacity></volume>", 27, "malformed capacity element"),
    ("<volume><name>q</name><capacity>-5</capacity></volume>", 27, "malformed capacity element"),
    (
        "<volume><name>q</name><capacity>18446744073709551616</capacity></volume>",
        27,
        "malformed capacity element",
    ),
    (
        "<volume><name>q</name><capacity unit='E'>17</capacity></volume>",
        82,
        "value too large: 17E",
    ),
    (
        "<volume><name>a/b</name><capacity>1</capacity></volume>",
        55,
        "volume name 'a/b' cannot contain '/'",
    ),
    (
        "<volume><name>..</name><capacity>1</capacity></volume>",
        55,
        "volume target path '@/..' already exists",
    ),
    ("<volume><capacity>1</capacity></volume>", 27, "missing volume name element"),
    ("<pool/>", 27, "expecting root element of 'volume', not 'pool'"),
    ("<volume><name>q</name>", 35, None),
    ("<volume><name>q\x01</name><capacity>1</capacity></volume>", 35, None),
    ("<volume><name>q</name><capacity>9223372036854775808</capacity></volume>", 38, None),
] + [
    (FORMATTED.format(name), 67, f"unknown volume format type {name}")
    for name in ("auto", "luks", "vmdk", "dir", "zzz")
]


@pytest.mark.parametrize(("xml", "code", "text"), CREATE_ERRORS)
def test_create_errors(pool: FolderPool, path: Path, xml: str, code: int, text: str | None) -> None:
    error = error_of(lambda: pool.create(xml))
    assert error.code == code
    assert text is None or error.str2 == text.replace("@", str(path))
    assert os.listdir(path) == []


def test_what_else_cannot_be_created(pool: FolderPool) -> None:
    xml = "<volume><name>q</name><capacity>1</capacity>{}</volume>"
    backing = "<backingStore><path>/etc/passwd</path></backingStore>"
    assert code_of(lambda: pool.create(xml.format(backing))) == Code.NO_SUPPORT
    assert code_of(lambda: pool.create(xml.format(""), 1)) == Code.CONFIG_UNSUPPORTED
    encrypted = "<target><encryption format='luks'/></target>"
    assert code_of(lambda: pool.create(xml.format(encrypted))) == Code.CONFIG_UNSUPPORTED
    pool.create(xml.format(""))
    assert code_of(lambda: pool.create(xml.format(""))) == Code.STORAGE_VOL_EXIST


@pytest.mark.parametrize("size", [0, 1000, 10 * MIB, 512 * MIB, 10 * GIB, 5 << 40, 2 << 50])
@pytest.mark.parametrize("compat", ["", "0.10", "1.1"])
def test_empty_qcow2_images(pool: FolderPool, path: Path, size: int, compat: str) -> None:
    extra = f"<compat>{compat}</compat>" if compat else ""
    inner = f"<capacity>{size}</capacity><target><format type='qcow2'/>{extra}</target>"
    status = create(pool, inner)
    assert status.st_blocks * 512 <= 200 * KIB
    rounded = -(-size // 1024) * 1024
    assert qemu_img("info", "--output=json", path / "v")["virtual-size"] == rounded
    seen = pool.volume_description("v")
    assert (seen.format, seen.capacity, seen.cluster_size) == ("qcow2", rounded, 65536)
    assert seen.compat == (compat or "1.1")
    checked = qemu_img("check", "--output=json", path / "v")
    assert checked["check-errors"] == 0
    assert checked["image-end-offset"] <= status.st_size + 65535
    assert not checked.get("leaks")


def test_data_written_by_qemu_into_an_empty_image(pool: FolderPool, path: Path) -> None:
    (path / "data").write_bytes(os.urandom(3 * MIB))
    create(pool, f"<capacity>{20 * GIB}</capacity><target><format type='qcow2'/></target>")
    qemu_img("convert", "-n", "-O", "qcow2", path / "data", path / "v")
    qemu_img("check", path / "v")
    read_back = path / "back"
    qemu_img("convert", "-O", "raw", path / "v", read_back)
    with read_back.open("rb") as file:
        assert file.read(3 * MIB) == (path / "data").read_bytes()


def test_a_qcow2_image_too_large(pool: FolderPool) -> None:
    xml = (
        "<volume><name>q</name><capacity unit='E'>4</capacity>"
        "<target><format type='qcow2'/></target></volume>"
    )
    assert error_of(lambda: pool.create(xml)).int1 == errno.EFBIG


def test_of_eight_creates_one_wins(pool: FolderPool, path: Path) -> None:
    for number in range(10):
        barrier = threading.Barrier(8)

        def attempt(size: int, name: str, barrier: threading.Barrier = barrier) -> int:
            xml = volume_xml(name, capacity=size, allocation=size)
            barrier.wait()
            try:
                pool.create(xml)
            except Refusal as error:
                return -error.error.code
            return size

        with ThreadPoolExecutor(8) as threads:
            name = f"v{number}"
            results = sorted(threads.map(attempt, range(8), [name] * 8))
        assert results == [-Code.STORAGE_VOL_EXIST] * 7 + [(path / name).stat().st_size]


# --- clone ---------------------------------------------------------------------------------------


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


# --- resize and wipe -----------------------------------------------------------------------------


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
