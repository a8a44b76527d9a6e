"""The sequence of messages that an image becomes."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from engine.scripted import Daemon, Volume
from engine.transfer.images import KIB, MIB, kinds_of, make
from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.errors import RemoteNoSpaceError
from lacuna_engine.extents import ExtentMap, Kind, Progress, Source
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.transfer import Session, Tracker
from lacuna_engine.transfer.limit import TokenBucket
from lacuna_engine.transfer.packets import Packets
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.reader import read_batches
from lacuna_engine.transfer.sender import Sender

Layout = list[tuple[str, int]]
Messages = list[tuple[str, int]]


@dataclass
class Proof:
    """Notes when it was asked to wait, among the messages."""

    daemon: Daemon

    async def settle(self, size: int) -> bool:
        # What has been sent is there before the note of it.
        await self.daemon.until(size, "v")
        self.daemon.messages.append(("settle", size))
        return True


@dataclass
class Sending:
    """One image sent, and what came of it."""

    daemon: Daemon
    session: Session
    folder: Path
    tracker: Tracker = field(default_factory=Tracker)
    content: bytes = b""

    async def __call__(
        self,
        layout: Layout,
        *,
        proof: bool = True,
        paced: bool = False,
        first_byte: bool = False,
        sparse: bool = True,
        zero_scan: bool = False,
        rate: int = 0,
    ) -> Messages:
        """Send the image and return the messages, pings and waits, data in one packet each."""
        path = self.folder / "image"
        self.content = make(path, layout)
        size = len(self.content)
        self.daemon.volumes["v"] = Volume(type="block" if paced else "file")
        self.tracker = Tracker(map=ExtentMap.from_kinds(size, kinds_of(layout)))
        connection = await self.session.connect()
        self.note_pings(connection)
        stream = await connection.upload(VolumeRange(self.daemon.handle("v"), flags=int(sparse)))
        fd = os.open(path, os.O_RDONLY)
        try:
            source = Source(fd, "image", size, device=False)
            limiter = TokenBucket(rate, asyncio.get_running_loop().time())
            sender = Sender(
                connection,
                stream,
                Packets(fd, stream, self.tracker, limiter),
                self.tracker,
                size,
                proof=cast("GrowthProof", Proof(self.daemon)) if proof else None,
                paced=paced,
                first_byte=first_byte,
            )
            kinds = list(self.tracker.map.kinds())
            async with aclosing(read_batches(source, kinds, zero_scan=zero_scan)) as batches:
                await sender.run(batches)
            await stream.finish()
        finally:
            os.close(fd)
        assert self.daemon.messages.pop() == ("finish", 0)
        self.check(stream)
        return self.daemon.messages

    def note_pings(self, connection: Connection) -> None:
        ping = connection.ping

        async def noted() -> None:
            await ping()
            self.daemon.messages.append(("ping", 0))

        connection.ping = noted  # type: ignore[method-assign]

    def check(self, stream: UploadStream) -> None:
        size = len(self.content)
        assert self.daemon.volumes["v"].data == self.content
        assert stream.machine.position == self.tracker.passed == size
        assert self.tracker.moved == stream.bytes_sent
        assert self.tracker.map.bytes_at(Progress.IN_FLIGHT) == size


@pytest.fixture
async def send(daemon: Daemon, session: Session, tmp_path: Path) -> Sending:
    return Sending(daemon, session, tmp_path)


only_memory = pytest.mark.parametrize("daemon", ["memory"], indirect=True)

TAILS: list[tuple[Layout, Messages]] = [
    ([], []),
    ([("data", 1)], [("data", 1)]),
    ([("data", 2)], [("data", 1), ("settle", 1), ("data", 1)]),
    ([("data", 4096)], [("data", 4095), ("settle", 4095), ("data", 1)]),
    # The last byte alone would be in a block of its own, which may not fit.
    ([("data", 4097)], [("data", 4095), ("settle", 4095), ("data", 2)]),
    ([("data", 4098)], [("data", 4097), ("settle", 4097), ("data", 1)]),
    # The last batch has one byte: what is before it is waited for all the same.
    ([("data", MIB + 1)], [("data", MIB), ("settle", MIB), ("data", 1)]),
    ([("data", MIB + 2)], [("data", MIB), ("data", 1), ("settle", MIB + 1), ("data", 1)]),
    ([("hole", 1)], [("hole", 1)]),
    ([("hole", 2)], [("hole", 1), ("settle", 1), ("hole", 1)]),
    ([("hole", 1 << 20)], [("hole", MIB - 1), ("settle", MIB - 1), ("hole", 1)]),
    ([("hole", 4096), ("data", 1)], [("hole", 4096), ("settle", 4096), ("data", 1)]),
    ([("data", 4096), ("hole", 1)], [("data", 4096), ("settle", 4096), ("hole", 1)]),
    (
        [("data", 4096), ("hole", 8192)],
        [("data", 4096), ("hole", 8191), ("settle", 12287), ("hole", 1)],
    ),
    (
        [("hole", 4096), ("data", 5000), ("hole", 4096), ("data", 10)],
        [
            *(("hole", 4096), ("data", 5000), ("hole", 4096), ("data", 9)),
            *(("settle", 13201), ("data", 1)),
        ],
    ),
]


@only_memory
@pytest.mark.parametrize(
    ("layout", "messages"),
    TAILS,
    ids=["+".join(f"{k}{n}" for k, n in case) or "empty" for case, _ in TAILS],
)
async def test_the_last_message_is_held_back(
    layout: Layout, messages: Messages, send: Sending
) -> None:
    assert await send(layout) == messages


@only_memory
async def test_without_a_proof_nothing_is_held_back(send: Sending) -> None:
    layout = [("data", 4097), ("hole", 4096), ("data", 9999)]
    assert await send(layout, proof=False) == layout


async def test_large_images(send: Sending) -> None:
    """Over sockets from the file itself."""
    await send([("data", 5 * MIB + 17), ("hole", 3 * MIB), ("zero", 70 * KIB), ("data", 65_537)])


@only_memory
async def test_zeros_become_holes_with_the_hole_beside_them(send: Sending) -> None:
    layout = [("data", 4096), ("zero", 128 * KIB), ("hole", 4096), ("zero", 4096), ("data", 4096)]
    assert await send(layout, zero_scan=True) == [
        *(("data", 4096), ("hole", 136 * KIB), ("data", 4095)),
        *(("settle", 144 * KIB - 1), ("data", 1)),
    ]
    extents = send.tracker.map
    assert extents.bytes_of(Kind.ZERO) == 132 * KIB
    assert extents.bytes_of(Kind.HOLE) == 4096


@only_memory
async def test_holes_for_devices_are_short_and_paced(send: Sending) -> None:
    layout = [("data", 512), ("hole", 40 * MIB), ("data", 512), ("hole", 512)]
    ping = ("ping", 0)
    assert await send(layout, proof=False, paced=True) == [
        ("data", 512),
        *(("hole", 16 * MIB), ping, ("hole", 16 * MIB), ping, ("hole", 8 * MIB), ping),
        ("data", 512),
        *(("hole", 512), ping),
    ]


@only_memory
async def test_a_daemon_without_holes_gets_zeros(send: Sending) -> None:
    layout = [("data", 10), ("hole", 2 * MIB + 5), ("data", 10), ("hole", 3)]
    messages = await send(layout, sparse=False)
    assert messages == [
        *(("data", 10), ("data", MIB), ("data", MIB), ("data", 5), ("data", 10)),
        *(("data", 2), ("settle", 2 * MIB + 27), ("data", 1)),
    ]
    assert send.tracker.moved == 2 * MIB + 28


@only_memory
@pytest.mark.parametrize(
    ("layout", "messages"),
    [
        ([("hole", 8192)], [("data", 1), ("hole", 8190), ("settle", 8191), ("hole", 1)]),
        (
            [("hole", 4096), ("data", 5)],
            [("data", 1), ("hole", 4095), ("data", 4), ("settle", 4100), ("data", 1)],
        ),
        (  # the first data is not the last, and short enough to be gathered
            [("hole", 4096), ("data", 5), ("hole", 10), ("data", 5)],
            [
                *(("data", 1), ("hole", 4095), ("data", 5), ("hole", 10)),
                *(("data", 4), ("settle", 4115), ("data", 1)),
            ],
        ),
        ([("data", 4096)], [("data", 4095), ("settle", 4095), ("data", 1)]),
    ],
)
async def test_the_first_byte_is_data(layout: Layout, messages: Messages, send: Sending) -> None:
    """A byte of unknown value is there, which no hole would change."""
    assert await send(layout, first_byte=True) == messages
    assert send.tracker.map.kind_at(0) is Kind.DATA


@only_memory
async def test_a_rate_is_kept(send: Sending, naps: list[float]) -> None:
    await send([("data", 4 * MIB), ("hole", 64 * MIB), ("data", MIB)], rate=MIB, proof=False)
    waits = [nap for nap in naps if nap]
    # At least a second for each MiB but for the burst, in short naps; nobody really slept.
    assert sum(waits) > 4
    assert max(waits) <= 0.5


async def test_the_streams_error_ends_it(send: Sending, daemon: Daemon) -> None:
    daemon.faults.full_at = 1000
    with pytest.raises(RemoteNoSpaceError):
        await send([("data", 32 * MIB)], proof=False)
