"""The daemon keeps its memory from message to message, instead of fetching it anew for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.images import data, hole, make_image
from integration.libvirtd import MIB, PrivateLibvirtd
from integration.moves import download, upload
from integration.tls import Server
from lacuna_engine.transfer import Session
from lacuna_engine.transfer.daemon_memory import DOWNLOAD_WORTHWHILE
from lacuna_engine.transport import parse_uri

PAGE = 4096


def fetched(daemon: PrivateLibvirtd) -> int:
    """Bytes that the daemon has fetched from the system so far, over and over, page by page."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7]) * PAGE


def peak(daemon: PrivateLibvirtd) -> int:
    """Bytes that the daemon has held at most. A slow disk makes it hold what waits for that."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


@pytest.fixture(params=["unix", "tls"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[PrivateLibvirtd, str]]:
    """A daemon that has not done anything yet, and how to reach it."""
    server = Server(tmp_path) if request.param == "tls" else None
    with PrivateLibvirtd(settings=server.settings if server else {}) as daemon:
        yield daemon, server.uri() if server else daemon.uri


async def test_a_fragmented_upload_fetches_few_pages(tmp_path: Path) -> None:
    """No run is long enough for a packet that would have the daemon keep its memory."""
    pieces = [one for _ in range(512) for one in (data(MIB), hole(MIB))]
    with PrivateLibvirtd() as daemon:
        pool = daemon.make_pool("pages", "tmpfs", size=640 * MIB)
        image = make_image(tmp_path / "image", *pieces)
        async with Session(parse_uri(daemon.uri)) as session:
            before, held = fetched(daemon), peak(daemon)
            await upload(session, image, pool, "image")
        assert fetched(daemon) - before < 256 * MIB + peak(daemon) - held


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_transfer_fetches_few_pages(
    served: tuple[PrivateLibvirtd, str], tmp_path: Path, direction: str
) -> None:
    """Each message cost its whole size in pages, nearly the volume's in all."""
    daemon, uri = served
    size = DOWNLOAD_WORTHWHILE
    pool = daemon.make_pool("pages", "tmpfs", size=size + 16 * MIB)
    image = make_image(tmp_path / "image", data(size))
    if direction == "down":
        shutil.move(image, pool.file("image"))
        daemon.virsh("pool-refresh", pool.name)
    async with Session(parse_uri(uri)) as session:
        before, held = fetched(daemon), peak(daemon)
        if direction == "up":
            await upload(session, image, pool, "image")
        else:
            await download(session, pool, "image", tmp_path / "back")
    assert fetched(daemon) - before < size // 2 + peak(daemon) - held
