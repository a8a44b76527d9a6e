"""Replacing a volume's content: nothing of the old is left, and whose file it was it stays."""

import os
from pathlib import Path

import pytest

from integration.images import (
    KIB,
    Piece,
    assert_same,
    assert_sparse,
    data,
    files_in,
    fill,
    hole,
    make_image,
    pattern,
    virsh_download,
    zeros,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, upload
from lacuna_engine.errors import NoSpaceError
from lacuna_engine.transfer import IfExists, Session, State, TransferOptions

OLD_SIZE = 8 * MIB

IMAGES: dict[str, tuple[Piece, ...]] = {
    "smaller, ends in data": (data(MIB), hole(2 * MIB), data(MIB)),
    "smaller, ends in a hole": (data(MIB), hole(2 * MIB), data(MIB), hole(MIB)),
    "smaller, begins with a hole": (hole(2 * MIB), data(MIB)),
    "same size": (data(MIB), hole(2 * MIB), data(MIB), hole(3 * MIB), data(MIB)),
    "larger, ends in data": (data(MIB), hole(9 * MIB), data(2 * MIB + 5)),
    "larger, ends in a hole": (data(MIB), hole(4 * MIB), data(MIB), hole(10 * MIB)),
    "larger, begins with a hole": (hole(4 * MIB), data(MIB), hole(10 * MIB)),
    "dense and smaller": (data(3 * MIB),),
    "zeros": (zeros(2 * MIB), data(4096), zeros(2 * MIB)),
    "only a hole": (hole(5 * MIB),),
    "two bytes": (hole(1), data(1)),
}

TINY: dict[str, tuple[Piece, ...]] = {"empty": (), "a zero": (hole(1),), "a byte": (data(1),)}


def make_raw(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    daemon.virsh("vol-create-as", pool.name, "old", str(OLD_SIZE), "--allocation", "0")
    fill(pool.file("old"), OLD_SIZE)
    return pool.file("old")


def make_qcow2(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    daemon.virsh("vol-create-as", pool.name, "old", "8M", "--format", "qcow2")
    run("qemu-io", "-f", "qcow2", "-c", "write -P 0xee 0 8M", pool.file("old"))
    return pool.file("old")


OLD = {"raw": make_raw, "qcow2": make_qcow2}


def give_away(path: Path) -> tuple[int, int, int, int]:
    """Give the volume an owner, group and mode nobody would choose; return them and its inode."""
    os.chown(path, 12_345, 23_456)
    path.chmod(0o647)
    return identity(path)


def identity(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_uid, status.st_gid, status.st_mode


@pytest.mark.parametrize("kind", OLD)
async def test_nothing_stays_and_the_file_stays_the_same(
    daemon: PrivateLibvirtd, session: Session, any_pool: Pool, tmp_path: Path, kind: str
) -> None:
    for number, (shape, pieces) in enumerate(IMAGES.items()):
        stored = OLD[kind](daemon, any_pool)
        before = give_away(stored)
        daemon.virsh("pool-refresh", any_pool.name)
        image = make_image(tmp_path / f"image-{number}", *pieces)
        report = await upload(session, image, any_pool, "old", REPLACE)

        assert report.state is State.DONE, shape
        assert_same(image, stored)
        assert_same(image, virsh_download(daemon, any_pool, "old", tmp_path / "back"))
        assert identity(stored) == before, shape
        assert_sparse(stored, report.bytes_data, any_pool.kind)
        assert files_in(any_pool.path) == ["old"]
        daemon.virsh("vol-delete", "--pool", any_pool.name, "old")


@pytest.mark.parametrize("kind", OLD)
@pytest.mark.parametrize("shape", TINY)
async def test_tiny_images(
    *, daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, kind: str, shape: str
) -> None:
    """With at most a byte the inode may change; whose the file is may not."""
    stored = OLD[kind](daemon, pool)
    before = give_away(stored)
    daemon.virsh("pool-refresh", pool.name)
    image = make_image(tmp_path / "image", *TINY[shape])
    await upload(session, image, pool, "old", REPLACE)
    assert_same(image, stored)
    assert identity(stored)[1:] == before[1:]


@pytest.mark.parametrize("shape", ["smaller, ends in data", "larger, begins with a hole"])
async def test_old_volumes_the_daemon_knows_nothing_new_of(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, shape: str
) -> None:
    """The daemon wipes what it last knew to be allocated: here nothing (protocol.md 5.1)."""
    daemon.virsh("vol-create-as", pool.name, "old", "16M", "--allocation", "0")
    fill(pool.file("old"), 16 * MIB)  # and no refresh
    image = make_image(tmp_path / "image", *IMAGES[shape])
    await upload(session, image, pool, "old", REPLACE)
    assert_same(image, pool.file("old"))


@pytest.mark.parametrize(
    ("old_size", "allocation"), [(0, 0), (1, 1), (12_345, 12_345), (16 * MIB, 0), (4096, 4096)]
)
async def test_old_volumes_of_all_kinds(
    *,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
    old_size: int,
    allocation: int,
) -> None:
    daemon.virsh(
        *("vol-create-as", pool.name, "old", f"{old_size}b", "--allocation", f"{allocation}b")
    )
    inode = pool.file("old").stat().st_ino
    image = make_image(tmp_path / "image", hole(64 * KIB), data(64 * KIB), hole(4096))
    await upload(session, image, pool, "old", REPLACE)
    assert_same(image, pool.file("old"))
    assert pool.file("old").stat().st_ino == inode


async def test_qcow2_over_raw_and_raw_over_qcow2(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    raw = make_image(tmp_path / "raw", data(MIB), hole(30 * MIB), data(MIB))
    qcow2 = tmp_path / "disk.qcow2"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2)
    make_raw(daemon, pool)
    for image, name in ((qcow2, "qcow2"), (raw, "raw"), (qcow2, "qcow2")):
        await upload(session, image, pool, "old", REPLACE)
        assert_same(image, pool.file("old"))
        daemon.virsh("pool-refresh", pool.name)
        xml = daemon.virsh("vol-dumpxml", "--pool", pool.name, "old").stdout
        assert f"<format type='{name}'/>" in xml
    run("qemu-img", "check", "-f", "qcow2", pool.file("old"))


async def test_a_forged_head_is_no_danger(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """A raw file that claims to be a qcow2 of 2^64-1 bytes."""
    forged = pool.file("old")
    head = b"QFI\xfb" + (3).to_bytes(4, "big") + bytes(16) + b"\xff" * 8 + bytes(200)
    forged.write_bytes(head + b"\xee" * (4 * MIB))
    daemon.virsh("pool-refresh", pool.name)
    image = make_image(tmp_path / "image", *IMAGES["smaller, ends in data"])
    await upload(session, image, pool, "old", REPLACE)
    assert_same(image, forged)


async def test_replacing_again_and_again(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    stored = make_raw(daemon, pool)
    inode = stored.stat().st_ino
    for number, pieces in enumerate(IMAGES.values()):
        image = make_image(tmp_path / f"image-{number}", *pieces, seed=number + 2)
        await upload(session, image, pool, "old", REPLACE)
        assert_same(image, stored)
    assert stored.stat().st_ino == inode


async def test_replace_what_is_not_there(session: Session, pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image", data(MIB))
    await upload(session, image, pool, options=REPLACE)
    assert_same(image, pool.file("image"))


async def test_the_old_content_s_room_counts_as_free(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    """3 MiB of 4 are taken by the volume that is replaced by another 3 MiB."""
    daemon.virsh("vol-create-as", small_pool.name, "old", "3M")
    fill(small_pool.file("old"), 3 * MIB)
    image = make_image(tmp_path / "image", data(3 * MIB))
    await upload(session, image, small_pool, "old", REPLACE)
    assert_same(image, small_pool.file("old"))


async def test_what_does_not_fit_leaves_the_old_content(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    daemon.virsh("vol-create-as", small_pool.name, "old", "1M")
    fill(small_pool.file("old"), MIB)
    image = make_image(tmp_path / "image", data(5 * MIB))
    with pytest.raises(NoSpaceError):
        await upload(session, image, small_pool, "old", REPLACE)
    assert small_pool.file("old").read_bytes() == b"\xee" * MIB


async def test_verified(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    make_raw(daemon, pool)
    image = make_image(tmp_path / "image", *IMAGES["larger, ends in data"])
    options = TransferOptions(if_exists=IfExists.REPLACE, verify=True)
    assert (await upload(session, image, pool, "old", options)).verified


async def test_a_link_in_the_pool_is_written_through(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    """The daemon follows links in its folder; the volume is the file behind it."""
    pool.file("real").write_bytes(b"\xee" * MIB)
    pool.file("old").symlink_to("real")
    daemon.virsh("pool-refresh", pool.name)
    image = make_image(tmp_path / "image", data(4096), hole(MIB), data(4096))
    await upload(session, image, pool, "old", REPLACE)
    assert_same(image, pool.file("real"))
    assert pool.file("old").is_symlink()
    assert pattern(0, 8) == pool.file("real").read_bytes()[:8]
