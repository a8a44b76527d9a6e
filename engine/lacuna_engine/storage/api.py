"""Pools and volumes of one daemon: the storage API.

Every method is one call of the daemon, or a few that belong together, and raises what
:meth:`Connection.call` raises. Sizes are bytes. Nothing is cached: libvirt emits no events for
volumes (protocol.md 0.11), so what is wanted fresh has to be asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lacuna_engine.client import Connection
from lacuna_engine.client.together import together
from lacuna_engine.errors import NotSupportedError, PoolInactiveError, RemoteError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code
from lacuna_engine.rpc.record import Void
from lacuna_engine.rpc.records import PoolHandle, VolumeHandle
from lacuna_engine.storage.busy import in_turns, retry_busy
from lacuna_engine.storage.names import display_name
from lacuna_engine.storage.records import (
    Permissions,
    PoolDescription,
    PoolInfo,
    PoolState,
    VolumeDescription,
    VolumeInfo,
    VolumeType,
)
from lacuna_engine.storage.xml import parse_pool, parse_volume
from lacuna_engine.storage.xml_build import volume_xml

__all__ = ["Storage", "VolumeListing"]

PHYSICAL = 1
RESIZE_SHRINK = 4
CLONE_SHARED = 2


class VolumeListing(NamedTuple):
    """The volumes of a pool, and how many more there are that libvirt cannot list.

    No call names more than 16,384 volumes; the rest can only be looked up by name (3.3).
    """

    volumes: tuple[VolumeHandle, ...]
    unlisted: int = 0


class Storage:
    """The storage of the daemon at the other end of ``connection``. All sizes are in bytes.

    Every method that asks the daemon raises what :meth:`Connection.call` does: the daemon's own
    answer as a :class:`RemoteError`, and :class:`ConnectionLostError`. The methods name only what
    they raise beside that, and which answers are to be expected.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._call = connection.call

    async def library_version(self) -> tuple[int, int, int]:
        """Return the version of libvirt there."""
        number = (await self._call(p.CONNECT_GET_LIB_VERSION, Void())).value
        return number // 1_000_000, number // 1_000 % 1_000, number % 1_000

    # --- pools ---------------------------------------------------------------------------------

    async def pools(self) -> tuple[PoolHandle, ...]:
        """Return all pools, active or not, by name."""
        found = (await self._call(p.LIST_ALL_POOLS, r.ListPools())).pools
        return tuple(sorted(found, key=lambda pool: pool.name))

    async def pool(self, name: str) -> PoolHandle:
        """Look a pool up. Raises :class:`PoolNotFoundError`."""
        return (await self._call(p.POOL_LOOKUP_BY_NAME, r.String(name))).pool

    async def active_pool(self, name: str) -> PoolHandle:
        """Look an active pool up. Raises also :class:`PoolInactiveError`."""
        pool = await self.pool(name)
        await self.active_pool_info(pool)
        return pool

    async def pool_info(self, pool: PoolHandle) -> PoolInfo:
        """Return state and sizes as of the last refresh (protocol.md 3.4)."""
        info = await self._call(p.POOL_GET_INFO, r.Pool(pool))
        return PoolInfo(PoolState(info.state), info.capacity, info.allocation, info.available)

    async def active_pool_info(self, pool: PoolHandle) -> PoolInfo:
        """Return state and sizes of an active pool. Raises :class:`PoolInactiveError`."""
        info = await self.pool_info(pool)
        if info.state == PoolState.INACTIVE:
            name = display_name(pool.name)
            raise PoolInactiveError(
                f"the pool {name} is not active",
                code=Code.OPERATION_INVALID,
                hint=f"Start it first, for example with: virsh pool-start {name}",
            )
        return info

    async def describe_pool(self, pool: PoolHandle) -> PoolDescription:
        """Return all that the pool's XML says."""
        xml = (await self._call(p.POOL_GET_XML_DESC, r.PoolFlags(pool))).value
        return parse_pool(xml, name=pool.name)

    async def pool_autostart(self, pool: PoolHandle) -> bool:
        """Return whether the daemon starts the pool with itself."""
        return bool((await self._call(p.POOL_GET_AUTOSTART, r.Pool(pool))).value)

    async def set_pool_autostart(self, pool: PoolHandle, on: bool) -> None:  # noqa: FBT001
        """Have the daemon start the pool with itself, or not. Not for transient pools."""
        await self._call(p.POOL_SET_AUTOSTART, r.PoolNumber(pool, int(on)))

    async def pool_is_persistent(self, pool: PoolHandle) -> bool:
        """Return whether the pool is defined, so that it outlives being stopped."""
        return bool((await self._call(p.POOL_IS_PERSISTENT, r.Pool(pool))).value)

    async def define_pool(self, xml: str) -> PoolHandle:
        """Make a persistent pool, not started. The same uuid redefines."""
        return (await self._call(p.POOL_DEFINE_XML, r.Xml(xml))).pool

    async def create_pool(self, xml: str) -> PoolHandle:
        """Make a transient pool, started."""
        return (await self._call(p.POOL_CREATE_XML, r.Xml(xml))).pool

    async def build_pool(self, pool: PoolHandle) -> None:
        """Make what the pool stands on: the folder of a ``dir`` pool."""
        await self._call(p.POOL_BUILD, r.PoolFlags(pool))

    async def start_pool(self, pool: PoolHandle) -> None:
        """Make an inactive pool active."""
        await self._call(p.POOL_CREATE, r.PoolFlags(pool))

    async def stop_pool(self, pool: PoolHandle) -> None:
        """Make a pool inactive. Nothing is deleted, but a transient pool is then gone."""
        await self._call(p.POOL_DESTROY, r.Pool(pool))

    async def undefine_pool(self, pool: PoolHandle) -> None:
        """Forget an inactive pool. Its storage stays."""
        await self._call(p.POOL_UNDEFINE, r.Pool(pool))

    async def delete_pool(self, pool: PoolHandle) -> None:
        """Remove an inactive pool's storage: the folder of a ``dir`` pool, which must be empty."""
        await self._call(p.POOL_DELETE, r.PoolFlags(pool))

    async def refresh_pool(self, pool: PoolHandle) -> None:
        """Have the daemon read the pool again. If that fails the pool becomes inactive (5.9)."""
        await retry_busy(lambda: self._call(p.POOL_REFRESH, r.PoolFlags(pool)))

    # --- volumes -------------------------------------------------------------------------------

    async def volumes(self, pool: PoolHandle) -> VolumeListing:
        """Return the pool's volumes by name, as many as libvirt can list."""
        try:
            found = (await self._call(p.LIST_ALL_VOLUMES, r.ListVolumes(pool))).volumes
            unlisted = 0
        except RemoteError:
            total = (await self._call(p.POOL_NUM_OF_VOLUMES, r.Pool(pool))).value
            if total <= r.MAX_LIST:
                raise
            arguments = r.PoolNumber(pool, r.MAX_LIST)
            names = (await self._call(p.POOL_LIST_VOLUMES, arguments)).names
            # The daemon ignores a volume's key (2.1), so a name is as good as a handle.
            found = tuple(VolumeHandle(pool.name, name, "") for name in names)
            unlisted = total - len(found)
        return VolumeListing(tuple(sorted(found, key=lambda volume: volume.name)), unlisted)

    async def volume(self, pool: PoolHandle, name: str) -> VolumeHandle:
        """Look a volume up. Raises :class:`VolumeNotFoundError`."""
        return (await self._call(p.VOL_LOOKUP_BY_NAME, r.PoolName(pool, name))).volume

    async def volume_by_path(self, path: str) -> VolumeHandle:
        """Look a volume up by its path on the daemon's host."""
        return (await self._call(p.VOL_LOOKUP_BY_PATH, r.String(path))).volume

    async def volume_path(self, volume: VolumeHandle) -> str:
        """Return the volume's path on the daemon's host."""
        return (await self._call(p.VOL_GET_PATH, r.Volume(volume))).value

    async def volume_info(self, volume: VolumeHandle) -> VolumeInfo:
        """Return kind and sizes, looked up afresh by the daemon."""
        info, physical = await together(
            self._call(p.VOL_GET_INFO, r.Volume(volume)), self.physical(volume)
        )
        kind = VolumeType.from_number(info.type)
        return VolumeInfo(kind, info.capacity, info.size, physical)

    async def physical(self, volume: VolumeHandle) -> int:
        """Return the length in bytes of the file or device, looked up afresh.

        This, not the capacity, is how much there is to transfer (protocol.md 0.12).
        """
        try:
            return (await self._call(p.VOL_GET_INFO_FLAGS, r.VolumeFlags(volume, PHYSICAL))).size
        except NotSupportedError:
            # Daemons before 3.0 have it only in the XML, where it is left out when it is 0.
            description = await self.describe_volume(volume)
            if description.physical or description.format not in ("raw", "iso", ""):
                return description.physical
            return description.capacity

    async def describe_volume(self, volume: VolumeHandle) -> VolumeDescription:
        """Return all that the volume's XML says; name and key are those of the handle."""
        xml = (await self._call(p.VOL_GET_XML_DESC, r.VolumeFlags(volume))).value
        return parse_volume(xml, name=volume.name, key=volume.key or None)

    async def describe_volumes(
        self, volumes: Iterable[VolumeHandle]
    ) -> list[VolumeDescription | RemoteError]:
        """Describe many volumes, some calls at a time. One that is gone gives its error."""

        async def describe(volume: VolumeHandle) -> VolumeDescription | RemoteError:
            try:
                return await self.describe_volume(volume)
            except RemoteError as error:
                return error

        return await in_turns(describe, volumes)

    async def create_volume(
        self,
        pool: PoolHandle,
        name: str,
        *,
        capacity: int = 0,
        allocation: int = 0,
        format: str | None = "raw",  # noqa: A002 - the field's own name
        permissions: Permissions | None = None,
    ) -> VolumeHandle:
        """Make a volume. Raises :class:`VolumeExistsError`.

        ``format`` None is the pool's default: pools of devices know no raw.
        """
        xml = volume_xml(
            name,
            capacity=capacity,
            allocation=allocation,
            format=format,
            permissions=permissions,
        )
        return await self.create_volume_xml(pool, xml)

    async def create_volume_xml(self, pool: PoolHandle, xml: str) -> VolumeHandle:
        """Make a volume from XML as in protocol.md 7.3."""
        return (await self._call(p.VOL_CREATE_XML, r.PoolXml(pool, xml))).volume

    async def clone_volume(
        self, pool: PoolHandle, xml: str, source: VolumeHandle, *, share: bool = False
    ) -> VolumeHandle:
        """Have the daemon copy ``source`` into a new volume.

        With ``share`` both have the same blocks until one is written to; on file systems that
        cannot do that it is an error, and nothing is left behind.
        """
        arguments = r.CloneVolume(pool, xml, source, CLONE_SHARED if share else 0)
        return (await self._call(p.VOL_CREATE_XML_FROM, arguments)).volume

    async def delete_volume(self, volume: VolumeHandle) -> None:
        """Delete a volume, even one that is in use by a stream (5.6)."""
        await retry_busy(lambda: self._call(p.VOL_DELETE, r.VolumeFlags(volume)))

    async def resize_volume(
        self, volume: VolumeHandle, capacity: int, *, shrink: bool = False
    ) -> None:
        """Change the capacity. The daemon is made to look at the volume first (5.1)."""
        await self._call(p.VOL_GET_INFO, r.Volume(volume))
        arguments = r.Resize(volume, capacity, RESIZE_SHRINK if shrink else 0)
        await retry_busy(lambda: self._call(p.VOL_RESIZE, arguments))

    async def wipe_volume(self, volume: VolumeHandle) -> None:
        """Overwrite a volume with zeros; one with any hole is only cut to 0 and back (5.1).

        The daemon wipes as much as it last knew to be allocated, so it is made to look first.
        """
        await self._call(p.VOL_GET_INFO, r.Volume(volume))
        await retry_busy(lambda: self._call(p.VOL_WIPE, r.VolumeFlags(volume)))
