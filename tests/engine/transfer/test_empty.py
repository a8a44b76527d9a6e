"""Emptying a volume: which way is taken, in which order, and what is left."""

from __future__ import annotations

import pytest

from engine.scripted import POOL, Daemon, Volume, failure
from lacuna_engine.errors import VolumeNotFoundError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Record
from lacuna_engine.transfer import Session
from lacuna_engine.transfer.empty import MIB, Emptied, empty_volume

INFO, PHYSICAL = "STORAGE_VOL_GET_INFO", "STORAGE_VOL_GET_INFO_FLAGS"
RESIZE, WIPE, UPLOAD = "STORAGE_VOL_RESIZE", "STORAGE_VOL_WIPE", "STORAGE_VOL_UPLOAD"
DELETE, CREATE = "STORAGE_VOL_DELETE", "STORAGE_VOL_CREATE_XML"


async def empty(daemon: Daemon, session: Session, size: int = 100) -> Emptied:
    volume = daemon.handle("v")
    described = await session.storage.describe_volume(volume)
    connection = await session.connect()
    daemon.calls.clear()
    daemon.arguments.clear()
    return await empty_volume(session.storage, connection, POOL, volume, described, size=size)


def old(daemon: Daemon, image_format: str = "raw") -> Volume:
    daemon.volumes["v"] = Volume(bytearray(b"\xee" * 10_000), format=image_format)
    return daemon.volumes["v"]


async def test_a_raw_volume_is_grown_wiped_and_cut(daemon: Daemon, session: Session) -> None:
    volume = old(daemon)
    assert await empty(daemon, session) == (daemon.handle("v"), 0)
    assert daemon.calls == [
        *(INFO, PHYSICAL),
        *(INFO, RESIZE),
        *(INFO, WIPE),
        *(INFO, RESIZE),
        PHYSICAL,
    ]
    resizes = [a for name, a in zip(daemon.calls, daemon.arguments, strict=True) if name == RESIZE]
    # Behind what is allocated, so that there is a hole: 10,000 bytes have three blocks.
    assert [(a.capacity, a.flags) for a in resizes] == [(12_288 + MIB, 0), (0, 4)]
    assert daemon.volumes["v"] is volume
    assert volume.data == b""


async def test_other_formats_are_cut_with_a_hole(daemon: Daemon, session: Session) -> None:
    volume = old(daemon, "qcow2")
    assert await empty(daemon, session) == (daemon.handle("v"), 1)
    assert daemon.calls == [UPLOAD, PHYSICAL]
    asked = daemon.arguments[0]
    assert (asked.offset, asked.length, asked.flags) == (0, 1, 1)
    assert daemon.messages == [("hole", 1), ("finish", 0)]
    assert daemon.volumes["v"] is volume
    assert volume.data == b"\xee"


async def test_one_byte_left_is_no_good_for_an_image_of_one(
    daemon: Daemon, session: Session
) -> None:
    volume = old(daemon, "qcow2")
    assert (await empty(daemon, session, 1))[1] == 0
    assert daemon.calls[-2:] == [DELETE, CREATE]
    assert daemon.volumes["v"] is not volume
    assert daemon.volumes["v"].data == b""


@pytest.mark.parametrize("procedure", [p.VOL_RESIZE, p.VOL_WIPE, p.VOL_UPLOAD])
@pytest.mark.parametrize("image_format", ["raw", "qcow2"])
async def test_where_that_does_not_work_it_is_made_anew(
    image_format: str,
    procedure: p.Procedure[Record, Record],
    daemon: Daemon,
    session: Session,
) -> None:
    if (image_format == "raw") is (procedure.number == p.VOL_UPLOAD.number):
        procedure = p.PROCEDURES[p.VOL_RESIZE.number if image_format == "raw" else 208]
    old(daemon, image_format)
    daemon.answers[procedure.number] = lambda _: failure(84, "no")
    assert (await empty(daemon, session))[1] == 0
    assert daemon.calls[-2:] == [DELETE, CREATE]
    xml = daemon.arguments[-1].xml
    for part in ("<mode>0640</mode>", "<owner>107</owner>", "<group>108</group>"):
        assert part in xml
    assert daemon.volumes["v"].data == b""


async def test_a_stream_that_fails_is_ended(daemon: Daemon, session: Session) -> None:
    """A volume that is full before it begins, so that the finish brings the error of the hole."""
    old(daemon, "qcow2")
    daemon.faults.full_at = 0
    daemon.answers[p.VOL_GET_INFO_FLAGS.number] = lambda _: failure(1, "odd")
    assert (await empty(daemon, session))[1] == 0
    assert daemon.calls[-2:] == [DELETE, CREATE]


async def test_a_wipe_that_left_something(daemon: Daemon, session: Session) -> None:
    old(daemon)
    resize = daemon.storage_vol_resize
    daemon.answers[p.VOL_RESIZE.number] = lambda a: (
        resize(a) if a.capacity else resize(type(a)(a.volume, 1, 0))
    )
    volume, left = await empty(daemon, session)
    assert (volume, left) == (daemon.handle("v"), 1)


async def test_a_volume_that_is_gone(daemon: Daemon, session: Session) -> None:
    old(daemon)
    described = await session.storage.describe_volume(daemon.handle("v"))
    del daemon.volumes["v"]
    with pytest.raises(VolumeNotFoundError):
        await empty_volume(
            session.storage,
            await session.connect(),
            POOL,
            daemon.handle("v"),
            described,
            size=5,
        )
