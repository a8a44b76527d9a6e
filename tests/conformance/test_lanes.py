"""Uploads over several connections: the same volume as over one, from libvirtd and our server."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.target import Target
from integration.images import (
    Piece,
    assert_same,
    assert_sparse,
    data,
    files_in,
    fill,
    hole,
    make_image,
    zeros,
)
from integration.libvirtd import MIB
from lacuna_engine.transfer import (
    IfExists,
    Report,
    Session,
    TransferOptions,
    Upload,
    plan,
    sampling,
)
from lacuna_engine.transport import parse_uri

KIB = 1 << 10

SHAPES: dict[str, tuple[Piece, ...]] = {
    "dense": (data(20 * MIB),),
    "odd": (data(20 * MIB + 4097),),
    "ends in a hole": (data(9 * MIB), hole(5 * MIB + 1)),
    "begins with a hole": (hole(3 * MIB), data(9 * MIB)),
    "small parts between": (data(5 * MIB), hole(MIB), data(64 * KIB), hole(MIB), data(5 * MIB)),
    "zeros in a segment": (data(5 * MIB), zeros(3 * MIB), data(4 * MIB + 5)),
    "few zeros in a segment": (data(10 * MIB), zeros(96 * KIB), data(MIB), zeros(MIB // 2)),
    "zeros at the edges": (zeros(2 * MIB), data(9 * MIB), zeros(2 * MIB + 3)),
}


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same plan in miniature, so that a few MiB are many segments."""
    monkeypatch.setattr(plan, "LONG", MIB)
    monkeypatch.setattr(plan, "WORTHWHILE", 3 * MIB)
    monkeypatch.setattr(plan, "SHORTEST", MIB)
    monkeypatch.setattr(plan, "LONGEST", 2 * MIB)


async def upload(target: Target, image: Path, name: str, options: TransferOptions) -> Report:
    async with Session(parse_uri(target.uri)) as session:
        return await Upload(session, image, target.pool, name, options=options).run()


def data_in(shape: tuple[Piece, ...]) -> int:
    return sum(piece.length for piece in shape if piece.kind == "data")


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_same_bytes_and_holes(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    # In an image this small a few zeros are many.
    monkeypatch.setattr(sampling, "MANY", sampling.SAMPLES)
    image = make_image(tmp_path / "image", *SHAPES[shape])
    name = shape.replace(" ", "-")
    report = await upload(target, image, name, TransferOptions(connections=3))
    assert_same(image, target.file(name))
    wanted = data_in(SHAPES[shape])
    assert_sparse(target.file(name), wanted + wanted // 100)
    assert report.bytes_sent <= wanted * 1.01
    assert 1 <= report.connections <= 3
    assert report.bytes_received  # the ends of segments are looked at
    assert report.bytes_data + report.bytes_hole + report.bytes_zero == image.stat().st_size
    assert report.bytes_data == wanted
    target.file(name).unlink()


@pytest.mark.parametrize("connections", [0, 1, 2, 8])
async def test_any_number_of_them(target: Target, tmp_path: Path, connections: int) -> None:
    image = make_image(tmp_path / "image", data(24 * MIB))
    report = await upload(
        target, image, "any", TransferOptions(connections=connections, verify=True)
    )
    assert report.verified
    assert_same(image, target.file("any"))
    assert 1 <= report.connections <= (connections or 4)
    target.file("any").unlink()


async def test_many_zeros_go_over_one(target: Target, tmp_path: Path) -> None:
    """In a segment each run of them would cost a call."""
    image = make_image(tmp_path / "image", *(data(128 * KIB), zeros(128 * KIB)) * 40)
    report = await upload(target, image, "zeros", TransferOptions(connections=3))
    assert report.connections == 1
    assert report.bytes_sent == 5 * MIB
    assert_same(image, target.file("zeros"))
    target.file("zeros").unlink()


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("sparse", [True, False])
async def test_old_content(target: Target, tmp_path: Path, *, keep: bool, sparse: bool) -> None:
    """None of it shows through, whatever it was."""
    image = make_image(tmp_path / "image", data(6 * MIB), hole(3 * MIB), data(4 * MIB), hole(MIB))
    make_image(target.file("old"), hole(MIB), data(MIB), hole(13 * MIB))
    if not sparse:
        fill(target.file("old"), 17 * MIB)
    target.virsh("pool-refresh", target.pool)
    options = TransferOptions(IfExists.REPLACE, connections=3, keep_until_complete=keep)
    await upload(target, image, "old", options)
    assert_same(image, target.file("old"))
    assert_sparse(target.file("old"), 10 * MIB)
    assert "old" in files_in(target.path)
    target.file("old").unlink()
