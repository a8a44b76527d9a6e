"""Streams message by message, against both. Where they differ on purpose, the test says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from conformance.target import Target
from engine.server.wire import Wire, connected, error_of
from integration.libvirtd import MIB
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Header, Program, Status, Type
from lacuna_engine.xdr import Cursor

KIB = 1 << 10
OLD, NEW = b"\xee", b"\xa5"
BAD_FILE, INVALID, IS_FOLDER, NO_SPACE = 9, 22, 21, 28


@dataclass(frozen=True)
class Bench:
    """A connection and a volume of 1 MiB full of old bytes."""

    target: Target
    wire: Wire
    handle: r.VolumeHandle

    @property
    def content(self) -> bytes:
        return self.target.file("v").read_bytes()

    async def upload(self, offset: int = 0, length: int = 0, *, sparse: bool = True) -> int:
        target = r.VolumeRange(self.handle, offset, length, int(sparse))
        return await self.wire.open_stream(p.VOL_UPLOAD, target)

    async def download(self, offset: int = 0, length: int = 0, *, sparse: bool = True) -> int:
        target = r.VolumeRange(self.handle, offset, length, int(sparse))
        return await self.wire.open_stream(p.VOL_DOWNLOAD, target)


@pytest.fixture
async def bench(target: Target) -> AsyncIterator[Bench]:
    target.file("v").write_bytes(OLD * MIB)
    target.virsh("pool-refresh", target.pool)
    async with connected(target.socket) as wire:
        handle = r.VolumeHandle(target.pool, "v", "ignored")
        yield Bench(target, wire, handle)


# --- uploads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 5, 4096, 262_120, 3 * MIB])
async def test_data_in_packets(bench: Bench, size: int) -> None:
    serial = await bench.upload(sparse=False)
    for start in range(3):
        bench.wire.data(serial, bytes([start + 1]) * size)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    sent = b"".join(bytes([start + 1]) * size for start in range(3))
    assert bench.content == sent + (OLD * MIB)[len(sent) :]


async def test_no_data_at_all(bench: Bench) -> None:
    serial = await bench.upload()
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    assert bench.content == OLD * MIB


async def test_offset(bench: Bench) -> None:
    serial = await bench.upload(2 * MIB)
    bench.wire.data(serial, NEW * 10)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    assert bench.content == OLD * MIB + bytes(MIB) + NEW * 10


async def test_an_impossible_offset(bench: Bench) -> None:
    for procedure in (p.VOL_UPLOAD, p.VOL_DOWNLOAD):
        error = await bench.wire.answer(procedure, r.VolumeRange(bench.handle, 1 << 63, 0, 1))
        assert (error.code, error.domain, error.int1) == (38, 38, INVALID)


async def test_a_hole_over_old_data(bench: Bench) -> None:
    """libvirtd keeps what the first hole is to cover (0.2), the server punches it."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 4096)
    bench.wire.hole(serial, 64 * KIB)
    bench.wire.data(serial, NEW * 4096)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    middle = (OLD if bench.target.is_libvirtd else b"\0") * 64 * KIB
    start = NEW * 4096 + middle + NEW * 4096
    # And it cuts the file off at the end of the hole (0.3), the server only behind a last one.
    rest = b"" if bench.target.is_libvirtd else OLD * (MIB - len(start))
    assert bench.content == start + rest


async def test_a_hole_at_the_end(bench: Bench) -> None:
    """It makes the file as long as the image, with both, and be it shorter than before."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 4096)
    bench.wire.hole(serial, 4096)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    assert len(bench.content) == 8192
    assert bench.content[:4096] == NEW * 4096
    serial = await bench.upload()
    bench.wire.hole(serial, 1 << 43)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    assert bench.target.file("v").stat().st_size == 1 << 43


async def test_a_hole_beside_another_stream(bench: Bench) -> None:
    """Two segments of one volume: libvirtd's hole destroys the second (0.3), the server's not."""
    second = await bench.upload(512 * KIB, 512 * KIB)
    bench.wire.data(second, NEW * 512 * KIB)
    bench.wire.finish(second)
    assert await bench.wire.outcome(second) is None
    first = await bench.upload(0, 512 * KIB)
    bench.wire.data(first, NEW * 4096)
    bench.wire.hole(first, 508 * KIB)
    bench.wire.finish(first)
    assert await bench.wire.outcome(first) is None
    if bench.target.is_libvirtd:
        assert len(bench.content) == 512 * KIB
    else:
        assert bench.content == NEW * 4096 + bytes(508 * KIB) + NEW * 512 * KIB


async def test_fewer_bytes_than_the_length(bench: Bench) -> None:
    serial = await bench.upload(0, 1000)
    bench.wire.data(serial, NEW * 10)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    assert bench.content == NEW * 10 + OLD * (MIB - 10)


async def test_more_bytes_than_the_length(bench: Bench) -> None:
    """Written up to it, and then an error (4.3)."""
    serial = await bench.upload(0, 1000)
    bench.wire.data(serial, NEW * 600)
    bench.wire.data(serial, NEW * 600)
    bench.wire.data(serial, NEW * 600)
    error = await bench.wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.int1) == (38, 38, NO_SPACE)
    if bench.target.is_libvirtd:
        # What waits to be written when the error is found may be lost, in whole packets.
        assert bench.content.count(NEW) in {0, 600, 1000}
    else:
        assert bench.content == NEW * 1000 + OLD * (MIB - 1000)
    bench.wire.finish(serial)
    assert await bench.wire.quiet() == []


async def test_a_hole_beyond_the_length(bench: Bench) -> None:
    """Cut to it without a word; libvirtd truncates the file there (4.3)."""
    serial = await bench.upload(0, 1000)
    bench.wire.hole(serial, 5000)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    if bench.target.is_libvirtd:
        assert bench.content == OLD * 1000
    else:
        assert bench.content == bytes(1000) + OLD * (MIB - 1000)


@pytest.mark.parametrize(("length", "flags"), [(0, 0), (-5, 0), (4096, 1)])
async def test_a_bad_hole(bench: Bench, length: int, flags: int) -> None:
    """libvirtd's error comes as a reply that says nothing (0.5), the server's as a stream's own."""
    serial = await bench.upload()
    bench.wire.hole(serial, length, flags)
    message = await bench.wire.next()
    error = error_of(message)
    assert message.header.serial == serial
    if bench.target.is_libvirtd:
        assert message.header.type == Type.REPLY
        assert (error.code, error.domain) == (1, 7)
    else:
        assert message.header.type == Type.STREAM
        assert (error.code, error.domain, error.int1) == (38, 38, INVALID)
    assert await bench.wire.quiet() == []
    assert bench.content == OLD * MIB


async def test_a_hole_on_a_stream_for_data(bench: Bench) -> None:
    serial = await bench.upload(sparse=False)
    bench.wire.hole(serial, 4096)
    assert await bench.wire.ended()


async def test_an_empty_packet(bench: Bench) -> None:
    """It makes the writer quit; what follows fails."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 10)
    bench.wire.data(serial, b"")
    await bench.wire.quiet()
    await asyncio.sleep(0.1)  # libvirtd's writer is a thread
    bench.wire.data(serial, NEW * 10)
    error = await bench.wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.int1) == (38, 38, BAD_FILE)


async def test_an_unknown_status(bench: Bench) -> None:
    serial = await bench.upload()
    bench.wire.send(Header(Program.REMOTE, p.VOL_UPLOAD.number, Type.STREAM, serial, 7))
    error = await bench.wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain) == (39, 38)
    assert await bench.wire.quiet() == []


async def test_abort(bench: Bench) -> None:
    """Agreed to; what was written stays."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 10)
    await bench.wire.quiet()
    bench.wire.abort(serial)
    assert await bench.wire.outcome(serial) is None
    assert len(bench.content) == MIB
    again = await bench.upload()
    bench.wire.data(again, NEW * 20)
    bench.wire.finish(again)
    assert await bench.wire.outcome(again) is None
    assert bench.content == NEW * 20 + OLD * (MIB - 20)


async def test_what_comes_behind_a_finish(bench: Bench) -> None:
    """It changes nothing and has no answer."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 10)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None
    bench.wire.finish(serial)
    bench.wire.data(serial, OLD * 100)
    bench.wire.hole(serial, 4096)
    bench.wire.abort(serial)
    assert await bench.wire.quiet() == []
    assert bench.content == NEW * 10 + OLD * (MIB - 10)


async def test_the_last_write_fails(bench: Bench) -> None:
    """libvirtd says that all is well (0.1), the server says what happened."""
    bench.target.file("ballast").write_bytes(bytes(62 * MIB))
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 4 * MIB)
    bench.wire.finish(serial)
    error = await bench.wire.outcome(serial)
    if bench.target.is_libvirtd:
        assert error is None
        assert len(bench.content) < 4 * MIB
    else:
        assert error is not None
        assert (error.code, error.domain, error.int1) == (38, 38, NO_SPACE)


async def test_a_write_fails(bench: Bench) -> None:
    """Both say so if more comes; an abort is agreed to after all."""
    bench.target.file("ballast").write_bytes(bytes(62 * MIB))
    serial = await bench.upload()
    for _ in range(8):
        bench.wire.data(serial, NEW * MIB)
    error = await bench.wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.int1) == (38, 38, NO_SPACE)
    assert await bench.wire.quiet() == []


async def test_the_volume_is_deleted_meanwhile(bench: Bench) -> None:
    """Nothing protects it; both agree to the finish (0.10)."""
    serial = await bench.upload()
    bench.wire.data(serial, NEW * 10)
    await bench.wire.answer(p.VOL_DELETE, r.VolumeFlags(bench.handle))
    assert not bench.target.file("v").exists()
    bench.wire.data(serial, NEW * 10)
    bench.wire.finish(serial)
    assert await bench.wire.outcome(serial) is None


async def test_two_streams_at_once(bench: Bench) -> None:
    up = await bench.upload(MIB, sparse=False)
    down = await bench.download(0, MIB, sparse=False)
    received = 0
    while True:
        message = await bench.wire.next()
        assert message.header.serial == down
        if not message.payload:
            break
        received += len(message.payload)
        bench.wire.data(up, message.payload)
    bench.wire.finish(down, p.VOL_DOWNLOAD)
    assert await bench.wire.outcome(down) is None
    bench.wire.finish(up)
    assert await bench.wire.outcome(up) is None
    assert received == MIB
    assert bench.content == OLD * 2 * MIB


# --- downloads -----------------------------------------------------------------------------------


def image(bench: Bench) -> bytes:
    """Make the example of 4.4: hole, data, hole, data, hole."""
    with bench.target.file("v").open("w+b") as file:
        for start in (64 * KIB, 256 * KIB):
            file.seek(start)
            file.write(NEW * 64 * KIB)
        file.truncate(320 * KIB + 720_896)
    return bench.content


async def pieces(bench: Bench, serial: int) -> list[tuple[str, int]]:
    """Take a download to its end; return its data and holes, packets of one section as one."""
    found: list[tuple[str, int]] = []
    content = bytearray()
    while True:
        message = await bench.wire.next()
        if message.header.type == Type.STREAM_HOLE:
            length = r.Hole.unpack(Cursor(message.payload)).length
            found.append(("hole", length))
            content += bytes(length)
            continue
        assert (message.header.type, message.header.status) == (Type.STREAM, Status.CONTINUE)
        if not message.payload:
            break
        content += message.payload
        if found and found[-1][0] == "data":
            found[-1] = ("data", found[-1][1] + len(message.payload))
        else:
            found.append(("data", len(message.payload)))
    assert await bench.wire.quiet() == []
    bench.wire.finish(serial, p.VOL_DOWNLOAD)
    assert await bench.wire.outcome(serial) is None
    bench.wire.finish(serial, p.VOL_DOWNLOAD)
    assert await bench.wire.quiet() == []
    assert bytes(content) == bench.content[: len(content)] or found
    return found


async def test_a_sparse_download(bench: Bench) -> None:
    image(bench)
    assert await pieces(bench, await bench.download()) == [
        ("hole", 65536),
        ("data", 65536),
        ("hole", 131072),
        ("data", 65536),
        ("hole", 720896),
    ]


async def test_a_part(bench: Bench) -> None:
    image(bench)
    assert await pieces(bench, await bench.download(70_000, 200_000)) == [
        ("data", 61_072),
        ("hole", 131_072),
        ("data", 7_856),
    ]
    assert await pieces(bench, await bench.download(70_000, 200_000, sparse=False)) == [
        ("data", 200_000)
    ]
    assert await pieces(bench, await bench.download(1_000_000, (1 << 64) - 1, sparse=False)) == [
        ("data", 48_576)
    ]


async def test_a_dense_download(bench: Bench) -> None:
    size = len(image(bench))
    assert await pieces(bench, await bench.download(sparse=False)) == [("data", size)]


@pytest.mark.parametrize("sparse", [False, True])
async def test_an_empty_volume(bench: Bench, sparse: bool) -> None:
    bench.target.file("v").write_bytes(b"")
    assert await pieces(bench, await bench.download(sparse=sparse)) == []


async def test_from_the_end(bench: Bench) -> None:
    assert await pieces(bench, await bench.download(MIB, sparse=False)) == []
    assert await pieces(bench, await bench.download(MIB)) == []
    assert await pieces(bench, await bench.download(2 * MIB, sparse=False)) == []


async def test_from_beyond_the_end(bench: Bench) -> None:
    """A sparse one fails: with libvirtd as a stream and for no reason given (4.4)."""
    serial = bench.wire.call(p.VOL_DOWNLOAD, r.VolumeRange(bench.handle, 2 * MIB, 0, 1))
    if bench.target.is_libvirtd:
        # The reply and the stream's error: whichever is sent first.
        both = [await bench.wire.next(), await bench.wire.next()]
        reply = next(one for one in both if one.header.type == Type.REPLY)
        stream = next(one for one in both if one.header.type == Type.STREAM)
        assert reply.header.status == Status.OK
        error = error_of(stream)
        assert error.code == 1 or (error.code, error.domain) == (38, 38), error
    else:
        assert error_of(await bench.wire.reply(serial)).code == 8


async def test_giving_a_download_up(bench: Bench) -> None:
    bench.target.file("v").write_bytes(OLD * 40 * MIB)
    for end in (bench.wire.abort, bench.wire.finish):
        serial = await bench.download()
        assert (await bench.wire.next()).payload
        end(serial, p.VOL_DOWNLOAD)
        received = 0
        while True:
            message = await bench.wire.next()
            if message.header.status == Status.OK:
                break
            received += len(message.payload)
        assert received < 40 * MIB
        assert await bench.wire.quiet() == []


async def test_a_folder(bench: Bench) -> None:
    bench.target.file("folder").mkdir()
    bench.target.virsh("pool-refresh", bench.target.pool)
    handle = r.VolumeHandle(bench.target.pool, "folder", "")
    serial = bench.wire.call(p.VOL_DOWNLOAD, r.VolumeRange(handle, 0, 0, 0))
    message = await bench.wire.reply(serial)
    if bench.target.is_libvirtd:
        # An end of file first, and then the error all the same.
        end = await bench.wire.next()
        assert (end.header.type, end.header.status) == (Type.STREAM, Status.CONTINUE)
        assert end.payload == b""
        message = await bench.wire.next()
        assert message.header.type == Type.STREAM
    error = error_of(message)
    assert (error.code, error.int1) == (38, IS_FOLDER)


# --- violations (1.7) ----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 3, 4, 20, 27, 33_554_437, 0xFFFFFFFF])
async def test_an_impossible_length(bench: Bench, length: int) -> None:
    bench.wire.writer.write(length.to_bytes(4, "big") + bytes(24))
    assert await bench.wire.ended()


async def test_what_no_client_sends(bench: Bench) -> None:
    """Dropped without a word, and the connection lives."""
    for kind in (Type.REPLY, Type.MESSAGE, Type.REPLY_WITH_FDS, 7, 255):
        bench.wire.send(Header(Program.REMOTE, 84, kind, 5, Status.OK), b"\0" * 8)
    bench.wire.data(999, NEW * 10)
    bench.wire.hole(999, 10)
    bench.wire.finish(999)
    bench.wire.send(Header(0x20008087, 1, Type.STREAM, 5, Status.OK))
    bench.wire.send(Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK, version=9))
    bench.wire.send(Header(Program.KEEPALIVE, 77, Type.MESSAGE, 0, Status.OK))
    assert await bench.wire.quiet() == []


async def test_calls_that_are_none(bench: Bench) -> None:
    headers = {
        Header(Program.REMOTE, 0, Type.CALL, 7, 0): "unknown procedure: 0",
        Header(Program.REMOTE, -1, Type.CALL, 7, 0): "unknown procedure: -1",
        Header(Program.REMOTE, 9999, Type.CALL, 7, 0): "unknown procedure: 9999",
        Header(Program.REMOTE, 370, Type.CALL, 7, 0): "unknown procedure: 370",
        Header(Program.REMOTE, 84, Type.CALL, 7, 1): "Unexpected message status 1",
        Header(Program.REMOTE, 84, Type.CALL, 7, 0): "Unable to decode message payload",
        Header(0x12345678, 84, Type.CALL, 7, 0): "Cannot find program 305419896 version 1",
        Header(Program.REMOTE, 84, Type.CALL, 7, 0, version=2): (
            "Cannot find program 536903814 version 2"
        ),
    }
    for header, text in headers.items():
        bench.wire.send(header)
        message = await bench.wire.reply(7)
        error = error_of(message)
        assert (error.code, error.domain, error.message) == (39, 7, text)
        assert (message.header.program, message.header.version) == (header.program, header.version)
        assert message.header.procedure == header.procedure


async def test_serials_are_the_clients(bench: Bench) -> None:
    for serial in (0, 0xFFFFFFFF, 5, 5):
        bench.wire.send(Header(Program.REMOTE, p.CONNECT_GET_TYPE.number, Type.CALL, serial, 0))
        await bench.wire.reply(serial)


async def test_leftovers_and_nuls_are_ignored(bench: Bench) -> None:
    name = bench.target.pool.encode() + b"\0nope"
    payload = len(name).to_bytes(4, "big") + name + b"x" * (-len(name) % 4) + b"left over"
    bench.wire.send(Header(Program.REMOTE, 84, Type.CALL, 7, 0), payload + b"...")
    assert (await bench.wire.reply(7)).header.status == Status.OK


async def test_descriptors_are_not_taken(bench: Bench) -> None:
    bench.wire.send(Header(Program.REMOTE, 84, Type.CALL_WITH_FDS, 7, 0), b"\0\0\0\1")
    bench.wire.ping()  # libvirtd waits for one byte, with which the descriptor would come
    assert await bench.wire.ended()


@pytest.mark.parametrize("opened", [False, True])
async def test_calls_before_their_time(bench: Bench, opened: bool) -> None:
    async with connected(bench.target.socket, opened=False) as wire:
        if opened:
            await wire.answer(p.AUTH_LIST, r.Flags())
        error = await wire.answer(p.LIST_ALL_POOLS, r.ListPools())
        # A libvirtd that asks for no authentication does not insist on being asked for it.
        if opened or bench.target.is_libvirtd:
            assert (error.code, "not open" in error.message) == (1, True)
        else:
            assert (error.code, error.domain) == (39, 7)
        assert await wire.quiet() == []
