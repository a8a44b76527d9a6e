"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import metadata
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import click
import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import KIB, MIB, body, make
from lacuna_engine import __version__
from lacuna_engine.cli import listing
from lacuna_engine.cli import main as entry
from lacuna_engine.cli.main import cli, run
from lacuna_engine.errors import LacunaError, UnreachableError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.transport import OPENERS, Pipe

URI = "qemu:///system"
Capture = pytest.CaptureFixture[str]
KEYS = [
    *("job", "state", "source", "destination"),
    *("bytes_total", "bytes_data", "bytes_hole", "bytes_zero"),
    *("bytes_sent", "bytes_received", "bytes_wire"),
    *("connections", "seconds", "resumed", "verified", "digest"),
]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    make(path, [("data", 100 * KIB), ("hole", 2 * MIB), ("zero", 256 * KIB), ("data", 5)])
    return path


# --- usage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nonsense"], "No such command"),
        (["ls"], "Missing argument"),
        (["ls", "--what", URI], "No such option"),
        (["upload", "f", URI], "Missing argument"),
        (["upload", "f", URI, "p", "--limit", "fast"], "not a rate"),
        (["upload", "f", URI, "p", "--limit", "0"], "above zero"),
        (["upload", "f", URI, "p", "--connections", "many"], "'auto' or a number from 1 to 16"),
        (["upload", "f", URI, "p", "--if-exists", "update"], "update"),
        (["upload", "f", URI, "p", "--format", "floppy"], "floppy"),
        (["download", URI, "p/v"], "Missing argument"),
    ],
)
def test_usage(arguments: list[str], text: str, capsys: Capture) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert text in err
    assert not out


@pytest.mark.parametrize(
    ("arguments", "text", "hint"),
    [
        (["upload", "f", URI, "/v"], "names no pool", "POOL/VOLUME"),
        (["download", URI, "pool", "f"], "names no volume", "POOL/VOLUME"),
        (["download", URI, "pool/", "f"], "names no volume", "POOL/VOLUME"),
        (["download", URI, "/v", "f"], "names no volume", "POOL/VOLUME"),
        (["ls", "nonsense"], "not a libvirt URI", "qemu:///system"),
        (["ls", "qemu+carrier://h/system"], "unknown transport", "ssh"),
    ],
)
def test_requests_that_are_wrong(
    arguments: list[str], text: str, hint: str, capsys: Capture
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert first.startswith("lacuna: ")
    assert text in first
    assert second.startswith("  ")
    assert hint in second
    assert not out


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(option: str, capsys: Capture) -> None:
    assert run([option]) == 0
    out, err = capsys.readouterr()
    for command in ("ls", "upload", "download", "map"):
        assert command in out
    assert not err


def test_version(capsys: Capture) -> None:
    assert run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_without_a_window_there_is_help(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda **_: ())
    assert run([]) == 0
    assert "Usage: lacuna" in capsys.readouterr().out


def test_with_a_window_it_opens(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    opened: list[str] = []

    class Entry:
        def load(self) -> Callable[[list[str]], None]:
            return lambda arguments: opened.append(f"window {arguments}")

    wanted: dict[str, str] = {}

    def entry_points(**kwargs: str) -> list[Entry]:
        wanted.update(kwargs)
        return [Entry(), Entry()]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert run([]) == 0
    assert wanted == {"group": "lacuna.frontend"}
    assert opened == ["window []"]
    assert not capsys.readouterr().out


def test_the_window_needs_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server cannot even be loaded on Windows."""
    monkeypatch.setattr(metadata, "entry_points", lambda **_: ())
    for name in [name for name in sys.modules if name.startswith("lacuna_engine.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "lacuna_engine.cli.serving", raising=False)
    monkeypatch.setitem(sys.modules, "lacuna_engine.server", None)
    assert run([]) == 0


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there a desktop is always there")
@pytest.mark.parametrize("arguments", [[], ["disk.img"]])
def test_without_a_display_it_says_so(
    arguments: list[str], image: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt would end the program with nothing but "Aborted"."""
    monkeypatch.chdir(image.parent)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert "no display" in error
    assert "lacuna --help" in error


def test_main_exits(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "argv", ["lacuna", "nonsense"])
    with pytest.raises(SystemExit) as caught:
        entry()
    assert caught.value.code == 2


# --- how it ends ---------------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LacunaError("it broke", hint="mend it"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.exceptions.Exit(7), 7),
        (click.ClickException("odd"), 1),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(listing, "show_map", raising(error))
    assert run(["map", "x"]) == code
    if isinstance(error, LacunaError):
        assert capsys.readouterr().err == "lacuna: it broke\n  mend it\n"


def test_an_error_without_a_hint(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(listing, "show_map", raising(LacunaError("it broke")))
    assert run(["map", "x"]) == 1
    assert capsys.readouterr().err == "lacuna: it broke\n"


def test_nobody_reads_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``lacuna map FILE | head -1``: no failure to talk about."""
    errors = StringIO()
    monkeypatch.setattr(sys, "stdout", StringIO())
    monkeypatch.setattr(sys, "stderr", errors)
    monkeypatch.setattr(listing, "show_map", raising(BrokenPipeError(32, "Broken pipe")))
    assert run(["map", "x"]) == 1
    assert errors.getvalue() == ""


def test_what_cannot_be_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As through a pipe of Windows, or in an old locale."""
    output = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(output, encoding="cp1252"))
    monkeypatch.setattr(sys, "argv", ["lacuna", "map", "x"])
    monkeypatch.setattr(listing, "show_map", lambda *_, **__: click.echo("ü 日"))
    with pytest.raises(SystemExit) as caught:
        entry()
    assert caught.value.code == 0
    sys.stdout.flush()
    assert output.getvalue().rstrip() == b"\xfc \\u65e5"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(
    number: signal.Signals, daemon: Daemon, image: Path, capsys: Capture
) -> None:
    def interrupt(_: object) -> Record:
        os.kill(os.getpid(), number)
        return Void()

    daemon.answers[p.VOL_UPLOAD.number] = interrupt
    assert run(["upload", str(image), URI, "pool", "--json"]) == 130
    out, err = capsys.readouterr()
    job = json.loads(out)["job"]
    assert json.loads(out)["state"] == "interrupted"
    assert f"lacuna resume {job}" in err
    assert list(daemon.volumes) == ["disk.img"]
    del daemon.answers[p.VOL_UPLOAD.number]
    assert run(["resume", job[:6], "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["job"], report["state"], report["resumed"]) == (job, "done", True)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    async def opener(_: object) -> Pipe:
        raise UnreachableError("nobody", hint="start it")

    monkeypatch.setitem(OPENERS, "unix", opener)
    assert run(["ls", URI]) == 3
    assert capsys.readouterr().err == "lacuna: nobody\n  start it\n"


# --- map -----------------------------------------------------------------------------------------


def test_map_as_json(image: Path, capsys: Capture) -> None:
    assert run(["map", str(image), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    hole = 100 * KIB
    zero = hole + 2 * MIB
    assert rows == [
        {"start": 0, "length": hole, "kind": "data"},
        {"start": hole, "length": 2 * MIB, "kind": "hole"},
        {"start": zero, "length": 256 * KIB, "kind": "zero"},
        {"start": zero + 256 * KIB, "length": 5, "kind": "data"},
    ]
    assert run(["map", str(image), "--json", "--no-zero-scan"]) == 0
    kinds = [row["kind"] for row in json.loads(capsys.readouterr().out)]
    assert kinds == ["data", "hole", "data"]


def test_map_for_people(image: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert run(["map", str(image)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Start", "Length", "Kind"]
    assert [line.split()[2] for line in lines[1:5]] == ["data", "hole", "zero", "data"]
    assert len(lines[6]) == 40
    assert lines[6].strip("#.0+") == ""
    assert lines[7].startswith("disk.img: 2.35 MiB; # data 100 KiB, ")
    assert lines[7].endswith("saved 2.25 MiB (95 %)")


def test_map_of_nothing(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "new\nline"
    path.touch()
    assert run(["map", str(path)]) == 0
    assert "new\\nline: 0 bytes" in capsys.readouterr().out
    assert run(["map", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_map_of_what_is_not_there(tmp_path: Path, capsys: Capture) -> None:
    assert run(["map", str(tmp_path / "no")]) == 1
    assert "No such file" in capsys.readouterr().err


# --- ls ------------------------------------------------------------------------------------------


def test_pools(daemon: Daemon, capsys: Capture) -> None:
    assert run(["ls", URI, "--json"]) == 0
    out, err = capsys.readouterr()
    assert not err
    (row,) = json.loads(out)
    assert row == {
        "name": "pool",
        "uuid": None,
        "state": "running",
        "type": "dir",
        "capacity": 1 << 41,
        "allocation": 0,
        "available": 1 << 40,
        "autostart": True,
        "persistent": True,
        "path": "/images",
    }
    assert run(["ls", URI]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "Name"
    assert line.split() == "pool running dir 2.00 TiB 0 bytes 1.00 TiB /images".split()  # noqa: SIM905


def test_a_pools_uuid(daemon: Daemon, capsys: Capture) -> None:
    uuid = "00112233-4455-6677-8899-aabbccddeeff"
    daemon.answers[p.POOL_GET_XML_DESC.number] = lambda _: r.String(
        f"<pool type='dir'><name>pool</name><uuid>{uuid}</uuid></pool>"
    )
    assert run(["ls", URI, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["uuid"] == uuid


def test_volumes(daemon: Daemon, capsys: Capture) -> None:
    daemon.volumes = {
        "b": Volume(bytearray(body(0, 5000)), mtime=86400),
        "a\x1b[31m\udcff": Volume(format="qcow2"),
    }
    assert run(["ls", URI, "pool", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["a\x1b[31m\udcff", "b"]
    assert rows[1] == {
        "name": "b",
        "key": "/images/b",
        "path": "/images/b",
        "type": "file",
        "format": "raw",
        "capacity": 5000,
        "allocation": 8192,
        "physical": 5000,
        "modified": 86400.0,
    }
    assert run(["ls", URI, "pool"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a\\x1b[31m\\xff" in out
    assert "4.88 KiB" in out
    assert "1970-01-0" in out


def test_a_volume_that_tells_no_time_and_one_that_is_gone(daemon: Daemon, capsys: Capture) -> None:
    daemon.volumes = {"a": Volume(), "b": Volume()}

    def describe(a: r.VolumeFlags) -> Record:
        if a.volume.name == "b":
            return failure(50, "gone")
        return r.String("<volume type='file'><name>a</name></volume>")

    daemon.answers[p.VOL_GET_XML_DESC.number] = describe
    assert run(["ls", URI, "pool", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["modified"] is None
    assert run(["ls", URI, "pool"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_more_volumes_than_can_be_listed(
    daemon: Daemon, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.faults.listed = 16_390
    daemon.answers[p.POOL_LIST_VOLUMES.number] = lambda _: r.Names(("a",))
    daemon.volumes = {"a": Volume()}
    assert run(["ls", URI, "pool", "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 1
    assert "16389 more volumes" in err


def test_no_such_pool(daemon: Daemon, capsys: Capture) -> None:
    assert run(["ls", URI, "nothing"]) == 1
    assert "lacuna ls URI" in capsys.readouterr().err


# --- transfers -----------------------------------------------------------------------------------


def test_an_upload_and_a_download_as_json(
    daemon: Daemon, image: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["upload", str(image), URI, "pool", "--json", "--verify"]) == 0
    out, err = capsys.readouterr()
    assert not err
    up = json.loads(out)
    assert list(up) == KEYS
    assert (up["state"], up["verified"]) == ("done", True)
    assert (up["bytes_data"], up["bytes_hole"], up["bytes_zero"]) == (
        100 * KIB + 5,
        2 * MIB,
        256 * KIB,
    )
    target = tmp_path / "copy"
    arguments = ["download", URI, "pool/disk.img", str(target), "--json", "--verify"]
    assert run([*arguments, "--connections", "1", "--limit", "1G"]) == 0
    down = json.loads(capsys.readouterr().out)
    assert list(down) == KEYS
    assert down["digest"] == up["digest"]
    assert target.read_bytes() == image.read_bytes()


def test_for_people(daemon: Daemon, image: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["upload", str(image), URI, "pool/new", "--verify", "--no-zero-scan"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert "pool/new" in out
    assert "verified" in out
    assert run(["download", URI, "pool/new", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert str(tmp_path / "new") in out
    assert "verified" not in out
    assert not err


def test_an_empty_image(daemon: Daemon, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").touch()
    assert run(["upload", str(tmp_path / "empty"), URI, "pool"]) == 0
    assert "pool/empty" in capsys.readouterr().out


@pytest.mark.parametrize("as_json", [True, False])
def test_a_skip_says_so(as_json: bool, daemon: Daemon, image: Path, capsys: Capture) -> None:
    daemon.volumes["disk.img"] = Volume()
    arguments = ["upload", str(image), URI, "pool", "--if-exists", "skip"]
    assert run([*arguments, "--json"] if as_json else arguments) == 0
    out = capsys.readouterr().out
    assert (json.loads(out)["state"] == "skipped") if as_json else ("kipped" in out)


def test_it_would_overwrite(daemon: Daemon, image: Path, capsys: Capture) -> None:
    daemon.volumes["disk.img"] = Volume()
    assert run(["upload", str(image), URI, "pool", "--json"]) == 4
    out, err = capsys.readouterr()
    assert json.loads(out)["state"] == "failed"
    assert "exists already" in err
    assert "--if-exists" in err


def test_read_back_it_is_different(daemon: Daemon, image: Path, capsys: Capture) -> None:
    daemon.faults.flip = 5
    assert run(["upload", str(image), URI, "pool", "--verify"]) == 5
    out, err = capsys.readouterr()
    assert not out
    assert "differs" in err
    assert "disk.img" in daemon.volumes
    assert image.exists()


def test_notes_go_to_standard_error(daemon: Daemon, image: Path, capsys: Capture) -> None:
    daemon.volumes["disk.img"] = Volume(bytearray(4 * MIB), type="block")
    assert run(["upload", str(image), URI, "pool", "--if-exists", "replace", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verified"] is True
    assert err.startswith("lacuna: note: The volume is larger")


def test_progress_when_piped(
    daemon: Daemon, image: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna_engine.cli.progress.LINE_INTERVAL", 0.0)
    arguments = ["upload", str(image), URI, "pool", "--if-exists", "replace", "--json"]
    assert run([*arguments, "--progress"]) == 0
    out, err = capsys.readouterr()
    json.loads(out)
    assert "disk.img: " in err
    assert "100 %" not in err
    assert run(arguments) == 0
    assert "disk.img: " not in capsys.readouterr().err


def test_a_folder_that_is_not_there(daemon: Daemon, tmp_path: Path, capsys: Capture) -> None:
    daemon.volumes["v"] = Volume(bytearray(b"x"))
    assert run(["download", URI, "pool/v", f"{tmp_path}/new/"]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_every_command_has_help(capsys: Capture) -> None:
    for name, command in cli.commands.items():
        assert command.help, name
        assert run([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith("Usage: lacuna ")
