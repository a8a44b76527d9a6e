"""A folder of volumes: what is listed, made and removed."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.server.folders import KIB, MIB, refusal_of
from lacuna_engine.rpc.failure import Code
from lacuna_engine.server.folder import Folder, allocate, make_folder, normal_path, remove_folder
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.server.temporary import is_temporary


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
    (path / name).write_bytes(b"half")
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


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert refusal_of(lambda: Folder(str(tmp_path / "no"))) == (Code.SYSTEM_ERROR, errno.ENOENT)
    assert refusal_of(lambda: Folder(str(tmp_path / "file"))) == (Code.SYSTEM_ERROR, errno.ENOTDIR)
    assert refusal_of(lambda: Folder("/a\0b")) == (Code.SYSTEM_ERROR, errno.EINVAL)


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

    def no_renames(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "a bad disk")

    monkeypatch.setattr(os, "rename", no_renames)
    assert refusal_of(lambda: folder.create("third", 4)) == (Code.SYSTEM_ERROR, errno.EIO)
    assert sorted(os.listdir(path)) == ["disk", "other"]


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


@given(path=st.text("/.ab", max_size=20))
def test_normal_paths(path: str) -> None:
    normal = normal_path(path)
    assert normal_path(normal) == normal
    assert "//" not in normal
    assert normal.startswith("/") == path.startswith("/")
    assert [part for part in path.split("/") if part not in {"", "."}] == [
        part for part in normal.split("/") if part
    ]
