"""Hosts that are named by an address of IPv6, by every transport that goes over a network."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from integration.libvirtd import MIB, PrivateLibvirtd, run
from integration.ssh_login import Login, engine, libvirtd, login, refused, sshd, use
from integration.sshd import USER, PrivateSshd
from integration.tls import Server
from lacuna_engine.errors import AuthenticationError, UnreachableError
from lacuna_engine.transfer import Download, Session, Upload
from lacuna_engine.transport import parse_uri

numbers = itertools.count()
LISTENS = {"ListenAddress": "127.0.0.1\nListenAddress ::1"}


async def there_and_back(uri: str, folder: Path) -> None:
    source, back, name = folder / "source", folder / "back", f"{next(numbers)}.img"
    back.unlink(missing_ok=True)
    source.write_bytes(os.urandom(3 * MIB + 5))
    async with Session(parse_uri(uri)) as session:
        await Upload(session, source, "pool", name).run()
        await Download(session, "pool", name, back).run()
    run("cmp", source, back)


async def test_ssh(login: Login, libvirtd: PrivateLibvirtd, tmp_path: Path) -> None:
    with PrivateSshd(libvirtd, settings=LISTENS) as host:
        use(login, Login(login.engine, login.home / "other", host))
        place = f"{USER}@[::1]:{host.port}"
        unknown = await refused(login.uri("no_tty=1", place=place), AuthenticationError, "::1")
        assert "not known" in unknown.message
        line = host.known_hosts_line.replace("127.0.0.1", "::1")
        login.known_hosts.write_text(line)
        await there_and_back(login.uri(place=place), tmp_path)


async def test_ssh_where_nobody_listens(login: Login, libvirtd: PrivateLibvirtd) -> None:
    with PrivateSshd(libvirtd) as host:  # on 127.0.0.1 alone
        uri = login.uri(place=f"{USER}@[::1]:{host.port}")
        await refused(uri, UnreachableError, "::1")


async def test_tls_and_tcp(tmp_path: Path) -> None:
    server = Server(tmp_path / "pki")
    with PrivateLibvirtd(settings=server.settings | {"listen_addr": "::1"}) as daemon:
        daemon.make_pool("pool", "dir")
        await there_and_back(server.uri(host="[::1]"), tmp_path)
        await there_and_back(f"qemu+tcp://[::1]:{daemon.tcp_port}/system", tmp_path)


async def test_a_certificate_for_another_address(tmp_path: Path) -> None:
    server = Server(tmp_path / "pki")
    server.authority.write(tmp_path / "pki/server", "server", names=["localhost", "::2"])
    with PrivateLibvirtd(settings=server.settings | {"listen_addr": "::1"}):
        await refused(server.uri(host="[::1]"), AuthenticationError, "is not for '::1'")
