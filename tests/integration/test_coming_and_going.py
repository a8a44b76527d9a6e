"""Connections that come and go while a transfer goes on: nothing is lost, nothing sent twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import assert_same, data, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import download, session_to, upload
from lacuna_engine.client import Connection, Data, Hole
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.transfer import TransferOptions, crew, delivery, lanes, plan, receiver
from lacuna_engine.transfer import download as downloads
from lacuna_engine.transfer.lane_count import LaneCount
from lacuna_engine.transfer.lanes import Lanes, _Stretch
from lacuna_engine.transfer.streams import open_download
from lacuna_engine.transfer.writer import TargetWriter

LONG = 16 * MIB
SHAPE = (data(48 * MIB), hole(2 * MIB), data(32 * MIB))
SEGMENTS = 5
OPTIONS = TransferOptions(verify=True, limit=100 * MIB)


@pytest.fixture
def pool(pool_factory: PoolFactory) -> Pool:
    return pool_factory("tmpfs", size=100 * MIB)


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each number of connections is wanted for a moment, again and again."""
    counts = itertools.cycle((4, 1, 3, 2, 1))
    monkeypatch.setattr(LaneCount, "measured", lambda *_: next(counts))
    monkeypatch.setattr(crew, "MEASURE_EVERY", 0.02)
    monkeypatch.setattr(delivery, "is_crowded", lambda _: False)
    monkeypatch.setattr(downloads, "is_crowded", lambda _: False)
    monkeypatch.setattr(plan, "WORTH", 0)
    monkeypatch.setattr(plan, "WORTHWHILE", LONG)
    monkeypatch.setattr(plan, "LONG", LONG)
    monkeypatch.setattr(plan, "SHORTEST", LONG)
    monkeypatch.setattr(plan, "LONGEST", LONG)


async def test_an_upload(
    daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, complete, starts = Lanes._open, Lanes._complete, set[int]()

    async def proved(self: Lanes, stretch: _Stretch, until: int) -> None:
        assert until == stretch.end  # no more than has been sent: there are no zeros
        await complete(self, stretch, until)

    async def noted(self: Lanes, connection: Connection, start: int, end: int) -> object:
        starts.add(start)
        return await opened(self, connection, start, end)

    monkeypatch.setattr(lanes, "ABREAST", 1)  # else the first connection begins nearly all
    monkeypatch.setattr(Lanes, "_open", noted)
    monkeypatch.setattr(Lanes, "_complete", proved)
    image = make_image(tmp_path / "image", *SHAPE)
    async with session_to(daemon.uri) as session:
        report = await upload(session, image, pool, "v", OPTIONS)
    assert report.connections > 1
    assert len(starts) > SEGMENTS  # the rest of some by others
    assert report.bytes_sent == 80 * MIB
    assert_same(image, pool.file("v"))


async def test_what_waits_sends_nothing_when_it_is_enough(
    daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, lane, stretches = Lanes._open, Lanes._lane, list[_Stretch]()
    numbers = itertools.count()

    async def noted(self: Lanes, connection: Connection, start: int, end: int) -> _Stretch:
        stretches.append(await opened(self, connection, start, end))
        return stretches[-1]

    async def ended(self: Lanes, connection: Connection, is_enough: Callable[[], bool]) -> None:
        is_first = not next(numbers)
        await lane(self, connection, lambda: is_enough() or (is_first and len(stretches) > 1))

    monkeypatch.setattr(LaneCount, "measured", lambda *_: 1)
    monkeypatch.setattr(lanes, "ABREAST", 1)
    monkeypatch.setattr(Lanes, "_open", noted)
    monkeypatch.setattr(Lanes, "_lane", ended)
    image = make_image(tmp_path / "image", *SHAPE)
    async with session_to(daemon.uri) as session:
        report = await upload(session, image, pool, "v", OPTIONS)
    waiting, sent = sorted(stretch.end - stretch.start for stretch in stretches[:2])
    assert waiting == 0 < sent
    assert report.bytes_sent == 80 * MIB
    assert_same(image, pool.file("v"))


async def test_a_download(
    daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, starts = open_download, list[int]()

    async def noted(connection: Connection, target: VolumeRange) -> object:
        starts.append(target.offset)
        return await opened(connection, target)

    put, received = TargetWriter._put, list[tuple[int, int]]()

    async def putting(self: TargetWriter, segment: int, pieces: list[Data | Hole]) -> None:
        received.append((segment + pieces[0].position, segment + pieces[-1].end))
        await put(self, segment, pieces)

    monkeypatch.setattr("lacuna_engine.transfer.receiver.open_download", noted)
    monkeypatch.setattr(TargetWriter, "_put", putting)
    monkeypatch.setattr(receiver, "SEGMENT", LONG)
    monkeypatch.setattr(downloads, "SEGMENT", LONG)
    volume = make_volume(daemon, pool, "v", *SHAPE)
    async with session_to(daemon.uri) as session:
        report = await download(session, pool, "v", tmp_path / "file", OPTIONS)
    assert report.connections > 1
    assert report.verified
    assert len(starts) > SEGMENTS + 1
    received.sort()
    assert all(one[1] == other[0] for one, other in itertools.pairwise(received))
    assert_same(volume, tmp_path / "file")
