"""Uploads: what virsh then downloads is what was sent, and holes stay holes at both ends."""

import os
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import (
    GIB,
    KIB,
    TIB,
    Piece,
    allocated,
    assert_same,
    assert_sparse,
    content,
    data,
    files_in,
    fill,
    hole,
    make_image,
    pattern,
    virsh_download,
    within,
    zeros,
)
from integration.libvirtd import MIB, Pool, PoolKind, PrivateLibvirtd, run
from integration.moves import download, session_to, upload
from lacuna_engine.errors import (
    ExistsError,
    InvalidOperationError,
    LocalFileError,
    PoolNotFoundError,
    TransferError,
    UnreachableError,
    UsageError,
)
from lacuna_engine.transfer import (
    IfExists,
    Phase,
    Report,
    Session,
    State,
    TransferOptions,
    Upload,
)

SHAPES: dict[str, tuple[Piece, ...]] = {
    "dense": (data(5 * MIB),),
    "ends in data": (data(MIB), hole(6 * MIB), data(2 * MIB)),
    "ends in a hole": (data(MIB), hole(6 * MIB), data(2 * MIB), hole(3 * MIB)),
    "begins with a hole": (hole(4 * MIB), data(MIB + 4096), hole(4096), data(MIB)),
    "only a hole": (hole(9 * MIB),),
    "zeros and data": (zeros(3 * MIB), data(2 * MIB), zeros(4 * MIB)),
    "only zeros": (zeros(3 * MIB),),
    "odd size": (data(MIB), hole(MIB), data(12_345)),
    "odd hole": (data(MIB), hole(MIB + 77)),
}

EDGES = (
    0,
    1,
    2,
    511,
    512,
    513,
    4095,
    4096,
    4097,
    4098,
    64 * KIB + 1,
    MIB - 1,
    MIB + 1,
    3 * MIB + 7,
)


def assert_counts(report: Report, pieces: tuple[Piece, ...]) -> None:
    """The report's numbers add up and agree with what the image was made of."""
    assert report.state is State.DONE
    assert report.bytes_total == sum(piece.length for piece in pieces)
    assert report.bytes_total == report.bytes_data + report.bytes_hole + report.bytes_zero
    wanted = sum(piece.length for piece in pieces if piece.kind == "data")
    assert wanted <= report.bytes_data <= within(wanted)
    assert report.bytes_data <= report.bytes_sent <= report.bytes_data + 1
    assert report.bytes_wire > report.bytes_sent


@pytest.mark.parametrize("shape", SHAPES)
async def test_virsh_downloads_what_was_uploaded(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path, shape: str
) -> None:
    pieces = SHAPES[shape]
    image = make_image(tmp_path / "image.raw", *pieces)
    transfer = Upload(session, image, any_pool.name)
    report = await transfer.run()

    assert_counts(report, pieces)
    assert transfer.tracker.phase is Phase.ENDED
    assert transfer.tracker.passed == image.stat().st_size
    assert transfer.tracker.moved == report.bytes_sent
    assert daemon.volumes(any_pool.name) == ["image.raw"]
    stored = any_pool.file("image.raw")
    assert_same(image, stored)
    assert_same(image, virsh_download(daemon, any_pool, "image.raw", tmp_path / "back"))
    run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, stored)
    assert_sparse(stored, report.bytes_data, any_pool.kind)


@pytest.mark.parametrize("size", EDGES)
async def test_sizes_around_blocks(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, size: int
) -> None:
    shapes = {
        "data": (data(size),),
        "hole": (hole(size),),
        "data-hole": (data(4096), hole(size)),
        "hole-data": (hole(4096), data(size)),
        "zeros-data": (zeros(size), data(1)),
    }
    for name, pieces in shapes.items():
        image = make_image(tmp_path / name, *pieces)
        report = await upload(session, image, pool)
        assert report.bytes_total == image.stat().st_size == pool.file(name).stat().st_size
        assert_same(image, pool.file(name))
        assert_same(image, virsh_download(daemon, pool, name, tmp_path / "back"))


async def test_four_gib_with_half_a_gib_of_data(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    """The promise in numbers: payload and room on both ends are those of the data, both ways."""
    pool = pool_factory("tmpfs", size=2 * GIB)
    source = pool_factory("tmpfs", size=2 * GIB)  # a folder in memory
    image = make_image(source.path / "image.raw", *[data(8 * MIB), hole(56 * MIB)] * 64)
    assert image.stat().st_size == 4 * GIB
    transfer = Upload(session, image, pool.name)
    report = await transfer.run()
    stored = pool.file("image.raw")
    assert report.bytes_total == 4 * GIB
    assert report.bytes_data == 512 * MIB
    assert report.bytes_sent <= 513 * MIB
    assert report.bytes_wire <= 514 * MIB
    assert allocated(stored) <= 520 * MIB
    assert_same(image, stored)

    target = source.path / "back.raw"
    downloaded = await download(session, pool, "image.raw", target)
    assert downloaded.bytes_total == 4 * GIB
    assert downloaded.bytes_received <= 513 * MIB
    assert downloaded.bytes_wire <= 514 * MIB
    assert allocated(target) <= 520 * MIB
    assert_same(image, target)

    target.unlink()
    virsh_download(daemon, pool, "image.raw", target)
    assert_same(image, target)


async def test_zeros_that_take_room_arrive_as_holes(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    pool = pool_factory("tmpfs", size=320 * MIB)
    pieces = (data(MIB), zeros(126 * MIB), data(2 * MIB), zeros(127 * MIB))
    image = make_image(tmp_path / "image.raw", *pieces)
    assert allocated(image) >= 256 * MIB
    report = await upload(session, image, pool)
    assert report.bytes_data == report.bytes_sent == 3 * MIB
    assert report.bytes_zero == 253 * MIB
    assert allocated(pool.file("image.raw")) <= within(3 * MIB)
    assert_same(image, virsh_download(daemon, pool, "image.raw", tmp_path / "back"))
    daemon.virsh("vol-delete", "--pool", pool.name, "image.raw")

    report = await upload(session, image, pool, options=TransferOptions(zero_scan=False))
    assert report.bytes_data == report.bytes_sent == 256 * MIB
    assert report.bytes_zero == 0
    assert allocated(pool.file("image.raw")) >= 256 * MIB
    assert_same(image, pool.file("image.raw"))


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
async def test_eight_tib_of_nothing(
    daemon: PrivateLibvirtd,
    pool_factory: PoolFactory,
    session: Session,
    tmp_path: Path,
    kind: PoolKind,
) -> None:
    pool = pool_factory(kind, size=GIB)  # a small ext4 has small blocks, and so a lower limit
    image = make_image(tmp_path / "nothing.raw", hole(8 * TIB))
    report = await upload(session, image, pool)
    assert report.bytes_total == report.bytes_hole == 8 * TIB
    assert report.bytes_sent == 0
    assert report.bytes_wire < 64 * KIB
    status = pool.file("nothing.raw").stat()
    assert (status.st_size, status.st_blocks) == (8 * TIB, 0)
    status = virsh_download(daemon, pool, "nothing.raw", tmp_path / "back").stat()
    assert (status.st_size, status.st_blocks) == (8 * TIB, 0)


async def test_data_at_the_end_of_eight_tib(session: Session, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "far.raw", data(4096), hole(8 * TIB - 8192), data(4096))
    report = await upload(session, image, pool)
    assert report.bytes_sent == 8192
    with pool.file("far.raw").open("rb") as file:
        assert file.read(4096) == pattern(0, 4096)
        assert file.seek(0, os.SEEK_HOLE) == 4096
        assert file.seek(4096, os.SEEK_DATA) == 8 * TIB - 4096
        assert file.read() == pattern(8 * TIB - 4096, 4096)


async def test_fifty_thousand_extents(
    pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    pool = pool_factory("tmpfs", size=320 * MIB)
    image = make_image(tmp_path / "comb.raw", *[data(4096), hole(4096)] * 50_000)
    report = await upload(session, image, pool)
    assert report.bytes_sent == report.bytes_data == 50_000 * 4096
    assert report.bytes_wire <= within(report.bytes_sent) + 50_000 * 100
    assert_same(image, pool.file("comb.raw"))
    assert allocated(pool.file("comb.raw")) <= within(report.bytes_data)


def make_qcow2(folder: Path, name: str = "disk.qcow2") -> Path:
    """Make an image with a virtual GiB and some data, which ends where qemu-img ends it."""
    raw = make_image(folder / "content", data(2 * MIB), hole(30 * MIB), data(MIB), hole(991 * MIB))
    image = folder / name
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image)
    run("qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 512M 1M", "-c", "discard 0 64k", image)
    return image


async def test_qcow2(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path
) -> None:
    image = make_qcow2(tmp_path)
    report = await upload(session, image, any_pool, options=TransferOptions(verify=True))
    assert report.verified
    stored = any_pool.file("disk.qcow2")
    assert_same(image, stored)
    run("qemu-img", "check", "-f", "qcow2", stored)
    run("qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", image, stored)
    xml = daemon.virsh("vol-dumpxml", "--pool", any_pool.name, "disk.qcow2").stdout
    assert "<format type='qcow2'/>" in xml
    assert f"<capacity unit='bytes'>{GIB}</capacity>" in xml
    assert_sparse(stored, report.bytes_data, any_pool.kind)


async def test_an_overlay_is_sent_with_a_note(session: Session, pool: Pool, tmp_path: Path) -> None:
    base = make_qcow2(tmp_path, "base.qcow2")
    overlay = tmp_path / "overlay.qcow2"
    run("qemu-img", "create", "-f", "qcow2", "-b", base, "-F", "qcow2", overlay)
    transfer = Upload(session, overlay, pool.name)
    await transfer.run()
    assert any("overlay" in note for note in transfer.tracker.notes)
    assert_same(overlay, pool.file("overlay.qcow2"))


async def test_iso(daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "tools.iso", zeros(32 * KIB), data(300 * KIB))
    with image.open("r+b") as file:
        file.seek(32 * KIB)
        file.write(b"\x01CD001\x01\x00")
    transfer = Upload(session, image, pool.name, format="iso")
    await transfer.run()
    assert_same(image, virsh_download(daemon, pool, "tools.iso", tmp_path / "back"))
    xml = daemon.virsh("vol-dumpxml", "--pool", pool.name, "tools.iso").stdout
    assert "<format type='iso'/>" in xml


async def test_a_wrong_format_is_refused_before_anything(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image.raw", data(MIB))
    with pytest.raises(UsageError, match="not in the format qcow2"):
        await Upload(session, image, pool.name, format="qcow2").run()
    assert files_in(pool.path) == []
    qcow2 = make_qcow2(tmp_path)
    await Upload(session, qcow2, pool.name, format="raw").run()
    assert_same(qcow2, pool.file("disk.qcow2"))


async def test_what_virsh_sees_is_private(session: Session, pool: Pool, tmp_path: Path) -> None:
    await upload(session, make_image(tmp_path / "image.raw", data(MIB)), pool)
    assert pool.file("image.raw").stat().st_mode & 0o777 == 0o600


async def test_a_device_as_the_source(
    session: Session, pool: Pool, block_pool: Pool, tmp_path: Path
) -> None:
    device = block_pool.file(block_pool.partitions[0])
    content = make_image(tmp_path / "content", data(MIB), zeros(13 * MIB), data(2 * MIB))
    device.write_bytes(content.read_bytes())
    report = await upload(session, device, pool, "from-device")
    assert report.bytes_total == 16 * MIB
    assert report.bytes_sent == 3 * MIB
    assert_same(content, pool.file("from-device"))
    assert allocated(pool.file("from-device")) <= within(3 * MIB)


async def test_over_tcp(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image.raw", data(3 * MIB), hole(9 * MIB), data(777))
    async with session_to(daemon.tcp_uri) as session:
        report = await upload(session, image, pool, options=TransferOptions(verify=True))
    assert report.destination.startswith("storage+tcp://127.0.0.1")
    assert report.verified
    assert report.bytes_sent == report.bytes_data <= within(3 * MIB + 777)
    assert_same(image, virsh_download(daemon, pool, "image.raw", tmp_path / "back"))


async def test_verified(session: Session, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image.raw", data(5 * MIB), hole(20 * MIB), data(MIB + 5))
    report = await upload(session, image, pool, options=TransferOptions(verify=True))
    assert report.verified
    assert report.digest is not None
    assert len(report.digest) == 64
    assert report.bytes_received <= within(report.bytes_data)
    again = await upload(session, image, pool, "again", TransferOptions(verify=True))
    assert again.digest == report.digest
    plain = await upload(session, image, pool, "plain")
    assert (plain.verified, plain.digest) == (False, None)


# --- when the volume is there ---------------------------------------------------------------------


@pytest.fixture
def old(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    """A volume ``disk.qcow2`` with content of its own."""
    daemon.virsh("vol-create-as", pool.name, "disk.qcow2", "1M")
    fill(pool.file("disk.qcow2"), MIB)
    return pool.file("disk.qcow2")


async def test_fail_leaves_it_alone(
    session: Session, pool: Pool, old: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "disk.qcow2", data(MIB))
    with pytest.raises(ExistsError) as caught:
        await upload(session, image, pool)
    assert caught.value.exit_code == 4
    assert "--if-exists" in caught.value.hint
    assert content(old) == b"\xee" * MIB
    assert files_in(pool.path) == ["disk.qcow2"]


async def test_skip_leaves_it_alone(
    session: Session, pool: Pool, old: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "disk.qcow2", data(MIB))
    report = await upload(session, image, pool, options=TransferOptions(if_exists=IfExists.SKIP))
    assert report.state is State.SKIPPED
    assert report.bytes_sent == 0
    assert content(old) == b"\xee" * MIB


async def test_rename_finds_the_next_free_name(
    session: Session, pool: Pool, old: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "disk.qcow2", data(MIB))
    rename = TransferOptions(if_exists=IfExists.RENAME)
    for number in (1, 2):
        report = await upload(session, image, pool, options=rename)
        assert report.destination.endswith(f"{pool.name}/disk-{number}.qcow2")
        assert_same(image, pool.file(f"disk-{number}.qcow2"))
    assert content(old) == b"\xee" * MIB
    await upload(session, image, pool, "other.qcow2", options=rename)
    assert files_in(pool.path) == ["disk-1.qcow2", "disk-2.qcow2", "disk.qcow2", "other.qcow2"]


async def test_a_file_the_daemon_has_not_listed_is_not_overwritten(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    pool.file("image.raw").write_bytes(b"precious")
    image = make_image(tmp_path / "image.raw", data(MIB))
    with pytest.raises((ExistsError, InvalidOperationError)):
        await upload(session, image, pool)
    assert pool.file("image.raw").read_bytes() == b"precious"


# --- what cannot be ------------------------------------------------------------------------------


async def test_no_such_pool(session: Session, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image.raw", data(4096))
    with pytest.raises(PoolNotFoundError, match="no-such-pool"):
        await Upload(session, image, "no-such-pool").run()


async def test_an_inactive_pool(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image.raw", data(4096))
    daemon.virsh("pool-destroy", pool.name)
    with pytest.raises(InvalidOperationError, match="not active") as caught:
        await upload(session, image, pool)
    assert "pool-start" in caught.value.hint
    assert files_in(pool.path) == []


async def test_no_such_file(session: Session, pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="No such file"):
        await upload(session, tmp_path / "missing", pool)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LocalFileError, match="named pipe"):
        await upload(session, tmp_path / "pipe", pool)
    with pytest.raises(LocalFileError, match="a folder"):
        await upload(session, tmp_path, pool)
    assert files_in(pool.path) == []


async def test_a_folder_as_the_volume_is_not_replaced(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    pool.file("folder").mkdir()
    daemon.virsh("pool-refresh", pool.name)
    image = make_image(tmp_path / "image.raw", data(4096))
    with pytest.raises(TransferError, match="type 'dir'"):
        await upload(session, image, pool, "folder", TransferOptions(if_exists=IfExists.REPLACE))
    assert pool.file("folder").is_dir()


async def test_no_daemon(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        async with session_to(f"storage+unix:///system?socket={tmp_path}/none"):
            pass
    assert caught.value.exit_code == 3
