"""A libvirtd that listens on TLS, with certificates of its own."""

from __future__ import annotations

from pathlib import Path

from integration.libvirtd import _free_port
from integration.pki import Authority


class Server:
    """What a libvirtd has to be started with, its CA, and where it then is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()
        self.port = _free_port()
        self.certificate = self.authority.write(folder / "server", "server")
        self.revoked = self.authority.write(folder / "revoked", "client")
        self.authority.revoke(folder / "server/cacrl.pem", self.revoked)
        self.authority.write(folder / "good", "client")
        self.settings: dict[str, str | int] = {
            "listen_tls": 1,
            "tls_port": str(self.port),
            "auth_tls": "none",
            "key_file": str(folder / "server/serverkey.pem"),
            "cert_file": str(folder / "server/servercert.pem"),
            "ca_file": str(folder / "server/cacert.pem"),
            "crl_file": str(folder / "server/cacrl.pem"),
        }

    def uri(self, pki: str = "good", more: str = "", host: str = "localhost") -> str:
        return f"qemu+tls://{host}:{self.port}/system?pkipath={self.folder / pki}{more}"
