"""The thread that talks to the system's keyring.

A call can block for seconds, or for ever where it waits for somebody to unlock the keyring
(toolkit.md 5). So never on the loop; in a daemon thread, which does not hold up the end of the
program; and one at a time, as backends are not made for more.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["KeyringThread"]

T = TypeVar("T")

_Job = tuple[Future[Any], Callable[[], Any]]


class KeyringThread:
    """Runs functions one after the other in a thread of its own, made when first needed."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stuck: Future[Any] | None = None

    async def run(self, function: Callable[[], T], timeout: float) -> T:
        """Return what ``function`` returns. Raises what it raises.

        Raises :class:`TimeoutError` after ``timeout`` seconds; the call goes on in the thread,
        and until it ends all others raise this at once.
        """
        if self._stuck is not None:
            if not self._stuck.done():
                raise TimeoutError
            self._stuck = None
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="keyring", daemon=True)
            self._thread.start()
        job: Future[T] = Future()
        self._jobs.put((job, function))
        try:
            async with asyncio.timeout(timeout):
                # Shielded, as a wrapped future would cancel the job's, which may be running.
                return await asyncio.shield(asyncio.wrap_future(job))
        except TimeoutError:
            if not job.cancel():
                self._stuck = job
            raise
        except asyncio.CancelledError:
            job.cancel()
            raise

    def _work(self) -> None:
        while True:
            job, function = self._jobs.get()
            if not job.set_running_or_notify_cancel():
                continue
            try:
                job.set_result(function())
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                job.set_exception(error)
            # Not to be kept alive until the next one comes: there may be a secret in it.
            del job, function
