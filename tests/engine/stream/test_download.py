"""Rules of a download, client side (protocol.md 4.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.stream import Download, State


def opened(*, sparse: bool = True, length: int = 0) -> Download:
    download = Download(sparse=sparse, length=length)
    download.opened()
    return download


def test_to_the_end() -> None:
    download = opened()
    download.hole(65_536)
    download.data(262_120)
    download.data(24)
    download.end()
    assert download.position == 65_536 + 262_144
    download.finish()
    download.finished()
    assert download.state is State.DONE


def test_everything_may_overtake_the_reply() -> None:
    download = Download(sparse=True)
    download.data(5)
    download.hole(5)
    download.end()
    with pytest.raises(ProtocolError):
        download.finish()
    download.opened()
    assert download.state is State.AT_END
    assert download.position == 10


def test_an_error_may_overtake_the_reply() -> None:
    error = LacunaError("early")
    for ended in (False, True):
        download = Download(sparse=True)
        if ended:
            download.end()
        download.failed(error)
        assert download.state is State.FAILED
        assert download.error is error
    download = Download(sparse=True)
    download.failed(error)
    download.opened()
    assert download.state is State.FAILED


def test_nothing_after_the_end() -> None:
    download = opened()
    download.end()
    moves: list[Callable[[], object]] = [
        download.end,
        lambda: download.data(1),
        lambda: download.hole(1),
    ]
    for move in moves:
        with pytest.raises(ProtocolError):
            move()


def test_no_finish_before_the_end() -> None:
    with pytest.raises(ProtocolError, match="our finish"):
        opened().finish()


def test_a_finish_that_was_not_asked_for() -> None:
    download = opened()
    with pytest.raises(ProtocolError):
        download.finished()
    download.end()
    with pytest.raises(ProtocolError):
        download.finished()


def test_holes_only_when_sparse() -> None:
    with pytest.raises(ProtocolError, match="not opened as sparse"):
        opened(sparse=False).hole(1)


@pytest.mark.parametrize("length", [0, -1, -(2**63)])
def test_hostile_holes(length: int) -> None:
    with pytest.raises(ProtocolError):
        opened().hole(length)


def test_more_than_was_asked_for() -> None:
    download = opened(length=10)
    download.data(10)
    for move in (download.data, download.hole):
        with pytest.raises(ProtocolError, match="beyond the 10 bytes"):
            move(1)


def test_less_than_was_asked_for_is_no_error() -> None:
    download = opened(length=10)
    download.end()
    assert download.state is State.AT_END


def test_abort_swallows_what_is_in_flight() -> None:
    download = opened()
    download.data(1)
    download.abort()
    download.data(1)
    download.hole(1)
    download.end()
    download.finished()
    assert download.state is State.ABORTED
    with pytest.raises(ProtocolError):
        download.finish()
