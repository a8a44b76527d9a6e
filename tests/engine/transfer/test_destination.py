"""Where an upload goes, where the whole upload does not show it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.scripted import Daemon, Volume, failure
from engine.transfer.images import MIB, body
from lacuna_engine.errors import UsageError
from lacuna_engine.extents import Source
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.transfer import IfExists, Session, TransferOptions, Upload
from lacuna_engine.transfer.checkpoint import FileMark
from lacuna_engine.transfer.destination import Destination, choose_destination, create_fresh
from lacuna_engine.transport import parse_uri


def disk_pool(daemon: Daemon, device: str, table: str = "gpt") -> None:
    source = f"<device path='{device}'/><format type='{table}'/>"
    daemon.pool_type = "disk"
    daemon.answers[p.POOL_GET_XML_DESC.number] = lambda _: r.String(
        f"<pool type='disk'><name>pool</name><source>{source}</source></pool>"
    )


async def chosen(session: Session, name: str) -> Destination:
    return await choose_destination(session.storage, "pool", name, IfExists.FAIL)


@pytest.mark.parametrize(
    ("device", "table", "name"),
    [
        ("/dev/sda", "gpt", "sda2"),
        ("/dev/loop1", "gpt", "loop1p1"),
        ("/dev/nvme0n1", "gpt", "nvme0n1p1"),
        # Logical partitions are counted from 5 on.
        ("/dev/sda", "dos", "sda5"),
        # A link: what its partitions are called is not known here.
        ("/dev/disk/by-id/x", "gpt", "anything"),
    ],
)
async def test_partitions_have_the_names_of_their_device(
    device: str, table: str, name: str, daemon: Daemon, session: Session
) -> None:
    daemon.volumes["sda1"] = Volume(type="block")
    disk_pool(daemon, device, table)
    await create_fresh(session.storage, await chosen(session, name), 1000)
    assert len(daemon.volumes[name].data) == 1000
    assert "<format" not in daemon.arguments[-1].xml


@pytest.mark.parametrize(
    ("table", "name"), [("gpt", "sda3"), ("gpt", "disk.img"), ("dos", "disk.img")]
)
async def test_another_name_is_refused_before_a_partition_is_made(
    table: str, name: str, daemon: Daemon, session: Session
) -> None:
    daemon.volumes["sda1"] = Volume(type="block")
    disk_pool(daemon, "/dev/sda", table)
    with pytest.raises(UsageError, match="is sda2, not") as caught:
        await create_fresh(session.storage, await chosen(session, name), 1000)
    assert "pool/sda2" in caught.value.hint
    assert list(daemon.volumes) == ["sda1"]


def test_what_is_shown_cannot_drive_a_terminal() -> None:
    shown = str(Destination(r.PoolHandle("p\n", bytes(16)), None, "v\x1b[31m"))  # type: ignore[arg-type]
    assert shown == "p\\n/v\\x1b[31m"


async def test_a_session_must_be_open() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        _ = Session(parse_uri("qemu:///system")).storage


async def test_a_cancelled_upload_says_what_it_could_not_remove(
    daemon: Daemon, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "img"
    await asyncio.to_thread(path.write_bytes, body(0, MIB))
    upload = Upload(session, path, "pool")
    task = asyncio.create_task(upload.run())

    def cancel(_: object) -> r.WireError:
        task.cancel()
        return failure(1, "no")

    daemon.answers[p.VOL_UPLOAD.number] = cancel
    daemon.answers[p.VOL_DELETE.number] = lambda _: failure(1, "not that either")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "'img' could not be removed" in upload.tracker.notes[-1]


async def test_a_device_that_fits_exactly(daemon: Daemon, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "img"
    await asyncio.to_thread(path.write_bytes, body(0, 8192))
    daemon.volumes["img"] = Volume(bytearray(8192), type="block")
    upload = Upload(session, path, "pool", options=TransferOptions(if_exists=IfExists.REPLACE))
    assert (await upload.run()).verified
    assert upload.tracker.notes == []


def test_a_source_device_has_no_time_that_counts(tmp_path: Path) -> None:
    """Its node's times change when it is opened or written by anybody."""
    path = tmp_path / "img"
    path.touch()
    with path.open("rb") as file:
        source = Source(file.fileno(), "dev", 4711, device=True)
        found = FileMark.of(source)
    assert (found.size, found.mtime) == (4711, 0)
