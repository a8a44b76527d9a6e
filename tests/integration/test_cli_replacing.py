"""Replacing volumes from the command line: what it says before, and a client that is killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from integration.images import assert_same, data, files_in, fill, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd

KEEP = ("--if-exists", "replace", "--keep-until-complete")


class Client:
    """The command, with a journal of its own."""

    def __init__(self, lacuna: Path, folder: Path) -> None:
        self._lacuna = lacuna
        self._environment = os.environ | {"LACUNA_DATA": str(folder / "data")}

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._lacuna, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )

    def __call__(self, *arguments: str | Path, code: int = 0) -> tuple[str, str]:
        process = self.start(*arguments)
        out, errors = process.communicate(timeout=60)
        assert process.returncode == code, errors
        return out, errors


@pytest.fixture
def client(lacuna: Path, tmp_path: Path) -> Client:
    return Client(lacuna, tmp_path)


@pytest.fixture
def old(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    daemon.virsh("vol-create-as", pool.name, "old", "4M", "--allocation", "0")
    fill(pool.file("old"), 4 * MIB)
    daemon.virsh("pool-refresh", pool.name)
    return pool.file("old")


def test_keeping_needs_replacing(client: Client, daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image", data(1))
    _, errors = client("upload", image, daemon.uri, "p/v", "--keep-until-complete", code=2)
    assert "--if-exists replace" in errors


def test_what_is_said(
    client: Client, daemon: PrivateLibvirtd, pool: Pool, old: Path, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(MIB), hole(MIB))
    target = f"{pool.name}/old"
    _, errors = client("upload", image, daemon.uri, target, "--if-exists", "replace")
    assert errors.count("old content") == 1
    assert "--keep-until-complete" in errors
    _, errors = client("upload", image, daemon.uri, target, *KEEP, "--force")
    assert errors == ""
    assert_same(image, old)
    # The option is the same for downloads, which keep what is there in any case.
    client("download", daemon.uri, target, image, *KEEP)
    assert_same(image, old)


def test_a_client_that_is_killed(
    client: Client, daemon: PrivateLibvirtd, pool: Pool, old: Path, tmp_path: Path
) -> None:
    """At random moments, also while names change: a complete version is always there."""
    chance = random.Random(4)
    content = old.read_bytes()
    for seed in range(2, 10):
        image = make_image(tmp_path / f"image-{seed}", data(9 * MIB), hole(MIB), seed=seed)
        arguments = ("upload", image, daemon.uri, f"{pool.name}/old", *KEEP)
        process = client.start(*arguments)
        deadline = time.monotonic() + 20
        while len(files_in(pool.path)) == 1 and old.read_bytes() == content:
            if process.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.001)
        time.sleep(chance.random() * 0.15)
        process.kill()
        process.communicate()
        new = image.read_bytes()
        assert any(pool.file(name).read_bytes() in (content, new) for name in files_in(pool.path))
        jobs = [job for job in json.loads(client("jobs", "--json")[0]) if job["state"] != "done"]
        if jobs:
            client("resume", jobs[0]["job"])
        elif old.read_bytes() != new:
            client(*arguments)
        assert_same(image, old)
        assert files_in(pool.path) == ["old"]
        content = new
