"""Client machine against server machine, over every order in which messages can cross.

Each side makes any move its own table allows, messages travel in order but at any time, and no
arrival may ever be an error. In the end both sides agree on what happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lacuna_engine.errors import LacunaError
from lacuna_engine.stream import (
    Download,
    DownloadSender,
    Machine,
    Move,
    State,
    Upload,
    UploadReceiver,
)

SIZES = st.integers(1, 1 << 20)
RARELY = st.sampled_from([False] * 7 + [True])
Message = Callable[[], object]


class Pair(RuleBasedStateMachine):
    """Two machines and the messages between them."""

    client: Machine
    server: Machine

    WAITING = frozenset({State.OPENING, State.EARLY_END, State.OPEN, State.AT_END})

    def __init__(self) -> None:
        super().__init__()
        self.up: deque[Message] = deque()
        self.down: deque[Message] = deque()
        self.answers = 0
        self.is_lost = False

    def may(self, machine: Machine, move: Move) -> bool:
        return (machine.state, move) in machine.TABLE

    # --- what the server does -----------------------------------------------------------------

    @precondition(lambda self: self.server.state is State.OPENING)
    @rule(refuse=RARELY)
    def reply(self, refuse: bool) -> None:
        if refuse:
            self.server.refused(LacunaError("refused"))
            self.down.append(lambda: self.client.refused(LacunaError("refused")))
        else:
            self.server.opened()
            self.down.append(self.client.opened)

    @precondition(lambda self: self.may(self.server, Move.FINISH))
    @rule()
    def confirm(self) -> None:
        self.server.finish()
        self.answers += 1
        self.down.append(self.client.finished)

    @precondition(lambda self: self.may(self.server, Move.FAIL))
    @rule(really=RARELY, number=st.integers(), then_finish=st.booleans())
    def fail(self, really: bool, number: int, then_finish: bool) -> None:
        """The daemon sometimes sends a finish behind its error (4.6)."""
        if not really:
            return
        error = LacunaError(str(number))
        asked = self.server.state is State.FINISHING
        self.server.fail(error)
        self.down.append(lambda: self.client.failed(error))
        if then_finish and asked:
            self.down.append(self.client.finished)

    # --- what the client does -----------------------------------------------------------------

    @precondition(lambda self: self.may(self.client, Move.FINISH))
    @rule()
    def finish(self) -> None:
        self.client.finish()
        self.up.append(self.server.finished)

    @precondition(lambda self: self.may(self.client, Move.ABORT))
    @rule(really=RARELY)
    def abort(self, really: bool) -> None:
        if not really:
            return
        self.client.abort()
        self.up.append(self.server.aborted)

    # --- the wire -----------------------------------------------------------------------------

    @precondition(lambda self: self.up)
    @rule(count=st.integers(1, 5))
    def carry_up(self, count: int) -> None:
        for _ in range(min(count, len(self.up))):
            self.up.popleft()()

    @precondition(lambda self: self.down)
    @rule(count=st.integers(1, 5))
    def carry_down(self, count: int) -> None:
        for _ in range(min(count, len(self.down))):
            self.down.popleft()()

    @rule()
    def wait(self) -> None:
        """Nothing happens, which is all that is left when the stream is over."""

    @precondition(lambda self: not (self.client.ended and self.server.ended))
    @rule(really=RARELY)
    def lose(self, really: bool) -> None:
        """The connection ends, with everything that was on its way."""
        if really:
            self.up.clear()
            self.down.clear()
            for machine in (self.client, self.server):
                machine.lost(LacunaError("lost"))
            self.is_lost = True

    @invariant()
    def at_most_one_answer(self) -> None:
        assert self.answers <= 1

    @invariant()
    def errors_end_streams(self) -> None:
        for machine in (self.client, self.server):
            if machine.error is not None:
                assert machine.ended

    def teardown(self) -> None:
        """Let the wire run dry, with the server answering what it owes, and compare."""
        while self.up or self.down or self.may(self.server, Move.FINISH):
            if self.up:
                self.carry_up(len(self.up))
            if self.may(self.server, Move.FINISH):
                self.confirm()
            if self.down:
                self.carry_down(len(self.down))
        assert self.client.ended or self.client.state in self.WAITING
        self.agree()

    def agree(self) -> None:
        client, server = self.client.state, self.server.state
        if self.is_lost:
            assert self.client.ended
            assert self.server.ended
            return
        assert self.client.ended == self.server.ended
        if client is State.DONE:
            assert server is State.DONE
            assert self.client.position == self.server.position
        if server is State.FAILED:
            assert client in {State.FAILED, State.ABORTED}
            assert self.client.error is not None
        if server is State.ABORTED:
            assert client is State.ABORTED


class UploadPair(Pair):
    """An upload, with data and holes going up."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Upload = Upload(sparse=True, length=1 << 22)
        self.server: UploadReceiver = UploadReceiver(sparse=True, length=1 << 22)

    @precondition(lambda self: self.client.state is State.OPEN)
    @rule(size=SIZES, hole=st.booleans())
    def send(self, size: int, hole: bool) -> None:
        size = min(size, self.client.length - self.client.position)
        if size:
            (self.client.hole if hole else self.client.data)(size)
            self.up.append(lambda: self.arrive(size, hole))

    def arrive(self, size: int, hole: bool) -> None:
        live = self.server.state is State.OPEN
        verdict = (self.server.hole if hole else self.server.data)(size)
        assert verdict.size == (size if live else 0)
        assert verdict.refusal is None
        assert verdict.position + verdict.size == self.server.position


class DownloadPair(Pair):
    """A download, with data and holes coming down, some of them before the reply."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Download = Download(sparse=True, length=1 << 22)
        self.server: DownloadSender = DownloadSender(sparse=True, length=1 << 22)

    @precondition(lambda self: self.server.state is State.OPEN)
    @rule(size=SIZES, hole=st.booleans())
    def send(self, size: int, hole: bool) -> None:
        size = self.server.room(size)
        if size:
            (self.server.hole if hole else self.server.data)(size)
            self.down.append(lambda: (self.client.hole if hole else self.client.data)(size))

    @precondition(lambda self: self.server.state is State.OPEN)
    @rule()
    def end(self) -> None:
        self.server.end()
        self.down.append(self.client.end)

    @precondition(lambda self: len(self.down) > 1 and self.down[0] == self.client.opened)
    @rule(places=st.integers(1, 4))
    def overtake(self, places: int) -> None:
        """First packets get in front of the reply (0.13)."""
        self.down.popleft()
        self.down.insert(min(places, len(self.down)), self.client.opened)


TestUploads = UploadPair.TestCase
TestDownloads = DownloadPair.TestCase
TestUploads.settings = TestDownloads.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
