"""The calls of one client: begun in order, and no more at once than there is room for."""

from __future__ import annotations

import asyncio

import pytest

from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.procedures import PROCEDURES
from lacuna_engine.rpc.record import Void
from lacuna_engine.server import Faults
from lacuna_engine.server.intake import Intake
from lacuna_engine.server.requests import (
    LARGE_COUNTS,
    REQUEST_WINDOW,
    UNSENT,
    Requests,
)
from lacuna_engine.transport import MemoryPipe


class Bench:
    """Requests whose answers are given by hand."""

    def __init__(self) -> None:
        self.pipe = MemoryPipe()
        self.intake = Intake(self.pipe, len)
        self.faults = Faults()
        self.requests = Requests(self.intake, self.faults, self.answer)
        self.begun: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}

    async def answer(self, call: e.CallArrived) -> None:
        self.begun.append(call.serial)
        self.gates[call.serial] = asyncio.Event()
        await self.gates[call.serial].wait()

    def put(self, *serials: int, large: bool = False) -> None:
        procedure = PROCEDURES[(p.LIST_ALL_VOLUMES if large else p.CONNECT_GET_TYPE).number]
        arguments = r.ListVolumes(r.PoolHandle("p", bytes(16))) if large else Void()
        for serial in serials:
            self.requests.put(e.CallArrived(serial, procedure, arguments))

    async def done(self, *serials: int) -> None:
        for serial in serials:
            self.gates[serial].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_as_many_as_the_window_in_order(bench: Bench) -> None:
    bench.put(*range(REQUEST_WINDOW + 10))
    await bench.settle()
    assert bench.begun == list(range(REQUEST_WINDOW))
    assert bench.pipe.is_paused
    assert len(bench.requests) == REQUEST_WINDOW + 10
    await bench.done(5, 1)
    assert bench.begun == list(range(REQUEST_WINDOW + 2))
    await bench.done(*bench.begun)
    await bench.done(*bench.begun)
    assert len(bench.requests) == 0
    assert not bench.pipe.is_paused


async def test_large_answers_count_more(bench: Bench) -> None:
    at_once = REQUEST_WINDOW // LARGE_COUNTS
    bench.put(*range(10), large=True)
    await bench.settle()
    assert len(bench.begun) == at_once
    await bench.done(0)
    assert len(bench.begun) == at_once + 1
    while len(bench.requests):
        await bench.done(*bench.begun)
    assert bench.begun == list(range(10))


async def test_a_large_one_in_a_small_window(bench: Bench) -> None:
    """It is never too large to be begun at all."""
    bench.faults.request_window = 1
    bench.put(1, large=True)
    bench.put(2)
    await bench.settle()
    assert bench.begun == [1]
    await bench.done(1)
    assert bench.begun == [1, 2]
    await bench.done(2)


async def test_nothing_is_begun_while_answers_are_not_taken(bench: Bench) -> None:
    bench.intake.hold(UNSENT)
    bench.put(1, 2)
    await bench.settle()
    assert bench.begun == []
    bench.intake.release(UNSENT)
    bench.requests.begin()
    await bench.settle()
    assert bench.begun == [1, 2]
    await bench.done(1, 2)


async def test_what_was_not_begun_can_be_forgotten(bench: Bench) -> None:
    bench.put(*range(REQUEST_WINDOW + 10))
    await bench.settle()
    bench.requests.clear()
    await bench.done(*bench.begun)
    assert len(bench.begun) == REQUEST_WINDOW
    assert len(bench.requests) == 0
