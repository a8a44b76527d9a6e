"""Nothing outside of a folder of volumes is reached, whatever is done with names and links."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.server.folders import content, refusal_of
from lacuna_engine.rpc.failure import Code
from lacuna_engine.server.folder import Folder, make_folder, remove_folder
from lacuna_engine.server.refusal import Refusal

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
