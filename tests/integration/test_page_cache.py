"""What a transfer leaves in the page cache, as the kernel counts it."""

from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import assert_same, data, hole, make_image
from integration.libvirtd import MIB, Pool, run
from integration.moves import download, upload
from lacuna_engine.extents import _system
from lacuna_engine.transfer import Session, TransferOptions

IMAGE = (data(40 * MIB), hole(8 * MIB), data(16 * MIB + 512))
LITTLE = 4 * MIB
MUCH = 40 * MIB


@pytest.fixture
def disk(pool_factory: PoolFactory) -> Path:
    """A folder on a file system that has something below it: a tmpfs drops nothing."""
    return pool_factory("ext4", size=256 * MIB).path


def cached(path: Path) -> int:
    """Return how many bytes of a file are in the page cache."""
    run("sync", "--file-system", path)
    return int(run("fincore", "--bytes", "--noheadings", "--output", "RES", path).stdout)


@pytest.fixture(params=[100 * MIB, 1024 * MIB], ids=["too little", "enough"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much of it there seems to be."""
    size: int = request.param
    monkeypatch.setattr(_system, "available_memory", lambda: size)
    return size


@pytest.mark.parametrize("verify", [False, True])
async def test_images_larger_than_memory_leave_the_cache_alone(
    session: Session, pool_factory: PoolFactory, disk: Path, memory: int, verify: bool
) -> None:
    pool, options = pool_factory(size=128 * MIB), TransferOptions(verify=verify)
    image, back = make_image(disk / "image", *IMAGE), disk / "back"
    assert cached(image) >= MUCH

    await upload(session, image, pool, "v", options)
    left_of_image = cached(image)
    await download(session, pool, "v", back, options)
    left_of_back = cached(back)

    if memory < MUCH * 3:
        assert left_of_image <= LITTLE
        assert left_of_back <= LITTLE
    else:
        assert left_of_image >= MUCH
        assert left_of_back >= MUCH
    assert_same(image, pool.path / "v")
    assert_same(image, back)


async def test_little_is_in_the_cache_at_any_time(
    session: Session, pool: Pool, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the daemon has not yet taken what was sent."""
    monkeypatch.setattr(_system, "available_memory", lambda: MIB)
    monkeypatch.setattr("lacuna_engine.transfer.trail.LENGTH", 8 * MIB)
    image = make_image(disk / "image", data(60 * MIB))
    assert cached(image) >= MUCH
    counted: list[int] = []
    dropped = _system.forget

    def drop(fd: int, start: int, end: int) -> None:
        dropped(fd, start, end)
        counted.append(cached(image) - (image.stat().st_size - end))

    monkeypatch.setattr(_system, "forget", drop)
    await upload(session, image, pool, "v", TransferOptions(connections=1))
    assert len(counted) > 3
    assert max(counted) <= LITTLE, counted
    assert_same(image, pool.path / "v")
