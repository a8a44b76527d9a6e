"""Where libvirt keeps certificates for TLS (transports.md 1)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from lacuna_engine.errors import ConnectError
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["Pki", "find_pki"]

_SYSTEM = {
    "cacert.pem": Path("/etc/pki/CA/cacert.pem"),
    "cacrl.pem": Path("/etc/pki/CA/cacrl.pem"),
    "clientcert.pem": Path("/etc/pki/libvirt/clientcert.pem"),
    "clientkey.pem": Path("/etc/pki/libvirt/private/clientkey.pem"),
}


class Pki(NamedTuple):
    """The files of one connection. Without a client certificate servers usually refuse."""

    ca: Path
    crl: Path | None
    cert: Path | None
    key: Path | None


def find_pki(uri: ConnectionUri) -> Pki:
    """Find the files: in ``pkipath``, or the user's own, each missing one from the system.

    Raises :class:`ConnectError` if there is no CA certificate, without which no server can be
    checked, or only one of client certificate and key.
    """
    named = uri.parameters.get("pkipath")
    if named:
        return _from([Path(named)], flat=True)
    folders = [] if _is_root() else [_own_folder()]
    return _from(folders, flat=False)


def _own_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "~")).expanduser() / "libvirt" / "pki"
    return Path("~/.pki/libvirt").expanduser()


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def _from(folders: list[Path], *, flat: bool) -> Pki:
    def places(name: str) -> list[Path]:
        own = [folder / name for folder in folders]
        return own if flat or os.name == "nt" else [*own, _SYSTEM[name]]

    def first(name: str) -> Path | None:
        return next((path for path in places(name) if path.is_file()), None)

    ca = first("cacert.pem")
    if ca is None:
        tried = ", ".join(map(str, places("cacert.pem")))
        raise ConnectError(
            f"there is no CA certificate to check the server with: {tried}",
            hint="Get cacert.pem from whoever set up the server, or name its folder with "
            "?pkipath=FOLDER.",
        )
    # Certificate and key belong together: both from one place.
    pairs = zip(places("clientcert.pem"), places("clientkey.pem"), strict=True)
    for cert, key in pairs:
        if cert.is_file() and key.is_file():
            return Pki(ca, first("cacrl.pem"), cert, key)
        if cert.is_file() or key.is_file():
            lacking = key if cert.is_file() else cert
            raise ConnectError(
                f"'{lacking}' is missing beside '{cert if cert.is_file() else key}'",
                hint="A client certificate and its key belong together.",
            )
    return Pki(ca, first("cacrl.pem"), None, None)
