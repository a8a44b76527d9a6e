"""Replacing a volume that is kept until the new one is complete, on libvirtd and on our server."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.target import Target
from engine.transfer.keeping import MemoryKeeper
from integration.crashes import KEEP, STEPS, crash_at
from integration.images import assert_same, assert_sparse, data, files_in, fill, hole, make_image
from integration.libvirtd import MIB, run
from lacuna_engine.transfer import (
    Copy,
    RemoteVolume,
    Report,
    Session,
    TransferOptions,
    Upload,
)
from lacuna_engine.transport import parse_uri

SHAPE = (data(2 * MIB), hole(5 * MIB), data(MIB + 4097), hole(MIB))


@pytest.fixture
def old(target: Target) -> Path:
    target.virsh("vol-create-as", target.pool, "old", "3M", "--allocation", "0")
    fill(target.file("old"), 3 * MIB)
    target.file("old").chmod(0o640)
    target.virsh("pool-refresh", target.pool)
    return target.file("old")


async def replaced(
    target: Target, image: Path, keeper: MemoryKeeper, options: TransferOptions = KEEP
) -> Report:
    async with Session(parse_uri(target.uri)) as session:
        return await Upload(
            session, image, target.pool, "old", options=options, keeper=keeper
        ).run()


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
async def test_replaced(target: Target, old: Path, tmp_path: Path, kind: str) -> None:
    image = make_image(tmp_path / "image", *SHAPE)
    if kind == "qcow2":
        image = tmp_path / "disk.qcow2"
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", tmp_path / "image", image)
    report = await replaced(target, image, MemoryKeeper(), KEEP._replace(verify=True))
    assert report.verified
    assert_same(image, old)
    assert_sparse(old, report.bytes_data)
    assert old.stat().st_mode & 0o7777 == 0o640
    assert files_in(target.path) == ["old"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_each_step(target: Target, old: Path, tmp_path: Path, step: str) -> None:
    before = old.read_bytes()
    image = make_image(tmp_path / "image", *SHAPE)
    keeper = MemoryKeeper()
    with crash_at(step):
        await replaced(target, image, keeper)
    complete = (before, image.read_bytes())
    assert any(target.file(name).read_bytes() in complete for name in files_in(target.path))
    await replaced(target, image, keeper)
    assert_same(image, old)
    assert files_in(target.path) == ["old"]
    assert keeper.data is None


async def test_a_dense_volume_is_cloned(target: Target) -> None:
    make_image(target.file("source"), data(9 * MIB + 5))
    target.virsh("pool-refresh", target.pool)
    async with Session(parse_uri(target.uri)) as session:
        report = await Copy(
            RemoteVolume(session, target.pool, "source"),
            RemoteVolume(session, target.pool, "copy"),
        ).run()
    assert report.bytes_sent == 0
    assert_same(target.file("source"), target.file("copy"))
