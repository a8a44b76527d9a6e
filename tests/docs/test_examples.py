"""The examples of the engine as a library, run as their readers run them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.places import DOCS
from integration.images import data, hole, make_image, zeros
from integration.libvirtd import MIB, PrivateLibvirtd

EXAMPLES = DOCS / "examples"


def example(name: str, *arguments: object, code: int = 0) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-m", "lacuna_engine.cli", "serve"]
    for pool in ("one", "two"):
        (folder / pool).mkdir()
        command.append(f"--pool={pool}={folder / pool}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    parts = [data(MIB), hole(4 * MIB), data(MIB), zeros(MIB), hole(MIB)]
    return make_image(folder / "disk.raw", *parts)


def there_and_back(uri: str, pool: str, image: Path, folder: Path) -> None:
    told = example("upload_with_progress", image, uri, pool)
    assert f"done: {2 * MIB} of {8 * MIB} bytes had to be sent" in told
    assert re.search(r"digest [0-9a-f]{64}", told)
    assert f"disk.raw: raw, {8 * MIB} bytes long" in example("list_pools", uri)
    for name in ("disk.raw", "disk-1.raw"):
        told = example("download", uri, pool, "disk.raw", folder)
        assert told.startswith(f"{folder / name}: {8 * MIB} bytes long")
        assert (folder / name).read_bytes() == image.read_bytes()


def test_with_the_embedded_server(server: str, image: Path, tmp_path: Path) -> None:
    there_and_back(server, "one", image, tmp_path)
    told = example("copy_volume", server, "one", "disk.raw", server, "two")
    assert told == f"done: {2 * MIB} bytes of data, {6 * MIB} bytes saved\n"


def test_with_libvirtd(daemon: PrivateLibvirtd, image: Path, tmp_path: Path) -> None:
    pool = daemon.make_pool("images", "tmpfs")
    try:
        there_and_back(daemon.uri, pool.name, image, tmp_path)
    finally:
        daemon.drop_pool(pool)


def test_the_map(image: Path) -> None:
    kinds = [line.split() for line in example("extent_map", image).splitlines()]
    assert [kind[2] for kind in kinds[:-1]] == ["data", "hole", "data", "zero", "hole"]
    assert " ".join(kinds[-1]) == f"{2 * MIB} of {8 * MIB} bytes would be sent"


def test_a_server_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "a.iso").write_bytes(b"x")
    told = example("embedded_server", tmp_path)
    assert re.fullmatch(r"listening at \S+\nimages: \['a\.iso'\]\n", told)


def test_what_goes_wrong_is_told(tmp_path: Path, server: str) -> None:
    assert "no-such-file" in example("extent_map", tmp_path / "no-such-file", code=1)
    assert "nowhere" in example("download", server, "nowhere", "a", tmp_path, code=1)


def test_every_example_is_run() -> None:
    ours = Path(__file__).read_text()
    for file in EXAMPLES.glob("*.py"):
        assert f'"{file.stem}"' in ours
