"""What the tests of transfers that fail share."""

from integration.images import data, hole
from integration.libvirtd import MIB

PROMPT = 10.0
"""Seconds in which a failure or a cancellation must have its end."""

IMAGE = (data(3 * MIB), hole(5 * MIB), data(3 * MIB))
"""Takes more than a second with `SLOW`."""
