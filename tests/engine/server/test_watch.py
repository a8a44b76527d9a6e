"""Changes on disk are noticed, at most once in half a second for a pool, and never lost."""

from __future__ import annotations

import errno
import os
import select
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.server.serving import serving, until
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Void
from lacuna_engine.server import watch as watch_module
from lacuna_engine.server.folder import Folder
from lacuna_engine.server.watch import FolderWatch


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["inotify", "polling"])
def watch(request: pytest.FixtureRequest, clock: Clock) -> FolderWatch:
    if request.param == "inotify" and sys.platform != "linux":
        pytest.skip("inotify is Linux's")
    return FolderWatch(polling=request.param == "polling", clock=clock)


def later(clock: Clock, watch: FolderWatch, seconds: float = 2.0) -> set[str]:
    clock.now += seconds
    return watch.read() | watch.poll()


def age(path: Path) -> None:
    """So that the next change gives it another time, however coarse the clock of the system."""
    os.utime(path, (1, 1))


CHANGES: dict[str, Callable[[Path], object]] = {
    "create": lambda path: (path / "new").touch(),
    "delete": lambda path: (path / "old").unlink(),
    "rename": lambda path: (path / "old").rename(path / "other"),
    "folder": lambda path: (path / "sub").mkdir(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_noticed(watch: FolderWatch, clock: Clock, tmp_path: Path, change: str) -> None:
    (tmp_path / "old").touch()
    age(tmp_path)
    watch.add("images", str(tmp_path))
    assert later(clock, watch) == set()
    CHANGES[change](tmp_path)
    assert later(clock, watch) == {"images"}
    assert later(clock, watch) == set()
    watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_inotify_sees_what_was_written_and_wakes_a_loop(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "disk").touch()
    watch = FolderWatch(clock=clock)
    watch.add("images", str(tmp_path))
    fd = watch.fileno()
    assert select.select([fd], [], [], 0)[0] == []
    (tmp_path / "disk").write_bytes(b"x")
    assert select.select([fd], [], [], 10)[0] == [fd]
    assert watch.read() == {"images"}
    assert select.select([fd], [], [], 0)[0] == []
    # Reading is no change.
    (tmp_path / "disk").read_bytes()
    clock.now += 1
    assert watch.read() == set()
    watch.close()
    assert watch.fileno() == -1
    watch.close()
    assert watch.read() | watch.poll() == set()


def test_polling_has_no_descriptor() -> None:
    assert FolderWatch(polling=True).fileno() == -1


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_many_changes_are_one_note_and_the_last_is_not_lost(tmp_path: Path, clock: Clock) -> None:
    watch = FolderWatch(clock=clock)
    watch.add("images", str(tmp_path))
    for number in range(1000):
        (tmp_path / str(number)).touch()
    assert watch.read() == {"images"}
    (tmp_path / "last").touch()
    assert later(clock, watch, 0.2) == set()
    assert later(clock, watch, 0.2) == set()
    assert later(clock, watch, 0.2) == {"images"}
    assert later(clock, watch, 10) == set()
    watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_an_overflow_may_be_any_pool(tmp_path: Path, clock: Clock) -> None:
    watch = FolderWatch(clock=clock)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    watch.add("a", str(tmp_path / "a"))
    watch.add("b", str(tmp_path / "b"))
    watch._take(struct.pack("iIII", -1, 0x4000, 0, 0))  # what the kernel sends then
    assert watch.read() == {"a", "b"}
    watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_files_being_written_are_no_change(tmp_path: Path, clock: Clock) -> None:
    watch = FolderWatch(clock=clock)
    watch.add("images", str(tmp_path))
    hidden = tmp_path / ".disk.0123.lacuna-part"
    hidden.write_bytes(b"x")
    hidden.unlink()
    assert later(clock, watch) == set()
    Folder(str(tmp_path)).create("disk", 1)
    assert later(clock, watch) == {"images"}
    watch.close()


def test_each_pool_by_its_name(watch: FolderWatch, clock: Clock, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        age(tmp_path / name)
        watch.add(name, str(tmp_path / name))
    watch.add("also b", str(tmp_path / "b"))
    later(clock, watch)
    (tmp_path / "b" / "x").touch()
    assert later(clock, watch) == {"b", "also b"}
    watch.remove("b")
    watch.remove("b")
    age(tmp_path / "b")
    later(clock, watch)
    (tmp_path / "b" / "y").touch()
    assert later(clock, watch) == {"also b"}
    watch.remove("also b")
    (tmp_path / "b" / "z").touch()
    assert later(clock, watch) == set()
    watch.close()


def test_a_folder_that_goes_and_comes_back(
    watch: FolderWatch, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "pool"
    path.mkdir()
    watch.add("images", str(path))
    assert later(clock, watch) == set()
    path.rename(tmp_path / "moved")
    assert later(clock, watch) == {"images"}
    (tmp_path / "moved" / "x").touch()
    assert later(clock, watch) == set()
    path.mkdir()
    assert later(clock, watch) == {"images"}
    age(path)
    later(clock, watch)
    (path / "x").touch()
    assert later(clock, watch) == {"images"}
    (path / "x").unlink()
    path.rmdir()
    later(clock, watch)
    watch.close()


def test_a_folder_that_is_not_there_yet(watch: FolderWatch, clock: Clock, tmp_path: Path) -> None:
    watch.add("images", str(tmp_path / "pool"))
    assert later(clock, watch) == set()
    (tmp_path / "pool").mkdir()
    assert later(clock, watch) == {"images"}
    watch.close()


def test_folders_are_looked_at_every_two_seconds(tmp_path: Path, clock: Clock) -> None:
    watch = FolderWatch(polling=True, clock=clock)
    age(tmp_path)
    watch.add("images", str(tmp_path))
    (tmp_path / "x").touch()
    clock.now += 1.9
    assert watch.poll() == set()
    clock.now += 0.2
    assert watch.poll() == {"images"}


def test_without_inotify_it_polls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    monkeypatch.setattr(sys, "platform", "sunos5")
    watch = FolderWatch(clock=clock)
    assert watch.fileno() == -1
    age(tmp_path)
    watch.add("images", str(tmp_path))
    (tmp_path / "x").touch()
    assert later(clock, watch) == {"images"}


@pytest.mark.parametrize("doing", ["poll", "add"])
def test_a_folder_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock, doing: str
) -> None:
    """A network's folder may answer never; what others did is told all the same."""
    asked, answers = threading.Event(), threading.Event()
    time_of = watch_module._time_of

    def slow(path: str) -> int | None:
        if path == "/far":
            asked.set()
            answers.wait()
        return time_of(path)

    watch = FolderWatch(clock=clock)
    watch.add("near", str(tmp_path))
    if doing == "poll":
        watch.add("far", "/far")
    monkeypatch.setattr(watch_module, "_time_of", slow)
    clock.now += 2
    work = watch.poll if doing == "poll" else lambda: watch.add("far", "/far")
    told: list[set[str]] = []
    looking = threading.Thread(target=work)
    reading = threading.Thread(target=lambda: told.append(watch.read()), daemon=True)
    looking.start()
    try:
        assert asked.wait(60)
        (tmp_path / "x").touch()
        reading.start()
        reading.join(10)
        assert told == [{"near"}]
    finally:
        answers.set()
        looking.join()
    watch.close()


async def test_a_folder_that_does_not_answer_stops_nobody(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of a network that has gone: not those who are served, and not the end."""
    asked, done = threading.Event(), threading.Event()
    stopped: list[str] = []

    def never(path: str) -> None:
        asked.set()
        if not done.wait(60):
            stopped.append(path)

    try:
        async with serving(short_path) as served, served.connect() as wire:
            served.server._watch.add("far", "/far")
            monkeypatch.setattr(watch_module, "_time_of", never)
            await until(asked.is_set)
            assert await wire.answer(p.CONNECT_GET_TYPE, Void()) == r.String("storage")
            await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(1))
            served.volume("new")
            assert (await wire.next()).header.procedure == p.POOL_EVENT_REFRESH.number
    finally:
        done.set()
    assert not stopped


def test_adding_from_threads(watch: FolderWatch, clock: Clock, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for _ in range(200):
            watch.add(f"pool{number}", str(tmp_path))
            watch.read()
            watch.remove(f"pool{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert later(clock, watch) == set()
    watch.close()


def test_without_a_descriptor_left_a_folder_is_polled(
    watch: FolderWatch, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(fd: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    age(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "dup", none_left)
        watch.add("images", str(tmp_path))
    (tmp_path / "new").touch()
    assert later(clock, watch) == {"images"}
    watch.close()


def test_a_folder_replaced_while_it_is_added_is_not_lost(
    watch: FolderWatch, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watch is that of a folder which is gone."""
    folder = tmp_path / "images"
    folder.mkdir()
    seen = watch_module._time_of

    def replaced(path: str) -> int | None:
        found = seen(path)
        if not (tmp_path / "gone").exists():
            return found
        return None if found is None else found + 1

    def add(self: watch_module._Inotify, path: str) -> int | None:
        number = before(self, path)
        folder.rename(tmp_path / "gone")
        folder.mkdir()
        watch.read()  # as the loop may, to which this is nobody's yet
        return number

    before = watch_module._Inotify.add
    with monkeypatch.context() as patch:
        patch.setattr(watch_module, "_time_of", replaced)
        patch.setattr(watch_module._Inotify, "add", add)
        watch.add("images", str(folder))
    later(clock, watch)
    age(folder)
    later(clock, watch)
    (folder / "new").touch()
    assert later(clock, watch) == {"images"}
    watch.close()
