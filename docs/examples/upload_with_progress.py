"""Upload an image, show how far it is, and prove by reading back that it arrived.

python upload_with_progress.py disk.raw qemu+ssh://root@kvm/system default
"""

import asyncio
import sys
from pathlib import Path

from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer import IfExists, Session, TransferOptions, Upload
from lacuna_engine.transport import parse_uri


async def show(upload: Upload) -> None:
    """Print a line now and then; the tracker may be read at any time."""
    while True:
        tracker = upload.tracker
        size = tracker.map.size
        share = 100 * tracker.passed // size if size else 0
        print(f"{tracker.phase}: {share} % of the image, {tracker.moved} bytes of data sent")
        await asyncio.sleep(0.5)


async def upload_image(file: Path, uri: str, pool: str) -> None:
    options = TransferOptions(if_exists=IfExists.REPLACE, verify=True)
    async with Session(parse_uri(uri)) as session:
        upload = Upload(session, file, pool, options=options)
        watching = asyncio.create_task(show(upload))
        try:
            report = await upload.run()
        finally:
            watching.cancel()
    print(f"{report.state}: {report.bytes_sent} of {report.bytes_total} bytes had to be sent")
    print(f"digest {report.digest}")


if __name__ == "__main__":
    try:
        asyncio.run(upload_image(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
