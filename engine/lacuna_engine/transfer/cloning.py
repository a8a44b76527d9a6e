"""Having the daemon copy a volume itself (VOL_CREATE_XML_FROM; protocol.md 3.4, 5.6, 7.3).

Seen with libvirt 9.0: the clone of a *raw* file whose capacity is its length has the same bytes and
the same length, whatever that is, and its runs of zeros become holes; owner and mode are those of
the XML. Everything else goes through ``qemu-img convert`` and is another file: a qcow2 image keeps
its length at best (it differs from byte 8 on). What is recorded as raw is known for sure only
after a refresh, for the end of an upload probes the content (5.4).

The clone may share its blocks with the source where the file system can do that (xfs, btrfs): it
then takes milliseconds and no space. Where it cannot, the attempt fails at once and leaves nothing
(tmpfs, ext4: 0.7 to 7 ms). Otherwise the daemon reads all of the source, holes too, and flushes
the clone. A daemon cannot be told to stop; what it makes can be deleted when it is complete.

Seconds for a copy within one pool over a unix socket, medians of three (2 shared cores): 256 MiB
of data, and 1012 MiB with 12 MiB of data.

=======  ============  =============  =============  ==============
on       dense, clone  dense, stream  sparse, clone  sparse, stream
=======  ============  =============  =============  ==============
tmpfs    0.45          1.21           0.44           0.09 to 0.18
ext4     0.83          1.00           0.88           0.06 to 0.09
xfs      0.016         1.38           0.029          0.15
=======  ============  =============  =============  ==============

So copies are left to the daemon where it can share blocks, or where the source is dense; sparse
ones are sent, which is faster and resumable. With the daemon far away a clone saves far more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from lacuna_engine.errors import (
    InvalidOperationError,
    LacunaError,
    NotProvedError,
    RemoteError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc.records import PoolHandle, VolumeHandle
from lacuna_engine.storage import (
    Permissions,
    Storage,
    VolumeDescription,
    VolumeType,
    retry_busy,
    volume_xml,
)

__all__ = ["clone", "delete_when_idle", "is_cloned_alike"]

LOOK_EVERY = 0.1
"""Seconds between looks at how far a clone is."""

PATIENCE = 60.0
"""Seconds for which a volume may be busy and not grow, before waiting for it is given up."""


def is_cloned_alike(description: VolumeDescription, physical: int) -> bool:
    """Whether the daemon's clone of a volume of ``physical`` bytes has the same bytes.

    ``description`` is one of after the last refresh of the pool.
    """
    return (
        description.type == VolumeType.FILE
        and description.format == "raw"
        and description.capacity == physical
        and not description.encrypted
        and description.backing is None
    )


async def clone(
    storage: Storage,
    pool: PoolHandle,
    name: str,
    source: VolumeHandle,
    *,
    size: int,
    permissions: Permissions | None = None,
    progress: Callable[[int], None] | None = None,
    only_shared: bool = False,
) -> VolumeHandle:
    """Have the daemon copy ``source``, a raw file of ``size`` bytes, to the new volume ``name``.

    ``progress`` is told the bytes allocated so far; with ``only_shared`` it is an error if they
    cannot share blocks. If this is cancelled the daemon goes on. Raises
    :class:`VolumeExistsError`, :class:`NotProvedError` if the length is another, and what the
    call raises.
    """
    xml = volume_xml(name, capacity=0, allocation=0, permissions=permissions)
    watcher = None
    if progress is not None:
        watcher = asyncio.create_task(_watch(storage, pool, name, progress))
    try:
        made = await _clone(storage, pool, xml, source, only_shared=only_shared)
    finally:
        if watcher is not None:
            watcher.cancel()
    physical = await storage.physical(made)
    if physical != size:
        raise NotProvedError(f"the daemon's copy has {physical} bytes and not {size}")
    return made


async def _clone(
    storage: Storage, pool: PoolHandle, xml: str, source: VolumeHandle, *, only_shared: bool
) -> VolumeHandle:
    try:
        return await retry_busy(lambda: storage.clone_volume(pool, xml, source, share=True))
    except (VolumeExistsError, InvalidOperationError, VolumeBusyError):
        raise
    except RemoteError:
        if only_shared:
            raise
        # It cannot share blocks here, or does not know how to.
        return await retry_busy(lambda: storage.clone_volume(pool, xml, source))


async def _watch(
    storage: Storage, pool: PoolHandle, name: str, progress: Callable[[int], None]
) -> None:
    """Tell how far it is, until cancelled. Errors are found by whoever waits for the clone."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        with suppress(LacunaError):
            volume = await storage.volume(pool, name)
            progress((await storage.volume_info(volume)).allocation)


async def delete_when_idle(storage: Storage, volume: VolumeHandle) -> None:
    """Delete a volume, after the daemon has done with it; one that is gone is fine.

    It may still be the target of a clone that somebody asked for who has died since. Raises
    :class:`VolumeBusyError` if that does not get on.
    """
    loop = asyncio.get_running_loop()
    allocation, since = -1, loop.time()
    while True:
        try:
            return await storage.delete_volume(volume)
        except VolumeNotFoundError:
            return None
        except VolumeBusyError:
            with suppress(VolumeNotFoundError):
                now = (await storage.volume_info(volume)).allocation
                if now != allocation:
                    allocation, since = now, loop.time()
            if loop.time() - since > PATIENCE:
                raise
        await asyncio.sleep(LOOK_EVERY)
