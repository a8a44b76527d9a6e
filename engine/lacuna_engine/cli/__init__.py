"""The command line: the same engine from a shell or a script.

What it prints and returns is a contract that scripts depend on: results go to standard output and
nothing else does, progress and notes to standard error, and the exit code says how it ended.
"""

import gc

# Importing makes thousands of objects that all stay; collecting meanwhile only costs time.
gc.disable()

from lacuna_engine.cli.main import main  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["main"]
