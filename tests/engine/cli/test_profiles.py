"""``lacuna profiles``, and names in place of URIs."""

from __future__ import annotations

import json
from pathlib import Path

import keyring
import pytest
from keyring.backends import null

from engine.scripted import Daemon, failure
from lacuna_engine.cli.main import run
from lacuna_engine.cli.profiles import resolve_uri
from lacuna_engine.errors import UnreachableError, UsageError
from lacuna_engine.profiles import Candidate, ProfileStore
from lacuna_engine.rpc import procedures as p
from lacuna_engine.transport import OPENERS, Pipe

URI = "qemu:///system"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LACUNA_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("lacuna_engine.profiles.from_virt_manager", tuple)
    monkeypatch.setattr(
        "lacuna_engine.transport.libvirt_conf.conf_files", lambda: (tmp_path / "libvirt.conf",)
    )
    monkeypatch.setattr(keyring.core, "_keyring_backend", null.Keyring())  # type: ignore[no-untyped-call]


SSH = "qemu+ssh://root@kvm/system"


def test_add_list_rename_remove(capsys: Capture) -> None:
    assert run(["profiles", "add", "KVM lab", URI, "--group", "lab"]) == 0
    assert run(["profiles", "add", "prod", "qemu+tls://prod/system"]) == 0
    assert capsys.readouterr().out == (
        f"Saved KVM lab: {URI}\nSaved prod: qemu+tls://prod/system\n"
    )
    assert run(["profiles", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["Name", "URI", "Group"],
        ["KVM", "lab", URI, "lab"],
        ["prod", "qemu+tls://prod/system"],
    ]
    assert run(["profiles", "rename", "kvm LAB", "lab"]) == 0
    assert run(["profiles", "remove", "prod"]) == 0
    capsys.readouterr()
    assert run(["profiles", "list", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert list(one) == [
        *("id", "name", "uri", "group", "order", "colour", "notes", "pool", "verify", "limit"),
        "connections",
    ]
    assert (one["name"], one["uri"], one["group"], one["order"]) == ("lab", URI, "lab", 0)


def test_the_list_says_which_are_not_safe(capsys: Capture) -> None:
    for name, uri in (("a", f"{SSH}?no_verify=1"), ("b", "qemu+tcp://far/system"), ("c", SSH)):
        assert run(["profiles", "add", name, uri]) == 0
    capsys.readouterr()
    assert run(["profiles", "list"]) == 0
    unchecked, plain, safe = capsys.readouterr().out.splitlines()[1:]
    assert "the SSH host's key is not checked" in unchecked
    assert "nothing is encrypted" in plain
    assert safe.split() == ["c", SSH]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["add", "x", "nonsense"], "not a libvirt URI"),
        (["add", "a/b", URI], "cannot be the name"),
        (["add", "x", "qemu+ssh://a:hunter2@h/system"], "password does not belong"),
        (["add", "LAB", URI], "already"),
        (["remove", "y"], "no saved connection 'y'"),
        (["rename", "y", "z"], "no saved connection 'y'"),
        (["rename", "lab", "-z"], "cannot be the name"),
        (["test", "y"], "no saved connection or alias has that name"),
        (["test", "qemu+ssh://a:hunter2@h/system"], "password does not belong"),
    ],
)
def test_requests_that_are_wrong(arguments: list[str], text: str, capsys: Capture) -> None:
    ProfileStore().create("lab", URI)
    dashes = ["--"] if arguments[-1] == "-z" else []
    assert run(["profiles", arguments[0], *dashes, *arguments[1:]]) == 2
    out, err = capsys.readouterr()
    assert text in err
    assert "hunter2" not in err
    assert not out


def test_testing_a_connection(daemon: Daemon, capsys: Capture) -> None:
    ProfileStore().create("lab", URI)
    assert run(["profiles", "test", "lab"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{URI}: libvirt 9.1.2, connected in ")
    assert out.splitlines()[1] == "  1 pool: pool"
    assert not err
    assert run(["profiles", "test", URI, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == "9.1.2"
    assert found["pools"] == ["pool"]
    assert list(found) == ["uri", "version", "pools", "seconds", "unsafe"]


def test_connections_that_fail(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    daemon.answers[p.CONNECT_GET_LIB_VERSION.number] = lambda _: failure(1, "no, never")
    assert run(["profiles", "test", URI]) == 3
    assert "no, never" in capsys.readouterr().err

    async def closed(_: object) -> Pipe:
        raise UnreachableError("nobody there", hint="Start it.")

    monkeypatch.setitem(OPENERS, "unix", closed)
    assert run(["profiles", "test", URI]) == 3
    out, err = capsys.readouterr()
    assert err == "lacuna: nobody there\n  Start it.\n"
    assert not out


def test_import(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ([], ["--dry-run"]):
        assert run(["profiles", "import", *options]) == 0
        assert "neither libvirt nor virt-manager has any" in capsys.readouterr().err
    (tmp_path / "libvirt.conf").write_text(
        'uri_aliases = ["hail=qemu+tls://x:hunter2@hail/system", "bad=qemu+what://x/system"]'
    )
    host = Candidate("kvm", "qemu+tls://kvm/system", "virt-manager")
    monkeypatch.setattr("lacuna_engine.profiles.from_virt_manager", lambda: (host,))
    assert run(["profiles", "import", "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    assert "hail: qemu+tls://x@hail/system (libvirt.conf)" in out
    assert not ProfileStore().load()
    for _ in range(2):
        assert run(["profiles", "import"]) == 0
    out, err = capsys.readouterr()
    assert out == ("Saved hail: qemu+tls://x@hail/system\nSaved kvm: qemu+tls://kvm/system\n")
    assert "bad (libvirt.conf): " in err
    assert "kvm (virt-manager): is there already, as kvm" in err
    assert "hunter2" not in out + err


def test_a_damaged_file_is_told(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "profiles.json").write_text("{")
    assert run(["profiles", "list"]) == 0
    assert "was damaged" in capsys.readouterr().err


# --- names in place of URIs ----------------------------------------------------------------------


def test_names_for_uris(tmp_path: Path) -> None:
    (tmp_path / "libvirt.conf").write_text(
        'uri_aliases = ["hail=qemu+tls://hail/system", "lab=qemu+tls://alias/system"]'
    )
    ProfileStore().create("lab", URI)
    assert resolve_uri("Lab") == URI
    assert resolve_uri("hail") == "qemu+tls://hail/system"
    assert resolve_uri("qemu:///session") == "qemu:///session"
    with pytest.raises(UsageError) as caught:
        resolve_uri("snow")
    assert "no saved connection or alias has that name" in str(caught.value)
    assert "Saved connections: lab." in caught.value.hint
    with pytest.raises(UsageError, match="password"):
        resolve_uri("qemu+ssh://a:hunter2@h/system")


def test_commands_take_names(daemon: Daemon, capsys: Capture, tmp_path: Path) -> None:
    ProfileStore().create("lab", URI)
    assert run(["ls", "lab", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "pool"
    image = tmp_path / "disk.img"
    image.write_bytes(b"x" * 5000)
    assert run(["upload", str(image), "lab", "pool"]) == 0
    assert run(["download", "lab", "pool/disk.img", str(tmp_path / "back")]) == 0
    assert (tmp_path / "back").read_bytes()[:5000] == image.read_bytes()
