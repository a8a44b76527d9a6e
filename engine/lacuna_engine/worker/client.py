"""The window's end of the worker: starts it, talks with it, starts it again if it dies."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from lacuna_engine.errors import LacunaError
from lacuna_engine.transport.prompts import Prompter
from lacuna_engine.worker.asking import answer
from lacuna_engine.worker.messages import MAX_LINE, Message, decode, encode

__all__ = ["WorkerClient"]

STOP_PATIENCE = 15.0
"""Seconds that the worker has to end in good order."""

RESTARTS = 5
RESTART_DELAY = 1.0
STEADY = 30.0
"""How often in a row a worker that dies is started again, and seconds before that. One that has
lived for STEADY seconds begins a new row."""

LONG_LINE = 1 << 20
"""Longer lines, which are maps, are decoded in a thread: the window is not to wait for it."""

_SETTINGS = {
    "limits": "limits",
    "watch": "watch",
    "pause_all": "paused",
    "resume_all": "paused",
}
"""Commands that hold until another one with the same word, also in the next process."""


class WorkerClient:
    """A worker process. ``hear`` is called with each event, questions excepted.

    If the process dies it is started again: its jobs go on. That is told as a ``died`` event, and
    as ``given_up`` when it died too often, after which :meth:`start` tries again. Commands sent
    meanwhile wait.
    """

    def __init__(
        self, hear: Callable[[Message], None], prompter_for: Callable[[str], Prompter]
    ) -> None:
        self._hear = hear
        self._prompter_for = prompter_for
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: list[Message] = []
        self._kept: dict[str, Message] = {}
        self._questions: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process, and keep it running until :meth:`close`."""
        self._task = asyncio.get_running_loop().create_task(self._keep_running())

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return None if self._process is None else self._process.pid

    def send(self, message: Message) -> None:
        """Send a command. Settings are sent again to a process that replaces another."""
        setting = _SETTINGS.get(message["do"])
        if message["do"] == "limit" and message["job"] is None:
            setting = "limit"
        if setting is not None:
            self._kept[setting] = message
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(encode(message))
        elif setting is None:
            self._waiting.append(message)

    async def close(self) -> None:
        """Have the worker end in good order: what runs goes on at the next start."""
        self._closing.set()
        self._ask_no_more()
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError, RuntimeError):
                self._process.stdin.write(encode({"do": "stop"}))
                self._process.stdin.close()
        if self._task is None:
            return
        try:
            async with asyncio.timeout(STOP_PATIENCE):
                await asyncio.shield(self._task)
        except TimeoutError:
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.kill()
            await self._task

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while not self._closing.is_set():
            since = loop.time()
            try:
                await self._run()
            except OSError:  # no process can be made
                self._process = None
            if self._closing.is_set():
                return
            deaths = 1 if loop.time() - since >= STEADY else deaths + 1
            self._hear({"event": "given_up" if deaths > RESTARTS else "died"})
            if deaths > RESTARTS:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(RESTART_DELAY):
                    await self._closing.wait()

    async def _run(self) -> None:
        """Run one process to its end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # no module of the folder that the program was started in is to be run
            "-m",
            "lacuna_engine.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # An interrupt from the terminal is the window's business, which ends the worker.
            start_new_session=True,
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101
        for message in [*self._kept.values(), {"do": "begin"}, *self._waiting]:
            process.stdin.write(encode(message))
        self._waiting.clear()
        if self._closing.is_set():
            process.stdin.close()
        try:
            while line := await process.stdout.readline():
                with suppress(LacunaError):
                    long = len(line) > LONG_LINE
                    message = await asyncio.to_thread(decode, line) if long else decode(line)
                    self._take(message)
                    if message["event"] == "listed":
                        await asyncio.sleep(0)  # the window may do something else between pages
        finally:
            self._process = None
            # The next process gives its questions the same numbers.
            self._ask_no_more()
            with suppress(ProcessLookupError):
                await process.wait()

    def _ask_no_more(self) -> None:
        for question in self._questions:
            question.cancel()

    def _take(self, message: Message) -> None:
        if message["event"] != "question":
            self._hear(message)
            return
        task = asyncio.get_running_loop().create_task(self._answer(message))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def _answer(self, message: Message) -> None:
        value = None
        with suppress(LacunaError):
            value = await answer(message, self._prompter_for(message["uri"]))
        self.send({"do": "answer", "number": message["number"], "value": value})
