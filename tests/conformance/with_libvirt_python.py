"""What a program that uses libvirt's Python module does; run by the system's interpreter.

Arguments: URI, name and folder of a pool. Prints what it sees, one line each; Debian has the module
as python3-libvirt, and it is not to be had for a virtual environment without libvirt's headers.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import libvirt  # type: ignore[import-not-found]

MIB = 1 << 20
SPARSE_UP = 1
SPARSE_DOWN = 1
STOP_AT_HOLE = 1
HOLE = -3
WOULD_BLOCK = -2

PIECES = [("hole", MIB), ("data", MIB), ("hole", 3 * MIB), ("data", 262_144), ("hole", 2 * MIB)]


def xml(name: str) -> str:
    return (
        f"<volume><name>{name}</name><capacity>0</capacity><allocation>0</allocation>"
        "<target><format type='raw'/></target></volume>"
    )


def pattern(length: int) -> bytes:
    return bytes(range(1, 256)) * (length // 255) + b"\x7f" * (length % 255)


def say(*words: object) -> None:
    print(*words, flush=True)


def upload_by_hand(connection: Any, volume: Any) -> None:
    stream = connection.newStream()
    volume.upload(stream, 0, 0, SPARSE_UP)
    for kind, length in PIECES:
        if kind == "hole":
            stream.sendHole(length)
            continue
        rest = pattern(length)
        while rest:
            rest = rest[stream.send(rest[:200_000]) :]
    stream.finish()


def download_by_hand(connection: Any, volume: Any) -> None:
    stream = connection.newStream()
    volume.download(stream, 0, 0, SPARSE_DOWN)
    found: list[list[Any]] = []
    right = True
    while True:
        data = stream.recvFlags(65536, STOP_AT_HOLE)
        if data == HOLE:
            found.append(["hole", stream.recvHole()])
        elif data:
            if not found or found[-1][0] == "hole":
                found.append(["data", b""])
            found[-1][1] += data
        else:
            break
    stream.finish()
    for piece, (kind, length) in zip(found, PIECES, strict=True):
        if kind == "data":
            right = right and piece[1] == pattern(length)
            piece[1] = len(piece[1])
    pieces = [f"{kind}:{length}" for kind, length in found]
    say("downloaded", *pieces, "right" if right else "WRONG")


def by_functions(connection: Any, pool: Any, folder: Path) -> None:
    """The library's own loops over files, which use callbacks."""
    source, target = folder / "whole.img", folder / "back.img"
    volume = pool.createXML(xml("functions.img"))
    with source.open("rb", buffering=0) as file:

        def read(stream: Any, count: int, opaque: None) -> bytes:
            return file.read(count)

        def look(stream: Any, opaque: None) -> list[object]:
            here = file.tell()
            try:
                data = os.lseek(file.fileno(), here, os.SEEK_DATA)
            except OSError:
                data = os.fstat(file.fileno()).st_size
                result: list[object] = [False, data - here]
            else:
                end = os.lseek(file.fileno(), here, os.SEEK_HOLE)
                result = [True, end - here] if data == here else [False, data - here]
            file.seek(here)
            return result

        def skip(stream: Any, length: int, opaque: None) -> int:
            file.seek(length, os.SEEK_CUR)
            return file.tell()

        stream = connection.newStream()
        volume.upload(stream, 0, 0, SPARSE_UP)
        stream.sparseSendAll(read, look, skip, None)
        stream.finish()
    with target.open("wb") as output:

        def write(stream: Any, data: bytes, opaque: None) -> int:
            return output.write(data)

        def make_hole(stream: Any, length: int, opaque: None) -> None:
            output.truncate(output.seek(length, os.SEEK_CUR))

        stream = connection.newStream()
        volume.download(stream, 0, 0, SPARSE_DOWN)
        stream.sparseRecvAll(write, make_hole, None)
        stream.finish()
    same = source.read_bytes() == target.read_bytes()
    say("by functions", "right" if same else "WRONG")
    source.unlink()
    target.unlink()


def errors(connection: Any, pool: Any, volume: Any) -> None:
    for name, call in {
        "pool": lambda: connection.storagePoolLookupByName("nope"),
        "volume": lambda: pool.storageVolLookupByName("nope"),
        "exists": lambda: pool.createXML(xml("v.img")),
        "slash": lambda: pool.createXML(xml("x/y")),
        "flags": lambda: volume.delete(1),
        "shrink": lambda: volume.resize(1),
        "active": pool.create,
        "domains": connection.numOfDomains,
    }.items():
        try:
            call()
            say("no error for", name)
        except libvirt.libvirtError as error:
            say("error", name, error.get_error_code())


def give_up(connection: Any, volume: Any) -> None:
    stream = connection.newStream()
    volume.download(stream, 0, 0, 0)
    say("first", len(stream.recv(1000)))
    stream.abort()
    stream = connection.newStream()
    volume.upload(stream, 0, 100, 0)
    sent = stream.send(b"x" * 100)
    try:
        stream.send(b"y" * 100)
        stream.finish()
        say("no error beyond the length")
    except libvirt.libvirtError as error:
        say("sent", sent, "error", error.get_error_code(), error.get_error_domain())


def without_blocking(connection: Any, volume: Any) -> None:
    """As virt-manager would: the event loop tells when there is something to read."""
    stream = connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
    received: list[bytes] = []
    done = threading.Event()

    def ready(stream: Any, events: int, opaque: None) -> None:
        data = stream.recv(65536)
        if data == WOULD_BLOCK:
            return
        if data:
            received.append(data)
            return
        stream.eventRemoveCallback()
        stream.finish()
        done.set()

    volume.download(stream, 0, 0, 0)
    stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE, ready, None)
    say("without blocking", done.wait(30), sum(map(len, received)))


def main() -> None:
    uri, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()

    def loop() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=loop, daemon=True).start()
    connection = libvirt.open(uri)
    connection.setKeepAlive(5, 3)
    say("alive", connection.isAlive(), "secure", connection.isSecure(), connection.getType())
    say("version", connection.getLibVersion())
    heard: list[tuple[str, object]] = []

    def on_lifecycle(_: Any, pool: Any, event: int, detail: int, opaque: None) -> None:
        heard.append((pool.name(), event))

    def on_refresh(_: Any, pool: Any, opaque: None) -> None:
        heard.append((pool.name(), "refresh"))

    callbacks = [
        connection.storagePoolEventRegisterAny(None, number, callback, None)
        for number, callback in enumerate((on_lifecycle, on_refresh))
    ]
    pool = connection.storagePoolLookupByName(name)
    say("pool", pool.isActive(), pool.isPersistent(), pool.info()[:2], pool.numOfVolumes())
    say("same", connection.storagePoolLookupByUUID(pool.UUID()).name() == name)
    volume = pool.createXML(xml("v.img"))
    say("volumes", pool.listVolumes(), [one.name() for one in pool.listAllVolumes()])
    upload_by_hand(connection, volume)
    say("info", volume.info(), (folder / "v.img").stat().st_blocks * 512)
    download_by_hand(connection, volume)
    with (folder / "whole.img").open("wb") as file:
        for kind, length in PIECES:
            if kind == "data":
                file.write(pattern(length))
            else:
                file.truncate(file.seek(length, os.SEEK_CUR))
    by_functions(connection, pool, folder)
    errors(connection, pool, volume)
    clone = pool.createXMLFrom(xml("clone.img"), volume)
    say("clone", clone.info())
    give_up(connection, volume)
    without_blocking(connection, volume)
    volume.wipe()
    volume.delete()
    pool.refresh()
    pool.destroy()
    pool.create()
    deadline = time.monotonic() + 20
    while (name, 2) not in heard and time.monotonic() < deadline:
        time.sleep(0.01)
    say("heard", [event for whose, event in heard if event != "refresh" and whose == name])
    say("refreshed", (name, "refresh") in heard)
    for callback in callbacks:
        connection.storagePoolEventDeregisterAny(callback)
    say("names", sorted(pool.listVolumes()))
    say("closed", connection.close())


main()
