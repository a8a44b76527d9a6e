"""Where the frozen programs start: ``lacuna`` and ``lacuna-window``.

The engine starts helpers of its own as ``sys.executable -m MODULE``, and ssh's question program as
``sys.executable -I -S FILE``. Frozen, ``sys.executable`` is this program, so it answers to both as
Python would, for Lacuna's own modules alone.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import PurePath

OWN = ("lacuna_engine.", "lacuna_gui.")
ASKPASS = "askpass_program"
FLAGS = ("-I", "-P", "-S", "-u")


def module_wanted(arguments: list[str]) -> tuple[str, list[str]] | None:
    """Return the module that is to be run instead of the program, and its arguments."""
    rest = list(arguments)
    while rest and rest[0] in FLAGS:
        del rest[0]
    if len(rest) > 1 and rest[0] == "-m" and rest[1].startswith(OWN):
        return rest[1], rest[2:]
    if len(rest) < len(arguments) and rest and PurePath(rest[0]).stem == ASKPASS:
        return f"lacuna_engine.transport.ssh.{ASKPASS}", rest[1:]
    return None


def give_back_library_path() -> None:
    """Let ssh and other programs use the system's libraries; the bundle's are for this one.

    The start program has set the variable and kept what it was before.
    """
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)


def main() -> None:
    """Run what this start is for, and exit."""
    give_back_library_path()
    wanted = module_wanted(sys.argv[1:])
    if wanted is not None:
        module, arguments = wanted
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    elif PurePath(sys.executable).stem == "lacuna-window":
        from lacuna_gui.app import main as open_window  # noqa: PLC0415 - slow, not for commands

        sys.exit(open_window())
    else:
        from lacuna_engine.cli import main as command_line  # noqa: PLC0415 - not for the helpers

        command_line()


if __name__ == "__main__":
    main()
