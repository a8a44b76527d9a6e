"""Emptying a volume before its content is replaced (protocol.md 5.1).

A sparse upload over old content is wrong: the first hole keeps the old bytes. So the volume is
made empty first, in the way that keeps its inode, owner and mode; only where neither way works is
it deleted and made anew with the same owner and mode.
"""

from __future__ import annotations

from lacuna_engine.client import Connection
from lacuna_engine.errors import RemoteError
from lacuna_engine.rpc.records import PoolHandle, VolumeHandle, VolumeRange
from lacuna_engine.storage import Storage, VolumeDescription, retry_busy
from lacuna_engine.transfer.streams import opened_or_aborted

__all__ = ["Emptied", "empty_volume"]

SPARSE = 1
MIB = 1 << 20

Emptied = tuple[VolumeHandle, int]
"""The volume, and how many bytes it still has: 0, or 1 whose value is unknown."""


async def empty_volume(
    storage: Storage,
    connection: Connection,
    pool: PoolHandle,
    volume: VolumeHandle,
    description: VolumeDescription,
    *,
    size: int,
) -> Emptied:
    """Take the content out of a file volume, to be filled with ``size`` bytes.

    ``connection`` is one to stream on. If one byte is left, the new content must begin with a
    byte of data, even a zero, and it has more than that one byte. Raises :class:`RemoteError`.
    """
    try:
        if description.format == "raw":
            await _grow_wipe_shrink(storage, volume)
        else:
            await _cut_with_a_hole(connection, volume)
        left = await storage.physical(volume)
    except RemoteError:
        left = -1
    if left == 0 or (left == 1 and size > 1):
        return volume, left
    return await _make_anew(storage, pool, volume, description), 0


async def _grow_wipe_shrink(storage: Storage, volume: VolumeHandle) -> None:
    """Recipe W0: some milliseconds at any size.

    Wiping a file with any hole is only truncating it to 0 and back. Growing it makes sure that
    there is a hole; afterwards nothing is allocated, so shrinking to 0 is allowed.
    """
    info = await storage.volume_info(volume)
    grown = info.capacity + max(info.allocation - info.capacity, 0) + MIB
    await storage.resize_volume(volume, grown)
    await storage.wipe_volume(volume)
    await storage.resize_volume(volume, 0, shrink=True)


async def _cut_with_a_hole(connection: Connection, volume: VolumeHandle) -> None:
    """Recipe H, for any format: a hole at the start cuts the file off right behind it."""
    target = VolumeRange(volume, offset=0, length=1, flags=SPARSE)
    stream = await retry_busy(lambda: opened_or_aborted(connection.upload(target)))
    try:
        await stream.send_hole(1)
        await stream.finish()
    finally:
        await stream.abort()


async def _make_anew(
    storage: Storage, pool: PoolHandle, volume: VolumeHandle, description: VolumeDescription
) -> VolumeHandle:
    """Recipe D: delete and create, with the old owner and mode."""
    await storage.delete_volume(volume)
    return await storage.create_volume(pool, volume.name, permissions=description.permissions)
