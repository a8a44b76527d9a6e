"""The embedded server: folders as libvirt storage pools, for unmodified clients of libvirt.

Built on the same protocol core as the client. It behaves as libvirt's daemon does (protocol.md),
better where the daemon is wrong (6.4), and as wrong as the daemon where a test asks for it
(:class:`Faults`).
"""

from lacuna_engine.server.faults import DAEMON_PACKETS, Faults
from lacuna_engine.server.listening import Address, parse_address
from lacuna_engine.server.logins import Logins
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.server.registry import Registry
from lacuna_engine.server.service import StorageServer
from lacuna_engine.server.shaper import Link, ShapedPipe

__all__ = [
    "DAEMON_PACKETS",
    "Address",
    "Faults",
    "Link",
    "Logins",
    "Refusal",
    "Registry",
    "ShapedPipe",
    "StorageServer",
    "parse_address",
]
