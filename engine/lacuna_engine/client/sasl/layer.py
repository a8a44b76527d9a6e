"""SASL's security layer: from the end of the login on, every byte goes through it both ways.

A block is its length, four bytes big-endian, and that many bytes. Blocks do not line up with the
packets of the protocol (transports.md 2).
"""

from __future__ import annotations

from typing import Protocol

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.transport import Pipe, Receiver

__all__ = ["LayeredPipe", "SecurityLayer"]

LENGTH = 4


class SecurityLayer(Protocol):
    """How blocks are made and opened."""

    plain_limit: int
    """Bytes of ours that go into one block at most."""
    block_limit: int
    """Bytes of a block of the server at most, its length not counted."""

    def wrap(self, data: memoryview) -> bytes:
        """Return a block's content."""
        ...

    def unwrap(self, block: memoryview) -> bytes:
        """Return what is in a block. Raises :class:`ProtocolError` if it was tampered with."""
        ...


class LayeredPipe(Pipe):
    """A pipe through a security layer on another pipe, which has its receiver already.

    That receiver hands what it gets to :meth:`opened` and goes on with what it returns.
    """

    def __init__(self, inner: Pipe, layer: SecurityLayer) -> None:
        super().__init__()
        self._inner = inner
        self._layer = layer
        self._incoming = bytearray()
        self.is_paused = inner.is_paused
        self._count()

    def opened(self, data: memoryview) -> memoryview:
        """Return the content of all blocks that are complete with ``data``.

        Raises :class:`ProtocolError`.
        """
        self._count()
        self._incoming += data
        parts: list[bytes] = []
        position = 0
        with memoryview(self._incoming) as view:
            while len(view) - position >= LENGTH:
                start = position + LENGTH
                length = int.from_bytes(view[position:start], "big")
                if length > self._layer.block_limit:
                    raise ProtocolError(f"an encrypted block of {length} bytes is too large")
                if len(view) - start < length:
                    break
                parts.append(self._layer.unwrap(view[start : start + length]))
                position = start + length
        del self._incoming[:position]
        return memoryview(b"".join(parts))

    def start(self, receiver: Receiver) -> None:
        """Nothing: the inner pipe was started before the login."""
        del receiver

    def write(self, *parts: bytes | memoryview) -> None:
        """Send the parts in blocks; they are copied, so they may change at once."""
        blocks: list[bytes] = []
        data = memoryview(b"".join(parts))
        for start in range(0, len(data), self._layer.plain_limit):
            content = self._layer.wrap(data[start : start + self._layer.plain_limit])
            blocks += (len(content).to_bytes(LENGTH, "big"), content)
        if blocks:
            self._inner.write(b"".join(blocks))
        self._count()

    async def drain(self) -> None:
        """Wait for the inner pipe."""
        await self._inner.drain()

    def pause_reading(self) -> None:
        """Pause the inner pipe."""
        self.is_paused = True
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Resume the inner pipe."""
        self.is_paused = False
        self._inner.resume_reading()

    def close(self, reason: LacunaError | None = None) -> None:
        """End the inner pipe."""
        self._inner.close(reason)

    async def wait_closed(self) -> None:
        """Wait for the end of the inner pipe."""
        await self._inner.wait_closed()

    def _count(self) -> None:
        self.bytes_read = self._inner.bytes_read
        self.bytes_written = self._inner.bytes_written
