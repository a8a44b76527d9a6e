"""Several connections that work on one transfer: as many as make it faster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

from lacuna_engine.client import Connection
from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer.lane_count import MOST_LANES, LaneCount
from lacuna_engine.transfer.options import MOST_CONNECTIONS
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.report import Report
from lacuna_engine.transfer.session import Session

__all__ = ["Crew", "is_crowded"]

MEASURE_EVERY = 0.25
"""Seconds of a measurement of the throughput."""

ROOM = 4
"""Processors from which on several connections may be faster than one on the same host. With two
they were 10 to 15 % slower: each segment has a call and a proof of its own (speed.md)."""

Work = Callable[[Connection, Callable[[], bool]], Awaitable[None]]


def start_with(session: Session) -> int:
    """Return with how many connections to begin where that is to be found out.

    Of each TLS connection the daemon decrypts 16 KiB in a turn of its loop, so that several make
    fewer turns: uploads were 10 % faster with two, and 14 % with three (speed.md).
    """
    return 2 if session.uri.transport == "tls" else 1


def is_crowded(session: Session) -> bool:
    """Tell whether further connections would only be in each other's way.

    On the same host the daemon's one loop, the threads that write or read and this process keep
    two or three processors busy as it is; an upload waits for the lock of the one file besides.
    """
    return session.uri.transport == "unix" and (os.cpu_count() or 1) < ROOM


class Crew:
    """Has ``work`` done on several connections of ``session`` while ``is_left`` says there is some.

    ``asked`` is how many connections, 0 to find out. Each gets a call of ``work`` of its own, with
    the connection and a function to be asked now and then: whether this connection is one too many,
    and is to give back what it has not done and return. The last to come is the first told so, and
    one is never told. Who returns otherwise has found no work left.

    ``first`` is a connection that is open already. What is moved is read from ``tracker``, and the
    largest number of connections noted in ``report``.
    """

    def __init__(
        self,
        session: Session,
        tracker: Tracker,
        report: Report,
        work: Work,
        is_left: Callable[[], bool],
        *,
        asked: int,
        first: Connection,
        daemon_pings: bool = True,
    ) -> None:
        self._session = session
        self._tracker = tracker
        self._report = report
        self._work = work
        self._is_left = is_left
        self._asked = min(max(asked, 0), MOST_CONNECTIONS)
        self._free = [first]
        self._daemon_pings = daemon_pings
        self._wanted = self._asked
        self._members: set[asyncio.Task[None]] = set()
        self._joining = 0
        self._at_work: list[Connection] = []
        """As they came, without those that are to go."""
        self._logins: set[asyncio.Task[Connection]] = set()
        self._most = MOST_CONNECTIONS

    async def run(self) -> None:
        """Do it all; the first error stops everything and is raised."""
        steering: list[asyncio.Task[None]] = []
        if not self._asked:
            counting = LaneCount(MOST_LANES, start=start_with(self._session))
            self._wanted = counting.count
            steering.append(asyncio.create_task(self._steer(counting)))
        try:
            self._fill_up()
            while self._members:
                done, _ = await asyncio.wait(
                    [*self._members, *steering], return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    if not task.cancelled():  # as those are that still log in when all is done
                        task.result()
                self._members -= done
                self._fill_up()  # somebody may have given work back when all others had gone
        finally:
            tasks = [*self._members, *steering]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _fill_up(self) -> None:
        wanted = min(self._wanted, self._most)
        while self._is_left() and len(self._at_work) + self._joining < wanted:
            self._joining += 1
            self._members.add(asyncio.create_task(self._member()))

    async def _member(self) -> None:
        try:
            connection = await self._connection()
        finally:
            self._joining -= 1
        if connection is None:
            return
        if len(self._at_work) >= self._wanted:  # fewer are wanted since the login began
            self._free.append(connection)
            return
        self._at_work.append(connection)
        self._report.connections = max(self._report.connections, len(self._at_work))
        await self._work(connection, lambda: connection not in self._at_work)
        if connection in self._at_work:
            self._at_work.remove(connection)
        self._free.append(connection)
        if not self._is_left():
            for login in self._logins:
                login.cancel()

    async def _connection(self) -> Connection | None:
        """Return a connection, None if there is no further one to be had."""
        while self._free:
            if (free := self._free.pop()).is_open:
                return free
        login = asyncio.create_task(self._session.connect(daemon_pings=self._daemon_pings))
        self._logins.add(login)
        try:
            return await login
        except LacunaError as error:
            # A daemon, or ssh's, may admit fewer; that is no reason to end what is under way.
            self._most = max(len(self._at_work) + self._joining - 1, 1)
            self._tracker.note(f"It goes over {self._most} connections, not more: {error}")
            return None
        finally:
            self._logins.discard(login)

    async def _steer(self, counting: LaneCount) -> None:
        """Measure what the present number brings, and change it."""
        clock = asyncio.get_running_loop().time
        control = self._session.storage.connection
        while True:
            moved, since = self._tracker.moved, clock()
            are_all_there = not self._joining
            await asyncio.sleep(MEASURE_EVERY)
            rate = (self._tracker.moved - moved) / (clock() - since)
            asked = clock()
            await control.ping()
            self._wanted = counting.measured(rate if are_all_there else None, clock() - asked)
            del self._at_work[self._wanted :]
            self._fill_up()
