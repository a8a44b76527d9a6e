"""Rules of an upload, client side (protocol.md 4.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.rpc.packet import MAX_PAYLOAD
from lacuna_engine.stream import State, Upload


def opened(*, sparse: bool = True, length: int = 0) -> Upload:
    upload = Upload(sparse=sparse, length=length)
    upload.opened()
    return upload


def test_data_and_holes_move_the_position() -> None:
    upload = opened()
    upload.data(5)
    upload.hole(4091)
    upload.data(MAX_PAYLOAD)
    assert upload.position == 4096 + MAX_PAYLOAD
    upload.finish()
    upload.finished()
    assert upload.state is State.DONE
    assert upload.ended


def test_nothing_before_the_reply() -> None:
    upload = Upload(sparse=True)
    moves: list[Callable[[], object]] = [
        upload.finish,
        upload.abort,
        lambda: upload.data(1),
        lambda: upload.hole(1),
    ]
    for move in moves:
        with pytest.raises(ProtocolError):
            move()
    assert upload.state is State.OPENING
    assert upload.position == 0


@pytest.mark.parametrize("size", [0, -1, MAX_PAYLOAD + 1])
def test_no_packet_that_is_empty_or_too_long(size: int) -> None:
    upload = opened()
    with pytest.raises(ProtocolError, match=f"data of {size} bytes"):
        upload.data(size)
    assert upload.position == 0


@pytest.mark.parametrize("length", [0, -1])
def test_no_empty_hole(length: int) -> None:
    with pytest.raises(ProtocolError):
        opened().hole(length)


def test_a_hole_may_be_longer_than_a_packet() -> None:
    upload = opened()
    upload.hole(1 << 43)
    assert upload.position == 1 << 43


def test_holes_only_when_sparse() -> None:
    upload = opened(sparse=False)
    upload.data(1)
    with pytest.raises(ProtocolError, match="not opened as sparse"):
        upload.hole(1)
    assert upload.position == 1


def test_never_beyond_the_length() -> None:
    upload = opened(length=10)
    upload.data(6)
    for move in (upload.data, upload.hole):
        with pytest.raises(ProtocolError, match="beyond the 10 bytes"):
            move(5)
    upload.hole(4)
    with pytest.raises(ProtocolError):
        upload.data(1)
    upload.finish()


def test_fewer_bytes_than_the_length_are_fine() -> None:
    upload = opened(length=10)
    upload.data(1)
    upload.finish()
    upload.finished()
    assert upload.state is State.DONE


def test_nothing_after_finish() -> None:
    upload = opened()
    upload.finish()
    moves: list[Callable[[], object]] = [
        upload.finish,
        lambda: upload.data(1),
        lambda: upload.hole(1),
    ]
    for move in moves:
        with pytest.raises(ProtocolError):
            move()


def test_a_finish_that_was_not_asked_for() -> None:
    with pytest.raises(ProtocolError, match="the peer's finish"):
        opened().finished()


@pytest.mark.parametrize("answered_by_error", [False, True])
def test_abort(answered_by_error: bool) -> None:
    upload = opened()
    upload.abort()
    with pytest.raises(ProtocolError):
        upload.finish()
    if answered_by_error:
        upload.failed(LacunaError("late"))
    upload.finished()
    assert upload.state is State.ABORTED


def test_error_and_finish_cross() -> None:
    upload = opened()
    upload.finish()
    error = LacunaError("no space")
    upload.failed(error)
    upload.finished()
    assert upload.state is State.FAILED
    assert upload.error is error
