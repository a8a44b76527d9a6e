"""Ways to a real sshd, by each engine, and the fixtures that give them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.asking import Asked
from integration.libvirtd import PrivateLibvirtd
from integration.sshd import PASSPHRASE, PASSWORD, USER, PrivateSshd
from lacuna_engine.errors import (
    LacunaError,
)
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.ssh import ENGINE_VARIABLE

ENGINES = ("openssh", "asyncssh")


class Login:
    """A way to the host: the engine, and a home of its own with settings and known hosts."""

    def __init__(self, engine: str, home: Path, host: PrivateSshd) -> None:
        self.engine = engine
        self.home = home
        self.host = host
        self.known_hosts = home / ".ssh/known_hosts"
        self._program = home / "ssh"
        (home / ".ssh").mkdir(parents=True)
        self.configure("")
        self.know()

    def configure(self, text: str) -> None:
        """Write ~/.ssh/config. OpenSSH looks only into the home of the account, so it is told."""
        config = self.home / ".ssh/config"
        config.write_text(f"{text}\nHost *\n  UserKnownHostsFile {self.known_hosts}\n")
        self._program.write_text(f'#!/bin/sh\nexec ssh -F {shlex.quote(str(config))} "$@"\n')
        self._program.chmod(0o700)

    def know(self) -> None:
        self.known_hosts.write_text(self.host.known_hosts_line)

    def uri(self, more: str = "", key: str = "key", path: str = "/system", place: str = "") -> str:
        place = place or f"{USER}@127.0.0.1:{self.host.port}"
        text = f"qemu+ssh://{place}{path}?{more}"
        if key:
            text += f"&keyfile={self.host.folder / key}"
        return text + f"&command={self._program}" * (self.engine == "openssh")


@pytest.fixture(scope="module")
def libvirtd() -> Iterator[PrivateLibvirtd]:
    with PrivateLibvirtd() as daemon:
        daemon.make_pool("pool", "dir")
        yield daemon


@pytest.fixture(scope="module")
def sshd(libvirtd: PrivateLibvirtd) -> Iterator[PrivateSshd]:
    with PrivateSshd(libvirtd) as host:
        yield host


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    chosen: str = request.param
    monkeypatch.setenv(ENGINE_VARIABLE, chosen)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("SSH_AUTH_SOCK", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    forget_answers()
    yield chosen
    forget_answers()


@pytest.fixture
def login(engine: str, sshd: PrivateSshd, tmp_path: Path) -> Login:
    return Login(engine, tmp_path / "home", sshd)


async def pools(uri: str, prompter: Asked | None = None) -> list[str]:
    async with Session(parse_uri(uri), prompter=prompter or Asked()) as session:
        return [pool.name for pool in await session.storage.pools()]


async def refused(
    uri: str, kind: type[LacunaError], text: str, prompter: Asked | None = None
) -> LacunaError:
    async with asyncio.timeout(10):
        with pytest.raises(kind, match=text) as caught:
            await pools(uri, prompter)
    assert caught.value.exit_code == 3
    for secret in (PASSWORD, PASSPHRASE):
        assert secret not in f"{caught.value} {caught.value.hint} {caught.getrepr()}"
    return caught.value


def use(login: Login, other: Login) -> None:
    """Go to another host with the same settings."""
    login.host = other.host
    login.know()
