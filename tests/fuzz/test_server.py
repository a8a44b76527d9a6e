"""Random, damaged and misplaced messages to a live server: it neither falls nor grows.

Some thousand messages as a rule; ``LACUNA_FUZZ_MESSAGES`` asks for more, ``LACUNA_FUZZ_SEED`` for
others.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.campaign import Generator, campaign, rss
from fuzz.test_packets import damaged, headers
from lacuna_engine.rpc.packet import encode

MESSAGES = int(os.environ.get("LACUNA_FUZZ_MESSAGES", "20000"))
SEED = int(os.environ.get("LACUNA_FUZZ_SEED", "1"))
GROWTH = 24 << 20
"""Bytes that the process may be larger at the end than after the first tenth."""


@pytest.mark.timeout(0 if MESSAGES > 1_000_000 else 7200)
async def test_a_campaign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sequences of every kind over many connections, some of them at the same time."""
    folder = tmp_path / "pool"
    folder.mkdir()
    started = time.monotonic()
    async with campaign(folder) as running:
        tenth = MESSAGES // 10
        await running.send_messages(SEED, tenth)
        await running.settle()
        before = rss()
        batch = 0
        while running.messages < MESSAGES:
            batch += 1
            await asyncio.gather(
                *(
                    running.send_messages(SEED * 1_000_003 + batch * 4 + one, 2500)
                    for one in range(3)
                )
            )
            assert not running.lost, running.lost[:3]
        await running.settle()
        assert await running.is_alive()
        after = rss()
    if "LACUNA_FUZZ_MESSAGES" in os.environ:
        with capsys.disabled():
            print(
                f"\n{running.messages} messages, {running.connections} connections in "
                f"{time.monotonic() - started:.0f} s; RSS {before >> 20} MiB -> {after >> 20} MiB"
            )
    assert after - before < GROWTH


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 1 << 30),
    messages=st.lists(
        st.builds(encode, headers(), st.binary(max_size=80)) | damaged(), max_size=20
    ),
    tail=st.binary(max_size=60),
)
def test_garbage_behind_good_messages(
    tmp_path_factory: pytest.TempPathFactory, seed: int, messages: list[bytes], tail: bytes
) -> None:
    """What hypothesis thinks of, behind an open connection with streams on it."""
    folder = tmp_path_factory.mktemp("garbage")
    generator = Generator(seed)
    stream = [*generator.preamble(), *generator._stream(), *generator._stream(), *messages, tail]

    async def run() -> None:
        async with campaign(folder) as running:
            await running.send(stream, random.Random(seed))
            assert await running.is_alive()

    asyncio.run(run())
