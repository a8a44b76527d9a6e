"""SASL for a private libvirtd: its own configuration and users; nothing of the machine's is read.

Like the harness it names what is missing rather than skipping.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from integration.libvirtd import HarnessError, PrivateLibvirtd, _environment
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion

__all__ = ["Answers", "auth_file", "configuration", "configure", "guarded"]

PLUGINS = ("libscram.so", "libdigestmd5.so", "libplain.so", "libsasldb.so", "libanonymous.so")
"""Of Cyrus SASL, in the Debian packages libsasl2-modules and libsasl2-modules-db."""


def configuration() -> str:
    """Return the folder that Cyrus SASL reads and a private one can cover.

    The first of them comes with libvirt's service, which tests do without. Raises `HarnessError`.
    """
    for folder in ("/etc/sasl2", "/usr/lib/sasl2", "/usr/lib64/sasl2"):
        if Path(folder).is_dir():
            return folder
    raise HarnessError("Cyrus SASL has no folder for its configuration: make /etc/sasl2")


def require() -> None:
    """Raise `HarnessError` if Cyrus SASL lacks something."""
    places = [*Path("/usr/lib").glob("*/sasl2"), Path("/usr/lib/sasl2"), Path("/usr/lib64/sasl2")]
    lacking = [
        name for name in PLUGINS if not any(list(place.glob(f"{name}*")) for place in places)
    ]
    if shutil.which("saslpasswd2", path=_environment()["PATH"]) is None:
        lacking.append("saslpasswd2 (Debian package sasl2-bin)")
    if lacking:
        raise HarnessError(f"Cyrus SASL is not complete: {', '.join(lacking)}")


def configure(folder: Path, mechanisms: str, users: Mapping[str, str]) -> Path:
    """Write the daemon's SASL configuration and users into a folder, which is returned."""
    require()
    folder.mkdir()
    users_file = folder / "users.db"
    (folder / "libvirt.conf").write_text(f"mech_list: {mechanisms}\nsasldb_path: {users_file}\n")
    for user, password in users.items():
        subprocess.run(
            ["saslpasswd2", "-f", str(users_file), "-a", "libvirt", "-p", "-c", user],
            input=password.encode(),
            check=True,
            capture_output=True,
            timeout=60,
            env=_environment(),
        )
    return folder


@contextmanager
def guarded(
    folder: Path,
    mechanisms: str,
    users: Mapping[str, str],
    pools: Iterable[str] = (),
    settings: Mapping[str, str | int | Sequence[str]] | None = None,
) -> Iterator[PrivateLibvirtd]:
    """Run a daemon that asks for a SASL login on its sockets, with pools of 64 MiB."""
    place = configure(folder / "sasl", mechanisms, users)
    with PrivateLibvirtd(settings=settings, binds={configuration(): place}) as daemon:
        for pool in pools:
            daemon.make_pool(pool, "tmpfs")
        # Only now with logins: the harness makes pools without.
        daemon.terminate()
        daemon._settings |= {f"auth_{kind}": "sasl" for kind in ("unix_rw", "tcp", "tls")}
        daemon.start()
        yield daemon


def auth_file(path: Path, user: str, password: str, host: str = "localhost") -> Path:
    """Write an auth.conf of libvirt's."""
    path.write_text(
        f"# for the tests\n[credentials-test]\nauthname={user}\npassword={password}\n"
        f"[auth-libvirt-{host}]\ncredentials=test\n"
    )
    return path


class Answers:
    """A prompter with answers prepared: a user name, and the passwords of each attempt."""

    def __init__(self, user: str | None, *passwords: str | None) -> None:
        self._user = user
        self._passwords = list(passwords)
        self.asked: list[SecretQuestion] = []

    async def secret(self, question: SecretQuestion) -> str | None:
        self.asked.append(question)
        if question.kind is SecretKind.SASL_USER:
            return self._user
        return self._passwords.pop(0)

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        raise AssertionError(f"no SSH here, but {question}")
