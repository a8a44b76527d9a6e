"""The link that is slow on purpose: what a packet takes, when it arrives, what is lost."""

from __future__ import annotations

import os
import struct

import pytest

from bench.shaper import ETHERNET, OFFLOAD_HEADER, Lane, on_the_wire


def packet(payload: int, segment: int = 0) -> bytes:
    """A TCP packet as a TUN device hands it over, with the checksum's place told."""
    offload = struct.pack("=BBHHHH", 1, 1 if segment else 0, 52, segment, 20, 16)
    assert len(offload) == OFFLOAD_HEADER
    internet = bytes([0x45]) + bytes(19)
    tcp = bytes(12) + bytes([8 << 4]) + bytes(19)  # with 12 bytes of options
    return offload + internet + tcp + bytes(payload)


@pytest.mark.parametrize(
    ("payload", "segment", "frames"),
    [(0, 0, 1), (1448, 0, 1), (14480, 1448, 10), (14481, 1448, 11), (100, 1448, 1)],
)
def test_large_packets_count_as_frames(payload: int, segment: int, frames: int) -> None:
    assert on_the_wire(packet(payload, segment)) == payload + frames * (52 + ETHERNET)


def test_a_packet_waits_for_those_before_it_and_for_the_way() -> None:
    reader, writer = os.pipe()
    lane = Lane(writer, rate=1000.0, delay=2.0, room=10_000)
    one = packet(410)  # half a second
    lane.take(one, 10.0)
    lane.take(one, 10.0)
    assert lane.due() == pytest.approx(12.5)
    lane.release(12.4)
    lane.release(12.6)
    assert lane.due() == pytest.approx(13.0)
    lane.release(13.1)
    assert lane.due() is None
    os.close(writer)
    with os.fdopen(reader, "rb") as arrived:
        assert arrived.read() == 2 * one


def test_what_the_queue_has_no_room_for_is_lost() -> None:
    lane = Lane(-1, rate=1000.0, delay=0.0, room=900)
    for _ in range(4):
        lane.take(packet(410), 10.0)
    assert lane.lost == 2
    lane.take(packet(410), 11.0)
    assert lane.lost == 2
