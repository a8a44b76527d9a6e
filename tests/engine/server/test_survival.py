"""Lacuna's own transfers survive each fault, or say what happened.

What a transfer must never do is call itself done with anything but the right content.
"""

from __future__ import annotations

import asyncio
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.server.serving import Served, until
from integration.images import Piece, data, hole, make_image, pattern, zeros
from lacuna_engine.client import connection as connection_module
from lacuna_engine.client.keepalive import Patience
from lacuna_engine.errors import ConnectionLostError, LacunaError
from lacuna_engine.server import DAEMON_PACKETS, Faults
from lacuna_engine.storage import PoolChange, PoolWatch
from lacuna_engine.transfer import (
    Download,
    IfExists,
    Session,
    State,
    TransferOptions,
    Upload,
    prove,
)

KIB = 1 << 10
MIB = 1 << 20


IMAGE: tuple[Piece, ...] = (
    hole(300 * KIB), data(700 * KIB), hole(2 * MIB), data(MIB + 77), zeros(MIB), data(4096),
    hole(MIB),
)  # fmt: skip


DONE = frozenset({"done"})
FAILS = frozenset({"fails"})
EITHER = DONE | FAILS


@dataclass(frozen=True)
class Case:
    """A fault, and what may come of an upload, of one over an old volume, and of a download."""

    faults: dict[str, object]
    upload: frozenset[str] = DONE
    replace: frozenset[str] = DONE
    download: frozenset[str] = DONE


CASES: dict[str, Case] = {
    "none": Case({}),
    "busy_opens": Case({"busy_opens": 4}),
    "no_sparse": Case({"no_sparse": True}, EITHER, EITHER, EITHER),
    "data_before_reply": Case({"data_before_reply": True}),
    "no_space_at_once": Case({"no_space_after": 0}, FAILS, FAILS),
    "no_space_after": Case({"no_space_after": MIB}, FAILS, FAILS),
    "swallowed": Case({"no_space_after": MIB, "swallow_last_error": True}, FAILS, FAILS),
    "swallowed_at_the_end": Case(
        {"no_space_after": 700 * KIB + 2 * MIB, "swallow_last_error": True}, EITHER, EITHER
    ),
    "lost_reason": Case(
        {"no_space_after": MIB, "swallow_last_error": True, "error_as_reply": True}, FAILS, FAILS
    ),
    "crossing": Case({"no_space_after": MIB, "ok_after_error": True}, FAILS, FAILS),
    "hole_truncates": Case({"hole_truncates": True}),
    "slow_refresh": Case({"slow_refresh": 0.05}),
    "slow_open": Case({"slow_open": 0.05}),
    "pool_inactive": Case({"pool_inactive": True}, FAILS, FAILS, FAILS),
    "short_download": Case({"short_download": MIB}, download=FAILS),
    "nothing_to_download": Case({"short_download": 0}, download=FAILS),
    "daemon_packets": Case({"packets": DAEMON_PACKETS}),
    "odd_packets": Case({"packets": (1, 100_001, 3)}),
    "no_trailing_hole": Case({"no_trailing_hole": True}, download=EITHER),
    "no_holes": Case({"no_holes": True}),
    "request_window": Case({"request_window": 1}),
    "reorder_replies": Case({"reorder_replies": True}),
    "translated": Case({"translated": True, "busy_opens": 0}),
    "unknown_code": Case({"error_code": 4711, "no_space_after": MIB}, FAILS, FAILS),
    "huge_capacity": Case({"huge_capacity": True}, EITHER, EITHER, EITHER),
    "event_flood": Case({"event_flood": 200}),
    "never_pings": Case({"never_pings": True}),
    "deaf_to_pings": Case({"deaf_to_pings": math.inf}, EITHER, EITHER, EITHER),
    **{
        f"cut_after_sending_{count}": Case({"cut_after_sending": count}, EITHER, EITHER, FAILS)
        for count in (0, 40, 1000, MIB)
    },
    **{
        f"cut_after_receiving_{count}": Case({"cut_after_receiving": count}, FAILS, FAILS, EITHER)
        for count in (0, 30, 500, MIB)
    },
    "half_a_header": Case({"half_a_header": True}, FAILS, FAILS, FAILS),
    "oversize": Case({"oversize": True}, FAILS, FAILS, FAILS),
    "hanging_upload": Case({"hang": frozenset({208})}, FAILS, FAILS),
    "hanging_download": Case({"hang": frozenset({209})}, download=FAILS),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine give up after a second what it gives minutes to otherwise."""
    patience = functools.partial(Patience, ping_after=0.3, give_up_after=1.0)
    monkeypatch.setattr(connection_module, "Patience", patience)
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT", 2.0)
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", 0.2)
    monkeypatch.setattr("lacuna_engine.transfer.streams.CANCEL_PATIENCE", 0.2)
    monkeypatch.setattr(prove, "PATIENCE", 1.0)
    monkeypatch.setattr(prove, "SETTLE", 0.2)


async def outcome(transfer: Upload | Download, case: Case) -> str:
    """Return how a transfer ends; one that would wait for ever is cancelled."""
    task = asyncio.ensure_future(transfer.run())
    done, _ = await asyncio.wait([task], timeout=1 if "hang" in case.faults else 30)
    if not done:
        task.cancel()
        await asyncio.wait([task], timeout=20)
        assert task.cancelled()
        return "fails"
    error = task.exception()
    if error is None:
        assert task.result().state is State.DONE
        return "done"
    assert isinstance(error, LacunaError), error
    assert str(error)
    return "fails"


def set_faults(served: Served, faults: dict[str, object]) -> None:
    for name, value in faults.items():
        setattr(served.faults, name, value)


async def open_session(served: Served) -> Session:
    session = served.session()
    await session.open()
    return session


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("name", CASES)
async def test_an_upload(served: Served, tmp_path: Path, name: str, verify: bool) -> None:
    case = CASES[name]
    source = make_image(tmp_path / "source", *IMAGE)
    session = await open_session(served)
    set_faults(served, case.faults)
    options = TransferOptions(verify=verify)
    result = await outcome(Upload(session, source, "pool", "v", options=options), case)
    expected = case.upload if not verify or case.download <= DONE else case.upload | FAILS
    assert result in expected
    if result == "done":
        assert served.content() == source.read_bytes()
    set_faults(served, {one: getattr(Faults(), one) for one in case.faults})
    await session.close()


@pytest.mark.parametrize("name", CASES)
async def test_a_replacing_upload(served: Served, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    source = make_image(tmp_path / "source", *IMAGE)
    served.volume("v", b"\xee" * 9 * MIB)
    session = await open_session(served)
    set_faults(served, case.faults)
    options = TransferOptions(if_exists=IfExists.REPLACE)
    result = await outcome(Upload(session, source, "pool", "v", options=options), case)
    assert result in case.replace
    if result == "done":
        content, expected = served.content(), source.read_bytes()
        # What is said to be a device keeps what lies behind the image.
        assert (content[: len(expected)] if name == "no_holes" else content) == expected
    set_faults(served, {one: getattr(Faults(), one) for one in case.faults})
    await session.close()


@pytest.mark.parametrize("name", CASES)
async def test_a_download(served: Served, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    make_image(served.folder / "v", *IMAGE)
    session = await open_session(served)
    set_faults(served, case.faults)
    target = tmp_path / "target"
    result = await outcome(Download(session, "pool", "v", target), case)
    assert result in case.download
    if result == "done":
        assert target.read_bytes() == served.content()
    else:
        assert list(tmp_path.iterdir()) == []
    set_faults(served, {one: getattr(Faults(), one) for one in case.faults})
    await session.close()


async def test_a_flood_of_events(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch stays small, and says what happened once."""
    # Server and client share a loop, and nobody is heard while so many are made.
    monkeypatch.setattr(connection_module, "Patience", Patience)
    served.faults.event_flood = 20_000
    async with served.session() as session:
        pool = await session.storage.pool("pool")
        async with PoolWatch(session.storage.connection) as watch, asyncio.timeout(300):
            await session.storage.refresh_pool(pool)
            assert (await anext(watch)).change is PoolChange.REFRESHED
            assert len(watch._waiting) <= 1


async def test_the_pool_stops_meanwhile(served: Served, tmp_path: Path) -> None:
    """The transfer says so, or its content is right."""
    content = pattern(0, 4 * MIB)
    (tmp_path / "source").write_bytes(content)
    async with served.session() as session:
        transfer = Upload(
            session, tmp_path / "source", "pool", "v", options=TransferOptions(limit=8 * MIB)
        )
        task = asyncio.ensure_future(transfer.run())
        await until(lambda: transfer.tracker.moved > MIB)
        served.registry.lookup_by_name("pool").stop()
        with pytest.raises(LacunaError):
            await task
        served.registry.lookup_by_name("pool").start()


async def test_a_lost_connection_names_itself(served: Served) -> None:
    async with served.session() as session:
        served.faults.cut_after_sending = 0
        await session.storage.pools()
        with pytest.raises(ConnectionLostError):
            await session.storage.pools()
