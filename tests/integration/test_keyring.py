"""Remembered passwords in a real keyring: GNOME's, on a D-Bus session of its own.

The programs run with a home folder and a session bus of their own; nothing of the user's is seen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integration.libvirtd import HarnessError

PROGRAMS = {"dbus-run-session": "dbus-daemon", "gnome-keyring-daemon": "gnome-keyring"}

# $1 = what is typed to unlock the keyring, $2 the Python, $3 the script. The daemon goes with the
# bus, which goes with this shell.
UNLOCKED = """
printf %s "$1" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
exec "$2" -c "$3"
"""
LOCKED = 'exec "$2" -c "$3"'

HEAD = """
import asyncio, time
from lacuna_engine.profiles import Secrets

async def main():
    secrets = Secrets(timeout=20)
"""
TAIL = "\nasyncio.run(main())\n"


def run(home: Path, shell: str, body: str, *, bus: bool = True) -> str:
    """Run statements beside a keyring and return what they print."""
    lacking = [
        f"{name} ({package})" for name, package in PROGRAMS.items() if not shutil.which(name)
    ]
    if lacking:
        raise HarnessError(f"missing: {', '.join(lacking)}")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    script = HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL
    done = subprocess.run(
        [
            *(["dbus-run-session", "--"] if bus else []),
            *("sh", "-c", shell, "sh", "master", sys.executable, script),
        ],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        env=kept | {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_real_keyring(tmp_path: Path) -> None:
    """What one program keeps, the next one finds, until it is forgotten."""
    kept = run(
        tmp_path,
        UNLOCKED,
        """
assert await secrets.available(), secrets.problem
assert await secrets.set("p1", "sasl-password ann@host", "hünter2 \\U0001f511", remember=True)
assert await secrets.set("p1", "other", "x", remember=True)
assert await secrets.set("p2", "other", "y", remember=True)
print(secrets.problem or "kept")
""",
    )
    assert kept == "kept\n"
    files = list((tmp_path / ".local/share/keyrings").glob("*.keyring"))
    assert files
    for file in files:
        assert "hünter2".encode() not in file.read_bytes()
    found = run(
        tmp_path,
        UNLOCKED,
        """
print(await secrets.get("p1", "sasl-password ann@host"))
assert await secrets.forget("p1", "sasl-password ann@host"), secrets.problem
print(await secrets.get("p1", "sasl-password ann@host"), await secrets.get("p1", "other"))
assert await secrets.forget("p1"), secrets.problem
assert await secrets.forget("p1"), secrets.problem
print(await secrets.get("p1", "other"), await secrets.get("p2", "other"))
""",
    )
    assert found == "hünter2 \U0001f511\nNone x\nNone y\n"


NOT_KEPT = """
assert not await secrets.set("p", "a", "secret", remember=True)
print(await secrets.get("p", "a"), "|", secrets.problem)
"""


def test_a_locked_keyring(tmp_path: Path) -> None:
    """Nobody can be asked to unlock it: the session remembers, and the reason is told."""
    run(tmp_path, UNLOCKED, 'await secrets.set("p", "b", "y", remember=True)')
    told = run(tmp_path, LOCKED, NOT_KEPT)
    assert told.startswith("secret | the keyring")


@pytest.mark.parametrize("bus", [False, True])
def test_no_keyring(tmp_path: Path, bus: bool) -> None:
    """No bus at all, and a bus where no secret service is ever started."""
    shell = f"PATH={tmp_path}; {LOCKED}"
    told = run(tmp_path, f"export XDG_DATA_DIRS={tmp_path}; {shell}", NOT_KEPT, bus=bus)
    assert told.startswith("secret | ")
    assert not list(tmp_path.rglob("*.keyring"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
