"""Rules of an upload, server side (protocol.md 4.3 and 6.4)."""

from __future__ import annotations

import pytest

from engine.rpc.vectors import named
from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.rpc.packet import HEADER_SIZE
from lacuna_engine.rpc.records import WireError
from lacuna_engine.stream import Refusal, State, UploadReceiver, Verdict
from lacuna_engine.xdr import Cursor

ERROR = LacunaError("late write error")


def opened(*, sparse: bool = True, length: int = 0) -> UploadReceiver:
    receiver = UploadReceiver(sparse=sparse, length=length)
    receiver.opened()
    return receiver


def finishing() -> UploadReceiver:
    receiver = opened()
    receiver.finished()
    return receiver


def test_without_a_length_everything_is_taken() -> None:
    receiver = opened()
    assert receiver.data(5) == Verdict(0, 5)
    assert receiver.hole(4091) == Verdict(5, 4091)
    assert receiver.hole(2**62) == Verdict(4096, 2**62)
    assert receiver.position == 4096 + 2**62


def test_data_across_the_length_is_written_up_to_it_and_then_fails() -> None:
    receiver = opened(length=10)
    assert receiver.data(6) == Verdict(0, 6)
    assert receiver.data(6) == Verdict(6, 4, Refusal.NO_SPACE)
    assert receiver.data(1) == Verdict(10, 0, Refusal.NO_SPACE)
    assert receiver.position == 10
    receiver.fail(ERROR)
    assert receiver.state is State.FAILED
    assert receiver.error is ERROR


def test_data_up_to_the_length_is_fine() -> None:
    receiver = opened(length=10)
    assert receiver.data(10) == Verdict(0, 10)
    receiver.finished()
    assert receiver.state is State.FINISHING


def test_a_hole_across_the_length_is_cut() -> None:
    receiver = opened(length=1000)
    assert receiver.hole(4 << 20) == Verdict(0, 1000)
    assert receiver.hole(1) == Verdict(1000, 0)
    assert receiver.data(1) == Verdict(1000, 0, Refusal.NO_SPACE)


def test_a_hole_on_a_dense_stream_closes_the_connection() -> None:
    receiver = opened(sparse=False)
    with pytest.raises(ProtocolError, match="not opened as sparse"):
        receiver.hole(1)
    receiver.end()
    with pytest.raises(ProtocolError, match="not opened as sparse"):
        receiver.hole(1)


@pytest.mark.parametrize(("length", "flags"), [(0, 0), (-1, 0), (-(2**63), 0), (5, 1)])
def test_bad_holes(length: int, flags: int) -> None:
    receiver = opened()
    receiver.data(3)
    assert receiver.hole(length, flags) == Verdict(3, 0, Refusal.BAD_HOLE)
    assert receiver.position == 3


def test_an_empty_packet_breaks_the_writer() -> None:
    receiver = opened()
    receiver.data(3)
    receiver.end()
    receiver.end()
    assert receiver.data(1) == Verdict(3, 0, Refusal.BROKEN)
    assert receiver.hole(0) == Verdict(3, 0, Refusal.BROKEN)
    receiver.finished()
    receiver.finish()
    assert receiver.state is State.DONE


def test_data_has_a_size() -> None:
    with pytest.raises(ProtocolError):
        opened().data(0)


def test_nothing_can_arrive_before_our_reply() -> None:
    receiver = UploadReceiver(sparse=True)
    for move in (lambda: receiver.data(1), lambda: receiver.hole(1), receiver.finished):
        with pytest.raises(ProtocolError):
            move()


def test_nothing_is_confirmed_unasked() -> None:
    with pytest.raises(ProtocolError, match="our finish"):
        opened().finish()


def test_finish_is_confirmed_once() -> None:
    receiver = finishing()
    receiver.finished()
    assert receiver.data(5) == Verdict(0, 0)
    receiver.finish()
    assert receiver.state is State.DONE
    receiver.finished()
    with pytest.raises(ProtocolError):
        receiver.finish()


def test_a_late_write_error_instead_of_the_confirmation() -> None:
    receiver = finishing()
    receiver.fail(ERROR)
    receiver.finished()
    with pytest.raises(ProtocolError):
        receiver.finish()
    assert receiver.error is ERROR


def test_abort_is_confirmed_once() -> None:
    for receiver in (opened(), finishing()):
        receiver.aborted()
        receiver.aborted()
        receiver.finished()
        assert receiver.hole(-5, 3) == Verdict(0, 0)
        receiver.finish()
        assert receiver.state is State.ABORTED
        with pytest.raises(ProtocolError):
            receiver.finish()


def test_after_the_end_everything_is_swallowed() -> None:
    receiver = opened(sparse=False)
    receiver.fail(ERROR)
    assert receiver.data(5) == Verdict(0, 0)
    assert receiver.hole(5) == Verdict(0, 0)
    receiver.end()
    receiver.finished()
    receiver.aborted()
    assert receiver.state is State.FAILED


def test_no_space_is_the_daemons_own_error() -> None:
    (captured,) = named("upload_past_length_stream_error", to_daemon=False)[1:]
    error = Refusal.NO_SPACE.wire_error()
    assert error.pack() == captured[HEADER_SIZE:]
    assert WireError.unpack(Cursor(captured[HEADER_SIZE:])) == error


@pytest.mark.parametrize(
    ("refusal", "errno", "text"),
    [
        (Refusal.BROKEN, 9, "cannot write to stream: Bad file descriptor"),
        (Refusal.BAD_HOLE, 22, "cannot write to stream: Invalid argument"),
        (Refusal.NO_SPACE, 28, "cannot write to stream: No space left on device"),
    ],
)
def test_refusals(refusal: Refusal, errno: int, text: str) -> None:
    error = refusal.wire_error()
    assert (error.code, error.domain, error.message, error.int1) == (38, 38, text, errno)
