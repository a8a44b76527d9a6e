"""Uploads over several connections when things go wrong: nothing lost, nothing sent in vain."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.transfer.keeping import MemoryKeeper
from integration.conftest import PoolFactory
from integration.images import Piece, assert_same, data, files_in, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import session_to, until
from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.errors import (
    ConnectError,
    DestinationChangedError,
    LacunaError,
    NotProvedError,
    RemoteNoSpaceError,
    SourceChangedError,
)
from lacuna_engine.extents import Progress
from lacuna_engine.transfer import (
    Report,
    State,
    TransferOptions,
    Upload,
    crew,
    delivery,
    lanes,
    plan,
)
from lacuna_engine.transfer.connecting import Connecting
from lacuna_engine.transfer.daemon_memory import LARGE_PACKET
from lacuna_engine.transfer.lanes import ABREAST, Lanes
from lacuna_engine.transfer.packets import Packets

SHAPE = (data(6 * MIB), hole(2 * MIB), data(8 * MIB + 4096), hole(MIB), data(4096), hole(MIB))
DATA = 14 * MIB + 8192
SEGMENTS = 8
"""Of at most 2 MiB: 6 MiB, and 8 MiB with a page."""

THREE = TransferOptions(connections=3)
SLOW = TransferOptions(connections=3, limit=6 * MIB)


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LONG", MIB)
    monkeypatch.setattr(plan, "WORTHWHILE", 3 * MIB)
    monkeypatch.setattr(plan, "SHORTEST", MIB)
    monkeypatch.setattr(plan, "LONGEST", 2 * MIB)


class Tries:
    """Tries to upload one image, with one keeper."""

    def __init__(self, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
        self.daemon, self.pool, self.image = daemon, pool, image
        self.keeper = MemoryKeeper()

    @property
    def volume(self) -> Path:
        return self.pool.file("v")

    async def whole(self, options: TransferOptions = THREE) -> Report:
        async with session_to(self.daemon.uri) as session:
            return await Upload(
                session, self.image, self.pool.name, "v", options=options, keeper=self.keeper
            ).run()

    def has_proved(self) -> bool:
        """Whether it is noted that a part of the first long run is there for sure."""
        saved = self.keeper.load()
        return saved is not None and any(
            progress is Progress.ACKNOWLEDGED
            for start, end in saved.deferred[:1]
            for _, _, progress in saved.map.progress(start, end)
        )

    async def interrupted(
        self, at: int, *, kill: bool = False, when: Callable[[], bool] = lambda: True
    ) -> int:
        """End it when so many bytes have been moved; return how many were sent."""
        async with session_to(self.daemon.uri) as session:
            upload = Upload(
                session, self.image, self.pool.name, "v", options=SLOW, keeper=self.keeper
            )
            task = asyncio.create_task(upload.run())
            await until(lambda: (upload.tracker.moved >= at and when()) or task.done())
            if kill:
                self.daemon.kill()
            else:
                task.cancel()
            with pytest.raises((asyncio.CancelledError, LacunaError)):
                await task
            return upload.report.bytes_sent


@pytest.fixture
def tries(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> Tries:
    return Tries(daemon, pool, make_image(tmp_path / "image", *SHAPE))


@pytest.mark.parametrize("at", [MIB // 2, 4 * MIB, 9 * MIB, 13 * MIB])
async def test_a_cancelled_one_goes_on(tries: Tries, at: int) -> None:
    sent = await tries.interrupted(at)
    saved = tries.keeper.load()
    assert saved is not None
    assert len(saved.deferred) == 2
    report = await tries.whole()
    assert (report.state, report.resumed) == (State.DONE, True)
    assert_same(tries.image, tries.volume)
    # What had been written of each segment is kept; what was under way on three connections not.
    assert sent + report.bytes_sent <= DATA + 3 * 2 * MIB
    assert report.bytes_sent <= DATA - at + 3 * 2 * MIB
    assert tries.keeper.data is None


async def test_many_small_steps(tries: Tries) -> None:
    for at in (3 * MIB, 2 * MIB, 3 * MIB):
        await tries.interrupted(at)
    report = await tries.whole(TransferOptions(connections=2, verify=True))
    assert report.verified
    assert_same(tries.image, tries.volume)


async def test_in_the_first_stream(tries: Tries, tmp_path: Path) -> None:
    """What has been left out of it so far is not taken for there."""
    tries.image = make_image(tmp_path / "other", *(data(MIB - 4096), hole(MIB)) * 8, *SHAPE)
    await tries.interrupted(4 * MIB)
    saved = tries.keeper.load()
    assert saved is not None
    assert saved.deferred
    assert tries.volume.stat().st_size < tries.image.stat().st_size
    report = await tries.whole()
    assert report.resumed
    assert_same(tries.image, tries.volume)


async def test_over_one_connection_afterwards(tries: Tries) -> None:
    """The plan of the first try holds, whatever the second is asked for."""
    await tries.interrupted(5 * MIB)
    report = await tries.whole(TransferOptions(connections=1))
    assert report.resumed
    assert_same(tries.image, tries.volume)


async def test_a_daemon_that_dies(own_daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    pool = own_daemon.make_pool("dying", "tmpfs", size=64 * MIB)
    tries = Tries(own_daemon, pool, make_image(tmp_path / "image", *SHAPE))
    await tries.interrupted(6 * MIB, kill=True)
    own_daemon.start()
    report = await tries.whole()
    assert report.resumed
    assert_same(tries.image, tries.volume)


@pytest.mark.parametrize("late", [False, True])
async def test_somebody_changes_what_was_there(tries: Tries, *, late: bool) -> None:
    """A segment that was proved: its end is always compared, all of it after a restart."""
    await tries.interrupted(9 * MIB, when=tries.has_proved)
    saved = tries.keeper.load()
    assert saved is not None
    start, end = next(
        (start, end)
        for start, end, progress in saved.map.progress(*saved.deferred[0])
        if progress is Progress.ACKNOWLEDGED
    )
    if late:
        saved.seen = 0.0
        tries.keeper.save(saved, durable=True)
    with tries.volume.open("r+b") as file:
        file.seek(start if late else end - 4096)
        file.write(b"?")
    with pytest.raises(DestinationChangedError, match="differs from the image"):
        await tries.whole()
    report = await tries.whole(TransferOptions(connections=3, start_over=True))
    assert not report.resumed
    assert_same(tries.image, tries.volume)


async def test_the_image_changes(tries: Tries) -> None:
    async with session_to(tries.daemon.uri) as session:
        upload = Upload(session, tries.image, tries.pool.name, "v", options=SLOW)
        task = asyncio.create_task(upload.run())
        await until(lambda: upload.tracker.moved >= 5 * MIB)
        with tries.image.open("r+b") as file:
            file.write(b"?")
        with pytest.raises(SourceChangedError):
            await task
    assert files_in(tries.pool.path) == []


async def test_without_a_keeper_nothing_is_left(tries: Tries) -> None:
    async with session_to(tries.daemon.uri) as session:
        upload = Upload(session, tries.image, tries.pool.name, "v", options=SLOW)
        task = asyncio.create_task(upload.run())
        await until(lambda: upload.tracker.moved >= 5 * MIB)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert files_in(tries.pool.path) == []


async def test_the_next_is_sent_while_one_is_proved(
    tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way of many milliseconds is not empty at the end of each segment."""
    monkeypatch.setattr(plan, "WORTH", 0)  # so that the segments are short, whatever a call costs
    see, held = Lanes._see, 0

    async def late(self: Lanes, stream: UploadStream, offset: int, expected: bytes) -> None:
        nonlocal held
        if held < 2:  # the first of each connection
            held += 1
            await until(lambda: upload.tracker.moved >= 6 * MIB)
        await see(self, stream, offset, expected)

    monkeypatch.setattr(Lanes, "_see", late)
    async with session_to(tries.daemon.uri) as session:
        two = TransferOptions(connections=2)
        upload = Upload(session, tries.image, tries.pool.name, "v", options=two)
        report = await upload.run()
    assert held == 2
    assert report.state is State.DONE
    assert_same(tries.image, tries.volume)


async def test_each_is_open_before_its_turn_and_sent_in_one_go(
    tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "WORTH", 0)
    send, opened, turns = Packets.data, Lanes._open, list[Packets]()
    count = 0

    async def counted(self: Lanes, connection: Connection, start: int, end: int) -> object:
        nonlocal count
        count += 1
        return await opened(self, connection, start, end)

    async def noted(self: Packets, size: int, view: memoryview | None = None) -> None:
        if not turns or turns[-1] is not self:
            turns.append(self)
            await until(lambda: count >= min(len(turns) + 1, SEGMENTS))
        await send(self, size, view)

    monkeypatch.setattr(Lanes, "_open", counted)
    monkeypatch.setattr(Packets, "data", noted)
    monkeypatch.setattr(crew, "start_with", lambda _: 1)
    monkeypatch.setattr(crew, "MOST_LANES", 1)
    monkeypatch.setattr(delivery, "is_crowded", lambda _: False)
    monkeypatch.setattr(lanes, "ABREAST", 1)
    report = await tries.whole(TransferOptions())
    assert (report.state, report.connections, count) == (State.DONE, 1, SEGMENTS)
    assert len(turns) == len(set(turns)) == SEGMENTS
    assert_same(tries.image, tries.volume)


@pytest.mark.parametrize(("near", "abreast"), [(True, ABREAST), (False, 1)])
async def test_a_daemon_that_is_near_has_several_abreast(
    tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, near: bool, abreast: int
) -> None:
    """Else it waits for the thread that writes, and a far one for nothing."""
    monkeypatch.setattr(plan, "WORTH", 0)
    send, packets, opened = UploadStream.send_file, list[int](), Lanes._open
    ready, stretches = asyncio.Event(), list[object]()

    async def gathered(self: Lanes, connection: Connection, start: int, end: int) -> object:
        stretches.append(await opened(self, connection, start, end))
        if len(stretches) >= abreast:
            ready.set()
        return stretches[-1]

    async def noted(self: UploadStream, fd: int, offset: int, size: int) -> None:
        await ready.wait()
        packets.append(self.serial)
        await send(self, fd, offset, size)

    async def found(_: Connection) -> bool:
        return near

    monkeypatch.setattr(Lanes, "_open", gathered)
    monkeypatch.setattr(UploadStream, "send_file", noted)
    monkeypatch.setattr(delivery, "is_near", found)
    monkeypatch.setattr(delivery, "is_crowded", lambda _: True)
    monkeypatch.setattr(plan, "LONGEST", 8 * MIB)
    tries.image = make_image(tmp_path / "long", data(16 * MIB))
    report = await tries.whole(TransferOptions())
    assert (report.state, report.connections) == (State.DONE, 1)
    assert len(set(packets)) == ABREAST
    assert abreast == max(
        len(set(packets[:number]) & set(packets[number:])) for number in range(len(packets))
    )
    assert_same(tries.image, tries.volume)


@pytest.mark.parametrize("through", ["unix", "tcp"])
async def test_only_a_local_socket_has_a_large_packet_at_once(
    tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    """A network that answers soon may be slow all the same, and the daemon waits 30 s."""
    send, sizes = UploadStream.send_file, list[int]()

    async def noted(self: UploadStream, fd: int, offset: int, size: int) -> None:
        sizes.append(size)
        await send(self, fd, offset, size)

    async def is_near(_: Connection) -> bool:
        return True

    monkeypatch.setattr(UploadStream, "send_file", noted)
    monkeypatch.setattr(delivery, "is_near", is_near)
    monkeypatch.setattr(plan, "ROUNDS", 1)
    monkeypatch.setattr(plan, "LONGEST", 16 * MIB)
    tries.image = make_image(tmp_path / "long", data(48 * MIB))
    uri = tries.daemon.uri if through == "unix" else tries.daemon.tcp_uri
    async with session_to(uri) as session:
        await Upload(session, tries.image, tries.pool.name, "v", options=THREE).run()
    assert sizes.count(LARGE_PACKET) == (1 if through == "unix" else 0)
    assert max(sizes[:3]) == (LARGE_PACKET if through == "unix" else MIB)
    assert_same(tries.image, tries.volume)


async def test_without_a_connection_of_its_own_to_read_over(
    tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon admits so many clients and no more."""
    made = Connecting.made

    async def refused(self: Connecting) -> Connection:
        if not self._daemon_pings:
            raise ConnectError("too many clients")
        return await made(self)

    monkeypatch.setattr(Connecting, "made", refused)
    assert (await tries.whole()).state is State.DONE
    assert_same(tries.image, tries.volume)


async def test_a_failed_proof_stops_what_is_sent_beside_it(
    tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Lanes, stream: UploadStream, offset: int, expected: bytes) -> None:
        raise NotProvedError("it is not there") from ValueError("nobody wrote it")

    monkeypatch.setattr(plan, "WORTH", 0)
    monkeypatch.setattr(Lanes, "_see", never)
    async with session_to(tries.daemon.uri) as session:
        slow = TransferOptions(connections=2, limit=4 * MIB)
        upload = Upload(session, tries.image, tries.pool.name, "v", options=slow)
        with pytest.raises(NotProvedError, match="it is not there") as caught:
            await upload.run()
        assert isinstance(caught.value.__cause__, ValueError)  # what is behind it is told, too
        await session.storage.connection.ping()
    # Each connection had sent a segment of 2 MiB, and hardly begun another.
    assert upload.report.bytes_sent < 6 * MIB
    assert files_in(tries.pool.path) == []


FULL: dict[str, tuple[Piece, ...]] = {
    "a byte too much": (data(4 * MIB + 1),),
    "a page too much": (data(4 * MIB + 4096),),
    "twice too much": (data(8 * MIB),),
    "with holes": (data(3 * MIB), hole(MIB), data(2 * MIB)),
}


@pytest.mark.parametrize("shape", FULL)
async def test_a_full_pool(
    pool_factory: PoolFactory,
    daemon: PrivateLibvirtd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shape: str,
) -> None:
    """Whichever segment does not fit, and however little: it is never called done."""

    async def check_nothing(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("lacuna_engine.transfer.filling.check_room", check_nothing)
    monkeypatch.setattr(lanes, "PATIENCE", 0.5)
    pool = pool_factory("tmpfs", size=4 * MIB)
    image = make_image(tmp_path / "image", *FULL[shape])
    async with session_to(daemon.uri) as session:
        with pytest.raises((RemoteNoSpaceError, NotProvedError)):
            await Upload(session, image, pool.name, "v", options=THREE).run()
    assert files_in(pool.path) == []
