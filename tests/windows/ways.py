"""The ways to a daemon, from Windows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.images import assert_same
from integration.libvirtd import Pool, PrivateLibvirtd
from integration.pki import Authority
from integration.sasl import auth_file, guarded
from integration.sshd import USER, PrivateSshd
from integration.tls import Server
from windows.program import Program


def there_and_back(lacuna: Program, uri: str, pool: Pool, image: Path, volume: str = "v") -> None:
    """Upload, list and download, and compare here what Windows has brought there and back."""
    sent = lacuna.json("upload", "--verify", image, uri, f"{pool.name}/{volume}")
    assert (sent["state"], sent["verified"]) == ("done", True)
    assert_same(pool.file(volume), image)
    assert pool.name in {row["name"] for row in lacuna.json("ls", uri)}
    assert volume in {row["name"] for row in lacuna.json("ls", uri, pool.name)}
    back = image.with_name("zurück.raw")
    received = lacuna.json("download", "--verify", uri, f"{pool.name}/{volume}", back)
    assert received["digest"] == sent["digest"]
    assert_same(back, image)


# --- SSH -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["direct", "helper", "netcat"])
def test_ssh(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, image: Path, way: str) -> None:
    """By asyncssh: forwarding of the daemon's socket, virt-ssh-helper, nc."""
    settings = {"AllowStreamLocalForwarding": "yes" if way == "direct" else "no"}
    without = frozenset({"virt-ssh-helper"}) if way == "netcat" else frozenset[str]()
    with PrivateSshd(daemon, settings=settings, without=without) as host:
        lacuna.know(host)
        uri = f"qemu+ssh://{USER}@127.0.0.1:{host.port}/system"
        there_and_back(lacuna, f"{uri}?keyfile={lacuna.path(host.folder / 'key')}", pool, image)


def test_the_settings_of_ssh(known: Program, host: PrivateSshd, pool: Pool, image: Path) -> None:
    """%USERPROFILE%\\.ssh\\config, with a key among the user's own."""
    own = known.home / ".ssh"
    (own / "my key").write_bytes((host.folder / "key").read_bytes())
    (own / "config").write_text(
        f"Host lab\n  HostName 127.0.0.1\n  Port {host.port}\n  User {USER}\n"
        '  IdentityFile "~/.ssh/my key"\n',
        encoding="utf-8",
    )
    there_and_back(known, "qemu+ssh://lab/system", pool, image)


def test_a_port_where_nobody_listens(lacuna: Program, free_port: int) -> None:
    for transport, said in (("ssh", "refuses SSH"), ("tcp", "cannot connect to 127.0.0.1")):
        done = lacuna("ls", f"qemu+{transport}://127.0.0.1:{free_port}/system", code=3)
        assert said in done.stderr
    assert "refused" in done.stderr.lower()


# --- TLS and TCP ---------------------------------------------------------------------------------


def test_tls(lacuna: Program, tmp_path: Path, image: Path) -> None:
    server = Server(tmp_path)
    with PrivateLibvirtd(settings=server.settings) as daemon:
        pool = daemon.make_pool("pool")
        named = f"qemu+tls://localhost:{server.port}/system"
        there_and_back(
            lacuna, f"{named}?pkipath={lacuna.path(tmp_path / 'good')}", pool, image, "named"
        )
        # In the user's own folder nothing has to be named.
        refused = lacuna("ls", named, code=3)
        assert "there is no CA certificate" in refused.stderr
        own = lacuna.home / "AppData/Roaming/libvirt/pki"
        server.authority.write(own, "client")
        image.with_name("zurück.raw").unlink()
        there_and_back(lacuna, named, pool, image, "usual")


def test_tls_of_somebody_else(lacuna: Program, tmp_path: Path) -> None:
    server = Server(tmp_path)
    Authority("another ca").write(tmp_path / "other", "client")
    with PrivateLibvirtd(settings=server.settings):
        uri = f"qemu+tls://localhost:{server.port}/system"
        done = lacuna("ls", f"{uri}?pkipath={lacuna.path(tmp_path / 'other')}", code=3)
    assert "certificate" in done.stderr


def test_tcp(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool, image: Path) -> None:
    there_and_back(lacuna, daemon.tcp_uri, pool, image)


@pytest.mark.parametrize("mechanism", ["digest-md5", "scram-sha-256"])
def test_logins_with_sasl(lacuna: Program, tmp_path: Path, image: Path, mechanism: str) -> None:
    """DIGEST-MD5 encrypts on plain TCP; SCRAM goes over TLS."""
    server = Server(tmp_path)
    with guarded(tmp_path, mechanism, {"joe": "geheim"}, ["pool"], server.settings) as daemon:
        pool = Pool("pool", "tmpfs", daemon.mounts / "pool")
        uri = f"qemu+tls://localhost:{server.port}/system?pkipath={lacuna.path(tmp_path / 'good')}&"
        if mechanism == "digest-md5":
            uri = f"qemu+tcp://localhost:{daemon.tcp_port}/system?"
        wrong = [("User name", "joe\r"), ("assword", "falsch\r")]
        right = [("User name", "joe\r"), ("assword", "geheim\r")]
        code, shown = lacuna.ask("ls", uri, answers=[*wrong, *right])
        assert code == 0, shown
        assert "geheim" not in shown
        own = auth_file(lacuna.home / "auth.conf", "joe", "geheim")
        there_and_back(lacuna, f"{uri}authfile={lacuna.path(own)}", pool, image)


def test_unix_sockets_are_not_for_windows(lacuna: Program) -> None:
    done = lacuna("ls", "qemu:///system", code=2)
    assert "this platform has no unix sockets" in done.stderr
    assert "qemu+ssh://" in done.stderr
    assert "no URI is given" in lacuna("ls", "", code=2).stderr


def test_the_server_is_not_for_windows(lacuna: Program) -> None:
    for words in (("serve", lacuna.home), ("demo",)):
        assert "does not run on Windows" in lacuna(*words, code=2).stderr


# --- saved connections ---------------------------------------------------------------------------


def test_profiles(lacuna: Program, daemon: PrivateLibvirtd, pool: Pool) -> None:
    lacuna("profiles", "add", "Büro", daemon.tcp_uri)
    lacuna("profiles", "rename", "Büro", "Labor ß")
    assert "Labor ß" in lacuna("profiles", "list").stdout
    assert pool.name in lacuna("ls", "Labor ß").stdout
    assert json.loads(lacuna("profiles", "test", "Labor ß", "--json").stdout)
    lacuna("profiles", "remove", "Labor ß")
    assert "Labor ß" not in lacuna("profiles", "list").stdout


def test_diagnostics(lacuna: Program, daemon: PrivateLibvirtd) -> None:
    told = lacuna("diagnostics", daemon.tcp_uri).stdout
    assert "Windows" in told
    assert "Müller" not in told
