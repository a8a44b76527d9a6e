"""Who presses Ctrl-C again ends a transfer in the middle of its cleaning up."""

import asyncio
from typing import Any, cast

from engine.journal.making import upload
from lacuna_engine.journal import Control, RetryPolicy
from lacuna_engine.journal.run import Run
from lacuna_engine.journal.states import JobEvent
from lacuna_engine.transfer import Report


async def test_it_is_interrupted_and_has_not_failed() -> None:
    ended: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
    ended.set_exception(KeyboardInterrupt())
    # A task that ended so would have taken the loop of this test with it.
    nothing = cast("Any", None)
    task = cast("asyncio.Task[Report]", ended)
    run = Run(upload(), nothing, Control(nothing, nothing), task)
    for wish in (None, JobEvent.INTERRUPT):
        run.wish = wish
        event, changes = run.outcome(RetryPolicy(), lambda: 0.0, 0.0)
        assert event is JobEvent.INTERRUPT
        assert "error" not in changes
