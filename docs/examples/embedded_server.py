"""Serve a folder as a libvirt storage pool within one's own program, and use it.

    python embedded_server.py /srv/images

virsh and every other client of libvirt can use it while it runs.
"""

import asyncio
import sys
import tempfile

from lacuna_engine.errors import LacunaError
from lacuna_engine.server import Registry, StorageServer, parse_address
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri


async def serve(folder: str) -> None:
    registry = Registry()
    registry.add("images", folder)
    with tempfile.TemporaryDirectory() as private:
        async with StorageServer(registry) as server:
            address = await server.listen(parse_address(f"unix:{private}/socket"))
            print(f"listening at {address.uri}")
            async with Session(parse_uri(address.uri)) as session:
                pool = await session.storage.pool("images")
                listing = await session.storage.volumes(pool)
                print(f"{pool.name}: {[volume.name for volume in listing.volumes]}")


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1]))
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
