"""Whole programs: what they log and what diagnostics tell has no secret, and no name unasked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "hunter22-of-ann"  # noqa: S105 - what must not be found
WRONG = "wrong-guess-77"
POOL, IMAGE = "private pool", "customer's disk.raw"


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    (folder / "pool").mkdir()
    users = folder / "users"
    users.write_text(f"ann:{PASSWORD}\n")
    users.chmod(0o600)
    command = [sys.executable, "-m", "lacuna_engine.cli", "serve", f"--pool={POOL}={folder}/pool"]
    command += ["--auth", str(users), "--listen", f"unix:{folder}/socket"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def auth_file(path: Path, password: str) -> str:
    path.write_text(
        f"[credentials-x]\nauthname=ann\npassword={password}\n"
        "[auth-libvirt-default]\ncredentials=x\n"
    )
    return str(path)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    right = auth_file(tmp_path / "auth.conf", PASSWORD)
    own = {"LACUNA_DATA": str(tmp_path / "data"), "LIBVIRT_AUTH_FILE": right}
    return {**os.environ, **own}


def lacuna(*arguments: object, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lacuna_engine.cli", *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60,
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def test_no_secret_and_no_name_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    image = tmp_path / IMAGE
    image.write_bytes(b"x" * 5000)
    told: list[str] = []
    with serving(tmp_path, environment) as uri:

        def run(*arguments: object, **changed: str) -> subprocess.CompletedProcess[str]:
            done = lacuna(*arguments, environment=environment | changed)
            told.extend((done.stdout, done.stderr))
            return done

        assert run("--debug", "upload", image, uri, POOL).returncode == 0
        again = run("upload", image, uri, POOL)
        assert again.returncode == 4
        wrong = auth_file(tmp_path / "wrong.conf", WRONG)
        refused = run("--debug", "ls", uri, LIBVIRT_AUTH_FILE=wrong)
        assert refused.returncode == 3
        assert "error=AuthenticationError" in refused.stderr
        shown = run("diagnostics", uri)
        named = run("diagnostics", "--names", uri)
    assert shown.returncode == 0
    log = (tmp_path / "data" / "lacuna.log").read_text()
    for text in (*told, log):
        for secret in (PASSWORD, WRONG):
            assert secret not in text
    assert "event=call procedure=AUTH_SASL_START" in told[1]
    assert "job ended" in log

    assert "storage, unix, connected, libvirt 9.0.0" in shown.stdout
    assert "error=ExistsError" in shown.stdout
    assert "done 1" in shown.stdout
    for name in ("private", "customer", "disk", "ann", str(tmp_path), "socket"):
        assert name not in shown.stdout
    assert IMAGE in named.stdout
    assert str(tmp_path / "data" / "lacuna.log") in named.stdout


def test_a_daemon_that_is_not_there_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    uri = f"test+unix:///system?socket={tmp_path}/nobody"
    done = lacuna("diagnostics", uri, environment=environment)
    assert done.returncode == 0
    assert "1: test, unix, UnreachableError at lacuna_engine/transport/" in done.stdout
    assert "nobody" not in done.stdout
    assert lacuna("diagnostics", "no URI", environment=environment).returncode == 2
