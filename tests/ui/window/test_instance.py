"""One window: a process that is started later hands its files to the first, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.instance import (
    MOST_BYTES,
    Instance,
    Request,
    channel_of,
    decode_request,
    encode_request,
)
from lacuna_gui.views.drops import offer_of
from ui.window.driver import Driver, Served, until
from ui.window.telling import Telling


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Telling]:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    with ExitStack() as stack:
        yield Telling(tmp_path, stack, QT_QPA_PLATFORM="offscreen", XDG_RUNTIME_DIR=str(runtime))


def first(programs: Telling, served: Served) -> subprocess.Popen[str]:
    process = programs.start("observed.py", "--connect", served.uri)
    programs.watch(process)
    programs.until(lambda seen: "default" in seen["pools"])
    return process


def later(programs: Telling, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder, env=programs.environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_later_process_hands_its_files_over(
    programs: Telling, served: Served, tmp_path: Path
) -> None:
    first(programs, served)
    folder = tmp_path / "where it was started"
    folder.mkdir()
    for name in ("zwölf 1.raw", "-2.raw", "ls"):
        (folder / name).write_bytes(b"x" * 4096)
    done = later(programs, folder, "lacuna_gui", "zwölf 1.raw")
    assert (done.returncode, done.stderr) == (0, "")
    programs.until(lambda seen: seen["sheet"] == [["zwölf 1.raw"]])
    # Through the command, and into the sheet that is open; a file may be named like a command.
    done = later(programs, folder, "lacuna_engine.cli", "./-2.raw", "ls")
    assert (done.returncode, done.stderr) == (0, "")
    programs.until(lambda seen: seen["sheet"] == [["zwölf 1.raw", "-2.raw", "ls"]])


def test_what_a_killed_process_leaves_is_no_obstacle(
    programs: Telling, served: Served, tmp_path: Path
) -> None:
    process = first(programs, served)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    left = list((tmp_path / "runtime").glob("*.socket"))
    assert len(left) == 1
    first(programs, served)
    (tmp_path / "a.raw").write_bytes(b"x")
    assert later(programs, tmp_path, "lacuna_gui", "a.raw").returncode == 0
    programs.until(lambda seen: seen["sheet"] == [["a.raw"]])


def test_files_wait_for_a_connection(driver: Driver, tmp_path: Path) -> None:
    image = tmp_path / "a.raw"
    image.write_bytes(b"x")
    driver.window.moving_commands.take(offer_of([image]), None)
    assert "1 file" in driver.messages()[0]
    driver.connect()
    sheet = driver.dialog(UploadDialog)
    assert driver.messages() == [], "what was to be done has been done"
    assert sheet.chosen() == (driver.host(), "default")
    assert sheet.table.item(0, 0).text() == "a.raw"


# --- the channel ---------------------------------------------------------------------------------


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Long paths do not fit into the address of a socket, and pytest's are long.
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    tmp_path.chmod(0o700)
    made = channel_of({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert made is not None
    return made


@pytest.fixture
def heard(channel: Path, qtbot: QtBot) -> Iterator[list[Request]]:
    instance = Instance(channel)
    assert instance.listen()
    requests: list[Request] = []
    instance.asked.connect(requests.append)
    yield requests
    instance.close()


def answer(qtbot: QtBot, channel: Path, data: bytes) -> bytes:
    """Send anything, and return what comes back until the other side has closed."""
    found = bytearray()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(channel))
        client.setblocking(False)
        rest = memoryview(data)

        def ended() -> bool:
            nonlocal rest
            try:
                if rest:
                    rest = rest[client.send(rest) :]
                    return False
                got = client.recv(100)
            except BlockingIOError:
                return False
            except OSError:
                return True
            found.extend(got)
            return not got

        until(qtbot, ended)
    return bytes(found)


def test_only_its_user_gets_at_the_socket(channel: Path, heard: list[Request]) -> None:
    assert stat.S_IMODE(channel.stat().st_mode) & 0o077 == 0
    assert not Instance(channel).listen(), "there is one already"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\n", b"[]\n", b"{}\n", b"[" * 5000 + b"\n", b'{"files":"/etc/passwd"}\n',
        b'{"files":["relative"]}\n', b'{"files":[1]}\n', b'{"files":["/a\\u0000b"]}\n',
        b'{"files":[],"token":"a\\u001b"}\n', b'{"files":[],"token":7}\n',
        json.dumps({"files": ["/x"] * 5000}).encode() + b"\n", b"x" * (MOST_BYTES + 4096),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_makes_no_sense_is_not_taken(
    qtbot: QtBot, channel: Path, heard: list[Request], data: bytes
) -> None:
    assert answer(qtbot, channel, data) == b""
    assert heard == []
    good = Request((Path("/srv/image.raw"),), "token")
    assert answer(qtbot, channel, encode_request(good)) == b"ok\n"
    assert heard == [good]


def test_nothing_is_left_behind(channel: Path) -> None:
    one, other = Instance(channel), Instance(channel)
    assert one.listen()
    assert not other.listen()
    one.close()
    assert [path.name for path in channel.parent.glob("lacuna-*")] == []
    # Whoever looked at the file that has just gone is not fooled by having its lock.
    assert not other.listen()
    assert other.listen()
    other.close()


def test_the_window_comes_to_the_front(driver: Driver) -> None:
    driver.window.showMinimized()
    driver.until(driver.window.isMinimized)
    driver.window.come_to_front()
    driver.until(lambda: driver.window.isVisible() and not driver.window.isMinimized())


def test_names_that_are_no_text_get_through() -> None:
    odd = Request((Path(os.fsdecode(b"/srv/\xff.raw")),))
    assert decode_request(encode_request(odd)) == odd


def test_processes_of_another_display_or_folder_are_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)

    def made(data: str, **others: str) -> Any:
        monkeypatch.setenv("LACUNA_DATA", data)
        return channel_of({"XDG_RUNTIME_DIR": str(tmp_path), **others})

    assert made("/a", DISPLAY=":1") == made("/a", DISPLAY=":1")
    assert len({made("/a", DISPLAY=":1"), made("/a", DISPLAY=":2"), made("/b", DISPLAY=":1")}) == 3


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    made = channel_of({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert made is not None
    assert tmp_path not in made.parents
