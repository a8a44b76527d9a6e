"""The Windows system of the campaign: CPython for Windows under Wine, and what Lacuna needs there.

CPython's own installer is not to be had through a package index, but the wheel of Panda3D has the
files of one in it, for programs made with that engine. The part of the standard library that is
written in Python is the same everywhere, and this machine's. The rest are wheels for Windows in the
versions of ``packaging/locks``. Kept, like all of it, until one of these is changed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement

from windows.wine import Wine

__all__ = ["make_root"]

HERE = Path(__file__).parent
LOCK = HERE.parents[1] / "packaging/locks/develop.txt"

VERSION = "3.11.9"
PANDA3D = (
    "panda3d==1.10.16 "
    "--hash=sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82"
)
FOLDER_OF_PANDA3D = "deploy_libs/"

PACKAGES = frozenset(
    [
        *("asn1crypto", "asyncssh", "backports-tarfile", "bcrypt", "cffi", "click", "colorama"),
        *("cryptography", "defusedxml", "hypothesis", "importlib-metadata", "iniconfig"),
        *("jaraco-classes", "jaraco-context", "jaraco-functools", "keyring", "lazy-importer"),
        *("markdown-it-py", "mdurl", "more-itertools", "packaging", "platformdirs", "pluggy"),
        *("pycparser", "pygments", "pytest", "pytest-asyncio", "pytest-timeout"),
        *("pywin32-ctypes", "rich", "scramp", "sortedcontainers", "typing-extensions", "zipp"),
    ]
)
"""What the engine and its tests import; not the window, for which Wine 8 lacks too much."""

ENVIRONMENT = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": VERSION,
    "python_version": "3.11",
    "sys_platform": "win32",
}

COMPILER = "x86_64-w64-mingw32-gcc"
OBJDUMP = "x86_64-w64-mingw32-objdump"

MADE_BY = ("root.py", "wine.py", "python.c", "bcryptprimitives.c", "sitecustomize.py")
"""What makes the system, or goes into it."""

UNUSED = ("test", "idlelib", "lib-dynload", "site-packages", "dist-packages", "turtledemo")
"""Folders of the standard library that are large, or of this machine's Python alone."""


def make_root(folder: Path) -> Wine:
    """Make the system below a folder, or take the one that is there.

    Raises:
        SystemExit: if this Python is not a 3.11, or a program is missing.
        subprocess.CalledProcessError: if something cannot be fetched or built.
    """
    if sys.version_info[:2] != (3, 11):
        sys.exit("the campaign needs Python 3.11, as in Debian 12 (LACUNA_PYTHON names one)")
    for program in ("wine", "wineserver", COMPILER):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: ./dev test windows installs it on Debian and Ubuntu")
    wine = Wine(folder)
    stamp = folder / "made-by"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return wine
    shutil.rmtree(folder, ignore_errors=True)
    python = wine.python.parent
    _copy_library(python / "Lib")
    with tempfile.TemporaryDirectory() as name:
        _unpack_binaries(python, Path(name))
    _build(python)
    _install_packages(python / "Lib/site-packages")
    shutil.copy(HERE / "sitecustomize.py", python / "Lib/site-packages")
    wine.make_prefix()
    stamp.write_text(wanted)
    return wine


def _fingerprint() -> str:
    """Return what tells whether the system is still the one that is wanted."""
    made_of = [LOCK, *(HERE / name for name in MADE_BY)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()


def _copy_library(library: Path) -> None:
    here = sysconfig.get_paths()["stdlib"]
    ignored = shutil.ignore_patterns("__pycache__", "config-*", *UNUSED)
    shutil.copytree(here, library, ignore=ignored)
    (library / "site-packages").mkdir()


def _unpack_binaries(python: Path, work: Path) -> None:
    """Take CPython's files out of the wheel, to where CPython's installer puts them."""
    _pip("download", f"--dest={work}", lines=[PANDA3D])
    (wheel,) = work.glob("*.whl")
    modules = python / "DLLs"
    modules.mkdir(parents=True)
    with ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = member.removeprefix(FOLDER_OF_PANDA3D)
            if name == member or name.startswith("api-ms-") or "/" in name:
                continue
            beside = name.lower() in ("python311.dll", "vcruntime140.dll")
            ((python if beside else modules) / name).write_bytes(archive.read(member))


def _build(python: Path) -> None:
    """Compile what the wheel lacks: python.exe, python3.dll, and a library of Windows."""

    def compile_(output: str, *arguments: str | Path) -> None:
        command: list[str | Path] = [COMPILER, "-O1", "-o", python / output, *arguments]
        subprocess.run(command, check=True)

    compile_("python.exe", "-municode", HERE / "python.c", python / "python311.dll")
    compile_("bcryptprimitives.dll", "-shared", HERE / "bcryptprimitives.c", "-ladvapi32")
    # The stable interface: every name leads to the same one of the library of this version.
    exports = python / "python3.def"
    names = _exported(python / "python311.dll")
    lines = ["LIBRARY python3.dll", "EXPORTS", *(f"{name} = python311.{name}" for name in names)]
    exports.write_text("\n".join(lines))
    compile_("python3.dll", "-shared", "-nostdlib", "-Wl,--entry=0", exports)


def _exported(library: Path) -> list[str]:
    """Return the names a library exports."""
    command: list[str | Path] = [OBJDUMP, "--private-headers", library]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    table = said.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    return re.findall(r"\[ *\d+\].* (\w+)$", table, re.MULTILINE)


def _install_packages(site: Path) -> None:
    _pip("install", f"--target={site}", lines=_locked())


def _locked() -> list[str]:
    """Return the lines of the lock for these packages, as they are on Windows."""
    lines: dict[str, str] = {}
    for entry in LOCK.read_text().replace("\\\n", " ").splitlines():
        text, *hashes = entry.partition(" # ")[0].split("--hash=")
        if not hashes:
            continue
        wanted = Requirement(text.strip())
        if wanted.name in PACKAGES and (not wanted.marker or wanted.marker.evaluate(ENVIRONMENT)):
            pins = " ".join(f"--hash={one.strip()}" for one in hashes)
            lines[wanted.name] = f"{wanted.name}{wanted.specifier} {pins}"
    if lacking := PACKAGES - lines.keys():
        sys.exit(f"{LOCK} does not have {', '.join(sorted(lacking))}")
    return list(lines.values())


def _pip(command: str, *arguments: str, lines: list[str]) -> None:
    """Have pip fetch wheels for Windows, by their hashes alone."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", command),
                *("--no-deps", "--only-binary=:all:", "--platform=win_amd64"),
                *("--python-version=3.11", "--require-hashes", f"--requirement={file.name}"),
                *arguments,
            ],
            check=True,
        )
