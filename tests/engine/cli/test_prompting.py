"""Questions on a terminal: a real one, made for the test."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest

from engine.profiles.test_secrets import Memory
from lacuna_engine.cli import prompting
from lacuna_engine.cli.prompting import TerminalPrompter, prompter_for
from lacuna_engine.errors import AuthenticationError
from lacuna_engine.profiles import ProfileStore, Secrets, label_of
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion

PASSWORD = SecretQuestion(SecretKind.SASL_PASSWORD, "host", "ann", "Password of ann:")
USER = SecretQuestion(SecretKind.SASL_USER, "host", text="User name:", echo=True)
KEY = HostKeyQuestion("host", 22, "ED25519", "SHA256:abc")

# Terminals are something else on Windows.
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")


@dataclass
class Terminal:
    """The side of the person."""

    fd: int
    name: str
    held: int

    async def shown(self, text: str) -> str:
        """Wait until it is on the screen; return all of it."""
        seen = ""
        deadline = time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < deadline, seen
            try:
                seen += os.read(self.fd, 4096).decode()
            except BlockingIOError:
                await asyncio.sleep(0.01)
        return seen

    def rest(self) -> str:
        try:
            return os.read(self.fd, 4096).decode()
        except BlockingIOError:
            return ""

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.held)[3] & termios.ECHO)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    name = os.ttyname(theirs)
    monkeypatch.setattr(prompting, "TERMINAL", name)
    yield Terminal(ours, name, theirs)
    os.close(ours)
    os.close(theirs)


async def test_a_password_is_not_shown(terminal: Terminal) -> None:
    asking = asyncio.create_task(TerminalPrompter().secret(PASSWORD))
    await terminal.shown("Password of ann: ")
    echoes = [terminal.echoes]
    terminal.type("hünter2\n")
    assert await asking == "hünter2"
    assert [*echoes, terminal.echoes] == [False, True]
    assert "nter2" not in terminal.rest()


async def test_a_name_is_shown(terminal: Terminal) -> None:
    asking = asyncio.create_task(TerminalPrompter().secret(USER))
    await terminal.shown("User name: ")
    assert terminal.echoes
    terminal.type("ann\n")
    assert await asking == "ann"


@pytest.mark.parametrize("typed", ["\n", "\x04"])
async def test_no_answer(terminal: Terminal, typed: str) -> None:
    asking = asyncio.create_task(TerminalPrompter().secret(PASSWORD))
    await terminal.shown(": ")
    terminal.type(typed)
    assert await asking is None


async def test_the_second_time(terminal: Terminal) -> None:
    again = SecretQuestion(PASSWORD.kind, "host", "ann", "\x1b[2JPassword:", attempt=2)
    asking = asyncio.create_task(TerminalPrompter().secret(again))
    shown = await terminal.shown("Password: ")
    assert "That was wrong. " in shown
    assert "\x1b" not in shown
    terminal.type("x\n")
    assert await asking == "x"


async def test_questions_wait_for_each_other(terminal: Terminal) -> None:
    """There is one terminal, however many connections are opened."""
    first = asyncio.create_task(TerminalPrompter().secret(USER))
    await terminal.shown("User name: ")
    second = asyncio.create_task(TerminalPrompter().secret(PASSWORD))
    third = asyncio.create_task(TerminalPrompter().secret(PASSWORD))
    await asyncio.sleep(0.05)
    assert "Password" not in terminal.rest()
    third.cancel()
    with pytest.raises(asyncio.CancelledError):
        await third
    terminal.type("ann\n")
    await terminal.shown("Password of ann: ")
    terminal.type("x\n")
    assert [await first, await second] == ["ann", "x"]


async def test_cancelling_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    asking = asyncio.create_task(TerminalPrompter().secret(PASSWORD))
    await terminal.shown(": ")
    echoes = [terminal.echoes]
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [*echoes, terminal.echoes] == [False, True]


@pytest.mark.parametrize(
    ("typed", "trusted"), [(["yes"], True), (["no"], False), ([""], False), (["y", "YES"], True)]
)
async def test_a_new_host(terminal: Terminal, typed: list[str], trusted: bool) -> None:
    asking = asyncio.create_task(TerminalPrompter().confirm_host(KEY))
    shown = await terminal.shown("(yes/no) ")
    assert "SHA256:abc" in shown
    assert "ED25519" in shown
    for number, line in enumerate(typed):
        if number:
            await terminal.shown("yes or no: ")
        terminal.type(f"{line}\n")
    assert await asking is trusted


@pytest.mark.parametrize("name", ["/nowhere/tty", os.devnull])
async def test_no_terminal(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(prompting, "TERMINAL", name)
    with pytest.raises(AuthenticationError, match=r"a password is needed \(.*\), and there is no"):
        await TerminalPrompter().secret(PASSWORD)
    with pytest.raises(AuthenticationError, match="no terminal"):
        await TerminalPrompter().confirm_host(KEY)


async def test_the_keyring_answers_first(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For a saved connection, and once: asked again, it was wrong."""
    monkeypatch.setenv("LACUNA_CONFIG", str(tmp_path))
    monkeypatch.setattr(keyring.core, "_keyring_backend", Memory())
    profile = ProfileStore().create("lab", "qemu+tls://host/system")
    secrets = Secrets()
    await secrets.set(profile.id, label_of(PASSWORD), "hunter2", remember=True)
    prompter = prompter_for(profile.uri)
    assert await prompter.secret(PASSWORD) == "hunter2"
    again = SecretQuestion(PASSWORD.kind, "host", "ann", PASSWORD.text, attempt=2)
    asking = asyncio.create_task(prompter.secret(again))
    await terminal.shown(": ")
    terminal.type("x\n")
    assert await asking == "x"
    asking = asyncio.create_task(prompter_for("qemu+tls://other/system").secret(PASSWORD))
    await terminal.shown(": ")
    terminal.type("y\n")
    assert await asking == "y"
