"""Answers the questions of an ssh process: passwords, passphrases, unknown hosts.

ssh runs a program for each question and reads the answer from its output (SSH_ASKPASS). Ours hands
the question on through a socket in a folder that nobody else may enter; so nothing secret is in an
argument list, an environment or a file.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from lacuna_engine.errors import AuthenticationError, LacunaError
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind
from lacuna_engine.transport.ssh import askpass_program
from lacuna_engine.transport.ssh.socket_folder import make_socket_folder
from lacuna_engine.transport.ssh.target import Target

__all__ = ["Askpass"]

_HOST = re.compile(r"authenticity of host '([^']*)' can't be established")
_FINGERPRINT = re.compile(r"^(\S+) key fingerprint is (\S+?)\.?$", re.MULTILINE)
_PLACE = re.compile(r"\[?([^\]\s]+?)\]?(?::(\d+))?(?: \(.*\))?")
_PASSPHRASE = re.compile(r"Enter (?:passphrase|PIN) for ", re.IGNORECASE)
_PASSWORD = re.compile(r"(?P<user>.+)@(?P<host>[^@]+)'s password: ?", re.IGNORECASE)
_INTERACTIVE = re.compile(r"\((?P<user>.+?)@(?P<host>[^@)]+)\) (?P<text>.*)", re.DOTALL)
_REUSABLE = re.compile(r"(pass ?word|passphrase)[^a-z]*", re.IGNORECASE)


class Askpass:
    """Listens for the questions of one ssh process.

    ``on_refusal`` is called when the user (or the lack of one) ends the login; the reason is in
    ``refusal``. ``on_code`` is called in place of asking for something that will be asked for
    anew at each login, if it returns true.
    """

    def __init__(
        self,
        target: Target,
        inquiry: Inquiry,
        on_refusal: Callable[[], None],
        on_code: Callable[[], bool],
    ) -> None:
        self._target = target
        self._inquiry = inquiry
        self._on_refusal = on_refusal
        self._on_code = on_code
        self.refusal: LacunaError | None = None
        self.pending = 0
        """Questions that wait for an answer."""
        self.last_answer = 0.0
        """When the last one was answered, by the loop's clock."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._folder = make_socket_folder()

    async def start(self) -> dict[str, str]:
        """Listen; return what is to be in the environment of ssh."""
        path = self._folder / "socket"
        self._server = await asyncio.start_unix_server(self._serve, path)
        program = self._folder / "askpass"
        module = Path(askpass_program.__file__)
        run = [sys.executable, "-I", "-S", str(module)]
        program.write_text(f'#!/bin/sh\nexec {shlex.join(run)} "$1"\n')
        program.chmod(0o700)
        return {
            "SSH_ASKPASS": str(program),
            "SSH_ASKPASS_REQUIRE": "force",
            "LACUNA_ASKPASS": str(path),
        }

    def close(self) -> None:
        """Listen no more; whoever waits is told no."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        self.pending += 1
        try:
            asked = json.loads(await reader.readline())
            answer = await self._answer(str(asked["text"]), str(asked["hint"]), reader)
            writer.write(b"1" if answer is None else b"0" + answer.encode())
            with suppress(OSError):
                await writer.drain()
        except (asyncio.CancelledError, ValueError, KeyError, OSError):
            pass
        finally:
            self.pending -= 1
            self.last_answer = asyncio.get_running_loop().time()
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, text: str, hint: str, reader: asyncio.StreamReader) -> str | None:
        if hint == "none":
            # A notice to touch a security key: ssh ends its program when that was done.
            await reader.read()
            return None
        asking = asyncio.ensure_future(self._ask(text))
        leaving = asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return await asking if asking.done() else None
        except LacunaError as error:
            self._refuse(error, deadly=not _PASSPHRASE.search(text))
            return None
        finally:
            for future in (asking, leaving):
                future.cancel()
            await asyncio.gather(asking, leaving, return_exceptions=True)

    async def _ask(self, text: str) -> str | None:
        if not self._target.may_ask:
            raise AuthenticationError(
                f"SSH to {self._target.where} asks a question, and no_tty forbids that: "
                f"{text.strip().rpartition(chr(10))[2]}"
            )
        if "(yes/no" in text:
            return await self._confirm(text)
        host, user = self._target.host, self._target.user
        if _PASSPHRASE.search(text):
            # Without an answer ssh goes on with the next key.
            return await self._inquiry.secret(SecretKind.KEY_PASSPHRASE, host, user, text)
        password = _PASSWORD.fullmatch(text)
        if password:
            answer = await self._inquiry.secret(
                SecretKind.SSH_PASSWORD, password["host"], password["user"], text
            )
        else:
            named = _INTERACTIVE.fullmatch(text)
            if named:
                host, user, text = named["host"], named["user"], named["text"]
            if not _REUSABLE.fullmatch(text.strip()) and self._on_code():
                return None
            answer = await self._inquiry.secret(SecretKind.KEYBOARD_INTERACTIVE, host, user, text)
        if answer is None:
            raise AuthenticationError(f"the login to {self._target.where} was cancelled")
        return answer

    async def _confirm(self, text: str) -> str:
        named, shown = _HOST.search(text), _FINGERPRINT.search(text)
        if not named or not shown:
            return "no"
        place = _PLACE.fullmatch(named[1])
        question = HostKeyQuestion(
            host=place[1] if place else named[1],
            port=int((place and place[2]) or 22),
            key_type=shown[1],
            fingerprint=shown[2],
            text=text,
        )
        return "yes" if await self._inquiry.confirm_host(question) else "no"

    def _refuse(self, error: LacunaError, *, deadly: bool) -> None:
        if self.refusal is None or deadly:
            self.refusal = error
        if deadly:
            self._on_refusal()
