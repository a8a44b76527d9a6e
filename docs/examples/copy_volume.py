"""Copy a volume to another pool, on the same host or another one, without a file in between.

python copy_volume.py qemu:///system default disk.raw qemu+ssh://root@kvm/system images
"""

import asyncio
import sys

from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer import Copy, RemoteVolume, Session, TransferOptions
from lacuna_engine.transport import parse_uri


async def copy_volume(uri: str, pool: str, volume: str, uri_2: str, pool_2: str) -> None:
    async with Session(parse_uri(uri)) as here, Session(parse_uri(uri_2)) as there:
        source = RemoteVolume(here, pool, volume)
        target = RemoteVolume(there, pool_2, volume)
        # At most 100 MiB of data a second; holes cost nothing.
        report = await Copy(source, target, options=TransferOptions(limit=100 << 20)).run()
    print(f"{report.state}: {report.bytes_data} bytes of data, {report.saved} bytes saved")


if __name__ == "__main__":
    try:
        asyncio.run(copy_volume(*sys.argv[1:6]))
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
