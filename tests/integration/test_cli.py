"""The command as people and scripts run it: output, exit codes, signals."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from integration.commands import Run, image, run, start, wait_until
from integration.images import (
    allocated,
    assert_same,
    data,
    files_in,
    hole,
    make_image,
    make_volume,
    pattern,
    within,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.sasl import guarded
from lacuna_engine.cli.main import run as run_here

REPORT_KEYS = [
    *("job", "state", "source", "destination", "bytes_total", "bytes_data", "bytes_hole"),
    *("bytes_zero", "bytes_sent", "bytes_received", "bytes_wire", "connections", "seconds"),
    *("resumed", "verified", "digest"),
]
POOL_KEYS = [
    *("name", "uuid", "state", "type", "capacity", "allocation", "available", "autostart"),
    *("persistent", "path"),
]
VOLUME_KEYS = [
    *("name", "key", "path", "type", "format", "capacity", "allocation", "physical", "modified"),
]


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == REPORT_KEYS
    return found


# --- upload and download --------------------------------------------------------------------------


def test_up_and_down(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    done = run("upload", image, daemon.uri, pool.name)
    assert f"{pool.name}/image.raw" in done.stdout
    assert "9.00 MiB" in done.stdout
    assert "3.00 MiB" in done.stdout
    assert done.stderr == ""
    assert_same(image, pool.file("image.raw"))

    done = run("download", daemon.uri, f"{pool.name}/image.raw", "back.raw")
    assert "back.raw" in done.stdout
    assert done.stderr == ""
    assert_same(image, tmp_path / "back.raw")
    assert allocated(tmp_path / "back.raw") <= within(3 * MIB)


def test_the_report(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    done = run("upload", image, daemon.uri, f"{pool.name}/other", "--json", "--verify")
    sent = report_of(done)
    assert done.stderr == ""
    assert sent["state"] == "done"
    assert sent["source"] == str(image)
    assert sent["destination"] == f"{daemon.uri}#{pool.name}/other"
    assert sent["bytes_total"] == 9 * MIB
    assert (sent["bytes_data"], sent["bytes_zero"], sent["bytes_hole"]) == (
        3 * MIB,
        MIB,
        5 * MIB,
    )
    assert sent["bytes_sent"] == 3 * MIB
    assert sent["bytes_received"] == 3 * MIB  # read back
    assert sent["bytes_wire"] > 6 * MIB
    assert sent["connections"] >= 1
    assert sent["seconds"] > 0
    assert sent["resumed"] is False
    assert sent["verified"] is True

    done = run("download", daemon.uri, f"{pool.name}/other", "back", "--json", "--verify")
    received = report_of(done)
    assert received["digest"] == sent["digest"]
    assert received["bytes_received"] == 3 * MIB
    assert received["bytes_sent"] == 0
    assert received["destination"] == str(image.with_name("back"))
    assert received["job"] != sent["job"]

    plain = report_of(run("upload", image, daemon.uri, f"{pool.name}/plain", "--json"))
    assert (plain["verified"], plain["digest"]) == (False, None)


def test_zeros_are_sent_if_wanted(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path
) -> None:
    done = run("upload", image, daemon.uri, pool.name, "--no-zero-scan", "--json")
    assert report_of(done)["bytes_sent"] == 4 * MIB
    assert_same(image, pool.file("image.raw"))


def test_into_a_folder(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    run("upload", image, daemon.uri, f"{pool.name}/v")
    (tmp_path / "folder").mkdir()
    run("download", daemon.uri, f"{pool.name}/v", "folder")
    assert_same(image, tmp_path / "folder/v")
    run("download", daemon.uri, f"{pool.name}/v", "missing/v", code=1)
    run("download", daemon.uri, f"{pool.name}/v", "missing/", code=1)
    assert files_in(tmp_path) == ["folder", "image.raw"]


def test_over_tcp(daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path) -> None:
    run("upload", image, daemon.tcp_uri, pool.name, "--verify")
    run("download", daemon.tcp_uri, f"{pool.name}/image.raw", "back", "--verify")
    assert_same(image, image.with_name("back"))


def test_names_that_look_like_something_else(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    for name in ("-dash", "[bold]x", "new\nline"):
        run("upload", image, daemon.uri, "--", f"{pool.name}/{name}")
        assert_same(image, pool.file(name))
    make_volume(daemon, pool, "red \u202e", data(1))
    shown = run("ls", daemon.uri, pool.name).stdout
    assert "[bold]x" in shown
    assert "new\\nline" in shown
    assert "\u202e" not in shown


def test_a_name_that_is_not_utf_8(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9")
    stored = make_volume(daemon, pool, name, data(5000))
    assert "caf\\xe9" in run("ls", daemon.uri, pool.name).stdout
    assert [row["name"] for row in json.loads(run("ls", daemon.uri, pool.name, "--json").stdout)]
    run("download", daemon.uri, f"{pool.name}/{name}", tmp_path)
    assert_same(stored, tmp_path / name)


def test_limit(daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path) -> None:
    rate = 2 * MIB
    free = report_of(run("upload", image, daemon.uri, f"{pool.name}/free", "--json"))
    slow = report_of(
        run("upload", image, daemon.uri, f"{pool.name}/slow", "--json", "--limit", "2M")
    )
    assert slow["bytes_sent"] == free["bytes_sent"] == 3 * MIB
    assert slow["seconds"] > 2 * free["seconds"]
    assert slow["bytes_sent"] / slow["seconds"] < 1.5 * rate
    down = report_of(
        run("download", daemon.uri, f"{pool.name}/slow", "back", "--json", "--limit", "2MiB/s")
    )
    assert down["bytes_received"] / down["seconds"] < 1.5 * rate


def test_progress_only_when_asked_for(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path
) -> None:
    arguments = ("upload", image, daemon.uri, "--json")
    quiet = run(*arguments, f"{pool.name}/quiet")
    assert quiet.stderr == ""
    told = run(*arguments, f"{pool.name}/told", "--progress", "--limit", "512K")
    report_of(told)  # standard output has nothing else
    assert "image.raw" in told.stderr
    # How far it is while it runs, not only at the end.
    assert re.search(r" [1-9]\d? % .*/s .*saved", told.stderr)
    assert "100 %" not in told.stderr
    assert "\x1b" not in told.stderr


# --- exit codes -----------------------------------------------------------------------------------


def test_0_also_for_a_skip_which_says_so(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    run("upload", image, daemon.uri, pool.name)
    again = run("upload", image, daemon.uri, pool.name, "--if-exists", "skip")
    assert "kipped" in again.stdout
    report = report_of(run("upload", image, daemon.uri, pool.name, "--if-exists", "skip", "--json"))
    assert report["state"] == "skipped"
    (tmp_path / "back").write_bytes(b"old")
    volume = f"{pool.name}/image.raw"
    done = run("download", daemon.uri, volume, "back", "--if-exists", "skip")
    assert "kipped" in done.stdout
    assert (tmp_path / "back").read_bytes() == b"old"


def test_1_for_failures(
    *, daemon: PrivateLibvirtd, pool: Pool, small_pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    big = make_image(tmp_path / "big", data(5 * MIB))
    for arguments, words in (
        (("upload", "no-such-file", daemon.uri, pool.name), "no-such-file"),
        (("upload", image, daemon.uri, "no-such-pool"), "no-such-pool"),
        (("upload", big, daemon.uri, small_pool.name), str(5 * MIB)),
        (("download", daemon.uri, f"{pool.name}/none", "x"), "none"),
        (("download", daemon.uri, "none/none", "x"), "none"),
        (("ls", daemon.uri, "none"), "none"),
        (("map", "no-such-file"), "no-such-file"),
    ):
        done = run(*arguments, code=1)
        assert done.stdout == ""
        assert words in done.stderr
        assert done.stderr.startswith("lacuna: ")
    done = run("upload", big, daemon.uri, small_pool.name, "--json", code=1)
    assert report_of(done)["state"] == "failed"
    assert files_in(small_pool.path) == []


def test_2_for_a_wrong_request(
    daemon: PrivateLibvirtd, pool: Pool, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ("upload",),
        ("no-such-command",),
        ("upload", image, daemon.uri),
        ("upload", image, daemon.uri, pool.name, "--no-such-option"),
        ("upload", image, daemon.uri, pool.name, "--if-exists", "maybe"),
        ("upload", image, daemon.uri, pool.name, "--limit", "fast"),
        ("upload", image, daemon.uri, pool.name, "--limit", "0"),
        ("upload", image, daemon.uri, pool.name, "--connections", "0"),
        ("upload", image, daemon.uri, pool.name, "--format", "qcow2"),
        ("upload", image, daemon.uri, f"{pool.name}/a/b"),
        ("upload", image, daemon.uri, f"{pool.name}/.."),
        ("upload", image, daemon.uri, "/volume"),
        ("upload", image, "nonsense", pool.name),
        ("download", daemon.uri, pool.name, "x"),
        ("download", daemon.uri, f"{pool.name}/", "x"),
        ("ls", "qemu+gopher://host/system"),
        ("ls",),
    ):
        assert run_here([str(one) for one in arguments]) == 2, arguments
        output, errors = capsys.readouterr()
        assert output == ""
        assert errors
    assert files_in(pool.path) == []


def test_3_for_no_connection(run: Run, image: Path, tmp_path: Path) -> None:
    unix = f"storage+unix:///system?socket={tmp_path}/no-daemon"
    tcp = "storage+tcp://127.0.0.1:1/system"
    for arguments in (
        ("upload", image, unix, "pool"),
        ("download", unix, "pool/v", "x"),
        ("ls", unix),
        ("ls", tcp),
        ("upload", image, tcp, "pool"),
    ):
        done = run(*arguments, code=3)
        assert done.stdout == ""
        assert done.stderr.startswith("lacuna: ")


def test_3_for_an_authentication_we_do_not_have(run: Run, tmp_path: Path) -> None:
    with guarded(tmp_path, "anonymous", {}) as private:
        assert "no way to log in" in run("ls", private.uri, code=3).stderr


def test_4_for_what_exists(
    daemon: PrivateLibvirtd, pool: Pool, run: Run, image: Path, tmp_path: Path
) -> None:
    run("upload", image, daemon.uri, pool.name)
    other = make_image(tmp_path / "other", data(4096), seed=3)
    done = run("upload", other, daemon.uri, f"{pool.name}/image.raw", code=4)
    assert "exists" in done.stderr
    assert "--if-exists" in done.stderr
    assert done.stdout == ""
    assert_same(image, pool.file("image.raw"))
    (tmp_path / "old").write_bytes(b"old")
    run("download", daemon.uri, f"{pool.name}/image.raw", "old", code=4)
    assert (tmp_path / "old").read_bytes() == b"old"

    run("upload", other, daemon.uri, f"{pool.name}/image.raw", "--if-exists", "replace")
    assert_same(other, pool.file("image.raw"))
    run("download", daemon.uri, f"{pool.name}/image.raw", "old", "--if-exists", "rename")
    assert_same(other, tmp_path / "old-1")
    run("download", daemon.uri, f"{pool.name}/image.raw", "old", "--if-exists", "replace")
    assert_same(other, tmp_path / "old")


def test_5_for_a_verification_that_fails(
    lacuna: Path, daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(6 * MIB))
    process = start(
        lacuna, "upload", image, daemon.uri, pool.name, "--verify", "--limit", "4M", "--json"
    )
    stored = pool.file("image")
    wait_until(lambda: stored.exists() and stored.stat().st_size >= MIB)
    with stored.open("r+b") as file:
        file.write(b"somebody else")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 5, errors
    assert json.loads(output)["state"] == "failed"
    assert json.loads(output)["verified"] is False
    assert "differs" in errors
    assert stored.exists()


# --- ls and map -----------------------------------------------------------------------------------


def test_ls_of_pools(daemon: PrivateLibvirtd, pool: Pool, block_pool: Pool, run: Run) -> None:
    daemon.virsh("pool-destroy", block_pool.name)
    rows = {row["name"]: row for row in json.loads(run("ls", daemon.uri, "--json").stdout)}
    for row in rows.values():
        assert list(row) == POOL_KEYS
    row = rows[pool.name]
    assert (row["state"], row["type"], row["path"]) == ("running", "dir", str(pool.path))
    assert (row["capacity"], row["autostart"], row["persistent"]) == (64 * MIB, False, True)
    assert rows[block_pool.name]["state"] == "inactive"

    done = run("ls", daemon.uri)
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert set(lines) == set(rows)
    assert "64.0 MiB" in lines[pool.name]
    assert done.stderr == ""


def test_ls_of_volumes(daemon: PrivateLibvirtd, pool: Pool, run: Run) -> None:
    assert json.loads(run("ls", daemon.uri, pool.name, "--json").stdout) == []
    stored = make_volume(daemon, pool, "a.raw", data(MIB), hole(2 * MIB))
    daemon.virsh("vol-create-as", pool.name, "b.qcow2", "1G", "--format", "qcow2")
    rows = json.loads(run("ls", daemon.uri, pool.name, "--json").stdout)
    assert [list(row) for row in rows] == [VOLUME_KEYS, VOLUME_KEYS]
    raw, qcow2 = rows
    assert raw == {
        "name": "a.raw",
        "key": str(stored),
        "path": str(stored),
        "type": "file",
        "format": "raw",
        "capacity": 3 * MIB,
        "allocation": MIB,
        "physical": 3 * MIB,
        "modified": pytest.approx(stored.stat().st_mtime),
    }
    assert (qcow2["format"], qcow2["capacity"]) == ("qcow2", 1 << 30)
    assert qcow2["physical"] == pool.file("b.qcow2").stat().st_size
    table = run("ls", daemon.uri, pool.name).stdout
    assert [line.split()[0] for line in table.splitlines()] == ["Name", "a.raw", "b.qcow2"]
    assert daemon.volumes(pool.name) == [row["name"] for row in rows]


def test_ls_into_a_closed_pipe(
    lacuna: Path, daemon: PrivateLibvirtd, pool: Pool, tmp_path: Path
) -> None:
    for number in range(3000):
        pool.file(f"volume-{number}").touch()
    daemon.virsh("pool-refresh", pool.name)
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [lacuna, "ls", daemon.uri, pool.name, "--json"], stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        process.wait(60)
        errors.seek(0)
        assert "Traceback" not in errors.read()


def test_map(run: Run, image: Path) -> None:
    rows = json.loads(run("map", image, "--json").stdout)
    wanted = [
        {"start": 0, "length": MIB, "kind": "data"},
        {"start": MIB, "length": 4 * MIB, "kind": "hole"},
        {"start": 5 * MIB, "length": MIB, "kind": "zero"},
        {"start": 6 * MIB, "length": 2 * MIB, "kind": "data"},
        {"start": 8 * MIB, "length": MIB, "kind": "hole"},
    ]
    assert rows == wanted
    rows = json.loads(run("map", image, "--json", "--no-zero-scan").stdout)
    assert [row["kind"] for row in rows] == ["data", "hole", "data", "hole"]
    table = run("map", image).stdout
    assert "saved 6.00 MiB" in table


def test_map_of_an_empty_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert json.loads(run("map", "empty", "--json").stdout) == []
    assert "0 bytes" in run("map", "empty").stdout


def test_a_note_is_a_message_and_no_result(
    daemon: PrivateLibvirtd, block_pool: Pool, run: Run, tmp_path: Path
) -> None:
    device = block_pool.partitions[0]
    image = make_image(tmp_path / "image", data(MIB))
    destination = f"{block_pool.name}/{device}"
    done = run("upload", image, daemon.uri, destination, "--if-exists", "replace", "--json")
    assert report_of(done)["verified"] is True
    assert "note: " in done.stderr
    assert f"{15 * MIB} bytes" in done.stderr
    assert block_pool.file(device).read_bytes()[:MIB] == pattern(0, MIB)


def test_version_and_help(run: Run) -> None:
    assert run("--version").stdout.startswith("lacuna")
    for command in ("upload", "download", "ls", "map"):
        assert "Usage:" in run(command, "--help").stdout
