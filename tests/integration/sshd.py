"""A private, real sshd: the host on which a private libvirtd seems to run.

Like the daemon it lives in a mount namespace of its own. There `/run` is a private folder in which
the daemon's socket is where clients look for it, and the account ``lacuna`` exists, with a
password: the machine has none, as only this sshd sees the changed `/etc/passwd` and `/etc/shadow`.
Its keys, its port on 127.0.0.1 and its log are its own.

Nothing here knows pytest, nor any module of Lacuna.
"""

import contextlib
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

from integration import elsewhere
from integration.libvirtd import (
    CHROOT,
    ENTER,
    HarnessError,
    PrivateLibvirtd,
    _environment,
    _free_port,
    _root_is_mount,
    run,
)

USER = "lacuna"
UID = 65534
"""The one of ``nobody``: the daemon, which does not see our account, must know whose it is."""

PASSWORD = "correct horse"  # noqa: S105 - of the tests alone
PASSPHRASE = "battery staple"  # noqa: S105

PROGRAMS = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ssh-agent": "openssh-client",
    "nc": "netcat-openbsd",
    "openssl": "openssl",
    "virt-ssh-helper": "libvirt-daemon",
}


def require() -> None:
    """Raise `HarnessError` naming the programs this machine lacks."""
    path = _environment()["PATH"]
    lacking = [
        f"{name} (Debian package {package})"
        for name, package in PROGRAMS.items()
        if shutil.which(name, path=path) is None
    ]
    if lacking:
        raise HarnessError("the tests through ssh need: " + ", ".join(lacking))


PAM_SETTINGS = {
    "UsePAM": "yes",
    "KbdInteractiveAuthentication": "yes",
    "PasswordAuthentication": "no",
}
PAM_FILE = "/etc/pam.d/sshd"
PAM_SERVICE = """\
auth required pam_unix.so nodelay
account required pam_unix.so
session required pam_permit.so
"""


class PrivateSshd:
    """One private sshd; a context manager.

    ``settings``: lines of sshd_config that differ. ``without``: programs that are hidden from the
    host, as ``{"virt-ssh-helper", "nc"}``. ``pam``: the same password is asked for by PAM, with a
    service of this host's own. The keys of a user lie in `folder`: ``key`` opens the account,
    ``locked`` and ``pem`` do too and have `PASSPHRASE`, ``foreign`` does not.
    """

    def __init__(
        self,
        daemon: PrivateLibvirtd | None,
        *,
        settings: Mapping[str, str] | None = None,
        without: frozenset[str] = frozenset(),
        pam: bool = False,
    ) -> None:
        require()
        self.folder = Path(tempfile.mkdtemp(prefix="lacuna-ssh-"))
        self.folder.chmod(0o755)
        self.port = _free_port()
        self.log_path = self.folder / "log"
        self._daemon = daemon
        self._settings = dict(settings or {})
        self._without = without
        self._pam = pam
        if pam:
            self._settings = PAM_SETTINGS | self._settings
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._lay_out()
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _lay_out(self) -> None:
        folder = self.folder
        for name in ("run", "run/sshd", "run/libvirt", "home"):
            (folder / name).mkdir()
        os.chown(folder / "home", UID, UID)
        if self._daemon is not None:
            (folder / "run/libvirt/libvirt-sock").symlink_to(self._daemon.socket_path)
            for name in elsewhere.DAEMONS if elsewhere.is_modular() else ():
                own = self._daemon.root / f"run/libvirt/{name}-sock"
                (folder / f"run/libvirt/{own.name}").symlink_to(own)
        self.make_host_key()
        for name, passphrase in (("key", ""), ("locked", PASSPHRASE), ("foreign", "")):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", folder / name)
        # A format whose passphrase asyncssh can do without the package bcrypt.
        run(
            "ssh-keygen", "-q", "-t", "ecdsa", "-N", PASSPHRASE, "-m", "PKCS8", "-f", folder / "pem"
        )
        allowed = [(folder / f"{name}.pub").read_text() for name in ("key", "locked", "pem")]
        (folder / "authorized_keys").write_text("".join(allowed))
        hashed = run("openssl", "passwd", "-6", PASSWORD).stdout.strip()
        for name, line in (
            ("passwd", f"{USER}:x:{UID}:{UID}::{folder}/home:/bin/sh\n"),
            ("shadow", f"{USER}:{hashed}:19000:0:99999:7:::\n"),
        ):
            (folder / name).write_text(Path("/etc", name).read_text() + line)
        (folder / "shadow").chmod(0o640)
        (folder / "pam").write_text(PAM_SERVICE)

    def make_host_key(self) -> None:
        """Give the host a new key."""
        path = self.folder / "host_key"
        for old in (path, path.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)

    def _write_config(self) -> Path:
        config = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": str(self.folder / "host_key"),
            "PidFile": "none",
            "AuthorizedKeysFile": str(self.folder / "authorized_keys"),
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "yes",
            "KbdInteractiveAuthentication": "no",
            "PrintMotd": "no",
            "MaxStartups": "100",
        } | self._settings
        path = self.folder / "sshd_config"
        path.write_text("".join(f"{key} {value}\n" for key, value in config.items()))
        return path

    def start(self) -> None:
        """Start it and wait until it greets."""
        config = self._write_config()
        pairs = [str(self.folder / "run"), "/run"]
        for name in ("passwd", "shadow"):
            pairs += [str(self.folder / name), f"/etc/{name}"]
        if self._pam:
            if not Path(PAM_FILE).exists():
                raise HarnessError(f"{PAM_FILE} is missing (openssh-server), to be covered by ours")
            pairs += [str(self.folder / "pam"), PAM_FILE]
        if elsewhere.is_modular():
            helper = "bin/virt-ssh-helper"
            pairs += [str(elsewhere.BUILT / helper), f"/usr/{helper}"]
        for program in sorted(self._without):
            found = shutil.which(program, path=_environment()["PATH"])
            if found is not None:
                pairs += ["/dev/null", str(Path(found).resolve())]
        sshd = shutil.which("sshd", path=_environment()["PATH"]) or "sshd"
        enter = elsewhere.enter_words() or ["unshare", "-m", "--propagation", "private"]
        if not _root_is_mount():
            jail = self.folder / "jail"
            jail.mkdir(exist_ok=True)
            enter = ["unshare", "-m", "--propagation", "unchanged"]
            enter += ["sh", "-c", f'mount --bind "$0" "$0"; {CHROOT}', str(jail), str(jail)]
        server = [sshd, "-D", "-e", "-f", str(config)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*enter, "sh", "-c", ENTER, "enter", *pairs, "--", *server],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=_environment(),
            )
        deadline = time.monotonic() + 30
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise HarnessError(f"sshd does not start; its log:\n{self.log()}")
            time.sleep(0.01)

    def _greets(self) -> bool:
        with socket.socket() as probe:
            try:
                probe.connect(("127.0.0.1", self.port))
                return probe.recv(4) == b"SSH-"
            except OSError:
                return False

    def log(self) -> str:
        """Return what it wrote."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self) -> None:
        """End it and its sessions."""
        process, self._process = self._process, None
        if process is None:
            return
        for pid in [*_children(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(15)

    @property
    def known_hosts_line(self) -> str:
        """The line of known_hosts that makes this host a known one."""
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def __enter__(self) -> Self:
        """Start it; whatever fails, nothing stays behind."""
        try:
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
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder)


def _children(pid: int) -> list[int]:
    """Return the ids of all processes below ``pid``, the youngest first."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found = [*_children(child), child, *found]
    return found
