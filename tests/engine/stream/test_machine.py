"""What all four stream machines have in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.stream import (
    Download,
    DownloadSender,
    Machine,
    Move,
    State,
    Upload,
    UploadReceiver,
)
from lacuna_engine.stream.machine import ENDED

MACHINES: list[type[Upload | Download | UploadReceiver | DownloadSender]] = [
    Upload,
    Download,
    UploadReceiver,
    DownloadSender,
]
ERROR = LacunaError("first")


def moves(machine: Machine) -> dict[Move, Callable[[], object]]:
    """Return how each move is made on this machine."""
    made: dict[Move, Callable[[], object]] = {
        Move.OPENED: machine.opened,
        Move.REFUSED: lambda: machine.refused(ERROR),
        Move.FINISH: machine.finish,
        Move.FINISHED: machine.finished,
        Move.ABORT: machine.abort,
        Move.ABORTED: machine.aborted,
        Move.FAIL: lambda: machine.fail(ERROR),
        Move.FAILED: lambda: machine.failed(ERROR),
        Move.LOST: lambda: machine.lost(ERROR),
    }
    if isinstance(machine, (Upload, Download, UploadReceiver, DownloadSender)):
        made[Move.DATA] = lambda: machine.data(1)
        made[Move.HOLE] = lambda: machine.hole(1)
    if isinstance(machine, (Download, UploadReceiver, DownloadSender)):
        made[Move.END] = machine.end
    return made


@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair_is_in_the_table_or_an_error(
    kind: type[Upload | Download | UploadReceiver | DownloadSender], state: State, move: Move
) -> None:
    machine: Machine = kind(sparse=True)
    machine.state = state
    make = moves(machine).get(move)
    following = kind.TABLE.get((state, move))
    if make is None:
        assert following is None
    elif following is not None:
        make()
        assert machine.state is following
    elif move is Move.LOST and state in ENDED:
        make()
        assert machine.state is state
        assert machine.error is None
    else:
        with pytest.raises(ProtocolError, match=f"{move.value} does not belong"):
            make()
        assert machine.state is state
        assert machine.position == 0
        assert machine.error is None


@pytest.mark.parametrize("kind", MACHINES)
def test_the_table_is_closed(kind: type[Machine]) -> None:
    """Ended states are never left, every other state ends when the connection does."""
    reached = {State.OPENING} | set(kind.TABLE.values())
    assert {state for state, _ in kind.TABLE} <= reached
    for (state, _), following in kind.TABLE.items():
        if state in ENDED:
            assert following is state
    for state in reached - ENDED:
        assert kind.TABLE[state, Move.LOST] in ENDED
    assert reached >= ENDED


@pytest.mark.parametrize("kind", MACHINES)
def test_a_new_machine(kind: type[Machine]) -> None:
    machine = kind(sparse=False, length=5)
    assert machine.state is State.OPENING
    assert not machine.ended
    assert (machine.sparse, machine.length, machine.position) == (False, 5, 0)
    assert machine.error is None


@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize("state", [State.DONE, State.ABORTED, State.FAILED])
def test_losing_the_connection_after_the_end_changes_nothing(
    kind: type[Machine], state: State
) -> None:
    machine = kind(sparse=True)
    machine.state = state
    machine.lost(ERROR)
    assert machine.ended
    assert machine.state is state
    assert machine.error is None


@pytest.mark.parametrize("kind", MACHINES)
def test_refused(kind: type[Machine]) -> None:
    machine = kind(sparse=True)
    machine.refused(ERROR)
    assert machine.ended
    assert machine.state is State.FAILED
    assert machine.error is ERROR


@pytest.mark.parametrize("kind", [Upload, Download])
def test_the_first_error_is_kept(kind: type[Machine]) -> None:
    machine = kind(sparse=True)
    machine.opened()
    machine.failed(ERROR)
    machine.failed(LacunaError("second"))
    machine.finished()
    machine.lost(LacunaError("third"))
    assert machine.state is State.FAILED
    assert machine.error is ERROR


@pytest.mark.parametrize("kind", MACHINES)
def test_an_error_that_is_out_of_place_is_not_kept(kind: type[Machine]) -> None:
    machine = kind(sparse=True)
    machine.opened()
    with pytest.raises(ProtocolError):
        machine.refused(ERROR)
    assert machine.error is None
