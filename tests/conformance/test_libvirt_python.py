"""libvirt's Python module against both: streams by hand, by its loops and by events."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.target import Target
from integration.libvirtd import HarnessError

SCRIPT = Path(__file__).with_name("with_libvirt_python.py")
PYTHON = "/usr/bin/python3"

EXPECTED = """\
alive 1 secure 1 storage
version 9000000
pool 1 1 [2, 67108864] 0
same True
volumes ['v.img'] ['v.img']
info [0, 7602176, 1310720] 1310720
downloaded hole:1048576 data:1048576 hole:3145728 data:262144 hole:2097152 right
by functions right
error pool 49
error volume 50
error exists 90
error slash 55
error flags 8
error shrink 8
error active 55
error domains 3
clone [0, 7602176, 1310720]
first 1000
sent 100 error 38 38
without blocking True 7602176
heard [3, 2]
refreshed True
names ['clone.img', 'functions.img']
closed 1
"""


@pytest.fixture(scope="module")
def python() -> str:
    """The system's interpreter, if it has libvirt's module."""
    found = shutil.which(PYTHON)
    if found is None or subprocess.run([found, "-c", "import libvirt"], check=False).returncode:
        raise HarnessError("libvirt's Python module is missing (Debian package python3-libvirt)")
    return found


def test_script(python: str, target: Target) -> None:
    done = subprocess.run(
        [python, str(SCRIPT), target.uri, target.pool, str(target.path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == EXPECTED
