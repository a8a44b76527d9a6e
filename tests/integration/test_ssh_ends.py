"""How connections through SSH end, and what is left of them: nothing."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.libvirtd import PrivateLibvirtd
from integration.ssh_login import Login, engine, libvirtd, login, sshd, use
from integration.sshd import PrivateSshd, _children
from lacuna_engine.errors import (
    ConnectionLostError,
)
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri


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
