"""How connections through SSH end, and what is left of them: nothing."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from integration.asking import Asked
from integration.libvirtd import PrivateLibvirtd
from integration.ssh_login import Login, engine, libvirtd, login, sshd, use
from integration.sshd import PASSWORD, PrivateSshd, _children
from lacuna_engine.errors import (
    ConnectionLostError,
)
from lacuna_engine.transfer import Session
from lacuna_engine.transport import SecretKind, parse_uri
from lacuna_engine.transport.ssh import openssh


async def test_the_host_goes_away(login: Login, libvirtd: PrivateLibvirtd) -> None:
    with PrivateSshd(libvirtd) as host:
        use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            host.stop()
            with pytest.raises(ConnectionLostError) as caught:
                await session.storage.pools()
            assert caught.value.retryable


async def test_no_child_is_left(login: Login) -> None:
    async with Session(parse_uri(login.uri())) as session:
        await session.connect()
        assert len(_ssh_children()) == (2 if login.engine == "openssh" else 0)
    assert not _ssh_children()


@pytest.mark.parametrize("length", [49, 57, 90, 200])
async def test_a_long_folder_for_temporary_files(
    login: Login, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """A socket's path has 104 bytes on macOS, where that folder's own has 49 of them."""
    asked = Asked({SecretKind.SSH_PASSWORD: [PASSWORD]})
    uri = parse_uri(login.uri(key=""))
    place = "/tmp"  # noqa: S108 - its own path is the shortest there is
    prefix = "x" * (length - len(f"{place}/12345678"))
    with tempfile.TemporaryDirectory(dir=place, prefix=prefix) as name:
        assert len(name) == length
        monkeypatch.setattr(tempfile, "tempdir", name)
        monkeypatch.setattr(openssh, "_folders", [])
        async with Session(uri, prompter=asked) as session:
            await session.connect()
            assert await session.storage.pools()
    assert len(asked.questions) == 1


def _ssh_children(pid: int | None = None) -> list[int]:
    found = []
    for child in _children(pid or os.getpid()):
        try:
            if Path(f"/proc/{child}/comm").read_text().strip() == "ssh":
                found.append(child)
        except OSError:
            continue
    return found


PROGRAM = """
import asyncio, sys
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
async def main():
    async with Session(parse_uri(sys.argv[1])) as session:
        print("open", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("engine", ["openssh"], indirect=True)
def test_the_child_dies_with_us(login: Login, tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, login.uri()],
        stdout=subprocess.PIPE,
        text=True,
        # Killed, it cannot remove its folder.
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert program.stdout is not None
    with program, program.stdout:
        assert program.stdout.readline() == "open\n"
        children = _ssh_children(program.pid)
        assert children
        program.send_signal(signal.SIGKILL)
        program.wait()
    deadline = time.monotonic() + 10
    while any(_runs_ssh(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs_ssh(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0]
    except OSError:
        return False
    return state != "Z"
