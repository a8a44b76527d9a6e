"""Certificates made on the fly, by the openssl program."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

__all__ = ["Certificates"]


class Certificates:
    """A CA, and a server's and a client's certificate, in one folder as ``pkipath`` wants them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        _openssl(
            *(
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=test ca",
            ),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", str(folder / "cakey.pem"), "-out", str(folder / "cacert.pem")),
        )
        for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
            self._sign(name, usage)

    def _sign(self, name: str, usage: str) -> None:
        key, cert = self.folder / f"{name}key.pem", self.folder / f"{name}cert.pem"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(
            "keyUsage=critical,digitalSignature,keyEncipherment\n"
            f"extendedKeyUsage={usage}\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
        )
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", str(key), "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-days", "2", "-in", str(request), "-extfile", str(extensions)),
            *("-CA", str(self.folder / "cacert.pem"), "-CAkey", str(self.folder / "cakey.pem")),
            *("-CAcreateserial", "-out", str(cert)),
        )

    def server(self) -> ssl.SSLContext:
        """Return what the server is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "servercert.pem", self.folder / "serverkey.pem")
        return context

    def client(self) -> ssl.SSLContext:
        """Return what a client uses that trusts the CA."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "cacert.pem")
        return context


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
