"""The command interrupted, and left by its daemon."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

import json
import signal
import time
from pathlib import Path

import pytest

from integration.commands import Run, image, run, start, wait_until
from integration.images import (
    allocated,
    assert_same,
    data,
    files_in,
    make_image,
    make_volume,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_130_for_an_interrupted_upload(
    *,
    lacuna: Path,
    daemon: PrivateLibvirtd,
    pool: Pool,
    tmp_path: Path,
    signum: signal.Signals,
    run: Run,
) -> None:
    image = make_image(tmp_path / "image", data(20 * MIB))
    process = start(lacuna, "upload", image, daemon.uri, pool.name, "--limit", "2M", "--json")
    stored = pool.file("image")
    wait_until(lambda: stored.exists() and stored.stat().st_size >= MIB)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 130, errors
    assert json.loads(output)["state"] == "interrupted"
    assert "interrupted" in errors
    assert "Traceback" not in errors
    job = json.loads(output)["job"]
    listed = {one["job"]: one for one in json.loads(run("jobs", "--json").stdout)}
    assert listed[job]["state"] == "interrupted"
    assert files_in(pool.path) == ["image"]
    run("jobs", "remove", job)
    assert files_in(pool.path) == []
    assert job not in run("jobs").stdout


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_130_for_an_interrupted_download(
    *,
    lacuna: Path,
    daemon: PrivateLibvirtd,
    pool: Pool,
    tmp_path: Path,
    signum: signal.Signals,
    run: Run,
) -> None:
    make_volume(daemon, pool, "v", data(20 * MIB))
    process = start(
        lacuna, "download", daemon.uri, f"{pool.name}/v", tmp_path / "v", "--limit", "2M"
    )
    wait_until(lambda: any(allocated(path) >= MIB for path in tmp_path.iterdir()))
    process.send_signal(signum)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 130, errors
    assert output == ""
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert len(files_in(tmp_path)) == 1
    job = errors.partition("lacuna resume ")[2].split()[0]
    run("resume", job)
    assert files_in(tmp_path) == ["v"]
    assert_same(pool.file("v"), tmp_path / "v")
    assert "nothing to resume" in run("resume", job, code=2).stderr


def test_the_daemon_dies_under_the_command(
    lacuna: Path, own_daemon: PrivateLibvirtd, tmp_path: Path
) -> None:
    pool = own_daemon.make_pool("p")
    image = make_image(tmp_path / "image", data(20 * MIB))
    process = start(lacuna, "upload", image, own_daemon.uri, pool.name, "--limit", "2M")
    stored = pool.file("image")
    wait_until(lambda: stored.exists() and stored.stat().st_size >= MIB)
    own_daemon.kill()
    time.sleep(0.5)
    own_daemon.start()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "trying again" in errors
    assert "Uploaded" in output
    assert_same(image, stored)
