"""The sample images are what they are said to be."""

import subprocess
from pathlib import Path

import pytest

from lacuna_engine.demo import make_samples, write_qcow2
from lacuna_engine.demo.samples import CLUSTER
from lacuna_engine.extents import Kind, allocated_bytes, file_map

MIB = 1 << 20


def test_they_are_the_same_every_time_and_differ_in_kind(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    paths = make_samples(one)
    assert [path.name for path in paths] == [
        "fragmented.raw", "mostly-zeros.raw", "dense.raw", "system.qcow2"
    ]  # fmt: skip
    for path, again in zip(paths, make_samples(two), strict=True):
        assert path.read_bytes() == again.read_bytes()
    fragmented, zeros, dense, _ = (file_map(path, zero_scan=True) for path in paths)
    assert fragmented.bytes_of(Kind.HOLE) > 9 * fragmented.bytes_of(Kind.DATA)
    assert zeros.bytes_of(Kind.ZERO) == 43 * MIB
    assert allocated_bytes(paths[1]) >= 48 * MIB
    assert dense.bytes_of(Kind.DATA) == dense.size == 16 * MIB


def test_qemu_accepts_the_qcow2_and_finds_the_content(tmp_path: Path) -> None:
    image, raw = tmp_path / "a.qcow2", tmp_path / "a.raw"
    clusters = {0: b"\x01" * CLUSTER, 9000: b"\x02" * CLUSTER, 8191: b"\x03" * CLUSTER}
    write_qcow2(image, 1024 * MIB, clusters.items())
    subprocess.run(["qemu-img", "check", image], check=True, capture_output=True)
    subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
    assert raw.stat().st_size == 1024 * MIB
    with raw.open("rb") as file:
        for number, content in clusters.items():
            file.seek(number * CLUSTER)
            assert file.read(CLUSTER) == content
    assert file_map(raw).bytes_of(Kind.DATA) <= 4 * CLUSTER


def test_too_much_content_is_refused(tmp_path: Path) -> None:
    many = ((number, b"") for number in range(CLUSTER // 2))
    with pytest.raises(ValueError, match="too large"):
        write_qcow2(tmp_path / "big.qcow2", 1 << 40, many)
