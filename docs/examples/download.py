"""Download a volume into a folder; holes stay holes.

python download.py qemu:///system default disk.raw /tmp
"""

import asyncio
import sys
from pathlib import Path

from lacuna_engine.errors import LacunaError
from lacuna_engine.extents import allocated_bytes
from lacuna_engine.transfer import Download, IfExists, Session, TransferOptions
from lacuna_engine.transport import parse_uri


async def download_volume(uri: str, pool: str, volume: str, folder: Path) -> None:
    # "disk.raw" becomes "disk-1.raw" where there is one already.
    options = TransferOptions(if_exists=IfExists.RENAME)
    async with Session(parse_uri(uri)) as session:
        download = Download(session, pool, volume, folder, options=options)
        report = await download.run()
    file = Path(download.destination)
    print(f"{file}: {report.bytes_total} bytes long, {allocated_bytes(file)} on the disk")


if __name__ == "__main__":
    try:
        uri, pool, volume, folder = sys.argv[1:]
        asyncio.run(download_volume(uri, pool, volume, Path(folder)))
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
