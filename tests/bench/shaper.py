"""A link of a given rate and delay between two TUN devices: ``shaper.py FD FD BITS SECONDS BYTES``.

Each packet that comes from one device goes into the other, after it has been serialised at BITS a
second behind those before it, and SECONDS later. What would make the queue longer than BYTES is
lost, as in a switch. The kernel's own way, netem, is not built into every kernel.

The kernel hands over TCP in pieces of up to 64 KiB (segmentation offload), which it would cut into
frames of 1,500 bytes for a real card; each is accounted for as those frames with their headers, the
Ethernet ones, preamble and gap included. It ends when its standard input does.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections import deque
from contextlib import suppress

OFFLOAD_HEADER = 10
"""Bytes before each packet (``struct virtio_net_hdr``): flags, kind, length of the
headers, length of a segment, where the checksum is."""
ETHERNET = 38
"""Bytes of a frame on the wire beside its packet: header, checksum, preamble and gap."""
LARGEST = OFFLOAD_HEADER + 65_536


def on_the_wire(packet: bytes) -> int:
    """Return the bytes that a packet takes on the wire, as frames."""
    kind, segment = packet[1], int.from_bytes(packet[4:6], sys.byteorder)
    length = len(packet) - OFFLOAD_HEADER
    if kind == 0 or segment == 0:
        return length + ETHERNET
    internet = (packet[OFFLOAD_HEADER] & 15) * 4
    header = internet + (packet[OFFLOAD_HEADER + internet + 12] >> 4) * 4
    frames = -(-(length - header) // segment)
    return length - header + frames * (header + ETHERNET)


class Lane:
    """One direction: packets wait for their time."""

    def __init__(self, sink: int, rate: float, delay: float, room: int) -> None:
        self._sink = sink
        self._rate = rate
        self._delay = delay
        self._room = room
        self._free = 0.0
        """When the last packet so far will have been serialised."""
        self._waiting: deque[tuple[float, bytes]] = deque()
        self.lost = 0

    def take(self, packet: bytes, now: float) -> None:
        """Put a packet into the queue, or lose it."""
        start = max(self._free, now)
        if (start - now) * self._rate > self._room:
            self.lost += 1
            return
        self._free = start + on_the_wire(packet) / self._rate
        self._waiting.append((self._free + self._delay, packet))

    def due(self) -> float | None:
        """Return when the next packet is to leave."""
        return self._waiting[0][0] if self._waiting else None

    def release(self, now: float) -> None:
        """Let go what is due."""
        while self._waiting and self._waiting[0][0] <= now:
            with suppress(BlockingIOError):  # no room on the other side: lost
                os.write(self._sink, self._waiting[0][1])
            self._waiting.popleft()


def run(one: int, two: int, rate: float, delay: float, room: int) -> None:
    """Move packets until standard input ends."""
    lanes = {one: Lane(two, rate, delay, room), two: Lane(one, rate, delay, room)}
    while True:
        times = [due for lane in lanes.values() if (due := lane.due()) is not None]
        patience = max(min(times) - time.monotonic(), 0) if times else None
        ready, _, _ = select.select([*lanes, 0], [], [], patience)
        if 0 in ready:
            return
        for source in ready:
            with suppress(BlockingIOError):
                while True:
                    packet = os.read(source, LARGEST)
                    lanes[source].take(packet, time.monotonic())
        now = time.monotonic()
        for lane in lanes.values():
            lane.release(now)


if __name__ == "__main__":
    os.setpriority(os.PRIO_PROCESS, 0, -10)  # a real link waits for no processor
    first, second, bits, seconds, queue = sys.argv[1:]
    run(int(first), int(second), float(bits) / 8, float(seconds), int(queue))
