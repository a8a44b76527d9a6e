"""Several connections at work: as many as are wanted, and nothing left undone."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from lacuna_engine.client import Connection
from lacuna_engine.errors import ConnectError
from lacuna_engine.transfer import Session, Tracker, crew
from lacuna_engine.transfer.crew import Crew, is_crowded
from lacuna_engine.transfer.report import Report
from lacuna_engine.transport import parse_uri

PIECES = 60


class Line(Connection):
    """One that is only counted."""

    is_open = True

    def __init__(self) -> None: ...


class Scene:
    """A crew whose work is counting pieces; pings take ``answer`` seconds."""

    def __init__(self, answer: float = 0.0) -> None:
        self.answer = answer
        self.transport = "ssh"
        self.done: list[int] = []
        self.at_work = self.most = self.made = 0
        self.hands: list[int] = []
        self.tracker, self.report = Tracker(), Report("", "")
        self.pieces = deque(range(PIECES))

    async def ping(self) -> None:
        await asyncio.sleep(self.answer)

    async def connect(self, *, daemon_pings: bool) -> Connection:
        del daemon_pings
        self.made += 1
        await asyncio.sleep(0.001)
        return Line()

    async def run(self, asked: int, lanes: int = 1) -> None:
        session = SimpleNamespace(
            uri=SimpleNamespace(transport=self.transport),
            connect=self.connect,
            storage=SimpleNamespace(connection=SimpleNamespace(ping=self.ping)),
        )

        async def work(connection: Connection, is_enough: Callable[[], bool]) -> None:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            await asyncio.gather(*(self.lane(is_enough) for _ in range(lanes)))
            self.at_work -= 1

        await Crew(
            cast("Session", session),
            self.tracker,
            self.report,
            work,
            lambda: bool(self.pieces),
            asked=asked,
            first=Line(),
        ).run()

    async def lane(self, is_enough: Callable[[], bool]) -> None:
        while self.pieces and not is_enough():
            piece = self.pieces.popleft()
            # All at the same moments, so that all of them ask at once whether to go.
            await asyncio.sleep(0.01)
            self.done.append(piece)
            self.hands.append(self.at_work)
            self.tracker.moved += 1


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("answer", [0.0, 0.15])
@pytest.mark.parametrize("asked", [0, 1, 3])
async def test_all_is_done_once(
    asked: int, answer: float, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the daemon is slow to answer, and all but one are told to stop."""
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.02)
    scene = Scene(answer)
    await scene.run(asked, lanes)
    assert sorted(scene.done) == list(range(PIECES))
    assert scene.most == (asked or scene.most)
    assert scene.report.connections >= scene.most
    assert scene.at_work == 0


@pytest.mark.parametrize(("transport", "begins"), [("tls", 2), ("ssh", 1), ("tcp", 1)])
async def test_how_many_begin(transport: str, begins: int) -> None:
    scene = Scene()
    scene.transport = transport
    scene.pieces = deque(range(8))  # over before anything is known
    await scene.run(0)
    assert scene.most == begins


async def test_those_that_were_sent_away_stay_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.05)
    scene = Scene()

    async def ping() -> None:
        await asyncio.sleep(0.12 if scene.at_work > 1 else 0.0)

    monkeypatch.setattr(scene, "ping", ping)
    await scene.run(0)
    assert scene.most == 2
    assert scene.made == 1
    assert sorted(scene.done) == list(range(PIECES))


async def test_the_last_to_come_goes_first_and_what_it_gives_back_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even when all others have found nothing left by then."""
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.05)
    scene = Scene()
    gone: list[int] = []

    async def ping() -> None:
        await asyncio.sleep(0.12 if scene.at_work > 1 else 0.0)

    monkeypatch.setattr(scene, "ping", ping)

    async def lane(is_enough: Callable[[], bool]) -> None:
        number = scene.at_work
        while scene.pieces:
            piece = scene.pieces.popleft()
            await asyncio.sleep(0.01)
            if is_enough():
                gone.append(number)
                while scene.pieces:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
                scene.pieces.append(piece)
                return
            scene.done.append(piece)
            scene.tracker.moved += 1

    scene.lane = lane  # type: ignore[method-assign]
    await scene.run(0)
    assert gone == [2]
    assert sorted(scene.done) == list(range(PIECES))


async def test_connections_that_are_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are there do it all, and the reason is told."""
    scene = Scene()
    connect = scene.connect

    tries = 0

    async def refused(*, daemon_pings: bool) -> Connection:
        nonlocal tries
        tries += 1
        if scene.made == 1:
            raise ConnectError("too many clients")
        return await connect(daemon_pings=daemon_pings)

    monkeypatch.setattr(scene, "connect", refused)
    await scene.run(4)
    assert tries == 3
    assert sorted(scene.done) == list(range(PIECES))
    assert scene.most == 2
    assert all("too many clients" in note for note in scene.tracker.notes)
    assert scene.tracker.notes
    assert scene.report.connections == 2


async def test_who_logs_in_too_late_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon has become slow meanwhile."""
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.05)
    scene = Scene()

    async def ping() -> None:
        await asyncio.sleep(0.12 if scene.made else 0.0)

    async def slow(*, daemon_pings: bool) -> Connection:
        del daemon_pings
        scene.made += 1
        await asyncio.sleep(0.3)
        return Line()

    monkeypatch.setattr(scene, "ping", ping)
    monkeypatch.setattr(scene, "connect", slow)
    await scene.run(0)
    assert (scene.most, scene.made, scene.report.connections) == (1, 1, 1)
    assert sorted(scene.done) == list(range(PIECES))


@pytest.mark.parametrize("refused", [False, True])
async def test_nothing_is_judged_while_a_login_goes_on(
    monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """Who is at work goes on meanwhile, and who came in late is kept if that is faster."""
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.05)
    scene = Scene()
    scene.pieces = deque(range(200))
    idle: list[int] = []

    async def slow(*, daemon_pings: bool) -> Connection:
        del daemon_pings
        scene.made += 1
        for _ in range(30):
            await asyncio.sleep(0.01)
            idle.append(scene.at_work)
        if refused:
            raise ConnectError("too many clients")
        return Line()

    monkeypatch.setattr(scene, "connect", slow)
    await scene.run(0)
    assert sorted(scene.done) == list(range(200))
    assert min(idle) >= 1
    beside = sum(hands > 1 for hands in scene.hands)
    assert beside == 0 if refused else beside > 50


async def test_a_login_that_comes_too_late_is_given_up() -> None:
    scene = Scene()
    given_up = asyncio.Event()
    connect = scene.connect

    async def hangs(*, daemon_pings: bool) -> Connection:
        if scene.made == 1:
            try:
                await asyncio.Event().wait()
            finally:
                given_up.set()
        return await connect(daemon_pings=daemon_pings)

    scene.connect = hangs  # type: ignore[method-assign]
    async with asyncio.timeout(5):
        await scene.run(3)
    assert given_up.is_set()
    assert sorted(scene.done) == list(range(PIECES))


async def test_an_error_stops_everything() -> None:
    scene = Scene()

    async def fails(is_enough: Callable[[], bool]) -> None:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    scene.lane = fails  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="no"):
        await scene.run(3)


async def test_errors_at_the_same_moment_are_all_taken(caplog: pytest.LogCaptureFixture) -> None:
    """One of them is raised; the others must not turn up later as errors that nobody took."""
    scene = Scene()
    together = asyncio.Event()

    async def fails(is_enough: Callable[[], bool]) -> None:
        del is_enough
        if scene.at_work == 3:
            together.set()
        await together.wait()
        raise ValueError("no")

    scene.lane = fails  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="no"):
        await scene.run(3)
    gc.collect()
    assert not caplog.records


@pytest.mark.parametrize(
    ("uri", "processors", "crowded"),
    [
        ("qemu:///system", 2, True),
        ("qemu:///system", None, True),
        ("qemu:///system", 4, False),
        ("qemu+tls://host/system", 2, False),
        ("qemu+ssh://host/system", 1, False),
    ],
)
def test_uploads_on_a_small_host_keep_to_one_connection(
    monkeypatch: pytest.MonkeyPatch, uri: str, processors: int | None, crowded: bool
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    session = SimpleNamespace(uri=parse_uri(uri))
    assert is_crowded(cast("Session", session)) is crowded
