"""Questions on the terminal: passwords without echo, host keys with their fingerprint.

On the terminal itself (/dev/tty), never on standard input or output: those belong to whatever the
command is piped to. Where there is no terminal a question is an error.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import click

from lacuna_engine.errors import AuthenticationError
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.prompts import HostKeyQuestion, Prompter, SecretQuestion

if TYPE_CHECKING:
    from lacuna_engine.profiles import Secrets

if sys.platform == "win32":
    import msvcrt
    import time
else:
    import termios

__all__ = ["TerminalPrompter", "prompter_for"]

TERMINAL = "/dev/tty"
POLL = 0.1
"""Seconds in which a question that nobody wants answered any more ends."""
MAX_LINE = 4096
"""Bytes of an answer at most, which is what a terminal hands over at once."""

_LOG_IN = "Start this on a terminal, use a key from an agent, or save the password in the window."
_TRUST = "Start this on a terminal, or accept the key with ssh, which Lacuna will then believe."
"""What else would do where there is no terminal."""

_warned: set[str] = set()
"""URIs of which the user knows that they are unsafe."""

_turn = threading.Lock()
"""One question at a time, whoever asks: there is one terminal."""


def prompter_for(uri: str) -> Prompter:
    """Return who answers for a connection: the keyring for a saved one, then the terminal.

    Every command that is about to connect asks this, so a connection that may be listened to or
    misled is warned of here, once however many of it are made.
    """
    unsafe = parse_uri(uri).unsafe
    if unsafe and uri not in _warned:
        _warned.add(uri)
        click.echo(f"lacuna: warning: {uri}: {unsafe}", err=True)
    return TerminalPrompter(uri)


class TerminalPrompter:
    """Asks on the terminal; for the URI of a saved connection first in the keyring."""

    def __init__(self, uri: str = "", secrets: Secrets | None = None) -> None:
        self._uri = uri
        self._secrets = secrets

    async def secret(self, question: SecretQuestion) -> str | None:
        """Return the answer, None for an empty line.

        Raises :class:`AuthenticationError` where there is no terminal.
        """
        if question.attempt == 1 and (known := await self._saved(question)) is not None:
            return known
        wrong = "That was wrong. " if question.attempt > 1 else ""
        text = wrong + (question.text.strip() or f"{question.what} for {question.host}:")
        asked = question.text.strip().rpartition("\n")[2].rstrip(": ")
        what = f"{question.what} is needed" + (f" ({_printable(asked)})" if asked else "")
        return await _ask(f"{_printable(text)} ", what, echo=question.echo) or None

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Return whether the user typed "yes" in full.

        Raises :class:`AuthenticationError` where there is no terminal.
        """
        text = (
            f"The host {question.host} (port {question.port}) is not known. Its "
            f"{question.key_type} key has the fingerprint\n  {question.fingerprint}\n"
            "Is that the right one? (yes/no) "
        )
        what = _printable(
            f"the SSH host {question.host} is not known (its {question.key_type} key is "
            f"{question.fingerprint})"
        )
        while True:
            answer = (await _ask(_printable(text), what, _TRUST, echo=True)).strip().lower()
            if answer in ("yes", "no", ""):
                return answer == "yes"
            text = "Please type yes or no: "

    async def _saved(self, question: SecretQuestion) -> str | None:
        if not self._uri:
            return None
        from lacuna_engine.profiles import ProfileStore, Secrets, label_of  # noqa: PLC0415

        profile = next((one for one in ProfileStore().load() if one.uri == self._uri), None)
        if profile is None:
            return None
        self._secrets = self._secrets or Secrets()
        return await self._secrets.get(profile.id, label_of(question))


def _printable(text: str) -> str:
    """Some of it may be a server's: nothing that moves the cursor or recolours the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


async def _ask(text: str, what: str, hint: str = _LOG_IN, *, echo: bool) -> str:
    """Show ``text`` and return the line that is typed, without its end.

    ``what`` says why it is asked, ``hint`` what else would do, for the error where there is no
    terminal.

    In a thread, as nothing else can wait for a terminal everywhere. Cancelled, it stops at once
    and leaves the terminal as it was.
    """
    answer: Future[str] = Future()
    answer.set_running_or_notify_cancel()  # from here on only the thread ends it
    stop = threading.Event()

    def work() -> None:
        while not _turn.acquire(timeout=POLL):
            if stop.is_set():
                answer.set_result("")
                return
        try:
            answer.set_result(_read_line(text, stop, echo=echo))
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            answer.set_exception(error)
        finally:
            _turn.release()

    thread = threading.Thread(target=work, name="terminal", daemon=True)
    thread.start()
    try:
        return await asyncio.wrap_future(answer)
    except OSError as error:
        raise AuthenticationError(
            f"{what}, and there is no terminal to ask on",
            hint=hint,
        ) from error
    finally:
        stop.set()
        thread.join()


if sys.platform == "win32":

    def _read_line(text: str, stop: threading.Event, *, echo: bool) -> str:
        """Read a line key by key, empty if stopped. Raises :class:`OSError` without a console."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise OSError("no console")
        for character in text:
            msvcrt.putwch(character)
        typed: list[str] = []
        while not stop.is_set():
            if not msvcrt.kbhit():
                time.sleep(POLL / 4)
                continue
            key = msvcrt.getwch()
            if key in "\r\n":
                break
            if key == "\x03":
                raise KeyboardInterrupt
            if key == "\b":
                del typed[-1:]
            else:
                typed.append(key)
            if echo:
                msvcrt.putwch(key)
        msvcrt.putwch("\n")
        return "".join(typed)

else:

    def _read_line(text: str, stop: threading.Event, *, echo: bool) -> str:
        """Read a line, empty if stopped. Raises :class:`OSError` without a terminal."""
        terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            before = termios.tcgetattr(terminal)
            asking = termios.tcgetattr(terminal)
            if not echo:
                asking[3] &= ~termios.ECHO
            termios.tcsetattr(terminal, termios.TCSAFLUSH, asking)
            try:
                os.write(terminal, text.encode())
                line = b""
                while not stop.is_set():
                    if select.select([terminal], [], [], POLL)[0]:
                        line = os.read(terminal, MAX_LINE)
                        break
            finally:
                termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
                if not echo:
                    os.write(terminal, b"\n")
        except termios.error as error:
            raise OSError(str(error)) from error
        finally:
            os.close(terminal)
        return line.decode("utf-8", "replace").rstrip("\r\n")
