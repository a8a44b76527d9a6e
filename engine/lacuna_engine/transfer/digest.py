"""A digest of an image that costs nothing for holes (pure).

The image is cut into blocks of 4 MiB; each block that is not all zero has its BLAKE2b-256. The
digest is the BLAKE2b-256 of

* the 16 bytes ``lacuna-digest-1`` and a NUL,
* the image's size and the block's size, each as 8 bytes, big-endian,
* for each block that is not all zero, in order: its number as 8 bytes, big-endian, and its hash.

Anybody can compute it; it depends on the content alone, not on where the holes are.
"""

from __future__ import annotations

from hashlib import blake2b

from lacuna_engine.extents import is_zero

__all__ = ["BLOCK", "BlockDigest"]

BLOCK = 4 << 20
MARK = b"lacuna-digest-1\0"


class BlockDigest:
    """Takes an image in, in order, as data and holes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks: dict[int, bytes] = {}
        self._position = 0
        self._block = memoryview(bytearray(BLOCK))
        self._dirty = False

    def data(self, view: memoryview | bytes) -> None:
        """The next bytes."""
        offset = 0
        while offset < len(view):
            inside = self._position % BLOCK
            count = min(BLOCK - inside, len(view) - offset)
            self._block[inside : inside + count] = view[offset : offset + count]
            self._dirty = True
            self._go(count)
            offset += count

    def hole(self, length: int) -> None:
        """The next ``length`` bytes, all zero."""
        inside = self._position % BLOCK
        if inside:
            count = min(BLOCK - inside, length)
            self._block[inside : inside + count] = bytes(count)
            self._go(count)
            length -= count
        whole = length - length % BLOCK
        self._position += whole
        if length > whole:
            self._block[: length - whole] = bytes(length - whole)
            self._go(length - whole)

    def hexdigest(self) -> str:
        """Return the digest in hex. Raises ValueError if not exactly the image was taken in."""
        if self._position != self.size:
            raise ValueError(f"{self._position} of {self.size} bytes were taken in")
        self._close_block()
        total = blake2b(MARK, digest_size=32)
        total.update(self.size.to_bytes(8, "big") + BLOCK.to_bytes(8, "big"))
        for number in sorted(self.blocks):
            total.update(number.to_bytes(8, "big") + self.blocks[number])
        return total.hexdigest()

    def differences(self, other: BlockDigest) -> list[tuple[int, int]]:
        """Return the ranges, in whole blocks, where two images of one size differ."""
        ranges: list[tuple[int, int]] = []
        for number in sorted(self.blocks.keys() | other.blocks.keys()):
            if self.blocks.get(number) == other.blocks.get(number):
                continue
            start, end = number * BLOCK, min((number + 1) * BLOCK, self.size)
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
        return ranges

    def _go(self, count: int) -> None:
        self._position += count
        if self._position % BLOCK == 0:
            self._close_block()

    def _close_block(self) -> None:
        """Hash the block that ends at the position, if anything but zeros was put into it."""
        if not self._dirty:
            return
        length = (self._position - 1) % BLOCK + 1
        filled = self._block[:length]
        if not is_zero(filled):
            self.blocks[(self._position - 1) // BLOCK] = blake2b(filled, digest_size=32).digest()
        self._dirty = False
