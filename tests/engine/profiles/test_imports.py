"""What other programs have saved."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lacuna_engine.errors import LacunaError, UsageError
from lacuna_engine.profiles import Candidate, from_libvirt, from_virt_manager, imports


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's libvirt.conf, and no system's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(
        "lacuna_engine.transport.libvirt_conf.conf_files",
        lambda: (tmp_path / "libvirt" / "libvirt.conf", tmp_path / "system.conf"),
    )
    (tmp_path / "libvirt").mkdir()
    return tmp_path


def test_libvirt_aliases(settings: Path) -> None:
    assert from_libvirt() == ()
    (settings / "libvirt" / "libvirt.conf").write_text(
        "# mine\nuri_aliases = [\n  'hail=qemu+ssh://root@hail/system',  # the big one\n"
        '  "sleet=qemu+ssh://root:hunter2@sleet/system",\n]\n'
    )
    (settings / "system.conf").write_text(
        'uri_aliases = ["hail=qemu:///system", "snow=qemu+tls://snow/system"]\n'
        'uri_default = "qemu:///system"\n'
    )
    assert from_libvirt() == (
        Candidate("hail", "qemu+ssh://root@hail/system", "libvirt.conf"),
        Candidate("sleet", "qemu+ssh://root@sleet/system", "libvirt.conf"),
        Candidate("snow", "qemu+tls://snow/system", "libvirt.conf"),
    )


def test_a_libvirt_conf_that_is_none(settings: Path) -> None:
    (settings / "system.conf").write_text("uri_aliases = [ ??? ]")
    with pytest.raises(UsageError, match=r"system\.conf"):
        from_libvirt()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the only one with programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, output: str, code: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{output}\nEND\nexit {code}\n")
    path.chmod(0o755)


if sys.platform == "win32":
    pytest.skip("the programs are scripts of a shell", allow_module_level=True)

HOSTS = (
    "['qemu:///system', 'qemu:///session', 'qemu+ssh://root:pw@kvm.example.com/system', "
    "'qemu+tls://kvm/session', \"lxc:///\", 'qemu+ssh://[::1', 'it\\'s']"
)


@pytest.mark.parametrize("name", ["gsettings", "dconf"])
def test_virt_manager(programs: Path, name: str) -> None:
    program(programs, name, HOSTS)
    found = from_virt_manager()
    assert [(one.name, one.uri) for one in found] == [
        ("local-qemu-system", "qemu:///system"),
        ("local-qemu-session", "qemu:///session"),
        ("kvm.example.com", "qemu+ssh://root@kvm.example.com/system"),
        ("kvm-session", "qemu+tls://kvm/session"),
        ("local-lxc", "lxc:///"),
        ("host", "qemu+ssh://[::1"),
        ("local-it-s", "it's"),
    ]
    assert {one.source for one in found} == {"virt-manager"}


def test_virt_manager_without_its_schema(programs: Path) -> None:
    assert from_virt_manager() == ()
    program(programs, "gsettings", "No such schema", code=1)
    assert from_virt_manager() == ()
    program(programs, "dconf", "")
    assert from_virt_manager() == ()
    program(programs, "dconf", "['qemu:///system']")
    assert len(from_virt_manager()) == 1


@pytest.mark.parametrize("text", ["@as []", "[]", "[1, 2]"])
def test_virt_manager_without_hosts(programs: Path, text: str) -> None:
    program(programs, "gsettings", text)
    assert from_virt_manager() == ()


@pytest.mark.parametrize("text", ["what?", "{'a': 1}", "[", "__import__('os')", "'x'"])
def test_answers_that_are_none(programs: Path, text: str) -> None:
    program(programs, "gsettings", text)
    with pytest.raises(LacunaError, match="not understood"):
        from_virt_manager()


def test_a_program_that_does_not_end(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "PROGRAM_TIMEOUT", 0.1)
    path = programs / "gsettings"
    path.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    path.chmod(0o755)
    assert os.access(path, os.X_OK)
    assert from_virt_manager() == ()
