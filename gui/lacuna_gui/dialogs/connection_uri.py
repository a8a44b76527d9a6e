"""Between a connection's form and its URI (pure).

A URI that says more than the form can hold is kept as typed, so that nothing of it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from lacuna_engine.errors import UsageError
from lacuna_engine.transport import parse_uri

__all__ = ["UriFields", "build_uri", "take_apart"]

_KNOWN = frozenset({"keyfile", "pkipath", "no_verify", "socket"})


@dataclass(frozen=True, slots=True)
class UriFields:
    """The fields of the form. ``transport`` is ssh, unix, tls, tcp, or uri for ``text``."""

    transport: str
    host: str = ""
    user: str = ""
    port: int = 0
    daemon: str = "/system"
    key: str = ""
    pki: str = ""
    no_verify: bool = False
    socket: str = ""
    text: str = ""


def build_uri(fields: UriFields) -> str:
    """Return the URI that the fields make."""
    kind = fields.transport
    if kind == "uri":
        return fields.text
    parameters: list[tuple[str, str]] = []
    if fields.socket and kind in ("unix", "ssh"):
        parameters.append(("socket", fields.socket))
    if fields.key and kind == "ssh":
        parameters.append(("keyfile", fields.key))
    if fields.pki and kind == "tls":
        parameters.append(("pkipath", fields.pki))
    if fields.no_verify and kind == "tls":
        parameters.append(("no_verify", "1"))
    query = "&".join(f"{key}={quote(value, safe='/:@')}" for key, value in parameters)
    tail = fields.daemon + (f"?{query}" if query else "")
    if kind == "unix":
        return f"qemu+unix://{tail}" if fields.socket else f"qemu://{tail}"
    host = f"[{fields.host}]" if ":" in fields.host else fields.host
    user = f"{quote(fields.user, safe='')}@" if fields.user else ""
    port = f":{fields.port}" if fields.port else ""
    return f"qemu+{kind}://{user}{host}{port}{tail}"


def take_apart(uri: str) -> UriFields:
    """Return the fields of a URI; as typed if they cannot say it all."""
    as_typed = UriFields("uri", text=uri)
    try:
        parsed = parse_uri(uri)
    except UsageError:
        return as_typed
    own = parsed.parameters
    fields = UriFields(
        transport=parsed.transport,
        host=parsed.host,
        user=parsed.user,
        port=parsed.port or 0,
        daemon=parsed.path,
        key=own.get("keyfile", ""),
        pki=own.get("pkipath", ""),
        no_verify=own.get("no_verify") == "1",
        socket=own.get("socket", ""),
        text=uri,
    )
    simple = (
        parsed.transport in ("ssh", "unix", "tls", "tcp")
        and parsed.path in ("/system", "/session")
        and not parsed.extra
        and own.keys() <= _KNOWN
    )
    return fields if simple and _same(build_uri(fields), uri) else as_typed


def _same(ours: str, given: str) -> bool:
    try:
        one, other = parse_uri(ours), parse_uri(given)
    except UsageError:
        return False
    return (one.driver, one.transport, one.path, one.user, one.host, one.port, one.parameters) == (
        other.driver, other.transport, other.path, other.user, other.host, other.port,
        other.parameters,
    )  # fmt: skip
