"""Volumes that are block devices: read back before they are called done."""

import asyncio
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import (
    Piece,
    allocated,
    assert_same,
    content,
    data,
    hole,
    make_image,
    virsh_download,
    within,
    zeros,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, SLOW, download, run_into, until, upload
from lacuna_engine.errors import ExistsError, NoSpaceError, UsageError, VerificationError
from lacuna_engine.transfer import Session, State, TransferOptions, Upload
from lacuna_engine.transfer.delivery import Delivery

SIZE = 16 * MIB

IMAGES: dict[str, tuple[Piece, ...]] = {
    "ends in data": (data(MIB), hole(6 * MIB), data(MIB)),
    "ends in a hole": (data(MIB), hole(6 * MIB), data(MIB), hole(2 * MIB)),
    "begins with a hole": (hole(2 * MIB), data(MIB)),
    "zeros": (zeros(2 * MIB), data(MIB), zeros(2 * MIB)),
    "only a hole": (hole(5 * MIB),),
    "odd size": (data(MIB), hole(MIB), data(12_345)),
    "as large as the device": (data(MIB), hole(14 * MIB), data(MIB)),
    "empty": (),
}


@pytest.fixture
def device(block_pool: Pool) -> Path:
    """The first partition, 16 MiB full of 0xEE."""
    path = block_pool.file(block_pool.partitions[0])
    path.write_bytes(b"\xee" * SIZE)
    run("sync", "-f", path)
    return path


@pytest.mark.parametrize("shape", IMAGES)
async def test_old_content_goes_and_what_lies_behind_stays(
    *,
    daemon: PrivateLibvirtd,
    session: Session,
    block_pool: Pool,
    device: Path,
    tmp_path: Path,
    shape: str,
) -> None:
    image = make_image(tmp_path / "image", *IMAGES[shape])
    size = image.stat().st_size
    transfer = Upload(session, image, block_pool.name, device.name, options=REPLACE)
    report = await transfer.run()

    assert report.state is State.DONE
    assert report.verified
    assert report.digest is not None
    assert report.bytes_sent == report.bytes_data
    assert report.bytes_received == size  # a device is read back as data
    arrived = content(virsh_download(daemon, block_pool, device.name, tmp_path / "back"))
    assert arrived[:size] == content(image)
    assert arrived[size:] == b"\xee" * (SIZE - size)
    told = [note for note in transfer.tracker.notes if f"{SIZE - size} bytes" in note]
    assert len(told) == (1 if size < SIZE else 0)


@pytest.mark.parametrize("over", [1, MIB, 1 << 40])
async def test_an_image_larger_than_the_device_changes_nothing(
    session: Session, block_pool: Pool, device: Path, tmp_path: Path, over: int
) -> None:
    image = make_image(tmp_path / "image", data(4096), hole(SIZE - 4096 + over))
    transfer = Upload(session, image, block_pool.name, device.name, options=REPLACE)
    with pytest.raises(NoSpaceError, match=str(SIZE)):
        await transfer.run()
    assert transfer.report.bytes_sent == 0
    assert content(device) == b"\xee" * SIZE


async def test_a_device_is_not_overwritten_unasked(
    session: Session, block_pool: Pool, device: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(4096))
    with pytest.raises(ExistsError):
        await upload(session, image, block_pool, device.name)
    assert content(device) == b"\xee" * SIZE


async def test_a_device_comes_down_sparse(
    daemon: PrivateLibvirtd, session: Session, block_pool: Pool, device: Path, tmp_path: Path
) -> None:
    image = make_image(
        tmp_path / "image", data(MIB), zeros(10 * MIB), data(2 * MIB), zeros(3 * MIB)
    )
    run("dd", f"if={image}", f"of={device}", "bs=1M")
    verify = TransferOptions(verify=True)
    report = await download(session, block_pool, device.name, tmp_path / "back", verify)
    assert report.verified
    assert report.bytes_total == report.bytes_received == SIZE
    assert (report.bytes_data, report.bytes_zero) == (3 * MIB, 13 * MIB)
    assert_same(image, tmp_path / "back")
    assert allocated(tmp_path / "back") <= within(3 * MIB)


async def test_verify_says_the_same_up_and_down(
    session: Session, block_pool: Pool, device: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", *IMAGES["as large as the device"])
    up = await upload(session, image, block_pool, device.name, REPLACE)
    options = TransferOptions(verify=True)
    down = await download(session, block_pool, device.name, tmp_path / "back", options)
    assert up.digest == down.digest


async def test_what_somebody_else_writes_meanwhile_is_found(
    session: Session,
    block_pool: Pool,
    device: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = make_image(tmp_path / "image", data(8 * MIB))
    options = TransferOptions(if_exists=REPLACE.if_exists, limit=SLOW.limit)
    transfer = Upload(session, image, block_pool.name, device.name, options=options)
    done = False

    def meddle() -> None:
        nonlocal done
        done = True

    confirmed = Delivery._look_once_more

    async def look(self: Delivery, *, exact: bool) -> None:
        with device.open("r+b") as file:
            file.seek(5 * MIB)
            file.write(b"somebody else")
        await confirmed(self, exact=exact)

    monkeypatch.setattr(Delivery, "_look_once_more", look)
    with pytest.raises(VerificationError, match=f"{4 * MIB}-{8 * MIB}"):
        await run_into(transfer, meddle)
    assert done


async def test_a_cancelled_upload_does_not_delete_the_partition(
    daemon: PrivateLibvirtd, session: Session, block_pool: Pool, device: Path, tmp_path: Path
) -> None:
    """What was not made here is not removed either; the next upload puts it right."""
    image = make_image(tmp_path / "image", data(8 * MIB))
    options = TransferOptions(if_exists=REPLACE.if_exists, limit=SLOW.limit)
    transfer = Upload(session, image, block_pool.name, device.name, options=options)
    task = asyncio.ensure_future(transfer.run())
    await until(lambda: transfer.tracker.moved >= MIB)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(block_pool.partitions) == daemon.volumes(block_pool.name)
    await upload(session, image, block_pool, device.name, REPLACE)


@pytest.mark.parametrize("name", ["mine", "image.raw", "loop999p1"])
async def test_partitions_have_the_kernel_s_names(
    daemon: PrivateLibvirtd, session: Session, block_pool: Pool, tmp_path: Path, name: str
) -> None:
    """The daemon would make the partition, then not like its name, and leave it there."""
    image = make_image(tmp_path / "image", data(4096))
    with pytest.raises(UsageError, match="p3") as caught:
        await upload(session, image, block_pool, name)
    assert f"{block_pool.name}/" in caught.value.hint
    daemon.virsh("pool-refresh", block_pool.name)
    assert sorted(block_pool.partitions) == daemon.volumes(block_pool.name)


async def test_a_new_partition_is_made_for_an_image(
    daemon: PrivateLibvirtd, session: Session, pool_factory: PoolFactory, tmp_path: Path
) -> None:
    pool = pool_factory("disk", partitions=(8 * MIB,))
    assert pool.device is not None
    name = f"{pool.device.name}p2"
    image = make_image(tmp_path / "image", data(MIB), hole(6 * MIB), data(MIB))
    report = await upload(session, image, pool, name)
    assert report.verified
    assert content(pool.file(name))[: 8 * MIB] == content(image)
    assert name in daemon.volumes(pool.name)


async def test_a_partition_that_cannot_be_removed_is_named(
    session: Session, pool_factory: PoolFactory, tmp_path: Path
) -> None:
    """This daemon cannot delete partitions of devices whose name ends in a digit, as loop0."""
    pool = pool_factory("disk", partitions=(8 * MIB,))
    assert pool.device is not None
    name = f"{pool.device.name}p2"
    image = make_image(tmp_path / "image", data(8 * MIB))
    transfer = Upload(session, image, pool.name, name, options=SLOW)
    task = asyncio.ensure_future(transfer.run())
    await until(lambda: transfer.tracker.moved >= MIB)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert any(f"'{name}' could not be removed" in note for note in transfer.tracker.notes)
