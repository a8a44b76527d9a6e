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

__all__ = ["BLOCK", "BlockDigest", "Section"]

BLOCK = 4 << 20
MARK = b"lacuna-digest-1\0"


class BlockDigest:
    """The digest of an image of ``size`` bytes in the making.

    It is taken in by sections, which may come in any order and at the same time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks: dict[int, bytes] = {}
        self.taken = 0

    def section(self, start: int = 0) -> Section:
        """Begin a section at ``start``, a multiple of :data:`BLOCK`. Raises :class:`ValueError`."""
        if start % BLOCK:
            raise ValueError(f"a section starts at a block, not at {start}")
        return Section(self, start)

    def hexdigest(self) -> str:
        """Return the digest in hex. Raises ValueError if not exactly the image was taken in."""
        if self.taken != self.size:
            raise ValueError(f"{self.taken} of {self.size} bytes were taken in")
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


class Section:
    """Takes consecutive bytes in, as data and holes; :meth:`end` completes the last block."""

    def __init__(self, digest: BlockDigest, start: int) -> None:
        self._digest = digest
        self._position = start
        self._block: memoryview | None = None

    def data(self, view: memoryview | bytes) -> None:
        """The next bytes."""
        offset = 0
        while offset < len(view):
            inside = self._position % BLOCK
            count = min(BLOCK - inside, len(view) - offset)
            # A block not begun before the first data in it is zero up to there.
            if self._block is None:
                self._block = memoryview(bytearray(BLOCK))
            self._block[inside : inside + count] = view[offset : offset + count]
            self._advance(count)
            offset += count

    def hole(self, length: int) -> None:
        """The next ``length`` bytes, all zero."""
        rest = -self._position % BLOCK
        if self._block is not None and length >= rest:
            self._advance(rest)
            length -= rest
        self._advance(length)

    def end(self) -> None:
        """The section ends here: at a block, or at the end of the image."""
        self._close_block(self._position)

    def _advance(self, count: int) -> None:
        self._position += count
        self._digest.taken += count
        if self._position % BLOCK == 0:
            self._close_block(self._position)

    def _close_block(self, end: int) -> None:
        """Hash the block that ends at ``end``, unless it is all zero."""
        block, self._block = self._block, None
        if block is None:
            return
        number = (end - 1) // BLOCK
        filled = block[: end - number * BLOCK]
        if not is_zero(filled):
            self._digest.blocks[number] = blake2b(filled, digest_size=32).digest()
