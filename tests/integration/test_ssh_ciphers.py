"""Which cipher is agreed on with a real sshd, whose log tells."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.libvirtd import PrivateLibvirtd
from integration.ssh_login import Login, engine, libvirtd, pools
from integration.sshd import PrivateSshd
from lacuna_engine.transport.ssh import library_settings, settings

CHACHA = "chacha20-poly1305@openssh.com"
GCM128, GCM256 = "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"
CTR = "aes256-ctr"


@pytest.fixture(scope="module")
def sshd(libvirtd: PrivateLibvirtd) -> Iterator[PrivateSshd]:
    with PrivateSshd(libvirtd, settings={"LogLevel": "DEBUG1"}) as host:
        yield host


@pytest.fixture
def login(engine: str, sshd: PrivateSshd, tmp_path: Path) -> Login:
    return Login(engine, tmp_path / "home", sshd)


@pytest.fixture(autouse=True)
def aes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever this machine is: its processor knows AES, and its settings say nothing."""
    knows_aes(monkeypatch, answer=True)
    monkeypatch.setattr(library_settings, "SYSTEM_SETTINGS", tmp_path / "ssh_config")


def knows_aes(monkeypatch: pytest.MonkeyPatch, *, answer: bool) -> None:
    for module in (library_settings, settings):
        monkeypatch.setattr(module, "processor_knows_aes", lambda: answer)


async def agreed(login: Login, more: str = "") -> tuple[set[str], set[str]]:
    """Log in; return the ciphers and the compressions of the connections made for it."""
    before = len(login.host.log())
    assert await pools(login.uri(more)) == ["pool"]
    log = login.host.log()[before:]
    line = r"kex: (?:client->server|server->client) cipher: (\S+) .*compression: (\S+)"
    found = re.findall(line, log)
    assert found, log
    return {cipher for cipher, _ in found}, {compression for _, compression in found}


async def test_aes_comes_first_where_it_is_fast(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await agreed(login) == ({GCM128}, {"none"})
    assert await agreed(login, "compression=yes") == ({GCM128}, {"zlib@openssh.com"})
    knows_aes(monkeypatch, answer=False)
    # Another login than before, as what there is to know of one is asked for once.
    assert await agreed(login, "sshauth=privkey") == ({CHACHA}, {"none"})


@pytest.mark.parametrize("only", [CHACHA, CTR, GCM256])
async def test_what_the_host_has(
    engine: str, libvirtd: PrivateLibvirtd, tmp_path: Path, only: str
) -> None:
    with PrivateSshd(libvirtd, settings={"LogLevel": "DEBUG1", "Ciphers": only}) as host:
        assert (await agreed(Login(engine, tmp_path / "home", host)))[0] == {only}


@pytest.mark.parametrize("engine", ["openssh"], indirect=True)
async def test_an_older_openssh(login: Login) -> None:
    """Before 8.1 a list that begins with a sign it does not know is the end of it."""
    program = login.home / "ssh"
    refuse = "echo 'Bad SSH2 cipher spec' >&2; exit 255"
    start, rest = program.read_text().split("\n", 1)
    program.write_text(f'{start}\ncase "$*" in *Ciphers=[!a-z]*) {refuse};; esac\n{rest}')
    assert (await agreed(login))[0] == {GCM128}


@pytest.mark.parametrize(
    ("lines", "cipher"),
    [
        (f"Ciphers {CTR}", CTR),
        (f"Ciphers {CHACHA},{GCM128}", CHACHA),
        (f"Ciphers ^{GCM256}", GCM256),
        (f"Ciphers -{GCM128}", CHACHA),
        (f"Host 127.0.0.1\n  Ciphers {CTR}", CTR),
        (f"Match final host 127.0.0.1\n  Ciphers {CTR}", CTR),
        (f"Host elsewhere\n  Ciphers {CTR}", GCM128),
    ],
)
async def test_settings_decide(login: Login, lines: str, cipher: str) -> None:
    login.configure(lines)
    assert (await agreed(login))[0] == {cipher}


@pytest.mark.parametrize(
    ("lines", "cipher"),
    [
        (f"Ciphers {CTR},{GCM128}", CTR),
        (f"Match final all\n  Ciphers {CTR},unheard-of", CTR),
        # What asyncssh cannot make use of counts for nothing, and keeps nobody out.
        ("Ciphers unheard-of", CHACHA),
        ("Match nonsense", CHACHA),
    ],
)
@pytest.mark.parametrize("engine", ["asyncssh"], indirect=True)
async def test_the_settings_of_the_system_decide(login: Login, lines: str, cipher: str) -> None:
    """OpenSSH reads them by itself, as it does the user's."""
    library_settings.SYSTEM_SETTINGS.write_text(f"{lines}\n")
    assert (await agreed(login))[0] == {cipher}
    login.configure(f"Ciphers {GCM256}")
    assert (await agreed(login))[0] == {GCM256}
