"""Through a link of 1 Gbit/s with a round trip of 20 ms, beside a plain copy through a socket.

libvirtd runs in a network of its own and listens on TCP without authentication; the clients run in
another. The link is a program between two TUN devices (``shaper.py``), since not every kernel can
delay packets (netem).
"""

from __future__ import annotations

import argparse
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.cases import Case
from bench.counter import split
from bench.grounds import POOL, POOL_SIZES, VOLUME, Ground, GroundKind, Server, crowd, memory_folder
from bench.networks import FAR, linked
from bench.rounds import Rounds, say
from bench.runs import Results
from bench.tools import (
    TOOLS as ALL,
)
from bench.tools import (
    Tool,
    await_listening,
    emptied,
    free_port,
    running,
)
from integration.libvirtd import PrivateLibvirtd

RATE, DELAY = 1e9, 0.010
"""Bits a second, and seconds one way."""
BASE = "plain socket"
CONTROL = Path("/proc/sys/net/ipv4/tcp_congestion_control")
SCRIPT = str(Path(__file__).with_name("plain.py"))


@contextmanager
def plain_server(ground: Ground) -> Iterator[Server]:
    """What takes and gives files as they are."""
    with ground.far():
        port = free_port(ground.host)
        command = [sys.executable, SCRIPT, "serve", ground.host, str(port), str(ground.path)]
        with running(command) as process:
            await_listening((ground.host, port), process)
            yield Server(process.pid, f"plain://{ground.host}:{port}/{VOLUME}")


PLAIN = Tool(
    BASE,
    plain_server,
    emptied,
    lambda _, uri, file: [sys.executable, SCRIPT, "put", uri, str(file)],
    lambda _, uri, file: [sys.executable, SCRIPT, "get", uri, str(file)],
)
TOOLS = {BASE: PLAIN} | {
    name: ALL[name] for name in ("virsh", "virsh --sparse", "lacuna", "lacuna 1x", "rsync")
}


@contextmanager
def ground(kind: GroundKind, volumes: int) -> Iterator[Ground]:
    """libvirtd at the other end of the link."""
    with memory_folder() as files, linked(RATE, DELAY) as (near, far):
        daemon = PrivateLibvirtd(settings={"listen_addr": FAR})
        try:
            with far.inside():
                daemon.start()
            pool = daemon.make_pool(POOL, kind, size=POOL_SIZES[kind])
            crowd(pool.path, volumes)
            daemon.virsh("pool-refresh", pool.name)

            def fresh() -> Server:
                daemon.terminate()
                with far.inside():
                    daemon.start()
                return Server(daemon.pid, f"storage+tcp://{FAR}:{daemon.tcp_port}/system")

            yield Ground(
                pool.path, files, daemon.uri, fresh, near=near.inside, far=far.inside, host=FAR
            )
        finally:
            daemon.close()


def round_trip(ground: Ground, looks: int = 9) -> float:
    """Return the seconds that a connection takes to be made: the median of some."""
    taken: list[float] = []
    with plain_server(ground) as server, ground.near():
        address = split(server.uri)
        assert not isinstance(address, str)
        for _ in range(looks):
            started = time.monotonic()
            socket.create_connection(address).close()
            taken.append(time.monotonic() - started)
    return statistics.median(taken)


def measure(chosen: argparse.Namespace, these: Sequence[Case]) -> Results:
    """Measure the cases through the link: what is plain first, as the base of the dense ones."""
    results = Results(f"{chosen.ground}, 1 Gbit/s, 20 ms away", chosen.volumes)
    tools = [tool for name, tool in TOOLS.items() if not chosen.tools or name in chosen.tools]
    try:
        with ground(chosen.ground, chosen.volumes) as found:
            with found.near():
                control = CONTROL.read_text().strip()
            results.notes.append(
                f"Round trip, measured: {1000 * round_trip(found):.1f} ms. TCP controls congestion "
                f"by {control}."
            )
            rounds = Rounds(found, results, chosen.rounds, watch=False)
            for case in these:
                base = BASE if case.base == "virsh" else case.base
                without = {**case.without}
                if base != BASE:
                    without[BASE] = without["rsync"] = without["virsh"] = (
                        "sends the holes too: says nothing of the link"
                    )
                rounds.case(replace(case, base=base, without=without), tools, chosen.ways)
                if chosen.json:
                    results.write(chosen.json)
    except KeyboardInterrupt:
        say("interrupted: these are the runs so far")
    return results
