"""Writes wheels.json: where Flatpak's builder gets the libraries, and their hashes.

    python packaging/flatpak/wheels.py PYLOCK OUTPUT    (./dev package lock does it)

PYLOCK is a lock in the format of pylock.toml. The wheels are those for the Python of the runtime
in the manifest, on the processors that Flatpak has and Qt's wheels support.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

PYTHON = (3, 13)
"""What the runtime of the manifest has."""

GLIBC = 39
"""And the minor version of its C library that wheels may ask for."""

PROCESSORS = ("x86_64", "aarch64")


def tags(processor: str) -> list[Tag]:
    """Return the kinds of wheels that can be installed there, the best first."""
    platforms = [f"manylinux_2_{minor}_{processor}" for minor in range(GLIBC, 16, -1)]
    platforms += [f"manylinux2014_{processor}", f"linux_{processor}"]
    abis = [f"cp{PYTHON[0]}{PYTHON[1]}", "abi3", "none"]
    return [
        *cpython_tags(PYTHON, abis, platforms),
        *compatible_tags(PYTHON, f"cp{PYTHON[0]}{PYTHON[1]}", platforms),
    ]


def wanted(package: dict[str, Any], processor: str) -> bool:
    """Tell whether the runtime needs the package at all."""
    if "marker" not in package:
        return True
    environment = {
        "python_version": f"{PYTHON[0]}.{PYTHON[1]}",
        "python_full_version": f"{PYTHON[0]}.{PYTHON[1]}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": processor,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return Marker(package["marker"]).evaluate(environment)


def best(package: dict[str, Any], ranks: dict[Tag, int]) -> dict[str, Any]:
    """Return the wheel to take. Raises :class:`SystemExit` if there is none."""
    found: list[tuple[int, dict[str, Any]]] = []
    for wheel in package.get("wheels", []):
        name = re.sub("%2B", "+", wheel["url"].rsplit("/", 1)[1])
        rank = [ranks[tag] for tag in parse_wheel_filename(name)[3] if tag in ranks]
        if rank:
            found.append((min(rank), wheel))
    if not found:
        raise SystemExit(f"{package['name']} {package['version']} has no wheel for the runtime")
    return min(found, key=lambda pair: pair[0])[1]


def sources(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Flatpak's list of files to fetch."""
    listed: dict[str, dict[str, Any]] = {}
    for processor in PROCESSORS:
        ranks = {tag: rank for rank, tag in reversed(list(enumerate(tags(processor))))}
        for package in lock["packages"]:
            if not wanted(package, processor):
                continue
            wheel = best(package, ranks)
            source = {"type": "file", "url": wheel["url"], "sha256": wheel["hashes"]["sha256"]}
            if not wheel["url"].endswith("-any.whl"):
                source["only-arches"] = [processor]
            listed[wheel["url"]] = source
    return list(listed.values())


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit code."""
    if len(arguments) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    lock = tomllib.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    text = json.dumps(sources(lock), indent=1)
    Path(arguments[1]).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
