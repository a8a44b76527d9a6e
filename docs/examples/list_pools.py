"""List the pools of a daemon, and the volumes of the active ones.

python list_pools.py qemu:///system
"""

import asyncio
import sys

from lacuna_engine.errors import LacunaError
from lacuna_engine.storage import PoolState
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri


async def list_pools(uri: str) -> None:
    async with Session(parse_uri(uri)) as session:
        storage = session.storage
        for pool in await storage.pools():
            info = await storage.pool_info(pool)
            print(f"{pool.name}: {info.state.name.lower()}, {info.available} bytes available")
            if info.state is PoolState.INACTIVE:
                continue
            listing = await storage.volumes(pool)
            for volume in await storage.describe_volumes(listing.volumes):
                if isinstance(volume, Exception):
                    continue  # it was deleted since it was listed
                print(f"  {volume.name}: {volume.format}, {volume.physical} bytes long")


if __name__ == "__main__":
    try:
        asyncio.run(list_pools(sys.argv[1]))
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
