"""From a URI to a pipe: which sockets are tried, and what is said when none answers."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lacuna_engine.errors import UnreachableError, UsageError
from lacuna_engine.transport import OPENERS, Pipe, open_pipe, parse_uri, tcp
from lacuna_engine.transport.local import socket_candidates
from lacuna_engine.transport.socket_pipe import SocketPipe
from lacuna_engine.transport.uri import ConnectionUri

NAMES = ("virtstoraged-sock", "libvirt-sock", "virtqemud-sock")


def found(text: str) -> list[str]:
    return [str(path) for path in socket_candidates(parse_uri(text))]


def test_the_systems_sockets() -> None:
    expected = [
        "/run/libvirt/virtstoraged-sock",
        "/run/libvirt/libvirt-sock",
        "/run/libvirt/virtqemud-sock",
        "/var/run/libvirt/virtstoraged-sock",
        "/var/run/libvirt/libvirt-sock",
        "/var/run/libvirt/virtqemud-sock",
    ]
    assert found("qemu:///system") == expected


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("storage:///system", ["virtstoraged-sock", "libvirt-sock"]),
        ("test+unix:///default", ["virtstoraged-sock", "libvirt-sock"]),
        ("lxc:///system", ["virtstoraged-sock", "libvirt-sock", "virtlxcd-sock"]),
        ("xen:///system?mode=auto", ["virtstoraged-sock", "libvirt-sock", "virtxend-sock"]),
        ("qemu:///system?mode=direct", ["virtstoraged-sock", "virtqemud-sock"]),
        ("ch:///system?mode=LEGACY", ["libvirt-sock"]),
    ],
)
def test_the_daemons_of_a_driver(uri: str, names: list[str]) -> None:
    assert [Path(path).name for path in found(uri)] == names * 2


def test_an_unknown_mode() -> None:
    with pytest.raises(UsageError, match="unknown mode 'x'"):
        found("qemu:///system?mode=x")


@pytest.mark.parametrize("runtime", [True, False])
def test_the_users_sockets(runtime: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/u")
    if runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    else:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folders = ["/run/user/1000/libvirt"] * runtime + ["/home/u/.cache/libvirt"]
    expected = [f"{f}/{s}" for f in folders for s in NAMES]
    assert found("qemu:///session") == expected


def test_the_session_of_root_is_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert found("qemu:///session") == found("qemu:///system")


def test_a_named_socket_is_the_only_one() -> None:
    assert found("qemu:///session?socket=/x/y") == ["/x/y"]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "sock")


def unix(path: str) -> ConnectionUri:
    return parse_uri(f"storage:///system?socket={path}")


async def end(pipe: Pipe) -> None:
    pipe.close()
    await pipe.wait_closed()


async def test_a_unix_socket_opens(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        pipe = await open_pipe(unix(path))
        assert pipe.sends_files
        await end(pipe)


async def test_no_socket_there(path: str) -> None:
    with pytest.raises(UnreachableError, match="no libvirt daemon listens") as caught:
        await open_pipe(unix(path))
    assert path in str(caught.value)
    assert "?socket=" in caught.value.hint
    assert caught.value.exit_code == 3


async def test_a_socket_nobody_serves(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)
        with pytest.raises(UnreachableError, match="is not running"):
            await open_pipe(unix(path))


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([errno.ENOENT, errno.EACCES], "permission denied"),
        ([errno.EACCES, errno.ENOENT], "permission denied"),
        ([errno.EPERM, errno.ECONNREFUSED], "permission denied"),
        ([errno.ECONNREFUSED, errno.ENOENT], "is not running"),
        ([errno.ENOENT, errno.ENOENT], "no libvirt daemon listens"),
        ([errno.EMFILE, errno.ENOENT], "cannot connect"),
    ],
)
async def test_the_failure_that_says_most(
    numbers: list[int], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [*numbers, *[errno.ENOENT] * 4]

    async def refuse(*_: object) -> None:
        raise OSError(left[0], os.strerror(left.pop(0)))

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse)
    with pytest.raises(UnreachableError, match=text):
        await open_pipe(parse_uri("qemu:///system"))
    assert not left


async def test_giving_up_while_connecting(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forever(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", forever)
    task = asyncio.create_task(open_pipe(unix(path)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_no_unix_sockets_on_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(UsageError, match="no unix sockets"):
        await open_pipe(parse_uri("qemu:///system"))


async def test_an_unknown_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OPENERS, "libssh2")
    with pytest.raises(UsageError, match="'libssh2' is not supported yet") as caught:
        await open_pipe(parse_uri("qemu+libssh2://h/system"))
    assert "unix" in caught.value.hint


# --- TCP -----------------------------------------------------------------------------------------


async def test_tcp_opens_and_does_not_wait_for_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        pipe = await open_pipe(parse_uri(f"qemu+tcp://127.0.0.1:{port}/system"))
        assert isinstance(pipe, SocketPipe)
        assert pipe._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await end(pipe)


async def test_tcp_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(UnreachableError, match=f"127.0.0.1 port {port}"):
            await open_pipe(parse_uri(f"qemu+tcp://127.0.0.1:{port}/system"))


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (socket.gaierror(-2, "Name or service not known"), "host name h is not known"),
        (UnicodeError("label empty or too long"), "host name h is not known"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "h port 16509: Network is unreach"),
        (OSError("Multiple: [Errno 111] Connect call failed"), "port 16509: Connection refused$"),
        (OSError("something else"), "something else"),
    ],
)
async def test_tcp_failures(failure: Exception, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*address: object, **_: object) -> None:
        assert address == ("h", 16509)
        raise failure

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    with pytest.raises(UnreachableError, match=text):
        await open_pipe(parse_uri("qemu+tcp://h/system"))


def resolved(*addresses: tuple[str, int]) -> Callable[..., Awaitable[object]]:
    """Return a resolver that has these addresses for every name."""

    async def getaddrinfo(*_: object, **__: object) -> object:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", one) for one in addresses]

    return getaddrinfo


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An address where nobody ever answers: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())
        yield full.getsockname()


async def test_tcp_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECT_TIMEOUT", 0.05)
    with silent() as (host, port), pytest.raises(UnreachableError, match="did not answer"):
        await open_pipe(parse_uri(f"qemu+tcp://{host}:{port}/system"))


async def test_the_address_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that refuses costs nothing, one that is silent a moment."""
    with silent() as mute, socket.create_server(("127.0.0.1", 0)) as listening:
        closed = ("127.0.0.1", 1)
        found = resolved(closed, mute, mute, listening.getsockname(), mute)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
        pipe = await open_pipe(parse_uri("qemu+tcp://h/system"))
        assert isinstance(pipe, SocketPipe)
        assert pipe._sock.getpeername() == listening.getsockname()
        await end(pipe)
        found = resolved(closed, closed)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
        with pytest.raises(UnreachableError, match="Connection refused"):
            await open_pipe(parse_uri("qemu+tcp://h/system"))
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved())
        with pytest.raises(UnreachableError, match="Cannot assign"):
            await open_pipe(parse_uri("qemu+tcp://h/system"))


async def test_giving_up_while_connecting_by_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as mute:
        found = resolved(mute, mute)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
        task = asyncio.create_task(open_pipe(parse_uri("qemu+tcp://h/system")))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_windows_has_words_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop gives numbers that mean nothing, or something else, to C."""

    class RefusedError(ConnectionRefusedError):
        winerror = 1225

    async def refuse(*_: object) -> None:
        raise RefusedError(22, "The remote computer refused the network connection")

    monkeypatch.setattr(tcp, "_first", refuse)
    with pytest.raises(UnreachableError, match="port 1: The remote computer refused"):
        await tcp.connect("127.0.0.1", 1, "")
