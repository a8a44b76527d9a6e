"""The local socket of a daemon that asks polkit: consent by a rule, by a password, and refusal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.libvirtd import PrivateLibvirtd
from integration.polkit import ADMIN_PASSWORD, PLAIN, TRUSTED, PrivatePolkit

WRONG = "mistyped staple"

# Another user: the rights are given up when all is read, since the package may lie where nobody
# else may look. It says when that is done, and begins when it is told to.
CLIENT = """
import asyncio, os, sys
from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
user, uri = sys.argv[1:]
os.setgroups([]); os.setgid(int(user)); os.setuid(int(user))
print("it is me", flush=True)
sys.stdin.readline()
async def main():
    try:
        async with Session(parse_uri(uri)) as session:
            print([pool.name for pool in await session.storage.pools()])
    except LacunaError as error:
        print(error, error.hint, sep="; ")
        return error.exit_code
sys.exit(asyncio.run(main()))
"""


@pytest.fixture(scope="module")
def polkit() -> Iterator[PrivatePolkit]:
    with PrivatePolkit() as private:
        yield private


@pytest.fixture(scope="module")
def asking(polkit: PrivatePolkit) -> Iterator[PrivateLibvirtd]:
    """A daemon whose socket is open to everybody, and which asks polkit about them."""
    private = PrivateLibvirtd(settings={"auth_unix_rw": "polkit"})
    polkit.ask(private)
    with private as daemon:
        daemon.make_pool("pool", "dir")
        yield daemon


def client(user: int, daemon: PrivateLibvirtd) -> subprocess.Popen[str]:
    """Start one, up to where it is about to connect."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(user), daemon.uri],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "it is me\n"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Let it connect; return how it ended and what it said."""
    out, errors = process.communicate("\n", timeout=60)
    assert "Traceback" not in errors
    return process.returncode, out + errors


def test_a_rule_lets_in(asking: PrivateLibvirtd) -> None:
    """Whoever is in the group ``libvirt`` is not asked."""
    code, told = ended(client(TRUSTED, asking))
    assert code == 0, told
    assert "pool" in told


def test_nobody_to_ask(asking: PrivateLibvirtd) -> None:
    code, told = ended(client(PLAIN, asking))
    assert code == 3
    assert "no polkit agent available" in told
    assert "group 'libvirt'" in told
    assert "pkttyagent" in told
    assert "qemu:///session" in told


class Agent:
    """A real pkttyagent at a terminal of its own, for one process, and who types there."""

    def __init__(self, polkit: PrivatePolkit, user: int, pid: int) -> None:
        self._ours, theirs = pty.openpty()
        told, tell = os.pipe()
        rights = ("setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups")
        agent = (*rights, "pkttyagent", "--process", str(pid), "--notify-fd", str(tell))
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *polkit.inside(*agent)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            pass_fds=(tell,),
            env=polkit.environment,
        )
        os.close(theirs)
        os.close(tell)
        # It closes its end when it can be asked.
        assert select.select([told], [], [], 30)[0]
        os.close(told)
        self.shown = ""

    def type(self, words: str) -> None:
        """Answer the question for a password when it is there."""
        while not self.shown.rstrip().endswith("Password:"):
            assert select.select([self._ours], [], [], 30)[0], self.shown
            self.shown += os.read(self._ours, 4096).decode()
        # What is typed before it stops the echo is thrown away.
        while termios.tcgetattr(self._ours)[3] & termios.ECHO:
            time.sleep(0.005)
        os.write(self._ours, words.encode() + b"\n")

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(15)
        os.close(self._ours)


@pytest.mark.parametrize("right", [True, False])
def test_a_password_at_the_terminal(
    polkit: PrivatePolkit, asking: PrivateLibvirtd, right: bool
) -> None:
    """The connection waits as long as a person needs, and then is there, or is refused."""
    waiting = client(PLAIN, asking)
    agent = Agent(polkit, PLAIN, waiting.pid)
    try:
        with ThreadPoolExecutor(1) as typing:
            typed = typing.submit(agent.type, ADMIN_PASSWORD if right else WRONG)
            code, told = ended(waiting)
            typed.result(60)
    finally:
        waiting.kill()
        agent.end()
    assert "The tests want to know who you are" in agent.shown
    assert ADMIN_PASSWORD not in told
    assert WRONG not in told
    if right:
        assert code == 0, told
        assert "pool" in told
    else:
        assert code == 3
        assert "group 'libvirt'" in told
