"""Files still being written: whose they are, and what becomes of those a killed server left."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.server.serving import POOL, serving
from engine.server.wire import connected
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.server import Registry, StorageServer
from lacuna_engine.server.temporary import create_temporary, is_temporary, remove_leftovers
from lacuna_engine.storage.xml_build import volume_xml

MIB = 1 << 20
LEFT = ".0123456789abcdef.lacuna-part"

SLOW_SERVER = """
import sys, time
from lacuna_engine.cli.main import main
from lacuna_engine.server import making

copy = making.copy_content

def slow(*arguments, **more):
    copy(*arguments, **more)
    print("copied", flush=True)
    time.sleep(600)

making.copy_content = slow
sys.argv[1:] = ["serve", sys.argv[1], "--pool", "pool", "--listen", "unix:" + sys.argv[2]]
main()
"""
"""``lacuna serve`` as it is, but for a clone that is never done."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_what_is_written_is_locked_and_stays(folder: int, tmp_path: Path) -> None:
    fd, name = create_temporary(folder, 0o600)
    assert is_temporary(name)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert remove_leftovers(folder) == 0
    assert os.listdir(tmp_path) == [name]
    os.close(fd)
    assert remove_leftovers(folder) == 1
    assert os.listdir(tmp_path) == []


def test_what_is_not_ours_stays(folder: int, tmp_path: Path) -> None:
    """Other names, downloads that are under way, and anything but files."""
    names = [
        ".disk.0123abcd.lacuna-part",
        "..0123abcd.lacuna-part",
        ".0123456789ABCDEF.lacuna-part",
        ".0123456789abcde.lacuna-part",
        f"{LEFT}x",
        f"x{LEFT}",
        LEFT.removesuffix("-part"),
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "victim").write_bytes(b"x")
    (tmp_path / LEFT.replace("0", "a")).symlink_to("victim")
    (tmp_path / LEFT.replace("0", "b")).mkdir()
    os.mkfifo(tmp_path / LEFT.replace("0", "c"))
    before = sorted(os.listdir(tmp_path))
    assert remove_leftovers(folder) == 0
    assert sorted(os.listdir(tmp_path)) == before


def test_a_leftover_that_is_a_volume_too_loses_only_its_name(folder: int, tmp_path: Path) -> None:
    """Killed between giving the volume its name and taking the temporary one away."""
    (tmp_path / "v").write_bytes(b"content")
    (tmp_path / LEFT).hardlink_to(tmp_path / "v")
    assert remove_leftovers(folder) == 1
    assert os.listdir(tmp_path) == ["v"]
    assert (tmp_path / "v").read_bytes() == b"content"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_others_stays(folder: int, tmp_path: Path) -> None:
    (tmp_path / LEFT).touch()
    os.chown(tmp_path / LEFT, 4711, -1)
    assert remove_leftovers(folder) == 0


def test_another_file_that_has_the_name_by_now_stays(
    folder: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LEFT).touch()
    lock = fcntl.flock

    def exchange(fd: int, how: int) -> None:
        lock(fd, how)
        (tmp_path / "other").touch()
        (tmp_path / "other").replace(tmp_path / LEFT)

    monkeypatch.setattr(fcntl, "flock", exchange)
    assert remove_leftovers(folder) == 0
    assert os.listdir(tmp_path) == [LEFT]


@pytest.mark.parametrize("when", ["before the lock", "after it"])
def test_one_that_was_taken_for_a_leftover_is_made_anew(
    folder: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Another server starts in the moment between making the file and locking it."""
    lock, calls = fcntl.flock, []

    def late(fd: int, how: int) -> None:
        calls.append(fd)
        if len(calls) == 1:
            if when == "after it":
                raise BlockingIOError
            monkeypatch.setattr(fcntl, "flock", lock)
            assert remove_leftovers(folder) == 1
            monkeypatch.setattr(fcntl, "flock", late)
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    fd, name = create_temporary(folder, 0o600)
    assert len(calls) == 2
    assert os.path.samestat(os.fstat(fd), (tmp_path / name).stat())
    os.close(fd)


def test_without_locks_files_are_made_and_never_removed(
    folder: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", cannot)
    fd, _ = create_temporary(folder, 0o600)
    os.close(fd)
    assert remove_leftovers(folder) == 0


@contextmanager
def slow_server(volumes: Path, socket: Path) -> Generator[subprocess.Popen[str]]:
    """Run the server in a process of its own; it is killed at the end."""
    command = [sys.executable, "-c", SLOW_SERVER, str(volumes), str(socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("storage+unix:")
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait(30)


async def begin_clone(process: subprocess.Popen[str], socket: Path) -> None:
    """Have a server make a volume, and return when it is nearly done."""
    assert process.stdout is not None
    async with connected(socket) as wire:
        pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
        source = r.VolumeHandle("pool", "src", "")
        wire.call(p.VOL_CREATE_XML_FROM, r.CloneVolume(pool, volume_xml("copy"), source))
        await wire.writer.drain()
        assert process.stdout.readline() == "copied\n"


async def test_what_a_killed_server_leaves_is_removed_by_the_next(short_path: Path) -> None:
    """With kill -9; what another server is writing at that moment stays."""
    volumes = short_path / "shared"
    volumes.mkdir()
    (volumes / "src").write_bytes(b"x" * MIB)
    download = ".disk.0123abcd.lacuna-part"
    (volumes / download).write_bytes(b"half")
    one, other = short_path / "one", short_path / "other"
    with slow_server(volumes, one) as killed, slow_server(volumes, other) as living:
        await begin_clone(killed, one)
        left = {name for name in os.listdir(volumes) if is_temporary(name)} - {download}
        assert len(left) == 1
        await begin_clone(living, other)
        killed.send_signal(signal.SIGKILL)
        killed.wait(30)
        written = {name for name in os.listdir(volumes) if is_temporary(name)} - left - {download}
        assert len(written) == 1

        registry = Registry()
        registry.add("second", str(volumes))
        async with serving(short_path, registry=registry) as served, served.connect() as wire:
            assert set(os.listdir(volumes)) == {"src", download, *written}
            pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("second"))).pool
            assert (await wire.answer(p.POOL_LIST_VOLUMES, r.PoolNumber(pool, 9))).names == ("src",)
            living.send_signal(signal.SIGKILL)
            living.wait(30)
            # A pool that is started later is tidied then.
            started = registry.lookup_by_name("second")
            started.stop()
            assert set(os.listdir(volumes)) == {"src", download, *written}
            started.start()
            assert set(os.listdir(volumes)) == {"src", download}


async def test_a_server_that_only_reads_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / LEFT).touch()
    registry = Registry()
    pool = registry.add(POOL, str(tmp_path))
    async with StorageServer(registry, read_only=True):
        pool.stop()
        pool.start()
    assert os.listdir(tmp_path) == [LEFT]
    async with StorageServer(registry):
        pass
    assert os.listdir(tmp_path) == []
