"""The daemon's socket through ssh's own forwarding, with no program in between (OpenSSH)."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.libvirtd import PrivateLibvirtd
from integration.ssh_login import Login, engine, libvirtd, login, pools, refused, sshd, use
from integration.sshd import PrivateSshd
from lacuna_engine.errors import ConnectError, ConnectionLostError, UnreachableError
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.child import GRACE
from lacuna_engine.transport.ssh import openssh

pytestmark = pytest.mark.parametrize("engine", ["openssh"], indirect=True)

PROGRAMS = frozenset({"virt-ssh-helper", "nc", "ncat", "socat"})
NEITHER = "neither virt-ssh-helper nor nc: not found"


@pytest.fixture
def bare(login: Login, libvirtd: PrivateLibvirtd) -> Iterator[Login]:
    """A way to a host that has no program which leads to the daemon."""
    with PrivateSshd(libvirtd, without=PROGRAMS) as host:
        other = Login(login.engine, login.home / "bare", host)
        use(login, other)
        yield login


def left_behind() -> list[str]:
    return [name for folder in openssh._folders for name in os.listdir(folder)]


async def test_no_program_is_needed(bare: Login, libvirtd: PrivateLibvirtd) -> None:
    assert await pools(bare.uri()) == ["pool"]
    assert await pools(bare.uri(f"socket={libvirtd.socket_path}")) == ["pool"]
    assert not left_behind()


@pytest.mark.parametrize("more", ["proxy=native", "proxy=netcat", "netcat=nc"])
async def test_a_program_that_is_asked_for_is_used(bare: Login, more: str) -> None:
    await refused(bare.uri(more), ConnectError, "not found")


@pytest.mark.parametrize(
    "setting",
    [
        "LocalForward 127.0.0.1:1 127.0.0.1:2",
        "RemoteForward 1 127.0.0.1:2",
        "DynamicForward 127.0.0.1:1",
        "ControlPath ~/nowhere-%C",
    ],
)
async def test_other_forwardings_stay_out_of_it(bare: Login, setting: str) -> None:
    """They would be made by each of our connections, or ours by a process that stays."""
    bare.configure(setting)
    await refused(bare.uri(), ConnectError, NEITHER)


async def test_a_program_takes_over_where_forwarding_is_forbidden(
    login: Login, libvirtd: PrivateLibvirtd
) -> None:
    with PrivateSshd(libvirtd, settings={"DisableForwarding": "yes"}) as host:
        use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            assert [pool.name for pool in await session.storage.pools()] == ["pool"]
            await (await session.connect()).ping()
        assert host.log().count("Accepted publickey") == 2
    assert not left_behind()


async def test_a_socket_in_the_folder_of_the_login(bare: Login) -> None:
    """ssh does not forward to it, and would not even start."""
    await refused(bare.uri("socket=d.sock"), UnreachableError, "is not running on 127.0.0.1")


async def test_a_socket_without_a_daemon(login: Login) -> None:
    """It is the program's to say so."""
    with PrivateLibvirtd() as daemon, PrivateSshd(daemon) as host:
        use(login, Login(login.engine, login.home / "other", host))
        daemon.kill()
        assert daemon.socket_path.exists()
        for more in ("", "proxy=native"):
            await refused(login.uri(more), UnreachableError, "is not running on 127.0.0.1")
    assert not left_behind()


@pytest.mark.parametrize("asks", [True, False])
async def test_the_daemon_ends(login: Login, asks: bool) -> None:
    """It is told at once, whether or not somebody writes: ssh is not waited for in vain."""
    with PrivateLibvirtd() as daemon, PrivateSshd(daemon, without=PROGRAMS) as host:
        use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            await session.storage.pools()
            daemon.kill()
            began = time.monotonic()
            if not asks:
                await session.storage.connection._pipe.wait_closed()
            with pytest.raises(ConnectionLostError, match="the daemon closed") as caught:
                await session.storage.pools()
            assert caught.value.retryable
            assert time.monotonic() - began < GRACE
    assert not left_behind()
