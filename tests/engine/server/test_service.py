"""Listening, limits, the end; and that nobody gets in who should not."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import stat
from pathlib import Path

import pytest

from engine.server.certificates import Certificates
from engine.server.serving import Served, Wire, nothing_lost, serving, until
from engine.server.test_logins import is_in, log_in
from engine.server.wire import connected
from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.procedures import PROCEDURES
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server import Address, Logins, Registry, StorageServer, service
from lacuna_engine.server.calls import CHANGES, READ_WRITE
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.transfer import Download, State, Upload
from lacuna_engine.transport import parse_uri

LOCAL = Address("tcp", host="127.0.0.1")
MIB = 1 << 20


# --- sockets -------------------------------------------------------------------------------------


async def test_the_socket_is_for_its_owner(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the very first moment, whatever the umask is."""
    modes: list[int] = []
    bound = service._bound

    def look(family: socket.AddressFamily, address: str) -> socket.socket:
        sock = bound(family, address)
        modes.append(stat.S_IMODE(Path(address).stat().st_mode))
        return sock

    monkeypatch.setattr(service, "_bound", look)
    before = os.umask(0)
    try:
        async with serving(short_path) as served:
            assert modes == [0o600]
            assert stat.S_IMODE(served.socket.stat().st_mode) == 0o600
            assert os.umask(0) == 0
        assert not served.socket.exists()
    finally:
        os.umask(before)


async def test_a_dead_socket_is_replaced_and_a_live_one_is_not(
    served: Served, short_path: Path
) -> None:
    dead = short_path / "dead"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(dead))
    await served.server.listen(Address("unix", path=str(dead)))
    async with connected(dead):
        pass
    with pytest.raises(LocalFileError):
        await served.server.listen(Address("unix", path=str(dead)))
    async with connected(dead):
        pass


@pytest.mark.parametrize("kind", ["file", "folder", "missing folder", "long"])
async def test_paths_that_cannot_be_had(served: Served, short_path: Path, kind: str) -> None:
    path = short_path / "taken"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    elif kind == "long":
        path = short_path / ("x" * 120)
    else:
        path = path / "missing" / "x"
    with pytest.raises(LocalFileError):
        await served.server.listen(Address("unix", path=str(path)))
    if kind == "file":
        assert path.read_text() == "precious"


async def test_a_port_that_is_taken(served: Served) -> None:
    found = await served.server.listen(LOCAL)
    with pytest.raises(LocalFileError):
        await served.server.listen(found)


async def test_what_would_let_others_in_is_refused(served: Served) -> None:
    for address in (
        Address("tcp", host="0.0.0.0"),  # noqa: S104 - that is the point
        Address("tcp", host="::"),
        Address("tcp", host="192.0.2.1"),
        Address("tls", host="127.0.0.1"),
    ):
        with pytest.raises(UsageError):
            await served.server.listen(address)
    assert len(served.server.addresses) == 1


def test_the_root_is_not_served() -> None:
    for path in ("/", "//", "/.", "/tmp/.."):  # noqa: S108
        with pytest.raises(Refusal):
            Registry().add("everything", path)


async def test_tcp(served: Served, tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1"):
        address = await served.server.listen(Address("tcp", host=host))
        assert address.port
        reader, writer = await asyncio.open_connection(host, address.port)
        wire = await Wire(reader, writer).open()
        assert await wire.answer(p.CONNECT_IS_SECURE, Void()) == r.Number(0)
        writer.close()
    async with served.connect() as wire:
        assert await wire.answer(p.CONNECT_IS_SECURE, Void()) == r.Number(1)


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki") / "pki")


async def test_tls(short_path: Path, certificates: Certificates) -> None:
    """One byte that says that the certificate is fine, then a login, then calls and streams."""
    logins = Logins({"ann": "secret"})
    async with serving(short_path, logins=logins, tls=certificates.server()) as served:
        address = await served.server.listen(Address("tls", host="localhost"))
        reader, writer = await asyncio.open_connection(
            "localhost", address.port, ssl=certificates.client()
        )
        assert await reader.readexactly(1) == b"\x01"
        wire = Wire(reader, writer)
        assert (await wire.answer(p.AUTH_LIST, Void())).types == (1,)
        assert not await is_in(wire)
        assert await log_in(wire, "SCRAM-SHA-256", "ann", "secret") is None
        assert await is_in(wire)
        assert await wire.answer(p.CONNECT_IS_SECURE, Void()) == r.Number(1)
        handle = served.volume("v")
        serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(handle))
        for _ in range(5):
            wire.data(serial, b"x" * MIB)
        wire.finish(serial)
        assert await wire.outcome(serial) is None
        serial = await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(handle))
        received = 0
        while payload := (await wire.next()).payload:
            received += len(payload)
        assert received == 5 * MIB
        writer.close()
        await writer.wait_closed()


async def test_no_tls_no_words(short_path: Path, certificates: Certificates) -> None:
    """Who speaks plainly to the TLS port is not served, nor is an old version of TLS."""
    logins = Logins({"ann": "secret"})
    async with serving(short_path, logins=logins, tls=certificates.server()) as served:
        address = await served.server.listen(Address("tls", host="localhost"))
        reader, writer = await asyncio.open_connection("localhost", address.port)
        wire = Wire(reader, writer)
        wire.call(p.AUTH_LIST, Void())
        data = b""
        try:
            while piece := await reader.read(100):
                data += piece
        except ConnectionError:
            pass
        assert b"\x20\x00\x80\x86" not in data
        writer.close()
        assert served.server.clients == 0


async def test_tls_needs_a_certificate_and_users(
    short_path: Path, certificates: Certificates
) -> None:
    async with serving(short_path, logins=Logins({"ann": "x"})) as served:
        with pytest.raises(UsageError):
            await served.server.listen(Address("tls", host="localhost"))


async def test_tls_without_users(short_path: Path, certificates: Certificates) -> None:
    async with serving(short_path, tls=certificates.server()) as served:
        with pytest.raises(UsageError):
            await served.server.listen(Address("tls", host="localhost"))


def test_a_clients_context_does_not_trust_anybody(certificates: Certificates) -> None:
    assert certificates.client().verify_mode is ssl.CERT_REQUIRED


# --- reading only --------------------------------------------------------------------------------


def arguments_of(served: Served, number: int, pool: r.PoolHandle) -> Record:
    """Return arguments with which the call would change something."""
    volume = served.handle("v")
    new = "<volume><name>w</name><capacity>1</capacity></volume>"
    folder = served.folder.parent / "other"
    define = f"<pool type='dir'><name>o</name><target><path>{folder}</path></target></pool>"
    cases: dict[int, Record] = {
        p.POOL_CREATE_XML.number: r.Xml(define),
        p.POOL_DEFINE_XML.number: r.Xml(define),
        p.POOL_CREATE.number: r.PoolFlags(pool),
        p.POOL_BUILD.number: r.PoolFlags(pool),
        p.POOL_DESTROY.number: r.Pool(pool),
        p.POOL_DELETE.number: r.PoolFlags(pool),
        p.POOL_UNDEFINE.number: r.Pool(pool),
        p.POOL_SET_AUTOSTART.number: r.PoolNumber(pool, 0),
        p.POOL_REFRESH.number: r.PoolFlags(pool),
        p.VOL_CREATE_XML.number: r.PoolXml(pool, new),
        p.VOL_CREATE_XML_FROM.number: r.CloneVolume(pool, new, volume),
        p.VOL_DELETE.number: r.VolumeFlags(volume),
        p.VOL_WIPE.number: r.VolumeFlags(volume),
        p.VOL_WIPE_PATTERN.number: r.WipePattern(volume),
        p.VOL_RESIZE.number: r.Resize(volume, 1, 4),
        p.VOL_UPLOAD.number: r.VolumeRange(volume),
        p.VOL_DOWNLOAD.number: r.VolumeRange(volume),
    }
    return cases[number]


async def state_of(served: Served, wire: Wire) -> list[object]:
    pool = served.registry.lookup_by_name("pool")
    names = sorted(entry.name for entry in served.folder.iterdir())
    return [
        names,
        served.content(),
        pool.active,
        pool.autostart,
        served.registry.names(active=False),
    ]


@pytest.mark.parametrize("who", ["server", "connection"])
async def test_reading_only(short_path: Path, who: str) -> None:
    """No changing call is answered, and nothing changes; on the connection no download either."""
    registry = Registry([str(short_path)], allow_define=True)
    async with (
        serving(short_path, registry=registry, read_only=who == "server") as served,
        served.connect(opened=False) as wire,
    ):
        served.volume("v", b"content")
        await wire.answer(p.AUTH_LIST, Void())
        await wire.answer(p.CONNECT_OPEN, r.Open("storage:///system", int(who == "connection")))
        pool = (await wire.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
        before = await state_of(served, wire)
        for number in CHANGES if who == "server" else READ_WRITE:
            error = await wire.answer(PROCEDURES[number], arguments_of(served, number, pool))
            assert isinstance(error, r.WireError), PROCEDURES[number]
            assert (error.code, error.domain) == (29, 18), PROCEDURES[number]
        assert await state_of(served, wire) == before
        assert (await wire.answer(p.LIST_ALL_VOLUMES, r.ListVolumes(pool))).count == 1
        if who == "server":
            await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
            assert (await wire.next()).payload == b"content"


def test_what_changes_is_listed() -> None:
    """A procedure whose name says that it changes something is among those refused."""
    words = (
        "CREATE",
        "DEFINE",
        "DESTROY",
        "DELETE",
        "BUILD",
        "WIPE",
        "RESIZE",
        "UPLOAD",
        "SET_AUTO",
    )
    named = {
        number
        for number, one in PROCEDURES.items()
        if any(word in one.name for word in words) and one.name.startswith("STORAGE")
    }
    assert named == CHANGES
    assert {p.POOL_REFRESH.number, p.VOL_DOWNLOAD.number} == READ_WRITE - CHANGES


# --- limits --------------------------------------------------------------------------------------


async def gone(wire: Wire) -> bool:
    wire.call(p.AUTH_LIST, Void())
    return await wire.ended()


async def test_strangers_are_few(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_STRANGERS", 3)
    strangers = []
    for _ in range(3):
        context = served.connect(opened=False)
        strangers.append((context, await context.__aenter__()))
    async with asyncio.timeout(30):
        while served.server.clients < 3:
            await asyncio.sleep(0.005)
    async with served.connect(opened=False) as wire:
        assert await gone(wire)
    # Who is let in is no stranger any more.
    await strangers[0][1].open()
    async with served.connect():
        pass
    for context, _ in strangers:
        await context.__aexit__(None, None, None)


async def test_who_is_in_a_handshake_is_a_stranger(
    short_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that never comes to an understanding over TLS takes a place as well."""
    monkeypatch.setattr(service, "MAX_STRANGERS", 3)
    monkeypatch.setattr(service, "HANDSHAKE_PATIENCE", 1000.0)
    logins = Logins({"ann": "secret"})
    async with serving(short_path, logins=logins, tls=certificates.server()) as served:
        address = await served.server.listen(Address("tls", host="localhost"))

        async def enter() -> asyncio.StreamWriter:
            reader, writer = await asyncio.open_connection(
                "localhost", address.port, ssl=certificates.client()
            )
            assert await reader.readexactly(1) == b"\x01"
            return writer

        silent = [await asyncio.open_connection("localhost", address.port) for _ in range(3)]
        await until(lambda: len(served.server._handshakes) == 3)
        reader, writer = await asyncio.open_connection("localhost", address.port)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.transport.abort()
        async with served.connect(opened=False) as wire:
            assert await gone(wire)
        # Whoever leaves makes room, and a handshake that is done counts once.
        silent[0][1].transport.abort()
        await until(lambda: len(served.server._handshakes) == 2)
        first = await enter()
        assert (served.server.clients, len(served.server._handshakes)) == (1, 2)
        silent[1][1].transport.abort()
        await until(lambda: len(served.server._handshakes) == 1)
        second = await enter()
        for one in (first, second):
            one.close()
            await one.wait_closed()
        # The last one is still silent when the server closes.
    assert await silent[2][0].read() == b""
    for _, one in silent:
        one.transport.abort()


async def test_clients_are_not_too_many(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_CLIENTS", 4)
    contexts = [served.connect() for _ in range(4)]
    for context in contexts:
        await context.__aenter__()
    async with served.connect(opened=False) as wire:
        assert await gone(wire)
    await contexts[0].__aexit__(None, None, None)
    async with asyncio.timeout(30):
        while served.server.clients == 4:
            await asyncio.sleep(0.005)
    async with served.connect():
        pass
    for context in contexts[1:]:
        await context.__aexit__(None, None, None)


async def test_who_does_not_log_in_is_sent_away(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it silent or sending a header one byte a time."""
    monkeypatch.setattr(service, "STRANGER_PATIENCE", 0.3)
    async with (
        serving(short_path) as served,
        served.connect(opened=False) as silent,
        served.connect(opened=False) as slow,
        served.connect() as friend,
    ):

        async def trickle() -> None:
            for byte in (b"\0", b"\0", b"\0", b"\x1c") * 100:
                slow.writer.write(byte)
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        assert await silent.ended()
        assert await slow.ended()
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
        assert await friend.quiet() == []
        assert served.server.clients == 1


async def test_nothing_is_kept_of_those_who_left(served: Served) -> None:
    """Nor the timer that would send them away a minute later."""
    import gc  # noqa: PLC0415
    import weakref  # noqa: PLC0415

    async with served.connect() as wire:
        await wire.quiet()
        client = weakref.ref(next(iter(served.server._clients)))
    async with asyncio.timeout(30):
        while served.server.clients:
            await asyncio.sleep(0.005)
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert client() is None


# --- the end -------------------------------------------------------------------------------------


async def test_closing_with_everything_under_way(short_path: Path, tmp_path: Path) -> None:
    """Streams, calls and idle connections all end, and their files are closed."""
    before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    async with serving(short_path) as served:
        wires = []
        served.volume("v", b"x" * 20 * MIB)
        for number in range(6):
            context = served.connect()
            wire = await context.__aenter__()
            wires.append(context)
            if number % 3 == 0:
                serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.handle("v")))
                wire.data(serial, b"y" * MIB)
            elif number % 3 == 1:
                wire.call(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
        await served.server.close()
        for context in wires:
            await context.__aexit__(None, None, None)
    if before:
        import gc  # noqa: PLC0415

        served.registry.lookup_by_name("pool").stop()
        gc.collect()
        assert len(set(os.listdir("/proc/self/fd")) - before) <= 1


async def test_a_server_that_was_never_used(short_path: Path) -> None:
    async with nothing_lost(), StorageServer(Registry()) as server:
        assert server.clients == 0


async def test_two_servers_over_one_registry(short_path: Path, tmp_path: Path) -> None:
    """Both tell their clients of what happens to the pools."""
    async with serving(short_path) as served, StorageServer(served.registry) as second:
        other = short_path / "second"
        await second.listen(Address("unix", path=str(other)))
        async with served.connect() as here, connected(other) as there:
            for wire in (here, there):
                await wire.answer(p.POOL_EVENT_REGISTER, r.RegisterPoolEvent(0))
            pool = (await here.answer(p.POOL_LOOKUP_BY_NAME, r.String("pool"))).pool
            here.call(p.POOL_DESTROY, r.Pool(pool))
            seen = [(await here.next()).header.type for _ in range(2)]
            assert sorted(seen) == [1, 2]
            assert (await there.next()).header.procedure == p.POOL_EVENT_LIFECYCLE.number
            served.registry.lookup_by_name("pool").start()
            await there.next()


async def test_tcp_transfers(served: Served, tmp_path: Path) -> None:
    address = await served.server.listen(LOCAL)
    from lacuna_engine.transfer import Session  # noqa: PLC0415

    (tmp_path / "source").write_bytes(b"x" * 3 * MIB)
    async with Session(parse_uri(address.uri)) as session:
        up = await Upload(session, tmp_path / "source", "pool", "v").run()
        down = await Download(session, "pool", "v", tmp_path / "back").run()
    assert up.state is down.state is State.DONE
    assert (tmp_path / "back").read_bytes() == b"x" * 3 * MIB
