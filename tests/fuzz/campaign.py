"""What the server's fuzz tests share: messages, sequences of them, and a server to send them to."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import logging
import os
import random
import socket
import struct
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.rpc.vectors import VECTORS
from engine.server.wire import Wire
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Header, Program, Status, Type, encode
from lacuna_engine.rpc.procedures import PROCEDURES, Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server import Faults, Registry, StorageServer
from lacuna_engine.server.client import ServedClient
from lacuna_engine.server.lending import LendingPipe

__all__ = ["Campaign", "Generator", "campaign", "rss"]

POOL = "ref-v1"
"""As in the captured messages, so that they find it."""

UUID = bytes.fromhex("00112233445566778899aabbccddeeff")
CAPTURED = [vector.message for vector in VECTORS if vector.to_daemon]
NUMBERS = [0, 1, 2, 3, 7, 8, 255, 4096, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]
NAMES = ["a", "b", "v", "nope", "", "..", "x/y", "\n", "n" * 300, "\udcff", "sparse", "a\x01b"]
AWAITED = {
    struct.pack(">ii", procedure.number, Type.CALL)
    for procedure in (p.AUTH_LIST, p.CONNECT_OPEN, p.VOL_UPLOAD, p.VOL_DOWNLOAD)
}
"""Procedure and type of calls whose reply a client waits for, as a message has them."""


def rss() -> int:
    """Bytes of memory that this process has in use, without what its allocator keeps for later."""
    gc.collect()
    with suppress(AttributeError):  # glibc's own
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Generator:
    """Makes whole and broken messages, by chance alone; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.serial = 1
        self.open: list[tuple[int, int]] = []

    def preamble(self) -> list[bytes]:
        """Being let in, most of the time."""
        if self.random.random() < 0.03:
            return []
        opening = self.call(p.CONNECT_OPEN, r.Open("storage:///system"))
        return [self.call(p.AUTH_LIST, Void()), opening]

    def call(self, procedure: Procedure[Any, Any], arguments: Record) -> bytes:
        self.serial += 1
        header = Header(Program.REMOTE, procedure.number, Type.CALL, self.serial, Status.OK)
        return encode(header, arguments.pack())

    def messages(self) -> list[bytes]:
        """A few messages that belong together."""
        kind = self.random.choices(
            [self._stream, self._captured, self._noise, self._calls, self._odd, self._raw],
            [30, 25, 15, 20, 9, 1],
        )[0]
        return kind()

    # --- kinds of sequences ----------------------------------------------------------------------

    def _stream(self) -> list[bytes]:
        """Open a stream, and send what may and may not be sent on it."""
        choose = self.random
        procedure = choose.choice((p.VOL_UPLOAD, p.VOL_UPLOAD, p.VOL_DOWNLOAD))
        target = r.VolumeRange(
            self._volume(),
            choose.choice((0, 0, 0, 5, 4096, 2**40, self._number())),
            choose.choice((0, 0, 100, self._number())),
            choose.choice((0, 1, 1, 1, 9)),
        )
        out = [self.call(procedure, target)]
        number = procedure.number
        self.open = [*self.open[-20:], (number, self.serial)]
        for _ in range(choose.randrange(12)):
            number, serial = choose.choice(self.open)
            out.append(self._on_stream(number, serial))
        return out

    def _on_stream(self, number: int, serial: int) -> bytes:
        choose = self.random
        action = choose.randrange(12)
        status = Status.CONTINUE
        kind: int = Type.STREAM
        payload = b""
        if action < 5:
            payload = choose.randbytes(choose.choice((1, 5, 28, 4096)))
        elif action < 8:
            kind = Type.STREAM_HOLE
            length = choose.choice((1, 4096, 2**20, 2**40, 0, -1, 2**63 - 1))
            payload = struct.pack(">qI", length, choose.choice((0, 0, 0, 1)))[
                : choose.choice((12, 12, 12, 12, 12, 4))
            ]
        elif action < 10:
            status = Status.OK
        elif action == 10:
            status = Status.ERROR
        else:
            return encode(Header(Program.REMOTE, number, kind, serial, choose.randrange(9)))
        return encode(Header(Program.REMOTE, number, kind, serial, status), payload)

    def _captured(self) -> list[bytes]:
        """What virsh once sent, damaged in places."""
        message = bytearray(self.random.choice(CAPTURED))
        for _ in range(self.random.randrange(4)):
            place = self.random.randrange(4 if self.random.random() < 0.05 else 12, len(message))
            message[place] = self.random.randrange(256)
        if self.random.random() < 0.2:
            cut = self.random.randrange(28, len(message) + 1)
            message = message[:cut] + self.random.randbytes(self.random.randrange(9))
        message[:4] = len(message).to_bytes(4, "big")
        return [bytes(message)]

    def _noise(self) -> list[bytes]:
        """A known call with any arguments."""
        number = self.random.choice([*PROCEDURES, *PROCEDURES, 0, -1, 444, 9999])
        if number == p.CONNECT_CLOSE.number and self.random.random() < 0.9:
            number = p.CONNECT_GET_TYPE.number
        self.serial += 1
        words = self.random.randrange(12)
        payload = b"".join(
            self.random.choice(NUMBERS).to_bytes(8, "big")[-4:] for _ in range(words)
        ) + self.random.randbytes(self.random.randrange(20))
        return [encode(Header(Program.REMOTE, number, Type.CALL, self.serial, 0), payload)]

    def _calls(self) -> list[bytes]:
        """Calls that are right in form, with unlikely values."""
        pool, volume = r.PoolHandle(POOL, UUID), self._volume()
        number = self._number() & 0xFFFFFFFF
        xml = self._xml()
        calls: list[Callable[[], bytes]] = [
            lambda: self.call(p.VOL_CREATE_XML, r.PoolXml(pool, xml, number % 2)),
            lambda: self.call(p.VOL_CREATE_XML_FROM, r.CloneVolume(pool, xml, volume)),
            lambda: self.call(p.VOL_DELETE, r.VolumeFlags(volume)),
            lambda: self.call(p.VOL_RESIZE, r.Resize(volume, self._number() % 2**41, number % 8)),
            lambda: self.call(p.VOL_WIPE, r.VolumeFlags(volume)),
            lambda: self.call(p.VOL_GET_XML_DESC, r.VolumeFlags(volume)),
            lambda: self.call(p.VOL_GET_INFO_FLAGS, r.VolumeFlags(volume, number % 3)),
            lambda: self.call(p.VOL_LOOKUP_BY_NAME, r.PoolName(pool, volume.name)),
            lambda: self.call(p.LIST_ALL_VOLUMES, r.ListVolumes(pool)),
            lambda: self.call(p.LIST_ALL_POOLS, r.ListPools(1, number)),
            lambda: self.call(p.POOL_REFRESH, r.PoolFlags(pool)),
            lambda: self.call(p.POOL_GET_XML_DESC, r.PoolFlags(pool, number % 2)),
            lambda: self.call(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(number % 3)),
            lambda: self.call(p.POOL_EVENT_DEREGISTER, r.Number(number % 50)),
            lambda: self.call(p.CONNECT_SUPPORTS_FEATURE, r.Number(number % 20)),
            lambda: self.call(p.AUTH_SASL_START, r.SaslStart("SCRAM-SHA-256", 0, b"n,,n=x,r=y")),
            lambda: self.call(p.AUTH_SASL_STEP, r.SaslStep(0, self.random.randbytes(9))),
            lambda: self.call(p.POOL_DEFINE_XML, r.Xml(xml, 0)),
            lambda: self.call(p.POOL_SET_AUTOSTART, r.PoolNumber(pool, number % 2)),
        ]
        if self.random.random() < 0.02:
            stop = p.POOL_CREATE if number % 2 else p.POOL_DESTROY
            arguments = r.PoolFlags(pool) if number % 2 else r.Pool(pool)
            return [self.call(stop, arguments), self.call(p.POOL_CREATE, r.PoolFlags(pool))]
        return [self.random.choice(calls)() for _ in range(self.random.randrange(1, 6))]

    def _odd(self) -> list[bytes]:
        """Headers that no client sends, and pings."""
        header = Header(
            self.random.choice((Program.REMOTE, Program.REMOTE, Program.KEEPALIVE, 0x20008087)),
            self.random.choice((0, 1, 2, 66, 208, 209, 370)),
            self.random.choice((0, 1, 2, 3, 5, 6, 7, 255)),
            self.random.choice((0, 1, self.serial, 0xFFFFFFFF)),
            self.random.randrange(4),
            self.random.choice((1, 1, 1, 2)),
        )
        return [encode(header, self.random.randbytes(self.random.choice((0, 0, 4, 12, 40))))]

    def _raw(self) -> list[bytes]:
        """No messages at all; the end of most connections."""
        return [self.random.randbytes(self.random.randrange(1, 60))]

    # --- parts -----------------------------------------------------------------------------------

    def _volume(self) -> r.VolumeHandle:
        name = self.random.choice(NAMES[:3]) if self.random.random() < 0.8 else self._name()
        return r.VolumeHandle(self.random.choice((POOL, POOL, POOL, "nope")), name, "")

    def _name(self) -> str:
        return self.random.choice(NAMES)

    def _number(self) -> int:
        return self.random.choice(NUMBERS)

    def _xml(self) -> str:
        name = self._name()
        capacity = self.random.choice((0, 1, 4096, 2**30, 2**63, 2**64, -1, "x"))
        allocation = self.random.choice((0, 0, 4096))
        form = self.random.choice(("raw", "qcow2", "iso", "nope"))
        return self.random.choice(
            (
                (
                    f"<volume><name>{name}</name><capacity>{capacity}</capacity><allocation>"
                    f"{allocation}</allocation><target><format type='{form}'/></target></volume>"
                ),
                "<volume>" * 40,
                "<!DOCTYPE v [<!ENTITY e 'x'>]><volume><name>&e;</name></volume>",
                f"<pool type='dir'><name>{name}</name></pool>",
            )
        )


@dataclass
class Campaign:
    """A server that is being sent nonsense, and what came of it."""

    server: StorageServer
    folder: Path
    lost: list[object] = field(default_factory=list)
    messages: int = 0
    connections: int = 0

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, LendingPipe]:
        """Connect by a pair of sockets, as if the server had accepted it."""
        mine, theirs = socket.socketpair()
        pipe = LendingPipe(theirs)
        self.server._take(pipe, secure=True)
        self.connections += 1
        return *await asyncio.open_unix_connection(sock=mine), pipe

    async def send(self, messages: list[bytes], chance: random.Random) -> None:
        """Send messages on a new connection, cut anyhow, and count those that were taken."""
        reader, writer, pipe = await self.connect()
        swallowing = asyncio.create_task(_swallow(reader))
        waiting = bytearray()
        try:
            for message in messages:
                waiting += message
                # What is sent before a reply that it depends on is refused or dropped.
                awaited = message[12:20] in AWAITED and chance.random() < 0.9
                if awaited or len(waiting) > chance.choice((0, 0, 100, 5000)):
                    await _write(writer, waiting, chance)
                    waiting.clear()
                if awaited:
                    await asyncio.sleep(0.0005)
                if swallowing.done():
                    break
            await _write(writer, waiting, chance)
            if chance.random() < 0.8:
                # Half closed: the server reads everything, and then the end.
                writer.write_eof()
            else:
                writer.transport.abort()
        except OSError:
            pass
        try:
            async with asyncio.timeout(60):
                await swallowing
                await pipe.wait_closed()
        finally:
            writer.transport.abort()
        ends = itertools.accumulate(map(len, messages))
        self.messages += sum(end <= pipe.bytes_read for end in ends)

    async def send_messages(self, seed: int, count: int) -> None:
        """Send so many messages, by connections of at most some hundred each."""
        generator = Generator(seed)
        while count > 0:
            generator.serial, generator.open = 1, []
            messages = generator.preamble()
            limit = generator.random.choice((10, 100, 400))
            while len(messages) < limit:
                messages += generator.messages()
            before = self.messages
            await self.send(messages, generator.random)
            count -= self.messages - before
            self.tidy()

    async def is_alive(self) -> bool:
        """Whether a well-behaved client is served."""
        reader, writer, _ = await self.connect()
        wire = await Wire(reader, writer).open()
        answer = await wire.answer(p.CONNECT_GET_TYPE, Void())
        wire.writer.transport.abort()
        return bool(answer == r.String("storage"))

    async def settle(self) -> None:
        """Wait until all clients are gone."""
        async with asyncio.timeout(60):
            while self.server.clients:
                await asyncio.sleep(0.01)

    def tidy(self) -> None:
        """Have the folder and the pool as at the beginning, more or less."""
        for entry in list(self.folder.iterdir()):
            with suppress(FileNotFoundError):  # the server works on
                if entry.name not in {"a", "b", "v"} or entry.stat().st_blocks > 1 << 13:
                    entry.unlink()
        for name in ("a", "b", "v"):
            if not (self.folder / name).exists():
                (self.folder / name).write_bytes(b"\xa5" * 10_000)


async def _write(
    writer: asyncio.StreamWriter, data: bytes | bytearray, chance: random.Random
) -> None:
    """Write in pieces, cut anyhow."""
    position = 0
    while position < len(data):
        step = chance.choice((1, 7, 28, 4096, 1 << 16, 1 << 16, 1 << 16))
        writer.write(bytes(data[position : position + step]))
        position += step
        await writer.drain()
        if chance.random() < 0.1:
            await asyncio.sleep(0)


async def _swallow(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        return


class _Lost(logging.Handler):
    def __init__(self, lost: list[object]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        self._lost.append((record.getMessage(), record.exc_info))


@asynccontextmanager
async def campaign(folder: Path) -> AsyncGenerator[Campaign]:
    """Serve ``folder``; at the end nothing may be left: no task, no descriptor, no error."""
    loop = asyncio.get_running_loop()
    tasks = asyncio.all_tasks()
    registry = Registry([str(folder.parent)], allow_define=False)
    registry.add(POOL, str(folder), uuid.UUID(bytes=UUID))
    # What a hanging file system would do must not be told from what a fuzzer finds.
    server = StorageServer(registry, faults=lambda _: Faults())
    running = Campaign(server, folder)
    handler = _Lost(running.lost)
    loop.set_exception_handler(lambda _, context: running.lost.append(context))
    for name in ("asyncio", "lacuna_engine"):
        logging.getLogger(name).addHandler(handler)
    try:
        before = descriptors()
        async with server:
            running.tidy()
            yield running
            await running.settle()
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()
        assert not running.lost, running.lost[:3]
        assert not [one for one in gc.get_objects() if isinstance(one, ServedClient)]
        left = asyncio.all_tasks() - tasks - {asyncio.current_task()}
        assert not left, left
        assert descriptors() <= before + 2, "descriptors are left"
    finally:
        for name in ("asyncio", "lacuna_engine"):
            logging.getLogger(name).removeHandler(handler)
        loop.set_exception_handler(None)
