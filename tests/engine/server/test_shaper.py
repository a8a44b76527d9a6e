"""The shaped link: slower is slower, later is later, and a cut or a stall stops everything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.journal.virtual import VirtualLoop, run
from engine.server.serving import nothing_lost, serving
from integration.images import pattern
from lacuna_engine.errors import ConnectionLostError, LacunaError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Void
from lacuna_engine.server import Link, ShapedPipe
from lacuna_engine.transfer import Download, State, Upload
from lacuna_engine.transport import MemoryPipe, memory_pair

MIB = 1 << 20


class Keeper:
    """A receiver that keeps what comes."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.reason: LacunaError | None = None
        self.calls = 0

    def received(self, data: memoryview) -> None:
        self.data += data
        self.calls += 1

    def closed(self, reason: LacunaError) -> None:
        assert self.reason is None
        self.reason = reason


class Ends:
    """A pipe behind a link, and its far end."""

    def __init__(self, link: Link) -> None:
        near, self.far = memory_pair()
        self.pipe = ShapedPipe(near, link)
        self.here, self.there = Keeper(), Keeper()
        self.pipe.start(self.here)
        self.far.start(self.there)

    async def until(self, count: int, *, here: bool = False) -> float:
        """Wait until so many bytes have come; return how long that took."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        keeper = self.here if here else self.there
        async with asyncio.timeout(30):
            while len(keeper.data) < count:
                await asyncio.sleep(0.001)
        return loop.time() - started


@contextmanager
def ends(link: Link) -> Iterator[Ends]:
    made = Ends(link)
    yield made
    made.pipe.close()


async def test_without_limits_it_is_a_pipe() -> None:
    async with nothing_lost():
        with ends(Link()) as both:
            both.pipe.write(b"ab", b"cd")
            await both.pipe.drain()
            both.far.write(b"xyz")
            await both.until(4)
            await both.until(3, here=True)
            assert [bytes(both.there.data), bytes(both.here.data)] == [b"abcd", b"xyz"]
            assert (both.pipe.bytes_written, both.pipe.bytes_read) == (4, 3)


@pytest.mark.parametrize("here", [False, True])
async def test_a_quarter_of_the_bandwidth_takes_longer(here: bool) -> None:
    async with nothing_lost():
        times = []
        for bandwidth in (4 * MIB, MIB):
            with ends(Link(bandwidth=bandwidth)) as both:
                writer = both.far if here else both.pipe
                for _ in range(8):
                    writer.write(bytes(32_768))
                    await asyncio.sleep(0)
                times.append(await both.until(8 * 32_768, here=here))
        assert times[1] > 2 * times[0]


async def test_latency_is_paid_once_by_all_that_is_under_way() -> None:
    async with nothing_lost():
        with ends(Link(latency=0.2)) as both:
            for _ in range(5):
                both.pipe.write(b"x")
            first = await both.until(1)
            rest = await both.until(5)
        assert rest < first
        assert first > 0.1


async def test_the_sender_waits_for_room() -> None:
    async with nothing_lost():
        with ends(Link(stalled=True)) as both:
            both.pipe.write(bytes(5 * MIB))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(both.pipe.drain(), 0.1)
            both.pipe._link.stalled = False
            await both.pipe.drain()
            await both.until(5 * MIB)


async def test_a_slow_reader_is_not_hidden() -> None:
    """What the pipe behind does not take stays on the link, and the sender waits."""

    class Full(MemoryPipe):
        async def drain(self) -> None:
            await asyncio.Event().wait()

    async with nothing_lost():
        near = Full()
        near.connect(MemoryPipe())
        pipe = ShapedPipe(near, Link())
        pipe.start(Keeper())
        for _ in range(8):
            pipe.write(bytes(MIB))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pipe.drain(), 0.1)
        assert near.bytes_written <= MIB
        assert pipe._passing_on is not None
        pipe._passing_on.cancel()
        pipe.close()


async def test_pausing() -> None:
    async with nothing_lost():
        with ends(Link()) as both:
            both.pipe.hold_reading("me")
            both.far.write(b"abc")
            await asyncio.sleep(0.05)
            assert not both.here.data
            both.pipe.release_reading("me")
            await both.until(3, here=True)


@pytest.mark.parametrize("cut", [1, 1000])
async def test_a_cut(cut: int) -> None:
    async with nothing_lost():
        both = Ends(Link(cut_at=cut))
        for _ in range(20):
            both.pipe.write(bytes(100))
        async with asyncio.timeout(30):
            await both.pipe.wait_closed()
        assert isinstance(both.here.reason, ConnectionLostError)
        with pytest.raises(ConnectionLostError):
            await both.pipe.drain()
        both.pipe.write(b"more")


async def test_a_stall() -> None:
    async with nothing_lost():
        with ends(Link(stalled=True)) as both:
            both.pipe.write(b"x")
            await asyncio.sleep(0.15)
            assert not both.there.data
            both.pipe._link.stalled = False
            await both.until(1)


@pytest.mark.parametrize("link", [Link(bandwidth=8 * MIB, latency=0.02), Link(latency=0.1)])
async def test_transfers_over_a_link(short_path: Path, tmp_path: Path, link: Link) -> None:
    content = pattern(0, 3 * MIB)
    (tmp_path / "source").write_bytes(content)
    async with serving(short_path, link=link) as served, served.session() as session:
        up = await Upload(session, tmp_path / "source", "pool", "v").run()
        down = await Download(session, "pool", "v", tmp_path / "back").run()
        assert up.state is down.state is State.DONE
        assert (tmp_path / "back").read_bytes() == served.content() == content


@pytest.mark.parametrize("cut", [2000, 1 << 20, 3 << 20])
async def test_transfers_over_a_link_that_breaks(
    short_path: Path, tmp_path: Path, cut: int
) -> None:
    link = Link()
    async with serving(short_path, link=link) as served, served.session() as session:
        served.volume("v", pattern(0, 8 * MIB))
        link.cut_at = cut
        with pytest.raises(LacunaError):
            await Download(session, "pool", "v", tmp_path / "back").run()
        assert not list(tmp_path.iterdir())
        link.cut_at = None


async def test_a_stalled_link_is_waited_for(short_path: Path) -> None:
    link = Link()
    async with serving(short_path, link=link) as served, served.connect() as wire:
        link.stalled = True
        wire.call(p.CONNECT_GET_TYPE, Void())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.message(), 0.2)
        link.stalled = False
        assert (await wire.next()).header.procedure == p.CONNECT_GET_TYPE.number


def test_what_is_written_meanwhile_lets_nothing_overtake() -> None:
    """The receiver answers at once, and takes its time: what comes due then waits its turn."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = loop.waiting
        made = Ends(Link(latency=1.0))

        class Answering(Keeper):
            def received(self, data: memoryview) -> None:
                super().received(data)
                clock.now += 0.5
                made.pipe.write(bytes(data).upper())

        made.here = Answering()
        made.pipe._receiver = made.here
        for piece in (b"a", b"b"):
            made.pipe.received(memoryview(piece))
        await asyncio.sleep(0.1)
        made.pipe.received(memoryview(b"c"))
        await asyncio.sleep(10)
        assert bytes(made.here.data) == b"abc"
        assert bytes(made.there.data) == b"ABC"
        made.pipe.close()

    run(main())
