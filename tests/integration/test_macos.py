"""What Lacuna does otherwise on macOS, as far as Linux can show it.

The command runs with the platform's name changed before anything of Lacuna is imported, so that it
takes every branch that is for macOS: its folders, its calls for holes, its environment for ssh. The
kernel and the programs stay those of Linux; macOS itself has not been met.
"""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.images import assert_same, data, hole, make_image, zeros
from integration.libvirtd import MIB, PrivateLibvirtd
from integration.ssh_login import Login, engine, libvirtd, login, sshd

RUN = """
import sys
sys.platform = "darwin"
from lacuna_engine.cli import main
main()
"""

OWN_FOLDER = 49
"""Bytes of the path that macOS gives each user for temporary files."""


@pytest.fixture
def temporary() -> Iterator[str]:
    """A folder for temporary files whose path is as long as that of macOS."""
    place = "/tmp"  # noqa: S108 - its own path is the shortest there is
    prefix = "x" * (OWN_FOLDER - len(f"{place}/12345678"))
    with tempfile.TemporaryDirectory(dir=place, prefix=prefix) as name:
        yield name


def test_there_and_back_through_ssh(
    login: Login, libvirtd: PrivateLibvirtd, tmp_path: Path, temporary: str
) -> None:
    """By both engines; with the journal, the log and the saved connections where macOS has them."""
    image = make_image(tmp_path / "image", data(3 * MIB), zeros(2 * MIB), hole(2 * MIB), data(MIB))
    environment = os.environ | {"HOME": str(login.home), "TMPDIR": temporary}
    for name in ("LACUNA_DATA", "LACUNA_CONFIG", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment.pop(name, None)

    def lacuna(*words: str | Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", RUN, *words],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    name = f"macos-{login.engine}"
    lacuna("profiles", "add", "host", login.uri())
    assert "pool" in lacuna("ls", "host")
    assert "verified" in lacuna("upload", "--verify", image, "host", f"pool/{name}")
    assert name in lacuna("ls", "host", "pool")
    back = tmp_path / "back"
    assert "verified" in lacuna("download", "--verify", "host", f"pool/{name}", back)
    assert_same(back, image)
    assert lacuna("jobs").count("done") == 2
    libvirtd.virsh("vol-delete", "--pool", "pool", name)
    kept = login.home / "Library/Application Support/lacuna"
    assert {"journal.db", "profiles.json"} <= {path.name for path in kept.iterdir()}
    assert (login.home / "Library/Logs/lacuna/lacuna.log").exists()
    assert not list(Path(temporary).glob("lacuna-*/*")), "a socket was left"
