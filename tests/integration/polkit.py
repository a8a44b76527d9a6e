"""A private polkit: a system bus of its own, the real polkitd, its rules, and two accounts.

What the machine has of it is neither asked nor changed: polkitd, the agent at a terminal and the
daemon that asks see folders and files of one temporary directory where the machine's own would be.
Like the other harnesses it names what is missing rather than skipping.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.libvirtd import ENTER, HarnessError, PrivateLibvirtd, _environment, run

__all__ = ["ADMIN_PASSWORD", "PLAIN", "TRUSTED", "PrivatePolkit"]

TRUSTED, PLAIN = 64_001, 64_002
"""The ids of ``ann``, who is in the group ``libvirt``, and of ``bo``, who is not."""

ADMIN_PASSWORD = "correct horse of root"  # noqa: S105 - of the tests alone
"""Of ``bo``, whom the rules make an administrator that has to say who he is."""

POLKITD = Path("/usr/lib/polkit-1/polkitd")
PROGRAMS = {
    "dbus-daemon": "dbus-daemon",
    "pkaction": "polkitd",
    "pkttyagent": "polkitd",
    "setpriv": "util-linux",
}

BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="*"/>
    <allow send_destination="*"/>
    <allow receive_type="*"/>
  </policy>
</busconfig>
"""

ACTIONS = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig>
  <action id="org.libvirt.unix.manage">
    <description>Manage storage</description>
    <message>The tests want to know who you are</message>
    <defaults>
      <allow_any>auth_admin</allow_any>
      <allow_inactive>auth_admin</allow_inactive>
      <allow_active>auth_admin</allow_active>
    </defaults>
  </action>
</policyconfig>
"""

RULES = """\
polkit.addAdminRule(function() { return ["unix-user:bo"]; });
polkit.addRule(function(action, subject) {
    if (action.id == "org.libvirt.unix.manage" && subject.isInGroup("libvirt")) {
        return polkit.Result.YES;
    }
});
"""

PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"


def require() -> None:
    """Raise `HarnessError` naming what this machine lacks."""
    path = _environment()["PATH"]
    lacking = [
        f"{name} (Debian package {package})"
        for name, package in PROGRAMS.items()
        if shutil.which(name, path=path) is None
    ]
    if not POLKITD.exists():
        lacking.append(f"{POLKITD} (Debian package polkitd)")
    if lacking:
        raise HarnessError(f"the tests with polkit need: {', '.join(lacking)}")


class PrivatePolkit:
    """One private polkit; a context manager. `ask` has a daemon that has not started ask it."""

    def __init__(self) -> None:
        require()
        self.folder = Path(tempfile.mkdtemp(prefix="lacuna-polkit-"))
        self.folder.chmod(0o755)
        # Where programs look that run with more rights: the environment is taken from them.
        self.bus = self.folder / "run/dbus/system_bus_socket"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._covers = {
            "run": "/run",
            "actions": "/usr/share/polkit-1/actions",
            "rules": "/etc/polkit-1/rules.d",
            "no-rules": "/usr/share/polkit-1/rules.d",
            "pam": "/etc/pam.d",
            "passwd": "/etc/passwd",
            "shadow": "/etc/shadow",
            "group": "/etc/group",
        }

    def _lay_out(self) -> None:
        for name in ("actions", "rules", "no-rules", "pam", "run/dbus"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "bus.conf").write_text(BUS.format(path=self.bus))
        (self.folder / "actions/org.libvirt.unix.policy").write_text(ACTIONS)
        (self.folder / "rules/50-tests.rules").write_text(RULES)
        for service in ("polkit-1", "other"):
            (self.folder / "pam" / service).write_text(PAM)
        hashed = run("openssl", "passwd", "-6", ADMIN_PASSWORD).stdout.strip()
        added = {
            "passwd": [f"{name}:x:{uid}:{uid}::/:/bin/sh" for name, uid in self._accounts],
            "shadow": [f"{name}:{hashed}:19000:0:99999:7:::" for name, _ in self._accounts],
            "group": [f"{name}:x:{uid}:" for name, uid in self._accounts],
        }
        added["group"].append("libvirt:x:64000:ann")
        for name, lines in added.items():
            old = Path("/etc", name).read_text().splitlines()
            kept = [line for line in old if not line.startswith("libvirt:")]
            (self.folder / name).write_text("\n".join([*kept, *lines, ""]))
        (self.folder / "shadow").chmod(0o600)

    _accounts = (("ann", TRUSTED), ("bo", PLAIN))

    @property
    def environment(self) -> dict[str, str]:
        """What programs that ask need in their environment."""
        return _environment() | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.bus}"}

    def inside(self, *command: str | Path) -> list[str]:
        """Return the command as it is run where the accounts are and polkit's files are these."""
        pairs = [
            str(word) for name, to in self._covers.items() for word in (self.folder / name, to)
        ]
        enter = ["unshare", "-m", "--propagation", "slave", "sh", "-c", ENTER, "enter"]
        return [*enter, *pairs, "--", *map(str, command)]

    def ask(self, daemon: PrivateLibvirtd) -> None:
        """Make this the system bus of a daemon that has not started yet, and its accounts too."""
        place = daemon.root / "run/dbus"
        place.mkdir()
        (place / "system_bus_socket").symlink_to(self.bus)
        mine = {to: self.folder / name for name, to in self._covers.items() if name != "run"}
        daemon._binds |= mine

    def _start(self, command: list[str]) -> None:
        with (self.folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=self.environment,
                    start_new_session=True,
                )
            )

    def _await(self) -> None:
        """Wait until polkitd answers on the bus."""
        probe = ["pkaction", "--action-id", "org.libvirt.unix.manage"]
        deadline = time.monotonic() + 30
        while subprocess.run(
            probe, check=False, capture_output=True, timeout=30, env=self.environment
        ).returncode:
            if time.monotonic() > deadline or any(
                one.poll() is not None for one in self._processes
            ):
                raise HarnessError(f"polkitd does not answer: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def __enter__(self) -> Self:
        """Start it and wait until it answers; whatever fails, nothing stays behind."""
        try:
            self._lay_out()
            config = f"--config-file={self.folder / 'bus.conf'}"
            self._start(self.inside("dbus-daemon", config, "--nofork", "--nopidfile"))
            while not self.bus.exists() and self._processes[0].poll() is None:
                time.sleep(0.005)
            self._start(self.inside(POLKITD, "--no-debug"))
            self._await()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it and remove its folder."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(15)
        shutil.rmtree(self.folder)
