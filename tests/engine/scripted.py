"""A storage server in memory that misbehaves on request, in the ways daemons were seen to
(protocol.md 6.5). One pool; a file volume is a byte array that is written at once, in order.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from lacuna_engine.errors import LacunaError
from lacuna_engine.extents import grain_runs
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.peer import ServerPeer
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.stream import DownloadSender, UploadReceiver
from lacuna_engine.transport import Pipe, StreamPipe, memory_pair
from lacuna_engine.transport.socket_pipe import SocketPipe

__all__ = ["POOL", "Daemon", "End", "Faults", "Volume", "failure", "socket_pipes"]

POOL = r.PoolHandle("pool", bytes(range(16)))
PACKETS = (262_120, 24)
"""The sizes of a download's data packets, in turn (protocol.md 4.4)."""

Answer = Record | r.WireError | None


@dataclass
class Faults:
    """Switches; counts are of bytes or of messages. None or 0 is off."""

    no_sparse: bool = False
    full_at: int | None = None  # no volume gets longer: told when the next message comes (4.6)
    lies: bool = False  # and is not told even then
    early: int = 0  # messages of a download in front of the reply (0.13)
    short: int = 0  # bytes missing at the end of a download
    fail_after: int | None = None  # messages of a download, then an error
    then_ok: bool = False  # a finish behind each stream error
    busy: int = 0  # opens that are told "still in use"
    cut_at: int | None = None  # bytes of payload, either way, then the connection ends; once
    silent: bool = False  # hears nothing, says nothing
    mute_aborts: bool = False
    listed: int = 0  # pretend that there are so many volumes
    flip: int | None = None  # the byte at this offset is read wrongly


@dataclass
class Volume:
    """A volume. Its capacity is its length, unless said otherwise."""

    data: bytearray = field(default_factory=bytearray)
    type: str = "file"
    format: str = "raw"
    capacity: int | None = None
    mtime: int = 1


def failure(code: int, text: str = "no", domain: int = 18, errno: int = -1) -> r.WireError:
    """Return an error as the daemon fills it."""
    return r.WireError(code, domain, text, str1="%s", str2=text, int1=errno)


NO_SPACE = failure(38, "Unable to write: No space left on device", 38, 28)
LOST = failure(1, "Library function returned error but did not set virError", 7)


async def memory_pipes() -> tuple[Pipe, Pipe]:
    """Return the ends of a pipe within the process."""
    return memory_pair()


async def socket_pipes() -> tuple[Pipe, Pipe]:
    """Return the ends of a socket pair, in pipes of the kind that this platform's loop takes."""
    one, two = socket.socketpair()
    if os.name != "nt":
        return SocketPipe(one), SocketPipe(two)
    loop = asyncio.get_running_loop()
    _, near = await loop.create_connection(StreamPipe, sock=one)
    _, far = await loop.create_connection(StreamPipe, sock=two)
    return near, far


class Daemon:
    """The server. ``answers`` overrides what a call, by number, is answered (None: nothing)."""

    def __init__(self) -> None:
        self.volumes: dict[str, Volume] = {}
        self.faults = Faults()
        self.answers: dict[int, Callable[[Any], Answer]] = {}
        self.calls: list[str] = []
        self.arguments: list[Any] = []  # of each call
        self.messages: list[tuple[str, int]] = []
        self.ends: list[End] = []
        self.state, self.available, self.pool_type = 2, 1 << 40, "dir"
        self.payload = 0
        self.pair: Callable[[], Awaitable[tuple[Pipe, Pipe]]] = memory_pipes

    async def open(self, _uri: object = None) -> Pipe:
        """Return a client's end of a new connection; fits into ``OPENERS``."""
        mine, theirs = await self.pair()
        End(self, theirs)
        return mine

    @asynccontextmanager
    async def listening(self, path: str) -> AsyncIterator[None]:
        """Serve on a unix socket."""
        loop = asyncio.get_running_loop()

        def accept() -> StreamPipe:
            pipe = StreamPipe()
            loop.call_soon(End, self, pipe)
            return pipe

        server = await loop.create_unix_server(accept, path)
        try:
            yield
        finally:
            server.close()
            for end in self.ends:
                end.pipe.close()
                await end.pipe.wait_closed()

    def reply(self, call: e.CallArrived) -> Answer:
        """Return the answer to a call."""
        self.calls.append(call.procedure.name)
        self.arguments.append(call.arguments)
        if call.procedure.number in self.answers:
            return self.answers[call.procedure.number](call.arguments)
        method = getattr(self, call.procedure.name.lower(), None)
        if method is None:
            return failure(3, "this function is not supported")
        volume = getattr(call.arguments, "volume", None)
        if volume is not None and volume.name not in self.volumes:
            return failure(50, "Storage volume not found")
        answer: Answer = method(call.arguments)
        return answer

    async def until(self, size: int, name: str) -> None:
        """Wait until a volume has so many bytes."""
        while len(self.volumes[name].data) < size:  # a test's, not a server's
            await asyncio.sleep(0)

    # fmt: off
    def auth_list(self, _a: Void) -> Answer: return r.AuthTypes((0,))
    def connect_open(self, _a: r.Open) -> Answer: return Void()
    def connect_close(self, _a: Void) -> Answer: return Void()
    def connect_supports_feature(self, _a: r.Number) -> Answer: return r.Number(1)
    def connect_get_lib_version(self, _a: Void) -> Answer: return r.BigNumber(9_001_002)
    def connect_list_all_storage_pools(self, _a: object) -> Answer: return r.PoolList((POOL,), 1)
    def storage_pool_get_autostart(self, _a: object) -> Answer: return r.Number(1)
    def storage_pool_is_persistent(self, _a: object) -> Answer: return r.Number(1)
    def storage_pool_refresh(self, _a: object) -> Answer: return Void()
    # fmt: on

    def storage_pool_lookup_by_name(self, name: r.String) -> Answer:
        return r.Pool(POOL) if name.value == POOL.name else failure(49, "no such pool")

    def storage_pool_get_info(self, _a: object) -> Answer:
        return r.PoolInfo(self.state, 1 << 41, 0, self.available)

    def storage_pool_get_xml_desc(self, _a: object) -> Answer:
        return r.String(
            f"<pool type='{self.pool_type}'><name>pool</name>"
            "<target><path>/images</path></target></pool>"
        )

    def handle(self, name: str) -> r.VolumeHandle:
        """Return a volume's handle."""
        return r.VolumeHandle(POOL.name, name, f"/images/{name}")

    def storage_pool_list_all_volumes(self, _a: object) -> Answer:
        if self.faults.listed > r.MAX_LIST:
            return failure(1, f"Too many storage_vols '{self.faults.listed}'", 7)
        return r.VolumeList(tuple(map(self.handle, self.volumes)), len(self.volumes))

    def storage_pool_num_of_volumes(self, _a: object) -> Answer:
        return r.Number(self.faults.listed or len(self.volumes))

    def storage_pool_list_volumes(self, wanted: r.PoolNumber) -> Answer:
        return r.Names(tuple(f"v{number}" for number in range(wanted.value)))

    def storage_vol_lookup_by_name(self, wanted: r.PoolName) -> Answer:
        known = wanted.name in self.volumes
        return r.Volume(self.handle(wanted.name)) if known else failure(50, "no such volume")

    def info(self, name: str, *, physical: bool = False) -> Answer:
        """Answer the INFO calls."""
        volume, kind = self.volumes[name], self.volumes[name].type == "block"
        size = len(volume.data)
        # As if short runs of zeros had been written, as Lacuna would.
        runs = [
            (start, end, zero and end - start >= 65536)
            for start, end, zero in grain_runs(volume.data)
        ]
        used = sum(-(-(end - start) // 4096) * 4096 for start, end, hole in runs if not hole)
        capacity = size if volume.capacity is None else volume.capacity
        return r.VolumeInfo(int(kind), capacity, size if physical or kind else used)

    def storage_vol_get_info(self, a: r.Volume) -> Answer:
        return self.info(a.volume.name)

    def storage_vol_get_info_flags(self, a: r.VolumeFlags) -> Answer:
        return self.info(a.volume.name, physical=a.flags == 1)

    def storage_vol_get_xml_desc(self, a: r.VolumeFlags) -> Answer:
        volume, info = self.volumes[a.volume.name], self.info(a.volume.name)
        assert isinstance(info, r.VolumeInfo)
        name = escape(a.volume.name).encode("utf-8", "replace").decode()
        return r.String(
            f"<volume type='{volume.type}'><name>{name}</name><capacity>{info.capacity}</capacity>"
            f"<allocation>{info.size}</allocation><physical>{len(volume.data)}</physical><target>"
            f"<path>/images/{name}</path><format type='{volume.format}'/><permissions>"
            "<mode>0640</mode><owner>107</owner><group>108</group></permissions>"
            f"<timestamps><mtime>{volume.mtime}</mtime></timestamps></target></volume>"
        )

    def storage_vol_create_xml(self, a: r.PoolXml) -> Answer:
        tree = fromstring(a.xml)
        name = tree.findtext("name") or ""
        if name in self.volumes:
            return failure(90, "the volume exists already")
        kind = "file" if self.pool_type == "dir" else "block"
        self.volumes[name] = Volume(bytearray(int(tree.findtext("capacity") or 0)), kind)
        return r.Volume(self.handle(name))

    def storage_vol_delete(self, a: r.VolumeFlags) -> Answer:
        del self.volumes[a.volume.name]
        return Void()

    def storage_vol_resize(self, a: r.Resize) -> Answer:
        data = self.volumes[a.volume.name].data
        del data[a.capacity :]
        data.extend(bytes(a.capacity - len(data)))
        return Void()

    def storage_vol_wipe(self, a: r.VolumeFlags) -> Answer:
        data = self.volumes[a.volume.name].data
        data[:] = bytes(len(data))
        return Void()

    def connect_storage_pool_event_register_any(self, a: r.RegisterPoolEvent) -> Answer:
        return r.Number(7 + a.event)

    def connect_storage_pool_event_deregister_any(self, _a: object) -> Answer:
        return Void()

    def opening(self, a: r.VolumeRange) -> Answer:
        """Answer the calls that open a stream."""
        if self.faults.busy:
            self.faults.busy -= 1
            return failure(55, f"volume '{a.volume.name}' is still in use.")
        return (
            failure(8, "unsupported flags (0x1)") if self.faults.no_sparse and a.flags else Void()
        )

    storage_vol_upload = storage_vol_download = opening


class End:
    """The server's end of one connection."""

    def __init__(self, daemon: Daemon, pipe: Pipe) -> None:
        self.daemon, self.faults, self.pipe = daemon, daemon.faults, pipe
        self.peer = ServerPeer()
        self.machines: dict[int, UploadReceiver | DownloadSender] = {}
        self.targets: dict[int, r.VolumeRange] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.broken: set[int] = set()
        self.reason: LacunaError | None = None
        daemon.ends.append(self)
        pipe.start(self)

    def received(self, data: memoryview) -> None:
        if not self.faults.silent:
            for event in self.peer.receive(data):
                self.on(event)
            self.flush()

    def closed(self, reason: LacunaError) -> None:
        self.reason = reason
        for task in self.tasks.values():
            task.cancel()

    def flush(self) -> None:
        self.pipe.write(*self.peer.data_to_send())

    def on(self, event: e.Event) -> None:
        match event:
            case e.CallArrived():
                self.on_call(event)
            case e.StreamData(serial, view):
                self.on_upload(serial, "data", len(view), view)
            case e.StreamHole(serial, length, _):
                self.on_upload(serial, "hole", length, None)
            case e.StreamFinished(serial):
                self.daemon.messages.append(("finish", 0))
                self.machines[serial].finished()
                self.confirm(serial)
            case e.StreamAborted(serial):
                self.daemon.messages.append(("abort", 0))
                self.machines[serial].aborted()
                if not self.faults.mute_aborts:
                    self.confirm(serial)
            case _:
                pass

    def confirm(self, serial: int) -> None:
        if task := self.tasks.get(serial):
            task.cancel()
        self.machines[serial].finish()
        self.peer.send_finish(serial)
        self.peer.close_stream(serial)

    def on_call(self, call: e.CallArrived) -> None:
        answer = self.daemon.reply(call)
        if isinstance(answer, r.WireError):
            self.peer.reply_error(call, answer)
        elif answer is not None:
            self.peer.reply(call, answer)
            if isinstance(call.arguments, r.VolumeRange):
                self.begin(call.serial, call.procedure.kind, call.arguments)

    def begin(self, serial: int, kind: p.Kind, target: r.VolumeRange) -> None:
        machine = UploadReceiver if kind is p.Kind.UPLOAD else DownloadSender
        self.machines[serial] = machine(sparse=bool(target.flags), length=target.length)
        self.machines[serial].opened()
        self.targets[serial] = target
        if kind is p.Kind.DOWNLOAD:
            held = b"".join(self.peer.data_to_send())
            self.tasks[serial] = asyncio.create_task(self.download(serial, target, held))

    def count(self, size: int) -> None:
        """Count payload, and end the connection where it is to be cut."""
        self.daemon.payload += size
        if self.faults.cut_at is not None and self.daemon.payload >= self.faults.cut_at:
            self.faults.cut_at = None
            self.pipe.close()

    # --- uploads ---------------------------------------------------------------------------------

    def on_upload(self, serial: int, kind: str, size: int, view: memoryview | None) -> None:
        self.daemon.messages.append((kind, size))
        machine, target = self.machines[serial], self.targets[serial]
        volume = self.daemon.volumes.get(target.volume.name) or Volume()
        assert isinstance(machine, UploadReceiver)
        self.count(size if view is not None else 0)
        if serial in self.broken:
            if not self.faults.lies:
                self.fail(serial, NO_SPACE, as_reply=view is None)
            return
        verdict = machine.data(size) if view is not None else machine.hole(size)
        start = target.offset + verdict.position
        end = start + verdict.size
        if self.faults.full_at is not None and end > self.faults.full_at:
            self.broken.add(serial)
            end = max(start, self.faults.full_at)
        data = volume.data
        data.extend(bytes(max(start - len(data), 0)))
        if view is not None:
            data[start:end] = view[: end - start]
        elif volume.type == "block":
            data[start:end] = bytes(end - start)
        else:  # what was there before stays, what is behind is cut off (5.1)
            del data[end:]
            data.extend(bytes(end - len(data)))

    def fail(self, serial: int, error: r.WireError, *, as_reply: bool) -> None:
        self.machines[serial].fail(LacunaError(str(error.message)))
        if as_reply:
            procedure = self.peer._streams[serial]
            self.peer.reply_error(e.CallArrived(serial, procedure, Void()), LOST)
        else:
            self.peer.send_stream_error(serial, error)
        if self.faults.then_ok:
            self.peer.send_finish(serial)
        self.peer.close_stream(serial)

    # --- downloads -------------------------------------------------------------------------------

    def pieces(self, target: r.VolumeRange) -> Iterator[bytes | int]:
        """Yield packets' bytes and holes' lengths, as the daemon cuts them (4.4)."""
        volume = self.daemon.volumes[target.volume.name]
        end = len(volume.data) - self.faults.short
        content = bytearray(
            volume.data[target.offset : min(end, target.offset + target.length or end)]
        )
        at = -1 if self.faults.flip is None else self.faults.flip - target.offset
        if 0 <= at < len(content):
            content[at] ^= 0xFF
        for start, stop, zero in grain_runs(content):
            if zero and target.flags and volume.type == "file":
                yield stop - start
                continue
            turn = 0
            while start < stop:
                size = min(PACKETS[turn], stop - start)
                yield bytes(content[start : start + size])
                start, turn = start + size, 1 - turn  # noqa: PLW2901

    async def download(self, serial: int, target: r.VolumeRange, reply: bytes) -> None:
        machine, number = self.machines[serial], -1
        assert isinstance(machine, DownloadSender)
        for number, piece in enumerate(self.pieces(target)):
            if number == self.faults.early:
                self.pipe.write(reply)
            if number == self.faults.fail_after:
                self.fail(serial, failure(38, "read failed", 38, 5), as_reply=False)
                self.flush()
                return
            if isinstance(piece, int):
                machine.hole(piece)
                self.peer.send_hole(serial, piece)
                self.flush()
            else:
                machine.data(len(piece))
                self.pipe.write(self.peer.data_header(serial, len(piece)), piece)
                self.count(len(piece))
            await self.pipe.drain()
        machine.end()
        self.peer.send_end(serial)
        if number < self.faults.early:
            end = b"".join(self.peer.data_to_send())
            self.pipe.write(*((end, reply) if self.faults.early else (reply, end)))
        self.flush()
