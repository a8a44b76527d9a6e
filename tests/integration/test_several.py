"""Several transfers at a time, on one session, one pool, one volume or one file."""

import asyncio
from pathlib import Path

from integration.failing import IMAGE
from integration.images import assert_same, data, files_in, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import download, session_to, upload
from lacuna_engine.transfer import Session, TransferOptions


async def test_two_uploads_into_one_pool(
    daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path
) -> None:
    images = [make_image(tmp_path / f"image-{seed}", *IMAGE, seed=seed) for seed in (1, 2)]
    async with session_to(daemon.uri) as one, session_to(daemon.uri) as other:
        sessions = zip((one, other), images, strict=True)
        verify = TransferOptions(verify=True)
        await asyncio.gather(*(upload(s, image, pool, "", verify) for s, image in sessions))
    for image in images:
        assert_same(image, pool.file(image.name))


async def test_many_transfers_in_one_session(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    pieces = (data(MIB), hole(MIB), data(4096))
    volumes = [make_volume(daemon, pool, f"v{number}", *pieces) for number in range(6)]
    image = make_image(tmp_path / "image", *pieces)
    await asyncio.gather(
        *(download(session, pool, volume.name, tmp_path / volume.name) for volume in volumes),
        *(upload(session, image, pool, f"u{number}") for number in range(6)),
    )
    for number, volume in enumerate(volumes):
        assert_same(volume, tmp_path / volume.name)
        assert_same(image, pool.file(f"u{number}"))


async def test_two_downloads_of_one_volume(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    volume = make_volume(daemon, pool, "v", *IMAGE)
    names = ("one", "two")
    await asyncio.gather(*(download(session, pool, "v", tmp_path / name) for name in names))
    for name in names:
        assert_same(volume, tmp_path / name)


async def test_two_downloads_to_one_file(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """One of them is told that somebody was faster; nothing is mixed and no part stays."""
    volume = make_volume(daemon, pool, "v", *IMAGE)
    results = await asyncio.gather(
        *(download(session, pool, "v", tmp_path / "v") for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ExistsError", "Report"]
    assert files_in(tmp_path) == ["v"]
    assert_same(volume, tmp_path / "v")


async def test_two_uploads_of_one_name(session: Session, pool: Pool, tmp_path: Path) -> None:
    images = [make_image(tmp_path / f"image-{seed}", *IMAGE, seed=seed) for seed in (1, 2)]
    results = await asyncio.gather(
        *(upload(session, image, pool, "v") for image in images), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ExistsError", "Report"]
    winner = images[0] if not isinstance(results[0], BaseException) else images[1]
    assert_same(winner, pool.file("v"))
