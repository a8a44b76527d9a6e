"""The faults: each makes one transfer fail once at a random moment, and has it go on.

After each the result must be the same bytes, with no more allocated than the data, nothing
temporary left, and hardly anything sent twice.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults.ground import Ground
from integration.images import data, files_in, hole, make_image, zeros
from integration.libvirtd import MIB, run

__all__ = ["FAULTS", "Scene"]

IN_FLIGHT = 128 * MIB
"""Bytes that may be sent twice."""

JOURNAL = "journal.db"


@dataclass
class Scene:
    """One transfer of one image, and the means to disturb it. ``scale`` sizes the image."""

    ground: Ground
    random: random.Random
    direction: str
    scale: int

    def __post_init__(self) -> None:
        self.ground.clear()
        unit = self.scale * MIB
        self.data = 9 * unit + 4096
        pieces = (
            data(3 * unit),
            hole(5 * unit),
            zeros(unit),
            data(5 * unit + 4096),
            hole(unit),
            data(unit),
        )
        seed = self.random.randrange(1, 120)
        here, there = self.ground.local, self.ground.path
        origin = here if self.direction == "upload" else there
        self.source = make_image(origin / "image", *pieces, seed=seed)
        self.target = (here if self.direction == "download" else there) / "copy"
        self.ground.refresh()
        self.counted = self.ground.relay.passed
        self.resumed = False

    def begin(self, *options: str) -> subprocess.Popen[str]:
        """Start the transfer in a process of its own."""
        start, uri, pool = self.ground.client, self.ground.uri, self.ground.pool
        match self.direction:
            case "upload":
                return start("upload", self.source, uri, f"{pool}/copy", *options)
            case "download":
                return start("download", uri, f"{pool}/image", self.target, *options)
            case _:
                return start("copy", uri, f"{pool}/image", uri, f"{pool}/copy", *options)

    def wait_a_while(self, process: subprocess.Popen[str]) -> None:
        """Wait until a random part of the bytes has passed; some of them before, some after all."""
        needed = self.data * (2 if self.direction == "copy" else 1)
        until = self.counted + self.random.random() * needed * 1.05
        while self.ground.relay.passed < until and process.poll() is None:
            time.sleep(0.001)
        time.sleep(self.random.random() * 0.01)

    def check(self, *, twice: int = IN_FLIGHT) -> None:
        """The end is what it should be."""
        run("cmp", self.source, self.target)
        allocated = self.target.stat().st_blocks * 512
        assert allocated <= self.data * 1.01 + 4096, f"{allocated} bytes for {self.data} of data"
        for folder in {self.ground.path, self.ground.local}:
            expected = sorted(
                path.name for path in (self.source, self.target) if path.parent == folder
            )
            assert files_in(folder) == expected, files_in(folder)
        moved = self.ground.relay.passed - self.counted
        ways = 2 if self.direction == "copy" else 1
        most = (self.data + twice) * ways
        assert moved <= most, f"{moved} bytes moved for {self.data * ways}"
        assert not list((self.ground.data / "locks").glob("*")), "a lock is left"

    def go_on(self, *options: str) -> None:
        """Resume the job that was interrupted, or begin if it never got that far."""
        jobs = [line for line in self.ground.lacuna("jobs").splitlines() if " done " not in line]
        open_jobs = [line for line in jobs if line and not line.startswith((" ", "No jobs"))]
        assert len(open_jobs) <= 1, jobs
        if open_jobs:
            job = open_jobs[0].split()[0]
            report = json.loads(self.ground.lacuna("resume", job, "--json", *options))
            self.resumed = report["resumed"]
        elif not self.target.exists():
            process = self.begin()
            _, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors


def kill(scene: Scene) -> None:
    """The client dies at once."""
    process = scene.begin()
    scene.wait_a_while(process)
    process.kill()
    process.communicate()
    scene.go_on()
    scene.check()


def cut(scene: Scene) -> None:
    """The connection breaks; the command waits and goes on by itself."""
    cuts = scene.ground.relay.cuts
    scene.ground.relay.cut_after(scene.random.randrange(20_000, scene.data))
    process = scene.begin()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert scene.ground.relay.cuts == cuts + 1, "nothing was cut"
    scene.check()


def restart(scene: Scene) -> None:
    """The daemon dies and comes back."""
    process = scene.begin()
    scene.wait_a_while(process)
    scene.ground.daemon.kill()
    scene.ground.relay.cut()
    time.sleep(scene.random.random() * 0.5)
    scene.ground.daemon.start()
    _, errors = process.communicate(timeout=300)
    if process.returncode:
        # It died before the command had reached it for the first time.
        assert process.returncode == 3, errors
    scene.go_on()
    scene.check()


def full(scene: Scene) -> None:
    """There is no room at the destination; somebody makes some."""
    folder = scene.target.parent
    filler = folder / "filler"
    room = scene.random.randrange(MIB, scene.data // 2)
    process = scene.begin("--limit", f"{scene.data * 2}")
    # The pool's free space is looked at before the first byte: fill it up after that.
    deadline = time.monotonic() + 20
    while not _has_begun(folder):
        assert time.monotonic() < deadline, "nothing began"
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    _fill(filler, room)
    _, errors = process.communicate(timeout=300)
    filler.unlink()
    if process.returncode:
        assert process.returncode == 1, errors
        assert "lacuna resume" in errors, errors
    scene.go_on()
    scene.check()


def _has_begun(folder: Path) -> bool:
    """Whether anything of the destination has been written."""
    with suppress(FileNotFoundError):  # it gets its name meanwhile
        return any(
            path.stat().st_blocks
            for path in folder.iterdir()
            if path.name.startswith((".", "copy"))
        )
    return False


def _fill(filler: Path, room: int) -> None:
    """Take what is free, except ``room`` bytes; somebody else takes some at the same time."""
    with filler.open("wb") as file:
        while True:
            status = os.statvfs(filler.parent)
            excess = status.f_bavail * status.f_frsize - room
            if excess <= 0:
                return
            size = os.fstat(file.fileno()).st_size
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), size, max(excess // 2, 1))


def corrupt(scene: Scene) -> None:
    """The client dies, and its journal is damaged: nothing stops, nothing wrong is believed."""
    process = scene.begin()
    scene.wait_a_while(process)
    process.kill()
    process.communicate()
    journal = scene.ground.data / JOURNAL
    if journal.exists():
        content = bytearray(journal.read_bytes())
        for _ in range(scene.random.randrange(1, 40)):
            if content:
                content[scene.random.randrange(len(content))] = scene.random.randrange(256)
        if scene.random.random() < 0.3:
            del content[scene.random.randrange(len(content) + 1) :]
        journal.write_bytes(content)
    scene.ground.lacuna("jobs")
    scene.go_on("--start-over")
    if not scene.target.exists() or scene.target.stat().st_size != scene.source.stat().st_size:
        # The job was lost with the journal: the user begins again, over what is left there.
        _replace(scene)
    _drop_parts(scene)
    scene.check(twice=2 * scene.data + IN_FLIGHT)


def _replace(scene: Scene) -> None:
    process = scene.begin("--if-exists", "replace")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def _drop_parts(scene: Scene) -> None:
    """Remove what a job has left that the journal has lost."""
    for part in scene.ground.local.glob(".*.lacuna-part"):
        part.unlink()


def clock(scene: Scene) -> None:
    """The client dies, and when it comes back the clock has jumped."""
    process = scene.begin()
    scene.wait_a_while(process)
    process.kill()
    process.communicate()
    _shift(scene.ground.data / JOURNAL, scene.random.choice([-1, 1]) * 86_400 * 400)
    scene.go_on()
    # What cannot be trusted any more is read again, which is no sending.
    scene.check(twice=IN_FLIGHT + scene.data)


def _shift(journal: Path, seconds: int) -> None:
    """Move all times in the journal, which is as if the clock had jumped the other way."""
    if not journal.exists():
        return
    from lacuna_engine.journal import JobKeeper, Journal  # noqa: PLC0415

    with Journal(journal, clock=lambda: time.time() + seconds) as opened:
        for job in opened.list_jobs():
            keeper = JobKeeper(opened, job.id)
            saved = keeper.load()
            if saved is not None:
                saved.seen += seconds
                keeper.save(saved, durable=True)
            opened.update(job.id, attempts=job.attempts)


def asleep(scene: Scene) -> None:
    """The workstation sleeps, and its connections are gone when it wakes up."""
    process = scene.begin()
    scene.wait_a_while(process)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    scene.ground.relay.cut()
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=300)
    # It may have been woken before it had reached the daemon for the first time.
    assert process.returncode in (0, 3), errors
    if process.returncode:
        scene.go_on()
    scene.check()


FAULTS: dict[str, Callable[[Scene], None]] = {
    "kill": kill,
    "cut": cut,
    "restart": restart,
    "full": full,
    "corrupt": corrupt,
    "clock": clock,
    "asleep": asleep,
}
