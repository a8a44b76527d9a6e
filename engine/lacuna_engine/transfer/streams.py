"""Opening streams the way a real daemon needs it (protocol.md 5.6, 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from lacuna_engine.client import Connection, DownloadStream, UploadStream
from lacuna_engine.errors import InvalidOperationError, NotSupportedError, VolumeBusyError
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.storage import BUSY_DELAYS

__all__ = ["SPARSE", "open_download", "open_upload"]

T = TypeVar("T")

SPARSE = 1


async def open_upload(connection: Connection, target: VolumeRange) -> UploadStream:
    """Open an upload with holes; without them where the daemon is too old (before 3.4)."""
    return await _open(connection.upload, target)


async def open_download(connection: Connection, source: VolumeRange) -> DownloadStream:
    """Open a download with holes; without them where the daemon is too old (before 3.4)."""
    return await _open(connection.download, source)


async def _open(opener: Callable[[VolumeRange], Awaitable[T]], target: VolumeRange) -> T:
    try:
        return await _patiently(opener, replace(target, flags=SPARSE))
    except NotSupportedError:
        return await _patiently(opener, replace(target, flags=0))


async def _patiently(opener: Callable[[VolumeRange], Awaitable[T]], target: VolumeRange) -> T:
    """Try again while others open the same volume.

    "Still in use" and a true refusal have the same code, and the text may be translated, so every
    refusal of that code is tried a few times.
    """
    for delay in BUSY_DELAYS[:5]:
        try:
            return await opener(target)
        except (VolumeBusyError, InvalidOperationError):
            await asyncio.sleep(delay)
    return await opener(target)
