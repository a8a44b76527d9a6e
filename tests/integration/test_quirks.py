"""The thirteen points of protocol.md section 0: where a naive client goes wrong, and we do not.

(The ninth is in test_big_pools.py, with the pool it needs.)
"""

import asyncio
import re
from pathlib import Path

import pytest

from integration.images import (
    GIB,
    Piece,
    assert_same,
    data,
    files_in,
    fill,
    hole,
    make_image,
    make_volume,
    pattern,
    virsh_overwrite,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, SLOW, download, run_into, session_to, upload
from integration.naive import OK, REPLY, STREAM, Naive
from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.errors import NotProvedError, RemoteError
from lacuna_engine.rpc.packet import Type
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.storage import PoolChange, PoolEvent, PoolWatch
from lacuna_engine.transfer import Session, TransferOptions, Upload
from lacuna_engine.transport import parse_uri


def handle(pool: Pool, name: str) -> VolumeHandle:
    return VolumeHandle(pool.name, name, "")


def empty_volume(daemon: PrivateLibvirtd, pool: Pool, name: str) -> VolumeHandle:
    daemon.virsh("vol-create-as", pool.name, name, "0", "--allocation", "0")
    return handle(pool, name)


async def check_nothing(*_: object) -> None:
    await asyncio.sleep(0)


async def test_1_finish_says_ok_although_data_was_lost(
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    small_pool: Pool,
    tmp_path: Path,
) -> None:
    content = pattern(0, 5 * MIB)
    with Naive(daemon.socket_path) as naive:
        stream = naive.upload(VolumeRange(empty_volume(daemon, small_pool, "naive"), flags=1))
        naive.data(stream, content)
        answer = naive.finish(stream)
    assert answer is not None
    assert answer.said == (STREAM, OK)
    assert small_pool.file("naive").stat().st_size < len(content)
    daemon.virsh("vol-delete", "--pool", small_pool.name, "naive")

    image = make_image(tmp_path / "image", data(4 * MIB + 65_536))
    empty_volume(daemon, small_pool, "virsh")
    virsh_overwrite(daemon, small_pool, "virsh", image)  # exit status 0
    assert small_pool.file("virsh").stat().st_size < image.stat().st_size
    daemon.virsh("vol-delete", "--pool", small_pool.name, "virsh")

    monkeypatch.setattr("lacuna_engine.transfer.filling.check_room", check_nothing)
    with pytest.raises((RemoteError, NotProvedError)):
        await upload(session, image, small_pool)
    assert files_in(small_pool.path) == []


SHAPES: dict[str, tuple[Piece, ...]] = {
    "hole inside": (data(MIB), hole(4 * MIB), data(MIB), hole(10 * MIB)),
    "hole first": (hole(4 * MIB), data(MIB)),
    "smaller": (data(MIB),),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_2_a_sparse_upload_over_old_content_leaves_old_bytes(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, shape: str
) -> None:
    image = make_image(tmp_path / "image", *SHAPES[shape])
    for name in ("virsh", "lacuna"):
        daemon.virsh("vol-create-as", pool.name, name, "16M", "--allocation", "0")
        fill(pool.file(name), 16 * MIB)
    virsh_overwrite(daemon, pool, "virsh", image)
    assert run("cmp", image, pool.file("virsh"), check=False).returncode == 1
    assert b"\xee" * 4096 in pool.file("virsh").read_bytes()

    await upload(session, image, pool, "lacuna", REPLACE)
    assert_same(image, pool.file("lacuna"))


async def test_3_a_hole_destroys_what_other_streams_wrote_behind_it(
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
) -> None:
    daemon.virsh("vol-create-as", pool.name, "naive", "16M", "--allocation", "0")
    volume = handle(pool, "naive")
    with Naive(daemon.socket_path) as first, Naive(daemon.socket_path) as second:
        upper = second.upload(VolumeRange(volume, 8 * MIB, 8 * MIB, 1))
        second.data(upper, pattern(8 * MIB, 8 * MIB))
        second.finish(upper)
        assert pool.file("naive").stat().st_size == 16 * MIB
        lower = first.upload(VolumeRange(volume, 0, 8 * MIB, 1))
        first.data(lower, pattern(0, MIB))
        first.hole(lower, 6 * MIB)
        first.data(lower, pattern(7 * MIB, MIB))
        first.finish(lower)
    assert pool.file("naive").stat().st_size == 8 * MIB  # nothing left of the upper half

    opened: list[VolumeRange] = []
    open_upload = Connection.upload

    async def spy(self: Connection, target: VolumeRange) -> UploadStream:
        opened.append(target)
        return await open_upload(self, target)

    monkeypatch.setattr(Connection, "upload", spy)
    image = make_image(tmp_path / "image", *[data(MIB), hole(MIB)] * 8)
    await upload(session, image, pool)
    assert [(one.offset, one.length) for one in opened] == [(0, 0)]  # the only one with holes
    assert_same(image, pool.file("image"))


async def test_4_data_before_the_reply_is_thrown_away(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    volume = empty_volume(daemon, pool, "naive")
    lost = 0
    with Naive(daemon.socket_path) as naive:
        for _ in range(30):
            pool.file("naive").write_bytes(b"")
            serial = naive.ask(208, VolumeRange(volume, flags=1))
            naive.data(serial, pattern(0, 4096))
            answer = naive.receive()
            assert answer is not None
            if answer.status != OK:
                continue  # the pool is being refreshed after the upload before
            naive.finish(serial)
            lost += pool.file("naive").stat().st_size == 0
    assert lost > 0

    image = make_image(tmp_path / "image", data(4096))
    for number in range(30):
        await upload(session, image, pool, f"v{number}")
        assert_same(image, pool.file(f"v{number}"))


@pytest.mark.parametrize("tail", [4096, MIB])
async def test_5_an_error_that_meets_a_hole_comes_as_a_reply(
    *,
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    small_pool: Pool,
    tmp_path: Path,
    tail: int,
) -> None:
    with Naive(daemon.socket_path) as naive:
        stream = naive.upload(VolumeRange(empty_volume(daemon, small_pool, "naive"), flags=1))
        naive.data(stream, pattern(0, 5 * MIB))
        await asyncio.sleep(0.2)
        naive.hole(stream, tail)
        answer = naive.receive()
    assert answer is not None
    assert (answer.type, answer.serial) == (REPLY, stream)
    assert b"did not set virError" in answer.payload
    daemon.virsh("vol-delete", "--pool", small_pool.name, "naive")

    monkeypatch.setattr("lacuna_engine.transfer.filling.check_room", check_nothing)
    image = make_image(tmp_path / "image", data(5 * MIB), hole(tail))
    with pytest.raises(RemoteError) as caught:
        await upload(session, image, small_pool)
    assert "virError" not in caught.value.message
    assert "full" in caught.value.hint or "room" in caught.value.hint
    assert files_in(small_pool.path) == []


async def test_6_a_hole_on_a_plain_stream_closes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
) -> None:
    with Naive(daemon.socket_path) as naive:
        stream = naive.upload(VolumeRange(empty_volume(daemon, pool, "naive")))
        naive.data(stream, pattern(0, 4096))
        naive.hole(stream, 4096)
        assert naive.receive() is None

    async def open_plain(connection: Connection, target: VolumeRange) -> UploadStream:
        """A daemon before 3.4 refuses the flag, and then there is none."""
        return await connection.upload(VolumeRange(target.volume, target.offset, target.length))

    monkeypatch.setattr("lacuna_engine.transfer.delivery.open_upload", open_plain)
    for name, pieces in SHAPES.items():
        image = make_image(tmp_path / name, *pieces)
        report = await upload(session, image, pool)
        assert report.bytes_sent == image.stat().st_size  # zeros for the holes
        assert_same(image, pool.file(name))


async def test_7_holes_for_a_device_are_short_and_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch, session: Session, block_pool: Pool, tmp_path: Path
) -> None:
    """One long hole would stop the whole daemon while it writes zeros."""
    log: list[str | int] = []
    flush, ping = UploadStream.flush, Connection.ping

    async def spy_flush(self: UploadStream) -> None:
        holes = [one for one in self._waiting if len(one) == 40 and one[19] == Type.STREAM_HOLE]
        log.extend(int.from_bytes(one[28:36], "big") for one in holes)
        await flush(self)

    async def spy_ping(self: Connection) -> None:
        await ping(self)
        log.append("pong")

    monkeypatch.setattr(UploadStream, "flush", spy_flush)
    monkeypatch.setattr(Connection, "ping", spy_ping)
    image = make_image(tmp_path / "image", data(4096), hole(31 * MIB), data(4096))
    await upload(session, image, block_pool, block_pool.partitions[1], REPLACE)
    # The first tells that the daemon is near.
    assert log == ["pong", 16 * MIB, "pong", 15 * MIB, "pong"]


async def test_8_an_upload_costs_the_pool_one_refresh(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """Hence one stream per volume, however many extents it has."""
    image = make_image(tmp_path / "image", *[data(4096), hole(4096)] * 500)
    refreshed: list[PoolEvent] = []

    async def watch() -> None:
        async with session_to(daemon.uri) as other, PoolWatch(other.storage.connection) as events:
            ready.set()
            async for event in events:
                refreshed.append(event)  # noqa: PERF401 - it never ends

    ready = asyncio.Event()
    task = asyncio.create_task(watch())
    await ready.wait()
    await upload(session, image, pool)
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [event.change for event in refreshed if event.pool.name == pool.name] == [
        PoolChange.REFRESHED
    ]


async def test_10_nothing_protects_a_volume_that_is_written(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    with Naive(daemon.socket_path) as naive:
        stream = naive.upload(VolumeRange(empty_volume(daemon, pool, "naive"), flags=1))
        naive.data(stream, pattern(0, MIB))
        daemon.virsh("vol-delete", "--pool", pool.name, "naive")
        answer = naive.finish(stream)
    assert answer is not None
    assert answer.said == (STREAM, OK)
    assert files_in(pool.path) == []

    image = make_image(tmp_path / "image", data(3 * MIB), hole(MIB), data(3 * MIB))
    transfer = Upload(session, image, pool.name, options=SLOW)
    with pytest.raises((RemoteError, NotProvedError), match=r"deleted|no storage vol|not found"):
        await run_into(transfer, lambda: daemon.virsh("vol-delete", "--pool", pool.name, "image"))


async def test_11_volumes_have_no_events(session: Session, pool: Pool) -> None:
    """So nothing is cached: what the API says is what is there."""
    storage = session.storage
    handle_ = await storage.pool(pool.name)
    async with PoolWatch(storage.connection) as events:
        volume = await storage.create_volume(handle_, "v", capacity=MIB)
        await storage.resize_volume(volume, 2 * MIB)
        await storage.wipe_volume(volume)
        assert (await storage.volume_info(volume)).capacity == 2 * MIB
        await storage.delete_volume(volume)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await anext(events)
    assert (await storage.volumes(handle_)).volumes == ()


@pytest.mark.parametrize("claimed", [GIB, 2**64 - 1])
async def test_12_the_capacity_is_not_what_there_is_to_transfer(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, claimed: int
) -> None:
    stored = pool.file("disk.qcow2")
    run("qemu-img", "create", "-f", "qcow2", stored, "1G")
    with stored.open("r+b") as file:
        file.seek(24)
        file.write(claimed.to_bytes(8, "big"))
    daemon.virsh("pool-refresh", pool.name)
    shown = daemon.virsh("vol-dumpxml", "--pool", pool.name, "disk.qcow2").stdout
    assert re.search(rf"<capacity unit='bytes'>{claimed}</capacity>", shown)
    report = await download(session, pool, "disk.qcow2", tmp_path / "disk.qcow2")
    assert report.bytes_total == stored.stat().st_size < MIB
    assert_same(stored, tmp_path / "disk.qcow2")


async def test_13_data_may_come_before_the_reply(
    daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path
) -> None:
    """Seen in 13 of 7,200 downloads opened at the same time over several connections."""
    volume = make_volume(daemon, pool, "v", data(2 * MIB))
    content = volume.read_bytes()
    connections = [await Connection.open(parse_uri(daemon.uri)) for _ in range(8)]

    async def read_ranges(connection: Connection, seed: int) -> None:
        for number in range(60):
            start = (seed * 7919 + number * 104_729) % MIB
            stream = await connection.download(VolumeRange(handle(pool, "v"), start, 300_000, 1))
            got = b"".join([bytes(piece.view) async for piece in stream])  # type: ignore[union-attr]
            await stream.finish()
            assert got == content[start : start + 300_000]

    try:
        await asyncio.gather(*(read_ranges(one, seed) for seed, one in enumerate(connections)))
    finally:
        await asyncio.gather(*(one.close() for one in connections))
    async with session_to(daemon.uri) as session:
        names = [tmp_path / f"copy-{number}" for number in range(8)]
        await asyncio.gather(*(download(session, pool, "v", name) for name in names))
    for name in names:
        assert_same(volume, name)


async def test_the_digest_tells_what_a_naive_copy_lost(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """Upload and download of one image have one digest, a wrong copy another."""
    image = make_image(tmp_path / "image", *SHAPES["hole inside"])
    verify = TransferOptions(verify=True)
    sent = await upload(session, image, pool, options=verify)
    received = await download(session, pool, "image", tmp_path / "back", verify)
    assert sent.digest == received.digest
    daemon.virsh("vol-create-as", pool.name, "stale", "16M", "--allocation", "0")
    fill(pool.file("stale"), 16 * MIB)
    virsh_overwrite(daemon, pool, "stale", image)
    stale = await download(session, pool, "stale", tmp_path / "stale", verify)
    assert stale.digest != sent.digest
