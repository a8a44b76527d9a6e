"""Calls that open streams (protocol.md 4)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Domain
from lacuna_engine.server.caller import Answer, Caller, OpenedStream
from lacuna_engine.server.handlers.table import Table, pool_of
from lacuna_engine.server.refusal import busy, check_flags, invalid, system

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["TABLE"]

TABLE = Table()

SPARSE = 1
MAX_OFFSET = 2**63


def _check_range(caller: Caller, arguments: r.VolumeRange, function: str) -> None:
    faults = caller.faults
    if faults.busy_opens > 0:
        faults.busy_opens -= 1
        raise busy(arguments.volume.name)
    check_flags(arguments.flags, 0 if faults.no_sparse else SPARSE, function)
    if arguments.offset >= MAX_OFFSET:
        raise system(22, "Unable to seek in the volume", domain=Domain.STREAMS)


@TABLE.answers(p.VOL_UPLOAD)
def upload(calls: Calls, caller: Caller, arguments: r.VolumeRange) -> Answer:
    """Open a volume to write to."""
    _check_range(caller, arguments, "virStorageVolUpload")
    pool = pool_of(calls, arguments.volume)
    descriptor = pool.open_write(arguments.volume.name)
    return OpenedStream(descriptor, arguments, lambda: calls.upload_ended(caller, pool))


@TABLE.answers(p.VOL_DOWNLOAD)
def download(calls: Calls, caller: Caller, arguments: r.VolumeRange) -> Answer:
    """Open a volume to read from."""
    _check_range(caller, arguments, "virStorageVolDownload")
    pool = pool_of(calls, arguments.volume)
    descriptor = pool.open_read(arguments.volume.name)
    if arguments.offset > os.fstat(descriptor).st_size and arguments.flags & SPARSE:
        os.close(descriptor)
        raise invalid("the offset is beyond the end of the volume")
    return OpenedStream(descriptor, arguments, lambda: None)
