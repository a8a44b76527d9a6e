"""The data plane of the window: a process of its own that owns scheduler and journal.

The window sends commands and shows what it is told (`WorkerClient`); the process (`process`) runs
the jobs. Both speak in lines of JSON (`messages`) over the process's standard input and output.
"""

from lacuna_engine.worker.client import WorkerClient

__all__ = ["WorkerClient"]
