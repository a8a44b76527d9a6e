"""The local file a download becomes."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from pathlib import Path

import pytest

from engine.transfer.images import KIB, body
from lacuna_engine.errors import ExistsError, LocalFileError, NoSpaceError
from lacuna_engine.extents import allocated_bytes
from lacuna_engine.transfer import IfExists
from lacuna_engine.transfer import target as module
from lacuna_engine.transfer.target import ASIDE, PROMPT, LocalTarget, choose_target


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_threads() -> bool:
    return not [t for t in threading.enumerate() if t.name.startswith("lacuna-write")]


# --- where it goes -------------------------------------------------------------------------------


def test_a_free_name_is_taken_as_given(tmp_path: Path) -> None:
    for policy in IfExists:
        assert choose_target(tmp_path / "a", "v", policy) == tmp_path / "a"


@pytest.mark.parametrize(
    ("volume", "name"),
    [
        ("v.img", "v.img"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "__"),
        (".", "_"),
        ("/abs", "_abs"),
        ("new\nline", "new_line"),
        ("a\u202eb", "a_b"),
    ],
)
def test_in_a_folder_the_volumes_name_is_made_safe(volume: str, name: str, tmp_path: Path) -> None:
    chosen = choose_target(tmp_path, volume, IfExists.FAIL)
    assert chosen == tmp_path / name
    assert chosen.parent == tmp_path


@pytest.mark.parametrize("given", ["no/file", "no/such/folder/"])
def test_the_folder_must_be_there(given: str, tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="does not exist"):
        choose_target(tmp_path / given, "v", IfExists.FAIL)


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_what_exists(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    if kind == "file":
        path.write_bytes(b"old")
    else:
        if kind == "link":
            (tmp_path / "far").write_bytes(b"old")
        path.symlink_to(tmp_path / "far")
    with pytest.raises(ExistsError, match="exists already") as caught:
        choose_target(path, "v", IfExists.FAIL)
    assert caught.value.exit_code == 4
    assert choose_target(path, "v", IfExists.SKIP) is None
    assert choose_target(path, "v", IfExists.REPLACE) == path
    assert choose_target(path, "v", IfExists.RENAME) == tmp_path / "disk-1.img"
    (tmp_path / "disk-1.img").write_bytes(b"")
    (tmp_path / "disk-2.img").symlink_to("nowhere")
    assert choose_target(path, "v", IfExists.RENAME) == tmp_path / "disk-3.img"


def test_only_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    with pytest.raises(LocalFileError, match="not a file"):
        choose_target(tmp_path, "v", IfExists.REPLACE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LocalFileError, match="not a file"):
        choose_target(tmp_path / "pipe", "v", IfExists.REPLACE)


# --- writing -------------------------------------------------------------------------------------


def test_nothing_is_there_until_it_is_complete(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1000)
    assert target.write(0, memoryview(b"x" * 1000)) == []
    (part,) = names(tmp_path)
    assert part.startswith(".a.")
    assert part.endswith(".lacuna-part")
    target.flush()
    target.complete(replace=False)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"x" * 1000
    assert no_threads()


@pytest.mark.parametrize("links", [True, False])
def test_somebody_else_makes_the_file_meanwhile(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    target = LocalTarget(tmp_path / "a", 10)
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(ExistsError, match="somebody else"):
        target.complete(replace=False)
    target.discard()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"theirs"


def refuse(*_: object) -> None:
    raise OSError(1, "Operation not permitted")


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse)
    target = LocalTarget(tmp_path / "a", 10)
    target.complete(replace=False)
    assert names(tmp_path) == ["a"]


def test_replacing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    target = LocalTarget(tmp_path / "a", 3)
    target.write(0, memoryview(b"new"))
    assert (tmp_path / "a").read_bytes() == b"old"
    target.complete(replace=True)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "disk").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real/disk")
    target = LocalTarget(tmp_path / "link", 3)
    target.write(0, memoryview(b"new"))
    assert target.part.parent == tmp_path / "real"
    target.complete(replace=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "disk").read_bytes() == b"new"
    assert names(tmp_path / "real") == ["disk"]


def test_discarding(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1000)
    target.write(0, memoryview(b"x"))
    target.discard()
    target.discard()
    assert names(tmp_path) == []
    assert no_threads()


def test_discarding_what_is_gone(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1)
    target.part.unlink()
    target.discard()
    kept = LocalTarget(tmp_path / "b", 1)
    kept.keep()
    assert len(names(tmp_path)) == 1
    kept.discard()
    assert names(tmp_path) == []


def test_a_folder_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = LocalTarget(tmp_path / "a", 1)

    def fail(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(LocalFileError, match="write"):
        target.flush()
    # A folder that cannot be flushed is no reason to lose the file.
    target.complete(replace=False)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("seed", range(10))
def test_runs_of_zeros_are_left_out(seed: int, tmp_path: Path) -> None:
    """What is written reads back; what is said to be left out is zero; long runs are left out."""
    chance = random.Random(seed)
    content = bytearray()
    while len(content) < 1 << 20:
        size = chance.choice([1, 4096, 60 * KIB, 64 * KIB, 200 * KIB])
        content += body(len(content), size) if chance.random() < 0.5 else bytes(size)
    target = LocalTarget(tmp_path / "a", len(content) + 512)
    left_out: list[tuple[int, int]] = []
    at = 0
    while at < len(content):
        size = chance.choice([4096, 262_120, 24, 1 << 20])
        view = memoryview(content)[at : at + size]
        found = target.write(at + 512, view)
        assert all(at + 512 <= start < end <= at + 512 + len(view) for start, end in found)
        left_out += found
        at += len(view)
    target.complete(replace=False)
    read = (tmp_path / "a").read_bytes()
    assert read == bytes(512) + content
    assert not any(any(read[start:end]) for start, end in left_out)


def test_zeros_take_no_room(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 8 << 20)
    data = bytearray(1 << 20)
    data[: 64 * KIB] = body(0, 64 * KIB)
    assert target.write(1 << 20, memoryview(data)) == [((1 << 20) + 64 * KIB, 2 << 20)]
    assert target.write(2 << 20, memoryview(bytes(1 << 20))) == [(2 << 20, 3 << 20)]
    target.complete(replace=False)
    assert allocated_bytes(tmp_path / "a") < 1 << 20
    assert (tmp_path / "a").stat().st_size == 8 << 20


def test_short_runs_of_zeros_are_written(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1 << 20)
    data = body(0, 4096) + bytes(60 * KIB) + body(0, 4096)
    assert target.write(0, memoryview(data)) == []
    target.discard()


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x" * 255, "\u00e9" * 127, "\U0001f600" * 63, "a\udcff" * 120])
def test_a_name_of_the_greatest_length(name: str, tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / name, 10)
    assert len(os.fsencode(target.part.name)) <= 255
    assert target.part.parent == tmp_path
    target.complete(replace=False)
    assert names(tmp_path) == [name]


def test_a_name_that_is_too_long_is_found_at_once(tmp_path: Path) -> None:
    """And not when gigabytes have been received."""
    path = tmp_path / ("x" * 256)
    with pytest.raises(LocalFileError, match="too long"):
        choose_target(path, "v", IfExists.FAIL)
    with pytest.raises(LocalFileError, match="too long"):
        LocalTarget(path, 10)
    assert names(tmp_path) == []
    assert no_threads()


def test_a_size_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="create"):
        LocalTarget(tmp_path / "a", (1 << 63) - 1)
    assert names(tmp_path) == []
    assert no_threads()


def test_a_folder_that_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    with pytest.raises(LocalFileError, match=r"cannot create .*: Permission denied"):
        LocalTarget(tmp_path / "a", 1)
    monkeypatch.undo()
    assert no_threads()


def test_room(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1 << 40)
    target.check_room(1)
    with pytest.raises(NoSpaceError, match="free"):
        target.check_room(1 << 61)
    target.discard()


def test_a_disk_that_takes_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write may take fewer bytes than it was given."""
    monkeypatch.setattr(module, "write_at", lambda fd, view, at: os.pwrite(fd, view[:3], at))
    target = LocalTarget(tmp_path / "a", 10)
    target.write(0, memoryview(b"helloworld"))
    target.complete(replace=False)
    assert (tmp_path / "a").read_bytes() == b"helloworld"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = LocalTarget(tmp_path / "a", 100)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_at", full)
        with pytest.raises(LocalFileError, match="No space left"):
            target.write(0, memoryview(b"x"))
    target.discard()
    assert names(tmp_path) == []


async def test_blocking_work_is_done_aside(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path / "a", 1)
    name = await target.aside(lambda: threading.current_thread().name)
    assert name.startswith("lacuna-write")
    target.discard()


def test_a_part_cannot_be_prepared_for_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can have us write through a link by guessing the part's name."""
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: "0" * 8)  # type: ignore[attr-defined]
    (tmp_path / ".a.00000000.lacuna-part").symlink_to(tmp_path / "victim")
    with pytest.raises(LocalFileError):
        LocalTarget(tmp_path / "a", 1)
    assert not (tmp_path / "victim").exists()


async def test_writing_that_takes_time_is_left_to_threads_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    target = LocalTarget(tmp_path / "img", 10)

    def in_thread() -> bool:
        return threading.current_thread().name.startswith("lacuna-write")

    def slow() -> bool:
        nonlocal now
        now += 2 * PROMPT
        return in_thread()

    def broken() -> None:
        slow()
        raise OSError

    assert [await target.promptly(in_thread) for _ in range(3)] == [False] * 3
    assert not await target.promptly(slow)
    assert await target.promptly(slow)  # which is no news
    now = 100.0 + (2 + 2 * ASIDE) * PROMPT - 0.001
    assert await target.promptly(in_thread)
    now += 0.002
    assert not await target.promptly(in_thread)
    with pytest.raises(OSError):  # noqa: PT011
        await target.promptly(broken)
    assert await target.promptly(in_thread)
    target.discard()


async def test_nobody_waits_here_for_a_flush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = LocalTarget(tmp_path / "img", 10)
    going, over = threading.Event(), threading.Event()

    def fsync(_: int) -> None:
        going.set()
        assert over.wait(10)

    def in_thread() -> bool:
        return threading.current_thread().name.startswith("lacuna-write")

    monkeypatch.setattr(module.os, "fsync", fsync)  # type: ignore[attr-defined]
    flushing = asyncio.ensure_future(target.aside(target.flush))
    await asyncio.to_thread(going.wait, 10)
    assert await target.promptly(in_thread)
    over.set()
    await flushing
    assert not await target.promptly(in_thread)
    target.discard()


@pytest.mark.parametrize("punches", [True, False])
def test_clearing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, punches: bool) -> None:
    size = 3 << 20
    target = LocalTarget(tmp_path / "img", size)
    target.write(0, memoryview(b"x" * size))
    if not punches:
        monkeypatch.setattr(module, "punch_hole", lambda *_: False)
    target.clear(4096, size - 5)
    written = allocated_bytes(target.part)
    target.clear(4096, size - 5)
    assert allocated_bytes(target.part) == written
    content = target.part.read_bytes()
    assert content == b"x" * 4096 + bytes(size - 5 - 4096) + b"x" * 5
    assert (allocated_bytes(target.part) < size // 2) == punches
    target.discard()
