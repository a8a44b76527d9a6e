"""Opening streams the way a real daemon needs it (protocol.md 5.6, 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from lacuna_engine.client import Connection, DownloadStream, UploadStream
from lacuna_engine.errors import (
    InvalidOperationError,
    LacunaError,
    NotSupportedError,
    VolumeBusyError,
)
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.storage import BUSY_DELAYS

__all__ = ["SPARSE", "open_download", "open_segment", "open_upload", "opened_or_aborted"]

S = TypeVar("S", UploadStream, DownloadStream)

Opener = Callable[[VolumeRange], Coroutine[Any, Any, S]]

SPARSE = 1

CANCEL_PATIENCE = 5.0
"""Seconds a cancelled opening is waited for."""


async def open_upload(connection: Connection, target: VolumeRange) -> UploadStream:
    """Open an upload with holes; without them where the daemon is too old (before 3.4)."""
    return await _open(connection.upload, target)


async def open_download(connection: Connection, source: VolumeRange) -> DownloadStream:
    """Open a download with holes; without them where the daemon is too old (before 3.4)."""
    return await _open(connection.download, source)


async def open_segment(connection: Connection, target: VolumeRange) -> UploadStream:
    """Open an upload without holes, into a volume that other streams write to as well."""
    return await _patiently(connection.upload, target.replace(flags=0))


async def _open(opener: Opener[S], target: VolumeRange) -> S:
    try:
        return await _patiently(opener, target.replace(flags=SPARSE))
    except NotSupportedError:
        return await _patiently(opener, target.replace(flags=0))


async def _patiently(opener: Opener[S], target: VolumeRange) -> S:
    """Try again while others open the same volume.

    "Still in use" and a true refusal have the same code, and the text may be translated, so every
    refusal of that code is tried a few times.
    """
    for delay in BUSY_DELAYS[:5]:
        try:
            return await opened_or_aborted(opener(target))
        except (VolumeBusyError, InvalidOperationError):
            await asyncio.sleep(delay)
    return await opened_or_aborted(opener(target))


async def opened_or_aborted(opening: Coroutine[Any, Any, S]) -> S:
    """Open a stream; if that is cancelled, wait until it is open and abort it.

    A daemon whose client hangs up during the call can keep the stream with its file open for ever,
    and after some of these it crashes (seen with 9.0: one in four, and at the 35th).
    """
    task = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(LacunaError, TimeoutError):
            async with asyncio.timeout(CANCEL_PATIENCE):
                stream = await task
            await stream.abort()
        raise
