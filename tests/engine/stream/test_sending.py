"""Rules of a download, server side (protocol.md 4.4 and 6.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.rpc.packet import MAX_PAYLOAD
from lacuna_engine.stream import DownloadSender, State


def opened(*, sparse: bool = True, length: int = 0) -> DownloadSender:
    sender = DownloadSender(sparse=sparse, length=length)
    sender.opened()
    return sender


def test_to_the_end() -> None:
    sender = opened()
    sender.hole(65_536)
    sender.data(262_120)
    sender.end()
    sender.finished()
    sender.finished()
    sender.finish()
    assert sender.state is State.DONE
    assert sender.position == 65_536 + 262_120


def test_nothing_before_the_reply() -> None:
    sender = DownloadSender(sparse=True)
    moves: list[Callable[[], object]] = [sender.end, lambda: sender.data(1), lambda: sender.hole(1)]
    for move in moves:
        with pytest.raises(ProtocolError):
            move()


@pytest.mark.parametrize("size", [0, -1, MAX_PAYLOAD + 1])
def test_an_empty_packet_would_be_the_end(size: int) -> None:
    with pytest.raises(ProtocolError):
        opened().data(size)


def test_holes_only_when_sparse() -> None:
    with pytest.raises(ProtocolError, match="not opened as sparse"):
        opened(sparse=False).hole(1)


def test_never_beyond_the_length() -> None:
    sender = opened(length=10)
    assert sender.room(4) == 4
    sender.data(4)
    assert sender.room(100) == 6
    for move in (sender.data, sender.hole):
        with pytest.raises(ProtocolError, match="beyond the 10 bytes"):
            move(7)
    sender.hole(6)
    assert sender.room(100) == 0
    sender.end()


def test_room_without_a_length() -> None:
    assert opened().room(1 << 50) == 1 << 50


def test_fewer_bytes_than_the_length_are_fine() -> None:
    sender = opened(length=10)
    sender.end()
    assert sender.state is State.AT_END


def test_never_a_finish_unasked() -> None:
    sender = opened()
    with pytest.raises(ProtocolError):
        sender.finish()
    sender.end()
    with pytest.raises(ProtocolError):
        sender.finish()


def test_a_finish_in_the_middle_works_like_an_abort() -> None:
    sender = opened()
    sender.data(1)
    sender.finished()
    with pytest.raises(ProtocolError):
        sender.data(1)
    sender.finish()
    assert sender.state is State.ABORTED


@pytest.mark.parametrize("at_end", [False, True])
def test_abort(at_end: bool) -> None:
    sender = opened()
    if at_end:
        sender.end()
    sender.aborted()
    sender.finished()
    sender.finish()
    sender.aborted()
    assert sender.state is State.ABORTED
    with pytest.raises(ProtocolError):
        sender.finish()


def test_error() -> None:
    sender = opened()
    error = LacunaError("cannot read")
    sender.fail(error)
    sender.finished()
    sender.aborted()
    assert sender.state is State.FAILED
    assert sender.error is error
    with pytest.raises(ProtocolError):
        sender.data(1)
