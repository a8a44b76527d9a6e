"""Uploads message by message, against both. Where they differ on purpose, the test says why."""

from __future__ import annotations

import asyncio

import pytest

from conformance.bench import BAD_FILE, INVALID, KIB, NEW, NO_SPACE, OLD, Bench
from engine.server.wire import error_of
from integration.libvirtd import MIB
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Header, Program, Type


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
    outcome = asyncio.create_task(bench.wire.outcome(serial))
    for _ in range(8):
        bench.wire.data(serial, NEW * MIB)
    while not outcome.done():  # a daemon may have taken all before its writing failed
        bench.wire.data(serial, NEW)
        await asyncio.sleep(0.05)
    error = await outcome
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
