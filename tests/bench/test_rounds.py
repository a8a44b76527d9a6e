"""One case against a real libvirtd: everybody's bytes are counted, who fails is left out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.cases import PLAIN, SPARSE, Case
from bench.grounds import Ground, ground
from bench.images import KIB, MIB, dense, scattered
from bench.rounds import Rounds
from bench.runs import Results
from bench.tools import TOOLS, Tool

DATA = 2 * MIB


def broken(tool: Tool) -> Tool:
    """A tool that brings something else."""

    def up(ground: Ground, _: str, __: Path) -> list[str]:
        return ["cp", "/bin/sh", str(ground.target)]

    return replace(tool, name="broken", up=up)


def test_everybody_is_watched_and_checked() -> None:
    results = Results("tmpfs", 3)
    tools = [TOOLS[PLAIN], TOOLS[SPARSE], TOOLS["lacuna"], TOOLS["cp"], broken(TOOLS["cp"])]
    sparse = partial(scattered, size=8 * MIB, data=DATA, runs=2)
    refused = {PLAIN: "sends the holes"}
    with ground("tmpfs", 3, 64 * MIB) as found:
        rounds = Rounds(found, results, 0)
        rounds.case(Case("sparse", "sparse", sparse, SPARSE, without=refused), tools)
        rounds.case(Case("none", "none", lambda path: dense(path / "x", 1), PLAIN), tools)
        assert len(list(found.path.iterdir())) == 3, "the pool is as it was"
        assert not list(Path(found.files).glob("image*"))
    left_out = [(one.case, one.tool, one.failed) for one in results.left_out]
    assert left_out == [
        ("sparse", "virsh", False),
        ("sparse, up", "broken", True),
        ("none", "everybody", True),
    ]
    for row in results.rows:
        if row.tool in (SPARSE, "lacuna"):
            assert row.seen is not None
            way, other = (row.seen.sent, row.seen.received)[:: 1 if row.case.endswith("up") else -1]
            assert DATA <= way < DATA + 64 * KIB, row
            assert other < 64 * KIB, row
        if row.tool == "lacuna":
            assert row.seen is not None
            assert row.seen.client_memory > MIB
    assert [row.tool for row in results.rows] == 2 * [SPARSE, "lacuna", "cp", "broken"]
