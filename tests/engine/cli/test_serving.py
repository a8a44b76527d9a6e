"""``serve`` and ``demo`` from the outside, and the reading of ``--pool``."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacuna_engine.cli.main import run
from lacuna_engine.cli.serving import pools_of
from lacuna_engine.errors import UsageError

LACUNA = str(Path(sys.executable).with_name("lacuna"))


def test_pools_by_folder_and_by_name() -> None:
    assert pools_of(Path("/srv/images"), None, ()) == {"images": Path("/srv/images")}
    assert pools_of(Path("/srv/images"), "fast", ("slow=/mnt/slow",)) == {
        "fast": Path("/srv/images"),
        "slow": Path("/mnt/slow"),
    }


@pytest.mark.parametrize(
    ("folder", "pools", "text"),
    [
        (None, (), "nothing to serve"),
        (None, ("a",), "is no pool"),
        (None, ("=x",), "is no pool"),
        (None, ("a=",), "is no pool"),
        (None, ("a=x", "a=y"), "given twice"),
        (Path("/srv/a"), ("a=y",), "given twice"),
    ],
)
def test_wrong_pools(folder: Path | None, pools: tuple[str, ...], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        pools_of(folder, None, pools)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["serve", "--pool", "name"],
        ["serve", "{}", "--pool", "a", "--pool", "b"],
        ["serve", "/"],
        ["serve", "{}/missing"],
        ["serve", "{}", "--listen", "tcp:0.0.0.0:0"],
        ["serve", "{}", "--listen", "tls:127.0.0.1:0"],
        ["serve", "{}", "--listen", "nonsense"],
        ["serve", "{}", "--auth", "{}/missing"],
    ],
)
def test_refused_with_a_message(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([argument.format(tmp_path) for argument in arguments])
    captured = capsys.readouterr()
    assert code in (1, 2)
    assert captured.err.startswith("lacuna: ")
    assert "Traceback" not in captured.err


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    folder, path = tmp_path / "pool", tmp_path / "socket"
    folder.mkdir()
    with subprocess.Popen(
        [LACUNA, "serve", str(folder), "--listen", f"unix:{path}"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, path, process.stdout.readline().strip()
        process.kill()


def test_serve_says_where_is_private_and_cleans_up(
    served: tuple[subprocess.Popen[str], Path, str], tmp_path: Path
) -> None:
    process, path, uri = served
    assert uri == f"storage+unix:///system?socket={path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    image = tmp_path / "a.img"
    image.write_bytes(os.urandom(100_000))
    for arguments in (
        ["upload", str(image), uri, "pool"],
        ["download", uri, "pool/a.img", str(tmp_path / "b.img")],
    ):
        subprocess.run([LACUNA, *arguments], check=True, capture_output=True)
    assert (tmp_path / "b.img").read_bytes() == image.read_bytes()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 130
    assert not path.exists()


def test_a_dead_socket_is_replaced_and_a_living_one_is_not(
    served: tuple[subprocess.Popen[str], Path, str], tmp_path: Path
) -> None:
    _, path, _ = served
    again = [LACUNA, "serve", str(tmp_path / "pool"), "--listen", f"unix:{path}"]
    refused = subprocess.run(again, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert "cannot listen" in refused.stderr

    dead = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(dead))
    again[-1] = f"unix:{dead}"
    with subprocess.Popen(again, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().endswith(str(dead))
        process.terminate()


def test_demo_without_a_display(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    done = subprocess.run(
        [LACUNA, "demo"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    assert "Everything came back identical" in done.stdout
    assert done.stdout.count("identical; the copy takes") == 4


def test_demo_takes_a_picture_of_the_window(tmp_path: Path) -> None:
    """Without a display: the transfers run, and then the window is rendered."""
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    picture = tmp_path / "window.png"
    done = subprocess.run(
        [LACUNA, "demo", "--screenshot", picture],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert width >= 800
    assert height >= 500
    assert len(content) > 20_000  # more than an empty window
