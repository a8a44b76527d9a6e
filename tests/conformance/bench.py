"""A volume full of old bytes on a raw connection, and the two kinds of streams on it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.target import Target
from engine.server.wire import Wire
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r

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
