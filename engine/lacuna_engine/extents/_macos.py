"""macOS: punching holes by F_PUNCHHOLE, and device sizes by ioctl.

Not to be used but through `_system`. Offsets and lengths are bytes. Written after Apple's
fcntl(2) and <sys/disk.h>; tested with a stand-in for the system calls, not yet run on macOS.
"""

from __future__ import annotations

import os
import stat
import struct
import sys

from lacuna_engine.extents._posix import UNSUPPORTED

__all__: list[str] = []

_F_PUNCHHOLE = 99
_PUNCHHOLE = struct.Struct("=IIqq")  # fpunchhole_t: flags, reserved, offset, length
_BLOCK_SIZE = 0x40046418  # DKIOCGETBLOCKSIZE, uint32
_BLOCK_COUNT = 0x40086419  # DKIOCGETBLOCKCOUNT, uint64

if sys.platform != "win32":
    import fcntl

    from lacuna_engine.extents._posix import allocated, data_sections, make_sparse

    __all__ += ["allocated", "available_memory", "data_sections", "device_size", "fetch", "forget"]
    __all__ += ["make_sparse", "punch"]

    def punch(fd: int, start: int, end: int) -> bool:
        """Make ``[start, end)`` a hole; see `sparse.punch_hole`.

        Only whole blocks can be punched. The parts of blocks at the two ends are overwritten with
        zeros, at most one block each.

        Raises:
            OSError: if it fails for another reason than not being supported.
        """
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return False
        end = min(end, status.st_size)
        block = os.fstatvfs(fd).f_frsize
        first, last = -(-start // block) * block, end // block * block
        if first >= last:
            _write_zeros(fd, start, end)
            return True
        try:
            fcntl.fcntl(fd, _F_PUNCHHOLE, _PUNCHHOLE.pack(0, 0, first, last - first))
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return False
            raise
        _write_zeros(fd, start, first)
        _write_zeros(fd, last, end)
        return True

    def _write_zeros(fd: int, start: int, end: int) -> None:
        """Overwrite ``[start, end)``, less than two blocks; nothing if it is empty."""
        while start < end:
            start += os.pwrite(fd, bytes(end - start), start)

    def device_size(fd: int) -> int:
        """Return the length of a device in bytes. Seeking to its end gives 0 on macOS.

        Raises:
            OSError: if it has none, as a terminal.
        """
        (size,) = struct.unpack("=I", fcntl.ioctl(fd, _BLOCK_SIZE, bytes(4)))
        (count,) = struct.unpack("=Q", fcntl.ioctl(fd, _BLOCK_COUNT, bytes(8)))
        return int(size) * int(count)

    def forget(fd: int, start: int, end: int) -> None:
        """Do nothing: macOS has no call that drops a range from the cache."""
        del fd, start, end

    def fetch(fd: int, start: int, end: int) -> None:
        """Do nothing: macOS reads ahead by itself."""
        del fd, start, end

    def available_memory() -> int | None:
        """Return None: it only matters where ranges can be dropped from the cache."""
        return None
