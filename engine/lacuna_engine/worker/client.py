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
"""How often in a row a worker that dies is started again, and seconds before that."""


class WorkerClient:
    """A worker process. ``hear`` is called with each event, questions excepted.

    If the process dies it is started again: its jobs go on. That is told as a ``died`` event, and
    as ``given_up`` when it died too often. Commands sent meanwhile wait.
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
        self._closing = False
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
        if message["do"] in ("limits", "watch", "pause_all", "resume_all") or (
            message["do"] == "limit" and message["job"] is None
        ):
            key = "paused" if message["do"].endswith("_all") else message["do"]
            self._kept[key] = message
        if self._process is None or self._process.stdin is None:
            self._waiting.append(message)
        else:
            self._process.stdin.write(encode(message))

    async def close(self) -> None:
        """Have the worker end in good order: what runs goes on at the next start."""
        self._closing = True
        for question in self._questions:
            question.cancel()
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
        deaths = 0
        while True:
            heard = await self._run()
            if self._closing:
                return
            deaths = 1 if heard else deaths + 1
            self._hear({"event": "given_up" if deaths > RESTARTS else "died"})
            if deaths > RESTARTS:
                return
            await asyncio.sleep(RESTART_DELAY)

    async def _run(self) -> bool:
        """Run one process to its end; tell whether it had begun to work."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lacuna_engine.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101
        for message in [*self._kept.values(), *self._waiting]:
            process.stdin.write(encode(message))
        self._waiting.clear()
        heard = False
        try:
            while line := await process.stdout.readline():
                heard = True
                with suppress(LacunaError):
                    self._take(decode(line))
        finally:
            self._process = None
            with suppress(ProcessLookupError):
                await process.wait()
        return heard

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
