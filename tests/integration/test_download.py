"""Downloads: what virsh uploaded, or what lies in the pool, comes down the same and as sparse."""

import os
import stat
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import (
    GIB,
    KIB,
    TIB,
    allocated,
    assert_same,
    data,
    files_in,
    hole,
    make_image,
    make_volume,
    virsh_upload,
    within,
    zeros,
)
from integration.libvirtd import MIB, Pool, PoolKind, PrivateLibvirtd, run
from integration.moves import REPLACE, download, session_to
from integration.test_upload import EDGES, SHAPES, make_qcow2
from lacuna_engine.errors import (
    ExistsError,
    InvalidOperationError,
    LocalFileError,
    PoolNotFoundError,
    TransferError,
    VolumeNotFoundError,
)
from lacuna_engine.transfer import Download, IfExists, Phase, Session, State, TransferOptions


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_virsh_uploaded_comes_down(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path, shape: str
) -> None:
    pieces = SHAPES[shape]
    image = make_image(tmp_path / "image.raw", *pieces)
    virsh_upload(daemon, any_pool, "v", image)
    folder = tmp_path / "here"
    folder.mkdir()
    transfer = Download(session, any_pool.name, "v", folder / "back.raw")
    report = await transfer.run()

    assert_same(image, folder / "back.raw")
    assert report.state is State.DONE
    assert report.bytes_total == image.stat().st_size
    assert report.bytes_total == report.bytes_data + report.bytes_hole + report.bytes_zero
    wanted = sum(piece.length for piece in pieces if piece.kind == "data")
    assert wanted <= report.bytes_data <= within(wanted)
    assert allocated(folder / "back.raw") <= within(wanted)
    assert report.bytes_received >= wanted
    assert report.bytes_wire > report.bytes_received
    assert transfer.tracker.phase is Phase.ENDED
    assert transfer.tracker.passed == report.bytes_total
    assert files_in(folder) == ["back.raw"]


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
        volume = make_volume(daemon, pool, name, *pieces)
        report = await download(session, pool, name, tmp_path / name)
        assert report.bytes_total == volume.stat().st_size
        assert_same(volume, tmp_path / name)


@pytest.mark.parametrize("kind", ["tmpfs", "ext4", "xfs"])
async def test_room_on_this_side(
    daemon: PrivateLibvirtd,
    pool_factory: PoolFactory,
    pool: Pool,
    session: Session,
    kind: PoolKind,
) -> None:
    """The file systems of the harness as the places to download to."""
    place = pool_factory(kind).path
    volume = make_volume(daemon, pool, "v", data(20 * MIB), hole(30 * MIB), data(MIB), hole(MIB))
    await download(session, pool, "v", place / "v")
    assert_same(volume, place / "v")
    assert allocated(place / "v") <= within(21 * MIB)


async def test_zeros_that_take_room_come_down_as_holes(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    pool = pool_factory("tmpfs", size=320 * MIB)
    volume = make_volume(daemon, pool, "v", zeros(125 * MIB), data(3 * MIB), zeros(128 * MIB))
    assert allocated(volume) >= 256 * MIB
    report = await download(session, pool, "v", tmp_path / "v")
    assert report.bytes_received == 256 * MIB
    assert report.bytes_data == 3 * MIB
    assert report.bytes_zero == 253 * MIB
    assert allocated(tmp_path / "v") <= within(3 * MIB)
    assert_same(volume, tmp_path / "v")


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
async def test_eight_tib_of_nothing(
    daemon: PrivateLibvirtd,
    pool_factory: PoolFactory,
    session: Session,
    tmp_path: Path,
    kind: PoolKind,
) -> None:
    pool = pool_factory(kind, size=GIB)
    make_volume(daemon, pool, "nothing", hole(8 * TIB))
    report = await download(session, pool, "nothing", tmp_path / "nothing")
    assert report.bytes_total == report.bytes_hole == 8 * TIB
    assert report.bytes_received == 0
    assert report.bytes_wire < 64 * KIB
    status = (tmp_path / "nothing").stat()
    assert (status.st_size, status.st_blocks) == (8 * TIB, 0)


async def test_fifty_thousand_extents(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    pool = pool_factory("tmpfs", size=320 * MIB)
    volume = make_volume(daemon, pool, "comb", *[data(4096), hole(4096)] * 50_000)
    report = await download(session, pool, "comb", tmp_path / "comb")
    assert report.bytes_data == 50_000 * 4096
    assert report.bytes_data <= report.bytes_received <= within(report.bytes_data)
    assert_same(volume, tmp_path / "comb")
    assert allocated(tmp_path / "comb") <= within(report.bytes_data)


async def test_several_segments(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    """Data across the borders of the ranges that are received side by side."""
    pool = pool_factory("tmpfs", size=GIB)
    around = (hole(254 * MIB), data(4 * MIB))
    pieces = (*around, *around, hole(200 * MIB), data(MIB + 7))
    volume = make_volume(daemon, pool, "v", *pieces, hole(3 * MIB))
    report = await download(session, pool, "v", tmp_path / "v", TransferOptions(verify=True))
    assert report.verified
    assert report.bytes_received <= within(9 * MIB + 7)
    assert_same(volume, tmp_path / "v")


async def test_qcow2(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path
) -> None:
    """A volume as long as its file is, not as its virtual size."""
    image = make_qcow2(tmp_path)
    virsh_upload(daemon, any_pool, "disk.qcow2", image)
    daemon.virsh("pool-refresh", any_pool.name)
    report = await download(session, any_pool, "disk.qcow2", tmp_path / "back.qcow2")
    assert report.bytes_total == image.stat().st_size
    assert_same(image, tmp_path / "back.qcow2")
    run("qemu-img", "check", "-f", "qcow2", tmp_path / "back.qcow2")
    run("qemu-img", "compare", image, tmp_path / "back.qcow2")


async def test_over_tcp(daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path) -> None:
    volume = make_volume(daemon, pool, "v", data(3 * MIB), hole(9 * MIB), data(777))
    async with session_to(daemon.tcp_uri) as session:
        report = await download(session, pool, "v", tmp_path / "v", TransferOptions(verify=True))
    assert report.verified
    assert report.bytes_received <= within(3 * MIB + 777)
    assert_same(volume, tmp_path / "v")


# --- where it goes --------------------------------------------------------------------------------


@pytest.fixture
def volume(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    return make_volume(daemon, pool, "disk.qcow2", data(MIB), hole(MIB))


async def test_into_a_folder(session: Session, pool: Pool, volume: Path, tmp_path: Path) -> None:
    report = await download(session, pool, "disk.qcow2", tmp_path)
    assert report.destination == str(tmp_path / "disk.qcow2")
    assert_same(volume, tmp_path / "disk.qcow2")
    with pytest.raises(ExistsError):
        await download(session, pool, "disk.qcow2", tmp_path)


async def test_a_new_file_has_the_mode_of_any_new_file(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    before = os.umask(0o027)
    try:
        await download(session, pool, "disk.qcow2", tmp_path / "v")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o640


@pytest.mark.parametrize("target", ["missing/file", "a/b/c", "file/below"])
async def test_a_missing_folder_is_named(
    session: Session, pool: Pool, volume: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(LocalFileError, match=f"{tmp_path}"):
        await download(session, pool, "disk.qcow2", Path(f"{tmp_path}/{target}"))
    assert files_in(tmp_path) == ["file"]


async def test_fail_leaves_the_target_alone(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    target = tmp_path / "v"
    target.write_bytes(b"precious")
    with pytest.raises(ExistsError) as caught:
        await download(session, pool, "disk.qcow2", target)
    assert caught.value.exit_code == 4
    assert target.read_bytes() == b"precious"
    assert files_in(tmp_path) == ["v"]


async def test_skip_leaves_the_target_alone(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "v").write_bytes(b"precious")
    skip = TransferOptions(if_exists=IfExists.SKIP)
    report = await download(session, pool, "disk.qcow2", tmp_path / "v", skip)
    assert report.state is State.SKIPPED
    assert (tmp_path / "v").read_bytes() == b"precious"
    assert files_in(tmp_path) == ["v"]


async def test_rename_finds_the_next_free_name(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "v.img").write_bytes(b"precious")
    (tmp_path / "v-1.img").symlink_to("nowhere")
    rename = TransferOptions(if_exists=IfExists.RENAME)
    report = await download(session, pool, "disk.qcow2", tmp_path / "v.img", rename)
    assert report.destination == str(tmp_path / "v-2.img")
    assert_same(volume, tmp_path / "v-2.img")
    assert (tmp_path / "v.img").read_bytes() == b"precious"
    assert files_in(tmp_path) == ["v-1.img", "v-2.img", "v.img"]


@pytest.mark.parametrize("old_size", [0, 5, 9 * MIB])
async def test_replace_leaves_nothing_of_the_old(
    session: Session, pool: Pool, volume: Path, tmp_path: Path, old_size: int
) -> None:
    (tmp_path / "v").write_bytes(b"\xee" * old_size)
    report = await download(session, pool, "disk.qcow2", tmp_path / "v", REPLACE)
    assert report.state is State.DONE
    assert_same(volume, tmp_path / "v")
    assert allocated(tmp_path / "v") <= within(MIB)
    assert files_in(tmp_path) == ["v"]


async def test_replace_through_a_link_replaces_its_file(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there/real")
    await download(session, pool, "disk.qcow2", tmp_path / "link", REPLACE)
    assert (tmp_path / "link").is_symlink()
    assert_same(volume, tmp_path / "there/real")
    assert files_in(tmp_path) == ["link", "there"]
    assert files_in(tmp_path / "there") == ["real"]


async def test_links_are_not_followed_unasked(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "outside")
    with pytest.raises(ExistsError):
        await download(session, pool, "disk.qcow2", tmp_path / "dangling")
    assert files_in(tmp_path) == ["dangling"]


async def test_a_link_to_a_folder_is_a_folder(
    session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    await download(session, pool, "disk.qcow2", tmp_path / "link")
    assert_same(volume, tmp_path / "folder/disk.qcow2")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
async def test_replace_only_replaces_files(
    session: Session, pool: Pool, volume: Path, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "disk.qcow2"
    if kind == "folder":
        target.mkdir()
    else:
        os.mkfifo(target)
    with pytest.raises(LocalFileError, match="not a file"):
        await download(session, pool, "disk.qcow2", tmp_path, REPLACE)
    assert files_in(tmp_path) == ["disk.qcow2"]


async def test_a_failed_download_leaves_the_old_target(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "v").write_bytes(b"precious")
    pool.file("disk.qcow2").unlink()  # behind the daemon's back
    with pytest.raises(Exception, match=r"disk\.qcow2"):
        await download(session, pool, "disk.qcow2", tmp_path / "v", REPLACE)
    assert (tmp_path / "v").read_bytes() == b"precious"
    assert files_in(tmp_path) == ["v"]


# --- what cannot be -------------------------------------------------------------------------------


async def test_what_is_not_there(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, volume: Path, tmp_path: Path
) -> None:
    with pytest.raises(PoolNotFoundError):
        await Download(session, "no-such-pool", "v", tmp_path / "v").run()
    with pytest.raises(VolumeNotFoundError):
        await download(session, pool, "no-such-volume", tmp_path / "v")
    pool.file("folder").mkdir()
    daemon.virsh("pool-refresh", pool.name)
    with pytest.raises(TransferError, match="type 'dir'"):
        await download(session, pool, "folder", tmp_path / "v")
    daemon.virsh("pool-destroy", pool.name)
    with pytest.raises(InvalidOperationError, match="not active"):
        await download(session, pool, "disk.qcow2", tmp_path / "v")
    assert files_in(tmp_path) == []
