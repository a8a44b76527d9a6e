"""Transfers from Windows: interrupted and resumed, sparse, and with names that are hard there."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from integration.commands import wait_until
from integration.images import assert_same, data, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from windows.program import Program


@pytest.fixture
def large(lacuna: Program) -> Path:
    """An image that takes a while at 4 MiB a second."""
    folder = lacuna.home / "groß"
    folder.mkdir()
    return make_image(folder / "large", data(12 * MIB + 5), hole(4 * MIB), data(8 * MIB))


def interrupted(lacuna: Program) -> str:
    """Return the id of the one job that is not done, and that nobody runs any more."""
    (job,) = [job for job in lacuna.json("jobs") if job["state"] in ("running", "interrupted")]
    return str(job["job"])


def test_an_upload_that_was_killed(
    lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, large: Path
) -> None:
    """TerminateProcess is what the Task Manager does: nothing of ours runs any more."""
    running = lacuna.start("upload", large, daemon.tcp_uri, f"{pool.name}/v", "--limit", "4M")
    volume = pool.file("v")
    wait_until(lambda: volume.exists() and volume.stat().st_blocks * 512 > 2 * MIB)
    lacuna.terminate(running)
    job = interrupted(lacuna)
    done = lacuna.json("resume", job)
    assert (done["state"], done["resumed"]) == ("done", True)
    assert done["bytes_sent"] < 19 * MIB
    assert_same(volume, large)


def test_a_download_that_was_killed(
    lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, large: Path
) -> None:
    lacuna("upload", large, daemon.tcp_uri, f"{pool.name}/v")
    target = large.with_name("zurück")
    running = lacuna.start("download", daemon.tcp_uri, f"{pool.name}/v", target, "--limit", "4M")
    time.sleep(3)  # a part is as long as the whole from the start
    lacuna.terminate(running)
    assert not target.exists()
    done = lacuna.json("resume", interrupted(lacuna))
    assert (done["state"], done["resumed"]) == ("done", True)
    assert_same(target, large)
    assert sorted(os.listdir(large.parent)) == ["large", "zurück"]


def test_ctrl_c(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, large: Path) -> None:
    """On a console: progress is shown, and what has arrived is kept."""
    words = ("upload", large, daemon.tcp_uri, f"{pool.name}/v", "--limit", "4M")
    code, shown = lacuna.ask(*words, answers=[("saved", "\x03")])
    assert code == 130, shown
    assert "large" in shown
    assert "lacuna resume" in shown
    assert lacuna.json("resume")["resumed"] is True
    assert_same(pool.file("v"), large)


def test_cancelled_by_another(
    lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, large: Path
) -> None:
    words = ("upload", large, daemon.tcp_uri, f"{pool.name}/v", "--limit", "2M")
    running = lacuna.start(*words)
    wait_until(lambda: bool(lacuna.json("jobs")))
    (job,) = lacuna.json("jobs")
    assert job["state"] == "running"
    lacuna("jobs", "cancel", job["job"])
    _, told = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "was stopped by another program" in told
    lacuna("jobs", "remove", job["job"])
    assert lacuna.json("jobs", "--all") == []
    assert not pool.file("v").exists()


HARD = {
    "CON": "_CON",
    "com1.img": "_com1.img",
    "a:b": "a_b",
    "dots...": "dots",
    "trailing ": "trailing",
    "a*b?c": "a_b_c",
    "日本語.qcow2": "日本語.qcow2",
    "back\\slash": "back_slash",
}


def test_names(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool) -> None:
    """A name that Windows would read as something else becomes one that it would not."""
    folder = lacuna.home / "Meine Ablage"
    folder.mkdir()
    for volume, name in HARD.items():
        make_volume(daemon, pool, volume, data(3000))
        done = lacuna.json("download", daemon.tcp_uri, f"{pool.name}/{volume}", folder)
        assert done["destination"].endswith(f"\\Meine Ablage\\{name}")
        assert_same(folder / name, pool.file(volume))
    listed = lacuna("ls", daemon.tcp_uri, pool.name).stdout
    assert "com1.img" in listed
    assert {row["name"] for row in lacuna.json("ls", daemon.tcp_uri, pool.name)} == HARD.keys()


def test_what_exists(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
    """Nothing is overwritten unasked, whatever the case of its letters."""
    lacuna("upload", image, daemon.tcp_uri, f"{pool.name}/v")
    (image.parent / "V").write_bytes(b"mine")
    words = ("download", daemon.tcp_uri, f"{pool.name}/v", image.parent)
    assert "exists already" in lacuna(*words, code=4).stderr
    assert (image.parent / "V").read_bytes() == b"mine"
    lacuna(*words, "--if-exists", "rename")
    assert_same(image.parent / "v-1", image)
    lacuna(*words, "--if-exists", "replace")
    assert_same(next(image.parent.glob("[vV]")), image)


def test_the_map_of_a_file(lacuna: Program, image: Path) -> None:
    """Wine knows no holes: they are found as zeros."""
    rows = lacuna.json("map", image)
    assert [row["kind"] for row in rows] == ["data", "zero", "data", "zero"]
    assert [row["length"] // MIB for row in rows] == [1, 5, 2, 1]
    assert "image ü.raw" in lacuna("map", image).stdout


def test_many_streams(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, large: Path) -> None:
    """Several connections write to one file, from several threads."""
    uri, volume = daemon.tcp_uri, f"{pool.name}/v"
    lacuna("upload", large, uri, volume, "--connections", "4", "--verify")
    assert_same(pool.file("v"), large)
    back = large.with_name("back")
    lacuna("download", uri, volume, back, "--connections", "4", "--verify")
    assert_same(back, large)


def test_debug_output(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool) -> None:
    told = lacuna("--debug", "ls", daemon.tcp_uri).stderr
    assert "connected" in told
    assert json.loads(lacuna("ls", daemon.tcp_uri, pool.name, "--json").stdout) == []
