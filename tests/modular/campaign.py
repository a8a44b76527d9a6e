"""The tests against libvirts that this machine does not have: ``./dev test modular``.

Twice over: against the libvirtd of Debian 13, and against the modular daemons of the same version,
for which `probing.py` comes on top. The first run makes the root they live in, in about a quarter
of an hour; it is kept in ``build``. Whatever cannot be made is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from integration.elsewhere import MODULAR_VARIABLE, ROOT_VARIABLE

__all__ = ["main"]

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent / "build/libvirt"

SUITES = (
    "conformance/test_engine.py",
    "conformance/test_copy.py",
    "conformance/test_keep_until_complete.py",
    "conformance/test_lanes.py",
    "conformance/test_downloads.py",
    "conformance/test_transports.py",
    "conformance/test_virsh.py",
    "conformance/test_virsh_events.py",
    "conformance/test_virsh_tls.py",
    "integration/test_upload.py",
    "integration/test_download.py",
    "integration/test_resume.py",
    "integration/test_half_open.py",
)
"""Not those of clients that do what Lacuna never does, and of uploads that are made to fail:
libvirt 11.3 does not survive that (developers/protocol)."""


def arguments(modular: bool, more: list[str]) -> list[str]:
    """Return what pytest is called with."""
    places = [str(TESTS / name) for name in SUITES]
    if modular:
        places.insert(0, str(TESTS / "modular/probing.py"))
    # The embedded server has been met by the ordinary tests.
    return ["-k", "not lacuna", *(more or places)]


def main() -> None:
    """Make the root, run the tests twice, and fail if anything did."""
    for program in ("debootstrap", "unshare"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: ./dev test modular installs it on Debian and Ubuntu")
    subprocess.run([TESTS / "modular/make-root", ROOT], check=True)
    failed: list[str] = []
    for name, modular in (("libvirtd", ""), ("virtproxyd, virtstoraged, virtqemud", "yes")):
        print(f"== {name} of {ROOT}", flush=True)
        environment = os.environ | {ROOT_VARIABLE: str(ROOT), MODULAR_VARIABLE: modular}
        command = [sys.executable, "-m", "pytest", *arguments(bool(modular), sys.argv[1:])]
        if subprocess.run(command, check=False, env=environment, cwd=TESTS.parent).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
