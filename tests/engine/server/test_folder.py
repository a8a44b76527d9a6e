"""A folder of volumes: what is listed, and that nothing outside of it can be reached."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.rpc.failure import Code
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.folder import (
    Folder,
    allocate,
    make_folder,
    normal_path,
    remove_folder,
)
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.server.temporary import is_temporary

KIB = 1 << 10
MIB = 1 << 20
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a tmpfs on every Linux
SECRET = b"outside"

HOSTILE = [
    "",
    ".",
    "..",
    "/",
    "a/b",
    "../secret",
    "/etc/passwd",
    "a\0b",
    "\0",
    "sub/../a",
    "\ud800",
]


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
def folder(path: Path) -> Folder:
    return Folder(str(path))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 4 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount")
    mounted = tmp_path / "small"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", mounted], check=True)
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", mounted], check=True)


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


# --- what is a volume ----------------------------------------------------------------------------


def test_only_files_and_folders_are_volumes(folder: Folder, path: Path) -> None:
    (path / "file").write_bytes(b"x")
    (path / ".hidden").write_bytes(b"")
    (path / "sub").mkdir()
    (path / "link").symlink_to("file")
    (path / "dangling").symlink_to("nothing")
    (path / "loop").symlink_to("loop")
    os.mkfifo(path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path / "socket"))
    assert folder.names() == [".hidden", "file", "sub"]


def test_names_that_xml_cannot_say_are_skipped(folder: Folder, path: Path) -> None:
    for name in ("tab\t", "new\nline", "cr\r", "bell\a", "escape\x1b", "del\x7f"):
        (path / name).write_bytes(b"")
    assert folder.names() == ["del\x7f", "new\nline", "tab\t"]


def test_bytes_that_are_no_utf8_stay_as_they_are(folder: Folder, path: Path) -> None:
    raw = os.fsencode(path) + b"/\xff\xfe"
    os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))
    assert folder.names() == ["\udcff\udcfe"]
    assert folder.stat("\udcff\udcfe").st_size == 0
    folder.create("\udc80", 10)
    assert os.path.exists(os.fsencode(path) + b"/\x80")  # noqa: PTH110 - bytes
    folder.delete("\udcff\udcfe")
    assert not os.path.exists(raw)  # noqa: PTH110 - bytes


def test_files_being_written_are_no_volumes(folder: Folder, path: Path) -> None:
    name = ".disk.0123abcd.lacuna-part"
    assert is_temporary(name)
    (path / name).write_bytes(SECRET)
    assert folder.names() == []
    assert refusal_of(lambda: folder.open_read(name))[0] == Code.NO_STORAGE_VOL
    assert refusal_of(lambda: folder.delete(name))[0] == Code.NO_STORAGE_VOL
    assert refusal_of(lambda: folder.create(name, 1))[0] == Code.OPERATION_INVALID
    assert not is_temporary("x.lacuna-part")


def test_many_can_list_at_the_same_time(folder: Folder, path: Path) -> None:
    wanted = sorted(f"v{number:04}" for number in range(2000))
    for name in wanted:
        (path / name).touch()
    with ThreadPoolExecutor(8) as threads:
        assert all(names == wanted for names in threads.map(lambda _: folder.names(), range(64)))


# --- nothing outside -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_no_volumes(folder: Folder, path: Path, name: str) -> None:
    (path / "sub").mkdir()
    (path / "a").write_bytes(b"")
    for call in (folder.stat, folder.open_read, folder.open_write, folder.delete):
        assert refusal_of(lambda call=call: call(name))[0] == Code.NO_STORAGE_VOL  # type: ignore[misc]
    code = refusal_of(lambda: folder.create(name, 1))[0]
    assert code in {Code.OPERATION_INVALID, Code.SYSTEM_ERROR}
    assert folder.names() == ["a", "sub"]


@given(name=st.text(st.characters(codec=None, exclude_categories=[]), max_size=40))
def test_no_name_ever_leads_out(name: str) -> None:
    with tempfile.TemporaryDirectory() as top:
        inner = Path(top, "pool")
        inner.mkdir()
        folder = Folder(str(inner))
        try:
            folder.create(name, 1)
        except Refusal:
            assert list(inner.iterdir()) == []
        else:
            assert folder.names() == [name]
        assert os.listdir(top) == ["pool"]


def test_links_are_never_followed(folder: Folder, path: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(SECRET)
    (path / "link").symlink_to(outside)
    for call in (folder.stat, folder.open_read, folder.open_write, folder.delete):
        assert refusal_of(lambda call=call: call("link"))[0] == Code.NO_STORAGE_VOL  # type: ignore[misc]
    # As the daemon: a path that exists but is not listed.
    assert refusal_of(lambda: folder.create("link", 1))[0] == Code.OPERATION_INVALID
    assert outside.read_bytes() == SECRET
    assert (path / "link").is_symlink()


def test_a_link_put_there_between_check_and_open(
    folder: Folder, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(SECRET)
    real = folder.stat

    def swap(name: str) -> os.stat_result:
        status = real(name)
        (path / name).unlink()
        (path / name).symlink_to(outside)
        return status

    for call in (folder.open_read, folder.open_write):
        (path / "disk").unlink(missing_ok=True)
        (path / "disk").write_bytes(b"inside")
        with monkeypatch.context() as patch:
            patch.setattr(folder, "stat", swap)
            assert refusal_of(lambda call=call: call("disk"))[0] == Code.NO_STORAGE_VOL  # type: ignore[misc]
    assert outside.read_bytes() == SECRET


def test_a_link_put_there_before_a_delete_goes_alone(
    folder: Folder, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(SECRET)
    (path / "disk").write_bytes(b"inside")
    before = folder.stat("disk")
    (path / "disk").unlink()
    (path / "disk").symlink_to(outside)
    monkeypatch.setattr(folder, "stat", lambda _: before)
    folder.delete("disk")
    assert outside.read_bytes() == SECRET


def test_a_pipe_put_there_does_not_make_anybody_wait(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "disk").write_bytes(b"inside")
    before = folder.stat("disk")
    (path / "disk").unlink()
    os.mkfifo(path / "disk")
    monkeypatch.setattr(folder, "stat", lambda _: before)
    assert refusal_of(lambda: folder.open_read("disk"))[0] == Code.NO_STORAGE_VOL
    assert refusal_of(lambda: folder.open_write("disk"))[0] == Code.NO_STORAGE_VOL


def test_a_name_switching_between_file_and_link_never_leads_out(
    folder: Folder, path: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(SECRET)
    (path / "real").write_bytes(b"inside")
    (path / "trap").symlink_to(outside)
    os.link(path / "real", path / "disk")
    stop = threading.Event()

    def switch() -> None:
        while not stop.is_set():
            for source in ("trap", "real"):
                os.link(path / source, path / "next", follow_symlinks=False)
                (path / "next").rename(path / "disk")
                (path / "next").unlink(missing_ok=True)  # a rename onto itself does nothing

    switcher = threading.Thread(target=switch)
    switcher.start()
    seen: set[bytes | int] = set()
    try:
        for _ in range(3000):
            try:
                seen.add(content(folder, "disk"))
            except Refusal as error:
                seen.add(error.error.code)
    finally:
        stop.set()
        switcher.join()
    assert b"inside" in seen
    assert seen <= {b"inside", int(Code.NO_STORAGE_VOL)}


def test_the_folder_stays_the_one_that_was_opened(
    folder: Folder, path: Path, tmp_path: Path
) -> None:
    (path / "disk").write_bytes(b"inside")
    moved = path.with_name(f"{path.name}-moved")
    path.rename(moved)
    path.symlink_to(tmp_path)
    try:
        assert folder.names() == ["disk"]
        folder.create("new", 5)
        assert (moved / "new").stat().st_size == 5
    finally:
        path.unlink()
        moved.rename(path)


@pytest.mark.parametrize("root", ["/", "//", "/.", "/usr/..", "///./"])
def test_the_root_is_no_pool(root: str) -> None:
    assert refusal_of(lambda: Folder(root))[0] == Code.INVALID_ARG


def test_a_link_to_the_root_is_no_pool(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    assert refusal_of(lambda: Folder(str(tmp_path / "link")))[0] == Code.INVALID_ARG


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert refusal_of(lambda: Folder(str(tmp_path / "no"))) == (Code.SYSTEM_ERROR, errno.ENOENT)
    assert refusal_of(lambda: Folder(str(tmp_path / "file"))) == (Code.SYSTEM_ERROR, errno.ENOTDIR)
    assert refusal_of(lambda: Folder("/a\0b")) == (Code.SYSTEM_ERROR, errno.EINVAL)


def test_below_a_root_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "outside" / "b").mkdir(parents=True)
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    root = str(tmp_path / "root")
    Folder(f"{root}/a", below=root).close()
    Folder(root, below=root).close()
    for path in (f"{root}/link/b", f"{root}/link", f"{root}/a/../../outside", f"{root}x"):
        assert refusal_of(lambda path=path: Folder(path, below=root))[0] == Code.SYSTEM_ERROR  # type: ignore[misc]
        make = lambda path=path: make_folder(f"{path}/new", below=root)  # noqa: E731
        assert refusal_of(make)[0] == Code.SYSTEM_ERROR
        remove = lambda path=path: remove_folder(f"{path}/b", below=root)  # noqa: E731
        assert refusal_of(remove)[0] == Code.SYSTEM_ERROR
    assert (tmp_path / "outside" / "b").is_dir()
    assert not (tmp_path / "rootx").exists()


def test_making_and_removing_folders(tmp_path: Path) -> None:
    made = tmp_path / "a" / "b"
    make_folder(str(made), below=str(tmp_path), mode=0o711)
    assert made.stat().st_mode & 0o777 == 0o711
    make_folder(str(made))  # again is fine
    (made / "x").touch()
    assert refusal_of(lambda: remove_folder(str(made))) == (Code.SYSTEM_ERROR, errno.ENOTEMPTY)
    (made / "x").unlink()
    remove_folder(str(made), below=str(tmp_path))
    assert not made.exists()
    (tmp_path / "file").touch()
    assert refusal_of(lambda: make_folder(str(tmp_path / "file")))[1] == errno.ENOTDIR


# --- create --------------------------------------------------------------------------------------


def test_create_gives_size_space_and_owner(folder: Folder, path: Path) -> None:
    folder.create("sparse", 10 * MIB)
    folder.create("full", MIB, MIB, 0o644)
    folder.create("odd", 1000)
    assert (path / "sparse").stat().st_blocks == 0
    assert (path / "sparse").stat().st_mode & 0o7777 == 0o600
    assert (path / "full").stat().st_blocks * 512 >= MIB
    assert (path / "full").stat().st_mode & 0o7777 == 0o644
    assert (path / "odd").stat().st_size == 1000
    assert (path / "full").stat().st_nlink == 1
    assert folder.names() == ["full", "odd", "sparse"]


def test_the_umask_changes_nothing(folder: Folder, path: Path) -> None:
    before = os.umask(0o777)
    try:
        folder.create("disk", 1, mode=0o666)
    finally:
        os.umask(before)
    assert (path / "disk").stat().st_mode & 0o777 == 0o666


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_create_gives_the_file_away(folder: Folder, path: Path) -> None:
    folder.create("disk", 1, 0, 0o640, 107, 108)
    status = (path / "disk").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (107, 108, 0o640)


def test_create_of_a_name_that_exists(folder: Folder, path: Path) -> None:
    (path / "disk").write_bytes(b"kept")
    (path / "sub").mkdir()
    os.mkfifo(path / "pipe")
    assert refusal_of(lambda: folder.create("disk", 1))[0] == Code.STORAGE_VOL_EXIST
    assert refusal_of(lambda: folder.create("sub", 1))[0] == Code.STORAGE_VOL_EXIST
    assert refusal_of(lambda: folder.create("pipe", 1))[0] == Code.OPERATION_INVALID
    assert (path / "disk").read_bytes() == b"kept"


def test_names_too_long_and_sizes_too_large(folder: Folder, path: Path) -> None:
    folder.create("ü" * 127, 1)
    too_long = refusal_of(lambda: folder.create("ü" * 128, 1))
    assert too_long == (Code.SYSTEM_ERROR, errno.ENAMETOOLONG)
    assert refusal_of(lambda: folder.stat("n" * 256))[0] == Code.NO_STORAGE_VOL
    too_large = refusal_of(lambda: folder.create("big", 2**63))
    assert too_large == (Code.SYSTEM_ERROR, errno.EFBIG)
    assert os.listdir(path) == ["ü" * 127]


def test_nothing_is_left_of_a_create_that_failed(folder: Folder, path: Path) -> None:
    def fill(fd: int) -> None:
        os.pwrite(fd, b"begun", 0)
        raise OSError(errno.ENOSPC, "full")

    failed = refusal_of(lambda: folder.create("disk", MIB, fill=fill))
    assert failed == (Code.SYSTEM_ERROR, errno.ENOSPC)
    assert os.listdir(path) == []


def test_nothing_is_left_when_the_space_is_not_there(folder: Folder, path: Path) -> None:
    too_much = folder.usage().capacity + MIB
    failed = refusal_of(lambda: folder.create("disk", too_much, too_much))
    assert failed[0] == Code.SYSTEM_ERROR
    assert failed[1] in {errno.ENOSPC, errno.EFBIG}
    assert os.listdir(path) == []


def test_a_full_file_system(small: Path) -> None:
    folder = Folder(str(small))
    folder.create("a", 3 * MIB, 3 * MIB)
    before = folder.usage()
    assert before.capacity == 4 * MIB
    assert before.available == before.capacity - before.allocation <= MIB
    failed = refusal_of(lambda: folder.create("b", 2 * MIB, 2 * MIB))
    assert failed == (Code.SYSTEM_ERROR, errno.ENOSPC)

    def fill(fd: int) -> None:
        for offset in range(0, 8 * MIB, 64 * KIB):
            os.pwrite(fd, bytes(64 * KIB), offset)

    assert refusal_of(lambda: folder.create("c", 0, fill=fill))[1] == errno.ENOSPC
    assert folder.names() == ["a"]
    assert os.listdir(small) == ["a"]
    assert folder.usage() == before


def test_of_eight_at_once_one_wins(folder: Folder, path: Path) -> None:
    for round_number in range(20):
        name = f"disk{round_number}"
        barrier = threading.Barrier(8)

        def attempt(number: int, name: str = name, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            try:
                folder.create(name, number, fill=lambda _: None)
            except Refusal as error:
                return -error.error.code
            return number

        with ThreadPoolExecutor(8) as threads:
            results = sorted(threads.map(attempt, range(8)))
        assert results == [-Code.STORAGE_VOL_EXIST] * 7 + [(path / name).stat().st_size]
    assert len(os.listdir(path)) == 20


def test_a_file_appears_only_when_complete(folder: Folder) -> None:
    seen: list[list[str]] = []
    folder.create("disk", 1, fill=lambda _: seen.append(folder.names()))
    assert seen == [[]]


def test_a_name_taken_while_the_file_is_made(folder: Folder, path: Path) -> None:
    def fill(fd: int) -> None:
        (path / "disk").write_bytes(b"other")

    assert refusal_of(lambda: folder.create("disk", 1, fill=fill))[0] == Code.STORAGE_VOL_EXIST
    assert (path / "disk").read_bytes() == b"other"
    assert os.listdir(path) == ["disk"]


def test_a_file_system_without_links(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    folder.create("disk", 4, fill=lambda _: None)
    assert os.listdir(path) == ["disk"]

    def fill(fd: int) -> None:
        (path / "other").write_bytes(b"other")

    assert refusal_of(lambda: folder.create("other", 1, fill=fill))[0] == Code.STORAGE_VOL_EXIST
    assert (path / "other").read_bytes() == b"other"


# --- the rest ------------------------------------------------------------------------------------


def test_open_checks_what_it_is(folder: Folder, path: Path) -> None:
    (path / "sub").mkdir()
    assert refusal_of(lambda: folder.open_read("sub")) == (Code.SYSTEM_ERROR, errno.EISDIR)
    assert refusal_of(lambda: folder.open_write("no"))[0] == Code.NO_STORAGE_VOL


def test_delete(folder: Folder, path: Path) -> None:
    (path / "disk").touch()
    (path / "sub").mkdir()
    (path / "sub" / "x").touch()
    folder.delete("disk")
    assert refusal_of(lambda: folder.delete("sub")) == (Code.SYSTEM_ERROR, errno.ENOTEMPTY)
    (path / "sub" / "x").unlink()
    folder.delete("sub")
    assert refusal_of(lambda: folder.delete("sub"))[0] == Code.NO_STORAGE_VOL
    assert folder.names() == []


def test_allocate_without_the_system_call(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "posix_fallocate", cannot)
    with (path / "disk").open("wb+") as file:
        file.write(b"abc")
        file.flush()
        allocate(file.fileno(), 3, 3 * MIB + 5)
    status = (path / "disk").stat()
    assert status.st_size == 3 * MIB + 5
    assert status.st_blocks * 512 >= 3 * MIB
    assert (path / "disk").read_bytes()[:5] == b"abc\0\0"


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


@given(path=st.text("/.ab", max_size=20))
def test_normal_paths(path: str) -> None:
    normal = normal_path(path)
    assert normal_path(normal) == normal
    assert "//" not in normal
    assert normal.startswith("/") == path.startswith("/")
    assert [part for part in path.split("/") if part not in {"", "."}] == [
        part for part in normal.split("/") if part
    ]
