"""Where the server listens, as people write it, and whether that is allowed (pure).

Without logins only a unix socket, or an address of this very machine, may be used: whoever reaches
the server can read and overwrite every volume.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from lacuna_engine.errors import UsageError

__all__ = ["Address", "parse_address"]

DEFAULT_PORTS = {"tcp": 16_509, "tls": 16_514}


@dataclass(frozen=True, slots=True)
class Address:
    """``unix`` with a path, or ``tcp`` or ``tls`` with a host and a port (0: any free one)."""

    kind: str
    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}:{host}:{self.port}"

    @property
    def uri(self) -> str:
        """What clients connect to."""
        if self.kind == "unix":
            return f"storage+unix:///system?socket={self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"storage+{self.kind}://{host}:{self.port}/system"

    @property
    def is_local(self) -> bool:
        """Whether nobody outside this machine can reach it."""
        if self.kind == "unix" or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """Read ``unix:PATH``, ``tcp:HOST:PORT`` or ``tls:HOST:PORT``. Raises :class:`UsageError`."""
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest:
        return Address("unix", path=rest)
    if kind in DEFAULT_PORTS and rest:
        host, colon, port = rest.rpartition(":")
        if rest.endswith("]") or not colon:
            host, port = rest, str(DEFAULT_PORTS[kind])
        host = host.removeprefix("[").removesuffix("]")
        if host and port.isdecimal() and int(port) < 65_536:
            return Address(kind, host=host, port=int(port))
    raise UsageError(
        f"'{text}' is no address to listen on",
        hint="Write unix:PATH, tcp:HOST:PORT or tls:HOST:PORT.",
    )


def check_address(address: Address, *, logins: bool) -> None:
    """Refuse what would open the volumes to others. Raises :class:`UsageError`."""
    if address.kind == "tcp" and not address.is_local:
        raise UsageError(
            f"{address} would send everything in the clear over the network",
            hint="Listen on 127.0.0.1, or with tls:HOST:PORT and --auth.",
        )
    if address.kind == "tls" and not logins:
        raise UsageError(
            f"{address} would let everybody in", hint="Give a file of users with --auth FILE."
        )
