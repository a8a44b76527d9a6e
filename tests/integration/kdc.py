"""A private Kerberos realm: a key distribution centre on 127.0.0.1, its users, and tickets.

Everything is in one folder; no file of the machine's Kerberos is read or written. Like the other
harnesses it names what is missing rather than skipping.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.libvirtd import HarnessError, _environment, _free_port

__all__ = ["REALM", "PrivateKdc"]

REALM = "LACUNA.TEST"
MASTER = "master key of the tests"

PROGRAMS = {
    "krb5kdc": "krb5-kdc",
    "kdb5_util": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kinit": "krb5-user",
}
PLUGIN = "libgssapiv2.so"
"""Of Cyrus SASL, for the daemon; in the Debian package libsasl2-modules-gssapi-mit."""

KRB5_CONF = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    ignore_acceptor_hostname = true
    default_rcache_name = none:
[realms]
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
"""
KDC_CONF = """\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {realm} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/acl
        max_life = 1h
        supported_enctypes = aes256-cts-hmac-sha1-96:normal
    }}
"""


def require() -> None:
    """Raise `HarnessError` if something lacks for a realm of one's own."""
    lacking = [
        f"{name} (Debian package {package})"
        for name, package in PROGRAMS.items()
        if shutil.which(name, path=_environment()["PATH"]) is None
    ]
    places = [*Path("/usr/lib").glob("*/sasl2"), Path("/usr/lib/sasl2"), Path("/usr/lib64/sasl2")]
    if not any((place / PLUGIN).exists() for place in places):
        lacking.append(f"{PLUGIN} (Debian package libsasl2-modules-gssapi-mit)")
    if not Path("/etc/krb5.conf").exists():
        lacking.append("the file /etc/krb5.conf (krb5-config), to be covered by a private one")
    if importlib.util.find_spec("gssapi") is None:
        lacking.append("the Python package gssapi (pip install '.[kerberos]')")
    if lacking:
        raise HarnessError(f"the tests with Kerberos need: {', '.join(lacking)}")


class PrivateKdc:
    """One private realm; a context manager.

    ``users`` and their passwords; ``services`` are principals whose keys go into `keytab`.
    """

    def __init__(self, users: Mapping[str, str], services: tuple[str, ...]) -> None:
        require()
        self.folder = Path(tempfile.mkdtemp(prefix="lacuna-kdc-"))
        self.folder.chmod(0o755)
        self.keytab = self.folder / "keytab"
        self.config = self.folder / "krb5.conf"
        self.port = _free_port()
        self._users = dict(users)
        self._services = services
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What programs of the realm need in their environment."""
        return {
            "KRB5_CONFIG": str(self.config),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
        }

    def ticket(self, user: str, *, life: str = "1h") -> str:
        """Get a ticket for a user; returns the value for KRB5CCNAME."""
        cache = f"FILE:{self.folder}/cache-{user}-{life}"
        password = self._users[user].encode() + b"\n"
        self._run("kinit", "-c", cache, "-l", life, user, words=password)
        return cache

    def _run(self, *command: str, words: bytes = b"") -> None:
        done = subprocess.run(
            command,
            input=words,
            check=False,
            capture_output=True,
            timeout=60,
            env=_environment() | self.environment,
        )
        if done.returncode:
            raise HarnessError(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")

    def __enter__(self) -> Self:
        try:
            self._lay_out()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _lay_out(self) -> None:
        values = {"realm": REALM, "port": self.port, "folder": self.folder}
        self.config.write_text(KRB5_CONF.format(**values))
        (self.folder / "kdc.conf").write_text(KDC_CONF.format(**values))
        self._run("kdb5_util", "-r", REALM, "-P", MASTER, "create", "-s")
        commands = [f'addprinc -pw "{password}" {user}' for user, password in self._users.items()]
        commands += [f"addprinc -randkey {service}" for service in self._services]
        commands += [f"ktadd -k {self.keytab} {service}" for service in self._services]
        self._run("kadmin.local", "-r", REALM, words="\n".join(commands).encode() + b"\n")
        if not self.keytab.exists():
            raise HarnessError("kadmin.local has made no keytab")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["krb5kdc", "-n", "-r", REALM, "-P", str(self.folder / "pid")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=_environment() | self.environment,
            )
        deadline = time.monotonic() + 30
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise HarnessError(f"krb5kdc does not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.01)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it. The tickets stay as good as they are."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait(15)
