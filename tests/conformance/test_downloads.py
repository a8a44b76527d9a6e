"""Downloads message by message, against both. Where they differ on purpose, the test says why."""

from __future__ import annotations

import pytest

from conformance.bench import IS_FOLDER, KIB, NEW, OLD, Bench
from engine.server.wire import error_of
from integration.libvirtd import MIB
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Status, Type
from lacuna_engine.xdr import Cursor


def image(bench: Bench) -> bytes:
    """Make the example of 4.4: hole, data, hole, data, hole."""
    with bench.target.file("v").open("w+b") as file:
        for start in (64 * KIB, 256 * KIB):
            file.seek(start)
            file.write(NEW * 64 * KIB)
        file.truncate(320 * KIB + 720_896)
    return bench.content


async def pieces(bench: Bench, serial: int, start: int = 0) -> list[tuple[str, int]]:
    """Take a download from ``start`` to its end, and see that it is what the volume has there.

    Returns its data and holes, packets of one section as one.
    """
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
    assert bytes(content) == bench.content[start : start + len(content)]
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
    assert await pieces(bench, await bench.download(70_000, 200_000), 70_000) == [
        ("data", 61_072),
        ("hole", 131_072),
        ("data", 7_856),
    ]
    assert await pieces(bench, await bench.download(70_000, 200_000, sparse=False), 70_000) == [
        ("data", 200_000)
    ]
    assert await pieces(
        bench, await bench.download(1_000_000, (1 << 64) - 1, sparse=False), 1_000_000
    ) == [("data", 48_576)]


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
