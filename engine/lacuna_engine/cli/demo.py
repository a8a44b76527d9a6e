"""The main job in the terminal: upload, list, download, compare, on a server of one's own."""

from __future__ import annotations

import asyncio
import filecmp
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from lacuna_engine.cli.show import bytes_text, extent_strip
from lacuna_engine.demo import make_samples
from lacuna_engine.errors import VerificationError
from lacuna_engine.extents import allocated_bytes
from lacuna_engine.server import Registry, StorageServer, parse_address
from lacuna_engine.transfer import Download, Report, Session, TransferOptions, Upload
from lacuna_engine.transport import parse_uri

__all__ = ["run_demo"]

STRIP = 64
POOL = "demo"


async def run_demo(folder: Path, say: Callable[[str], None]) -> None:
    """Do it all in ``folder``, which the caller removes; ``say`` takes lines of text.

    Raises :class:`LacunaError` if anything is not as it should be.
    """
    images, pool, back = (folder / name for name in ("images", "pool", "back"))
    for place in (images, pool, back):
        place.mkdir()
    say("Making sample images ...")
    samples = await asyncio.to_thread(make_samples, images)
    async with AsyncExitStack() as stack:
        registry = Registry()
        registry.add(POOL, str(pool))
        server = await stack.enter_async_context(StorageServer(registry))
        address = await server.listen(parse_address(f"unix:{folder / 'socket'}"))
        say(f"A storage server listens at {address.uri}")
        session = await stack.enter_async_context(Session(parse_uri(address.uri)))
        saved = 0
        for sample in samples:
            saved += await _there_and_back(session, sample, back, say)
        await _list(session, say)
        say(
            f"\nEverything came back identical. Bytes that did not have to move: "
            f"{bytes_text(saved)} each way."
        )


async def _there_and_back(
    session: Session, sample: Path, back: Path, say: Callable[[str], None]
) -> int:
    """Upload, download and compare one image; return the bytes saved."""
    options = TransferOptions(verify=True)
    upload = Upload(session, sample, POOL, options=options)
    up = await upload.run()
    say(f"\n{sample.name}")
    say(f"  [{extent_strip(upload.tracker.map, STRIP)}]")
    say(f"  up:   {_facts(up, up.bytes_sent)}")
    down = await Download(session, POOL, sample.name, back, options=options).run()
    say(f"  down: {_facts(down, down.bytes_received)}")
    copy = back / sample.name
    same = await asyncio.to_thread(filecmp.cmp, sample, copy, shallow=False)
    if not same or up.digest != down.digest:
        raise VerificationError(f"{sample.name} came back different")
    say(f"  identical; the copy takes {bytes_text(allocated_bytes(copy))} on the disk")
    return up.saved


def _facts(report: Report, moved: int) -> str:
    return (
        f"image {bytes_text(report.bytes_total)}, data {bytes_text(report.bytes_data)}, "
        f"holes {bytes_text(report.bytes_hole)}, zeros {bytes_text(report.bytes_zero)}; "
        f"saved {bytes_text(report.saved)}; moved {bytes_text(moved)}"
    )


async def _list(session: Session, say: Callable[[str], None]) -> None:
    storage = session.storage
    listing = await storage.volumes(await storage.pool(POOL))
    say(f"\n{'Volumes of the pool':<24}{'format':<8}{'capacity':>12}{'allocated':>12}")
    for volume in await storage.describe_volumes(listing.volumes):
        if isinstance(volume, Exception):
            raise volume
        say(
            f"  {volume.name:<22}{volume.format:<8}{bytes_text(volume.capacity):>12}"
            f"{bytes_text(volume.allocation):>12}"
        )
