"""The Windows system, a user of it, and the daemons that are met."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.images import data, hole, make_image, zeros
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, _free_port
from integration.sshd import PrivateSshd
from windows.campaign import ROOT
from windows.program import Program
from windows.root import make_root
from windows.wine import Wine

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def wine() -> Iterator[Wine]:
    """Wine with its server, which is kept by a program that does nothing."""
    system = make_root(ROOT)
    waiting = subprocess.Popen(
        ["wine", system.python, "-c", "input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=system.environment(),
    )
    yield system
    waiting.communicate(b"\n", timeout=60)
    system.stop()


@pytest.fixture
def lacuna(wine: Wine) -> Iterator[Program]:
    """The command, for a user who has not used it before."""
    yield Program(wine)
    wine.clear_home()


@pytest.fixture(scope="session")
def daemon() -> Iterator[PrivateLibvirtd]:
    with PrivateLibvirtd() as private:
        yield private


@pytest.fixture(scope="session")
def host(daemon: PrivateLibvirtd) -> Iterator[PrivateSshd]:
    """The daemon's host."""
    with PrivateSshd(daemon) as private:
        yield private


@pytest.fixture
def known(lacuna: Program, host: PrivateSshd) -> Program:
    """The command of somebody who has met the host."""
    lacuna.know(host)
    return lacuna


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    return _free_port()


@pytest.fixture
def pool(daemon: PrivateLibvirtd) -> Iterator[Pool]:
    """A pool of 64 MiB."""
    made = daemon.make_pool(f"pool-{next(_numbers)}")
    yield made
    daemon.drop_pool(made)


@pytest.fixture
def image(lacuna: Program) -> Path:
    """An image of 9 MiB with 3 MiB of data, in a folder of the user's."""
    folder = lacuna.home / "Meine Bilder (groß)"
    folder.mkdir()
    pieces = (data(MIB), hole(4 * MIB), zeros(MIB), data(2 * MIB), hole(MIB))
    return make_image(folder / "image ü.raw", *pieces)
