"""Where an upload goes: which volume, what is there already, and making room for the new content.

Nothing is changed before all that can be checked has been checked.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import PurePath, PurePosixPath

from lacuna_engine.client.together import together
from lacuna_engine.errors import (
    ExistsError,
    LacunaError,
    NoSpaceError,
    TransferError,
    UsageError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.storage import (
    Permissions,
    PoolDescription,
    PoolHandle,
    PoolInfo,
    PoolType,
    Storage,
    VolumeDescription,
    VolumeHandle,
    VolumeType,
    display_name,
    validate_volume_name,
)
from lacuna_engine.transfer.options import IfExists

__all__ = [
    "Destination",
    "check_room",
    "choose_destination",
    "create_fresh",
    "existing_volume",
    "keep_old",
    "numbered",
]

DEVICE_POOLS = frozenset({PoolType.LOGICAL, PoolType.DISK, PoolType.ZFS})
"""Pools whose volumes are block devices that libvirt can make."""

CLEAN_UP_TIMEOUT = 10.0

MAX_NAME = 255
"""Bytes of the longest name of a file (protocol.md 5.5)."""


@dataclass(slots=True)
class Destination:
    """A chosen destination. ``old`` describes the volume that is there, None if there is none.

    Where ``final`` is not empty, the volume ``name`` is a temporary one, which takes the place of
    ``final`` once it is complete; ``kept`` describes that, None if it is gone. ``available`` is
    the room in the pool, in bytes, when it was last looked at.
    """

    pool: PoolHandle
    pool_description: PoolDescription
    name: str
    old: VolumeDescription | None = None
    skip: bool = False
    final: str = ""
    kept: VolumeDescription | None = None
    available: int = 0

    @property
    def is_device(self) -> bool:
        """Whether the volume is, or will be, a block device."""
        if self.old is not None:
            return self.old.type == VolumeType.BLOCK
        return self.pool_description.type in DEVICE_POOLS

    def __str__(self) -> str:
        return f"{display_name(self.pool.name)}/{display_name(self.final or self.name)}"


async def choose_destination(
    storage: Storage, pool_name: str, name: str, if_exists: IfExists
) -> Destination:
    """Find out what an upload to ``pool_name``/``name`` means under the policy.

    Raises :class:`ExistsError`, :class:`PoolNotFoundError`, :class:`InvalidOperationError` for an
    inactive pool, and :class:`TransferError` for what cannot be written to.
    """
    pool = await storage.pool(pool_name)
    (info, description), old = await together(
        _active_pool(storage, pool), existing_volume(storage, pool, name)
    )
    destination = Destination(pool, description, name, available=info.available)
    if old is None:
        validate_volume_name(name)
        return destination
    match if_exists:
        case IfExists.SKIP:
            destination.skip = True
        case IfExists.RENAME:
            destination.name = await _free_name(storage, pool, name)
            return destination
        case IfExists.REPLACE:
            _check_replaceable(destination, old)
        case IfExists.FAIL:
            raise ExistsError(
                f"{destination} exists already",
                hint="Choose another name, or --if-exists replace, rename or skip.",
            )
    destination.old = old
    return destination


async def _active_pool(storage: Storage, pool: PoolHandle) -> tuple[PoolInfo, PoolDescription]:
    return await together(storage.active_pool_info(pool), storage.describe_pool(pool))


def _check_replaceable(destination: Destination, old: VolumeDescription) -> None:
    if old.type not in (VolumeType.FILE, VolumeType.BLOCK):
        raise TransferError(
            f"{destination} is a volume of type '{old.type}', which cannot be written to"
        )


async def existing_volume(
    storage: Storage, pool: PoolHandle, name: str
) -> VolumeDescription | None:
    """Describe the volume of that name, None if there is none.

    Raises :class:`RemoteError`, :class:`ConnectionLostError`.
    """
    try:
        return await storage.describe_volume(await storage.volume(pool, name))
    except VolumeNotFoundError:
        return None


async def _free_name(storage: Storage, pool: PoolHandle, name: str) -> str:
    number = 1
    while await existing_volume(storage, pool, candidate := numbered(name, number)) is not None:
        number += 1
    validate_volume_name(candidate)
    return candidate


def numbered(name: str, number: int) -> str:
    """Return ``name`` with a number before its suffix: disk.qcow2, 1 -> disk-1.qcow2."""
    suffix = PurePath(name).suffix
    stem = name[: len(name) - len(suffix)]
    return f"{stem}-{number}{suffix}"


def keep_old(destination: Destination) -> None:
    """Have the new content go into a volume beside the one it is to replace.

    Raises :class:`UsageError`.
    """
    if destination.is_device:
        raise UsageError(
            f"{destination} is a device: its content cannot be kept until the new one is complete",
            hint="Leave --keep-until-complete out, or upload it under another name.",
        )
    destination.final, destination.kept = destination.name, destination.old
    destination.name, destination.old = temporary_name(destination.name), None


def temporary_name(name: str) -> str:
    """Return a name that no other volume has, which shows what it belongs to."""
    mark = f".lacuna-new-{secrets.token_hex(4)}"
    while len(name.encode("utf-8", "surrogateescape")) + len(mark) > MAX_NAME:
        name = name[:-1]
    return name + mark


async def check_room(storage: Storage, destination: Destination, size: int, data: int) -> None:
    """Check that ``data`` bytes of an image of ``size`` bytes fit. Raises :class:`NoSpaceError`.

    The pool's numbers are as of its last refresh, so a refusal is only believed after one.
    """
    if destination.old is not None and destination.is_device:
        if size > destination.old.physical:
            raise NoSpaceError(
                f"the image has {size} bytes and the volume {destination} only "
                f"{destination.old.physical}",
                hint="Choose or create a larger volume.",
            )
        return
    if destination.kept is not None:
        await _check_room_twice(storage, destination, destination.kept, data)
        return
    needed = size if destination.is_device else data
    if _available(destination) >= needed:
        return
    await _look_again(storage, destination)
    if (available := _available(destination)) < needed:
        raise NoSpaceError(
            f"the image needs {needed} bytes and the pool "
            f"{display_name(destination.pool.name)} has {available}",
            hint="Make room in the pool, or choose another one.",
        )


async def _check_room_twice(
    storage: Storage, destination: Destination, kept: VolumeDescription, data: int
) -> None:
    """Check the room for ``data`` beside the old content, and once more when that is deleted."""
    needed = max(data, 2 * data - kept.allocation)
    if _available(destination) >= needed:
        return
    await _look_again(storage, destination)
    if (available := _available(destination)) < needed:
        raise NoSpaceError(
            f"keeping the old content of {destination} until the new one is complete needs "
            f"{needed} bytes, and the pool {display_name(destination.pool.name)} has {available}",
            hint="Make room in the pool, or leave --keep-until-complete out: then the old content "
            "is given up first.",
        )


async def _look_again(storage: Storage, destination: Destination) -> None:
    await storage.refresh_pool(destination.pool)
    destination.available = (await storage.pool_info(destination.pool)).available


def _available(destination: Destination) -> int:
    freed = destination.old.allocation if destination.old is not None else 0
    return destination.available + freed


async def create_fresh(
    storage: Storage,
    destination: Destination,
    size: int,
    permissions: Permissions | None = None,
) -> VolumeHandle:
    """Make the volume: an empty raw file whatever the format, so that its growth can be watched.

    (protocol.md 5.4.) It has the owner and mode of ``permissions``, or of the volume whose place
    it is to take. On pools of devices it gets its size at once. If this is cancelled, what
    was made meanwhile is deleted. Raises :class:`ExistsError` if somebody was faster.
    """
    await _check_partition_name(storage, destination)
    if permissions is None and destination.kept is not None:
        permissions = destination.kept.permissions
    bytes_at_once = max(size, 1) if destination.is_device else 0
    creation = asyncio.ensure_future(
        storage.create_volume(
            destination.pool,
            destination.name,
            capacity=bytes_at_once,
            allocation=bytes_at_once,
            format=None if destination.is_device else "raw",
            permissions=permissions,
        )
    )
    try:
        return await asyncio.shield(creation)
    except VolumeExistsError as error:
        raise ExistsError(f"{destination} has just been made by somebody else") from error
    except asyncio.CancelledError:
        with suppress(LacunaError, TimeoutError):
            async with asyncio.timeout(CLEAN_UP_TIMEOUT):
                await storage.delete_volume(await creation)
        raise


async def _check_partition_name(storage: Storage, destination: Destination) -> None:
    """Check the name of a new partition. Raises :class:`UsageError` naming the right one.

    A daemon makes the partition first, then finds that it has another name, fails, and leaves the
    partition there (seen with 9.0).
    """
    described = destination.pool_description
    device = PurePosixPath(next(iter(described.source.devices), ""))
    # Elsewhere it is a link, and the names are made from what it points to.
    if described.type != PoolType.DISK or device.parent != PurePosixPath("/dev"):
        return
    stem = f"{device.name}p" if device.name[-1].isdigit() else device.name
    taken = {volume.name for volume in (await storage.volumes(destination.pool)).volumes}
    expected = next(name for number in count(1) if (name := f"{stem}{number}") not in taken)
    # On other tables than GPT primary and logical partitions count differently.
    numbered_so = destination.name.removeprefix(stem).isdigit()
    if destination.name == expected or (described.source.format != "gpt" and numbered_so):
        return
    raise UsageError(
        f"the next volume of the pool {display_name(destination.pool.name)} is {expected}, "
        f"not {display_name(destination.name)}: partitions have the names of their device",
        hint=f"Upload to {display_name(destination.pool.name)}/{expected}.",
    )
