"""Lacuna as a program of Windows, under Wine: ``./dev test windows``.

Twice over: the tests of the engine within the Windows Python, and the command, as a program of
Windows, against the daemons of the other tests. The first run makes the Windows system, in less
than a minute; it is kept in ``build``. Whatever cannot be made is a failure. Wine is not Windows:
what passes here was run with Windows' Python, event loop, paths and terminal, but not on its kernel
and file systems.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from windows.root import make_root
from windows.wine import Wine

__all__ = ["ROOT", "main"]

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent / "build/windows"

SUITES = ("ways.py", "logins.py", "transfers.py", "worker.py")
"""Not named as tests are, so that nobody else collects them."""


def main() -> None:
    """Make the system, run the tests, and fail if anything did."""
    wine = make_root(ROOT)
    failed: list[str] = []
    if not sys.argv[1:] and run_engine(wine):
        failed.append("the engine's tests")
    print("== the command, as a program of Windows", flush=True)
    places = sys.argv[1:] or [str(TESTS / "windows" / name) for name in SUITES]
    command = [sys.executable, "-m", "pytest", *places]
    if subprocess.run(command, check=False, cwd=TESTS.parent).returncode:
        failed.append("the command")
    if failed:
        sys.exit(f"failed: {'; '.join(failed)}")


def run_engine(wine: Wine) -> int:
    """Run the tests of the engine within the Windows Python; return the exit code of pytest."""
    print(f"== the engine, in the Python of {ROOT}", flush=True)
    wine.clear_home()
    command: list[str | Path] = ["wine", wine.python, "-m", "pytest", "-p", "windows.engine"]
    # Windows' loop needs a turn to let go of a socket, which scripted daemons do not give it.
    command += ["-W", "ignore::pytest.PytestUnraisableExceptionWarning", "-p", "no:cacheprovider"]
    running = subprocess.Popen(
        [*command, "-q", "tests/engine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=TESTS.parent,
        env=wine.environment(),
    )
    # Through a pipe, whatever our own output is: see `wine`.
    assert running.stdout is not None
    for line in running.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    return running.wait()


if __name__ == "__main__":
    main()
