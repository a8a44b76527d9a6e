"""A ground full of traps: daemons, hosts and ports, of which each is wrong in its own way.

For the tests of what a user is told; nothing here is looked into by a test.
"""

from __future__ import annotations

import os
import shlex
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.libvirtd import PrivateLibvirtd, _free_port
from integration.pki import Authority
from integration.sasl import auth_file, guarded
from integration.sshd import PASSPHRASE, PASSWORD, USER, PrivateSshd

__all__ = ["SECRETS", "Ground"]

DAY = timedelta(days=1)
SASL_PASSWORD = "correct horse of sasl"  # noqa: S105 - of the tests alone
WRONG_PASSWORD = "mistyped staple"  # noqa: S105
URI_PASSWORD = "written-into-the-uri"  # noqa: S105
SECRETS = (PASSWORD, PASSPHRASE, SASL_PASSWORD, WRONG_PASSWORD, URI_PASSWORD, "PRIVATE KEY")

Talk = Callable[[socket.socket], None]


def garbage(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nothing of libvirt's\r\n\r\n")
    sock.recv(4096)


def hang_up(sock: socket.socket) -> None:
    """Listen, say nothing, and go. (Without listening the system would say that it was reset.)"""
    sock.recv(4096)


def mute(sock: socket.socket) -> None:
    while sock.recv(4096):
        pass


def smtp(sock: socket.socket) -> None:
    sock.sendall(b"220 mail.example.com ESMTP\r\n")
    sock.recv(4096)


class Ground:
    """Everything at once, a context manager; `places` are the words for URIs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: dict[str, object] = {"folder": folder, "user": USER}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:
            self._daemons()
            self._ports()
            self._certificates()
            self._hosts()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    # --- daemons -------------------------------------------------------------------------------

    def _daemons(self) -> None:
        self.authority = Authority()
        self.authority.write(self.folder / "server", "server")
        revoked = self.authority.write(self.folder / "revoked", "client")
        self.authority.revoke(self.folder / "server/cacrl.pem", revoked)
        port = _free_port()
        server = self.folder / "server"
        self.daemon = self._stack.enter_context(
            PrivateLibvirtd(
                settings={
                    "listen_tls": 1,
                    "tls_port": str(port),
                    "key_file": str(server / "serverkey.pem"),
                    "cert_file": str(server / "servercert.pem"),
                    "ca_file": str(server / "cacert.pem"),
                    "crl_file": str(server / "cacrl.pem"),
                    "unix_sock_ro_perms": "0777",
                }
            )
        )
        self.daemon.make_pool("pool", "dir")
        login = self._stack.enter_context(
            guarded(self.folder, "scram-sha-256", {"ann": SASL_PASSWORD})
        )
        self.places |= {
            "socket": self.daemon.socket_path,
            "tcp": self.daemon.tcp_port,
            "tls": port,
            "login": login.socket_path,
            "login_tcp": login.tcp_port,
        }
        auth_file(self.folder / "wrong.conf", "ann", WRONG_PASSWORD)
        broken = auth_file(self.folder / "broken.conf", "ann", WRONG_PASSWORD)
        broken.write_text(broken.read_text().replace("[credentials-test]", "[credentials-other]"))
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.daemon.root / "dead"))
        self.places["root"] = self.daemon.root

    # --- ports that are something else ---------------------------------------------------------

    def _ports(self) -> None:
        for name, talk in (("http", garbage), ("gone", hang_up), ("mute", mute), ("mail", smtp)):
            self.places[name] = self._port(talk)
        full = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        first = self._stack.enter_context(socket.socket())
        first.connect(full.getsockname())
        self.places["silent"] = full.getsockname()[1]
        # Bound, but nobody listens.
        closed = self._stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        self.places["closed"] = closed.getsockname()[1]

    def _port(self, talk: Talk, context: ssl.SSLContext | None = None) -> int:
        """Have every connection to a port talked to; returns the port."""
        listening = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve(sock: socket.socket) -> None:
            with suppress(OSError), sock:
                sock.settimeout(30)
                if context is None:
                    talk(sock)
                else:
                    with context.wrap_socket(sock, server_side=True) as wrapped:
                        talk(wrapped)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock = listening.accept()[0]
                    threading.Thread(target=serve, args=(sock,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(listening.shutdown, socket.SHUT_RDWR)
        port: int = listening.getsockname()[1]
        return port

    # --- certificates --------------------------------------------------------------------------

    def _certificates(self) -> None:
        folder, good = self.folder, self.authority
        other = Authority("another ca")
        good.write(folder / "good", "client")
        good.write(folder / "old", "client", start=-2 * DAY, end=-DAY)
        good.write(folder / "early", "client", start=timedelta(hours=5))
        good.write(folder / "locked", "client", passphrase=PASSPHRASE)
        other.write(folder / "foreign", "client", trusts=good)
        for name in ("none", "half", "mixed", "unlisted"):
            good.write(folder / name, "client")
        for name in ("clientcert.pem", "clientkey.pem"):
            (folder / "none" / name).unlink()
        (folder / "half/clientkey.pem").unlink()
        (folder / "mixed/clientcert.pem").write_bytes((folder / "old/clientcert.pem").read_bytes())
        good.write(folder / "nonsense", "client")
        (folder / "nonsense/cacert.pem").write_text("-----BEGIN nonsense-----\n")
        self._bad_server("expired", good, start=-2 * DAY, end=-DAY)
        self._bad_server("unborn", good, start=timedelta(hours=5))
        self._bad_server("elsewhere", good, names=("elsewhere.example",))
        self._bad_server("stranger", other)
        certificate = self._bad_server("withdrawn", good)
        good.revoke(folder / "unlisted/cacrl.pem", certificate)
        context = self._context(folder / "server")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.places["tls12"] = self._port(mute, context)
        self.places["tls_mute"] = self._port(mute, self._context(folder / "server"))

    def _bad_server(self, name: str, by: Authority, **how: object):  # type: ignore[no-untyped-def]
        place = self.folder / name
        certificate = by.write(place, "server", **how)  # type: ignore[arg-type]
        self.places[name] = self._port(hang_up, self._context(place))
        return certificate

    @staticmethod
    def _context(place: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place / "servercert.pem", place / "serverkey.pem")
        return context

    # --- hosts ---------------------------------------------------------------------------------

    def _hosts(self) -> None:
        enter = self._stack.enter_context
        host = enter(PrivateSshd(self.daemon))
        bare = enter(
            PrivateSshd(
                self.daemon,
                settings={"AllowStreamLocalForwarding": "no"},
                without=frozenset({"virt-ssh-helper", "nc", "ncat", "socat"}),
            )
        )
        empty = enter(PrivateSshd(None))
        odd = enter(PrivateSshd(self.daemon, settings={"ForceCommand": "echo No shell here."}))
        locked = enter(PrivateSshd(None))
        closed = self.folder / "closed-sock"
        # A socket of somebody else's, who is neither root nor the user of the host.
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(closed))
        os.chown(closed, 12_345, 12_345)
        closed.chmod(0o700)
        (locked.folder / "run/libvirt/libvirt-sock").symlink_to(closed)
        self.folder.chmod(0o755)
        for name, one in (
            ("ssh", host),
            ("bare", bare),
            ("empty", empty),
            ("odd", odd),
            ("locked_host", locked),
        ):
            known = self.folder / f"{name}-known"
            known.write_text(one.known_hosts_line)
            common = f"known_hosts={known}&command={self.folder}/ssh"
            self.places[name] = f"qemu+ssh://{USER}@127.0.0.1:{one.port}/system?{common}"
            self.places[f"{name}_key"] = f"{self.places[name]}&keyfile={one.folder / 'key'}"
        kind, key, *_ = (host.folder / "foreign.pub").read_text().split()
        changed = self.folder / "changed-known"
        changed.write_text(f"[127.0.0.1]:{host.port} {kind} {key}\n")
        (self.folder / "no-known").touch()
        self.places |= {"keys": host.folder, "ssh_port": host.port}
        jump = self.folder / "jump.conf"
        jump.write_text(
            f"Host 127.0.0.1\n  ProxyJump lost\nHost lost\n  HostName 127.0.0.2\n"
            f"  Port {self.places['closed']}\n"
        )
        for name, config in (("ssh", "/dev/null"), ("jumping-ssh", str(jump))):
            program = self.folder / name
            program.write_text(f'#!/bin/sh\nexec ssh -F {shlex.quote(config)} "$@"\n')
            program.chmod(0o755)
        for name, words in (
            ("failing", "echo the tunnel is down >&2; exit 7"),
            ("chatting", "echo Good morning, this is no daemon at all; cat >/dev/null"),
        ):
            program = self.folder / name
            program.write_text(f"#!/bin/sh\n{words}\n")
            program.chmod(0o755)
