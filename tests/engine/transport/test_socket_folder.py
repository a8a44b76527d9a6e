"""Where the sockets of ssh go, whatever the folder for temporary files is called."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from lacuna_engine.errors import ConnectError
from lacuna_engine.transport.ssh.socket_folder import LONGEST, make_socket_folder

TMP = Path("/tmp")  # noqa: S108 - where systems have room for it
OWN = len("/lacuna-12345678")
MACOS = "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T"


def made(monkeypatch: pytest.MonkeyPatch, place: Path) -> Path:
    """Make a folder with ``place`` for temporary files; it is gone again when this returns."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    folder = make_socket_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()
    return folder.parent


@pytest.mark.parametrize("length", [len(MACOS), LONGEST - OWN])
def test_a_path_that_is_short_enough(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    prefix = "x" * (length - len(f"{TMP}/12345678"))
    with tempfile.TemporaryDirectory(dir=TMP, prefix=prefix) as name:
        assert made(monkeypatch, Path(name)) == Path(name)


@pytest.mark.parametrize("name", ["x" * 80, "a b", "50%", "it's", 'a"b'])
def test_one_that_ssh_would_not_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    place = tmp_path / name
    place.mkdir()
    assert made(monkeypatch, place) == TMP
    assert not list(place.iterdir())


def test_a_name_in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path(tempfile.mkdtemp(prefix="größe", dir=TMP))
    try:
        assert made(monkeypatch, place) == place
    finally:
        shutil.rmtree(place)


def test_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "gone"))
    with pytest.raises(ConnectError, match="no folder for the sockets") as caught:
        make_socket_folder()
    assert "TMPDIR" in caught.value.hint
