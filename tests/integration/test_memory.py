"""The daemon keeps its memory from message to message, instead of fetching it anew for each."""

import shutil
from pathlib import Path

import pytest

from integration.images import data, make_image
from integration.libvirtd import MIB, PrivateLibvirtd
from integration.moves import download, upload
from lacuna_engine.transfer import Session
from lacuna_engine.transfer.receiver import WARM_FROM
from lacuna_engine.transport import parse_uri

PAGE = 4096


def faults(daemon: PrivateLibvirtd) -> int:
    """Pages that the daemon has had to fetch so far."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_transfer_fetches_few_pages(
    own_daemon: PrivateLibvirtd, tmp_path: Path, direction: str
) -> None:
    """Each message cost its whole size in pages, nearly the volume's in all."""
    size = WARM_FROM
    pool = own_daemon.make_pool("pages", "tmpfs", size=size + 16 * MIB)
    image = make_image(tmp_path / "image", data(size))
    if direction == "down":
        shutil.move(image, pool.file("image"))
        own_daemon.virsh("pool-refresh", pool.name)
    async with Session(parse_uri(own_daemon.uri)) as session:
        before = faults(own_daemon)
        if direction == "up":
            await upload(session, image, pool, "image")
        else:
            await download(session, pool, "image", tmp_path / "back")
    assert (faults(own_daemon) - before) * PAGE < size // 2
