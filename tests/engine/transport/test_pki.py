"""Where certificates are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacuna_engine.errors import ConnectError
from lacuna_engine.transport import parse_uri, pki
from lacuna_engine.transport.pki import Pki, find_pki

NAMES = ("cacert.pem", "cacrl.pem", "clientcert.pem", "clientkey.pem")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user without rights, with everything also in the system's."""
    system = tmp_path / "etc"
    fill(system, *NAMES)
    monkeypatch.setattr(pki, "_SYSTEM", {name: system / name for name in NAMES})
    monkeypatch.setattr(pki, "_is_root", lambda: False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".pki/libvirt"
    folder.mkdir(parents=True)
    return folder


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def found(query: str = "") -> list[str]:
    made: Pki = find_pki(parse_uri(f"qemu://h/system{query}"))
    parts = (made.ca, made.crl, made.cert, made.key)
    return ["-" if path is None else path.parent.name for path in parts]


def test_each_missing_file_comes_from_the_system(own: Path) -> None:
    assert found() == ["etc"] * 4
    fill(own, "cacert.pem")
    assert found() == ["libvirt", "etc", "etc", "etc"]
    fill(own, "clientcert.pem", "clientkey.pem")
    assert found() == ["libvirt", "etc", "libvirt", "libvirt"]
    fill(own, "cacrl.pem")
    assert found() == ["libvirt"] * 4


def test_a_certificate_without_its_key(own: Path) -> None:
    fill(own, "clientcert.pem")
    with pytest.raises(ConnectError, match=r"clientkey\.pem' is missing beside"):
        found()


def test_root_has_the_systems_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(own, *NAMES)
    monkeypatch.setattr(pki, "_is_root", lambda: True)
    assert found() == ["etc"] * 4


def test_a_named_folder_is_the_only_one(own: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    query = f"?pkipath={named}"
    with pytest.raises(ConnectError, match="there is no CA certificate") as caught:
        found(query)
    assert "pkipath" in caught.value.hint
    fill(named, "cacert.pem")
    assert found(query) == ["named", "-", "-", "-"]
    fill(named, *NAMES)
    assert found(query) == ["named"] * 4
