"""Two networks of their own with a slow link between them; both are gone with the process."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.account import ToolError

DEVICE = Path("/dev/net/tun")
SHAPER = Path(__file__).with_name("shaper.py")

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SET_INTERFACE, SET_OFFLOAD = 0x400454CA, 0x400454D0  # TUNSETIFF, TUNSETOFFLOAD
TUN, NO_INFORMATION, OFFLOAD_HEADER = 0x0001, 0x1000, 0x4000
CHECKSUMS, SEGMENTS = 1, 2  # TUN_F_CSUM, TUN_F_TSO4

NEAR, FAR = "10.77.0.1", "10.77.0.2"

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Network:
    """A network namespace without a name."""

    def __init__(self) -> None:
        before = _current()
        _call("unshare", NEW_NETWORK)
        self._fd = _current()
        _call("setns", before, NEW_NETWORK)
        os.close(before)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be in this network; what is started meanwhile stays in it."""
        before = _current()
        _call("setns", self._fd, NEW_NETWORK)
        try:
            yield
        finally:
            _call("setns", before, NEW_NETWORK)
            os.close(before)

    def close(self) -> None:
        """Give it up; it is gone when its last process is."""
        os.close(self._fd)

    def connect(self, mine: str, other: str) -> int:
        """Make its end of the link; returns the file that packets come from and go to."""
        if not DEVICE.exists():
            raise ToolError(f"the link needs {DEVICE}: load the kernel's module tun")
        with self.inside():
            fd = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            flags = TUN | NO_INFORMATION | OFFLOAD_HEADER
            fcntl.ioctl(fd, SET_INTERFACE, struct.pack("16sH22x", b"link0", flags))
            fcntl.ioctl(fd, SET_OFFLOAD, CHECKSUMS | SEGMENTS)
            for words in (
                "link set lo up",
                f"address add {mine} peer {other} dev link0",
                "link set link0 mtu 1500 up",
            ):
                subprocess.run(["ip", *words.split()], check=True)
        return fd


@contextmanager
def linked(rate: float, delay: float) -> Iterator[tuple[Network, Network]]:
    """Two networks, `NEAR` and `FAR`: ``rate`` in bits a second, ``delay`` one way in seconds.

    The queue of each direction holds what is under way in one round trip.
    """
    near, far = Network(), Network()
    ends = [near.connect(NEAR, FAR), far.connect(FAR, NEAR)]
    room = int(rate / 8 * 2 * delay)
    command = [sys.executable, str(SHAPER), *map(str, ends), str(rate), str(delay), str(room)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=ends) as shaper:
        for fd in ends:
            os.close(fd)
        try:
            yield near, far
        finally:
            assert shaper.stdin is not None
            shaper.stdin.close()
            near.close()
            far.close()
