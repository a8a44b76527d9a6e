"""When ballast is worth its bytes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from engine.transfer.images import KIB, MIB, make
from lacuna_engine.client import Connection
from lacuna_engine.extents import Kind
from lacuna_engine.transfer import Session, Upload
from lacuna_engine.transfer.daemon_memory import (
    EARLY,
    LARGE_PACKET,
    WORTHWHILE,
    ballast,
    download_ballast,
    is_near,
)


def kinds(*lengths: int) -> list[tuple[int, int, Kind]]:
    """Runs of data of these lengths, with a hole behind each."""
    found: list[tuple[int, int, Kind]] = []
    position = 0
    for length in lengths:
        found.append((position, position + length, Kind.DATA))
        found.append((position + length, position + length + MIB, Kind.HOLE))
        position += length + MIB
    return found


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], 0),
        ([MIB] * (WORTHWHILE // MIB - 1), 0),
        ([MIB] * (WORTHWHILE // MIB), WORTHWHILE // 128),
        ([32 * KIB] * (WORTHWHILE // (32 * KIB)), WORTHWHILE // 128),
        ([MIB] * 512, 4 * MIB),
        ([MIB] * 1024, LARGE_PACKET),
        ([MIB] * 5000, LARGE_PACKET),
        ([LARGE_PACKET] * 5, 0),
        ([*[MIB] * (EARLY // MIB - 1), LARGE_PACKET], 0),
        ([*[MIB] * (EARLY // MIB), LARGE_PACKET], (EARLY + LARGE_PACKET) // 128),
        ([64 * KIB, 1 << 40], 0),
    ],
)
def test_much_data_without_a_long_run_early_wants_ballast(
    lengths: list[int], expected: int
) -> None:
    assert ballast(kinds(*lengths)) == expected


def test_holes_and_zeros_of_any_length_do_not_count() -> None:
    assert not ballast([(0, 1 << 40, Kind.HOLE), (1 << 40, 1 << 41, Kind.ZERO)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (0, 0),
        ((256 << 20) - 1, 0),
        (256 << 20, MIB),
        (2000 * MIB - 1, MIB),
        (2000 * MIB, 2 * MIB),
        (1 << 50, 2 * MIB),
    ],
)
def test_downloads_take_less(data: int, expected: int) -> None:
    assert download_ballast(data) == expected


class Link:
    """Answers pings after these seconds, one after the other."""

    def __init__(self, *delays: float) -> None:
        self.delays = list(delays)

    async def ping(self) -> None:
        await asyncio.sleep(self.delays.pop(0))


@pytest.mark.parametrize(
    ("delays", "near"), [((0.0,), True), ((9.0, 9.0, 0.0), True), ((9.0, 9.0, 9.0), False)]
)
async def test_only_who_answers_at_once_is_near(delays: tuple[float, ...], near: bool) -> None:
    assert await is_near(cast("Connection", Link(*delays))) is near


@pytest.mark.parametrize("far", [False, True])
async def test_ballast_is_for_a_daemon_that_is_near(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    """A socket may be the end of a tunnel, too slow for it within the daemon's patience."""
    if far:

        async def late(_: Connection) -> None:
            await asyncio.sleep(9)

        monkeypatch.setattr(Connection, "ping", late)
    sent: list[int] = []
    send = Connection.send_ballast

    def note(self: Connection, size: int) -> None:
        sent.append(size)
        send(self, size)

    monkeypatch.setattr(Connection, "send_ballast", note)
    image = tmp_path / "img"
    make(image, [("data", MIB), ("hole", MIB)] * (WORTHWHILE // MIB))
    await Upload(session, image, "pool").run()
    assert sent == ([] if far else [WORTHWHILE // 128])
