"""One case: every tool in turns, each copy checked; a first run is watched and not timed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from bench.account import ToolError, observed, timed, warm_memory
from bench.cases import Case
from bench.counter import counting
from bench.grounds import Ground, Server
from bench.images import check
from bench.runs import LeftOut, Results, Row, Run, Seen, turn
from bench.tools import Tool

Way = Literal["up", "down"]
WAYS: tuple[Way, ...] = ("up", "down")
R = TypeVar("R")


@dataclass(frozen=True)
class Rounds:
    """Runs tools on a ground and notes in the results what they did."""

    ground: Ground
    results: Results
    rounds: int
    watch: bool = True

    def case(self, case: Case, tools: Sequence[Tool], ways: Sequence[Way] = WAYS) -> None:
        """Measure one case; its image is made here and gone afterwards."""
        image = self.ground.files / "image"
        say(f"{case.name}: making the image")
        try:
            case.make(image)
        except (ToolError, OSError, subprocess.CalledProcessError) as error:
            self.leave_out(case.name, "everybody", f"no image: {error}", failed=True)
            image.unlink(missing_ok=True)
            return
        for name, why in case.without.items():
            if name in {tool.name for tool in tools}:
                self.leave_out(case.name, name, why)
        able = [tool for tool in tools if tool.name not in case.without]
        try:
            for way in ways:
                if way == "up" or case.down:
                    self.measure(f"{case.name}, {way}", way, able, case.base, image)
        finally:
            image.unlink()

    def measure(self, title: str, way: Way, tools: Sequence[Tool], base: str, image: Path) -> None:
        """Watch each tool once, then time all in turns. Who fails takes no further part."""
        rows = {tool.name: Row(title, tool.name, base) for tool in tools}
        self.results.rows += rows.values()
        able = {tool.name: tool for tool in tools}
        if way == "down":
            self.lay(image)
        for name in list(able) if self.watch else ():
            say(f"{title}: {name}, watched")
            with self._if_it_fails(title, name, able):
                rows[name].seen = self.once(way, able[name], image, self.look)
        for number in range(self.rounds):
            for name in turn(able, number):
                say(f"{title}: round {number + 1} of {self.rounds}, {name}")
                with self._if_it_fails(title, name, able):
                    rows[name].runs.append(self.once(way, able[name], image, self.time))
        self.ground.drop()

    def once(
        self,
        way: Way,
        tool: Tool,
        image: Path,
        how: Callable[[Callable[[str], Sequence[str]], Server | None], R],
    ) -> R:
        """Run a tool once, on a server that has just been started; raises `ToolError`."""
        ground, back = self.ground, self.ground.files / "back"
        there = way == "up"
        if there:
            tool.prepare(ground, image)
        make, file = (tool.up, image) if there else (tool.down, back)
        try:
            with tool.serve(ground) as server:
                found = how(lambda uri: make(ground, uri, file), server)
            check(image, ground.target if there else back)
        finally:
            back.unlink(missing_ok=True)
            if there:
                ground.drop()
        return found

    def time(self, command: Callable[[str], Sequence[str]], server: Server | None) -> Run:
        """Time one run."""
        warm_memory()
        if server is None:
            return timed(command(""), None, self.ground.near)
        return timed(command(server.uri), server.pid, self.ground.near)

    def look(self, command: Callable[[str], Sequence[str]], server: Server | None) -> Seen:
        """Watch one run: its memory, and what goes through the server's socket."""
        if server is None:
            return Seen(0, 0, *observed(command(""), None, self.ground.near))
        with counting(server.uri, self.ground.files) as (uri, counts):
            memory = observed(command(uri), server.pid, self.ground.near)
        return Seen(counts.sent, counts.received, *memory)

    def leave_out(self, case: str, tool: str, why: str, *, failed: bool = False) -> None:
        """Note who takes no part."""
        say(f"{case}: without {tool}: {why}")
        self.results.left_out.append(LeftOut(case, tool, why, failed))

    def lay(self, image: Path) -> None:
        """Put the image into the pool, by nobody who is measured."""
        command = ["cp", "--sparse=auto", str(image), str(self.ground.target)]
        subprocess.run(command, check=True)
        self.ground.virsh("pool-refresh", self.ground.pool)

    @contextmanager
    def _if_it_fails(self, case: str, name: str, able: dict[str, Tool]) -> Iterator[None]:
        try:
            yield
        except (ToolError, OSError, subprocess.CalledProcessError) as error:
            del able[name]
            self.leave_out(case, name, str(error), failed=True)


def say(text: str) -> None:
    """Tell what goes on, beside the results."""
    print(text, file=sys.stderr, flush=True)
