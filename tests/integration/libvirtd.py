"""A private, real libvirtd: for the tests, and for the demo and the benchmarks outside pytest.

The daemon runs in a mount namespace of its own. There its configuration, state, cache and log
folders are folders of one temporary directory, so nothing of the machine's own libvirt is read or
written, a daemon of the machine may run beside it, and a daemon that was killed finds its state
again when it is started anew. Only the storage driver is loaded: no network, no virtual machine.

What must be reachable from both sides lies in the temporary directory too: the sockets, and
``mounts``, the one place where a file system mounted by the caller also appears to a daemon that
already runs (it is a shared mount, of which the daemon's namespace holds the slave).

Nothing here knows pytest, nor any module of Lacuna. Needs root, Linux, and the programs in
``PROGRAMS``; whatever is missing is named in one `HarnessError`, never skipped over.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from integration import elsewhere
from integration.ground import MIB, POOL_SIZES, Pool, PoolKind
from integration.programs import (
    DRIVER_FOLDERS,
    PROGRAMS,
    HarnessError,
    _environment,
    _free_port,
    require,
    run,
)
from integration.scripts import CHROOT, ENTER, REAPER

__all__ = [
    "CHROOT",
    "ENTER",
    "MIB",
    "PROGRAMS",
    "HarnessError",
    "Pool",
    "PoolKind",
    "PrivateLibvirtd",
    "_environment",
    "_free_port",
    "require",
    "run",
]

# Folder in the temporary directory -> where the daemon sees it. /run as a whole, because
# /run/libvirt need not exist and must not come into being; a new folder per boot on real hosts.
STATE_FOLDERS = {
    "run": "/run",
    "etc": "/etc/libvirt",
    "lib": "/var/lib/libvirt",
    "cache": "/var/cache/libvirt",
    "log": "/var/log/libvirt",
}

# The call that asks for the ways to authenticate: length, program, version, procedure 66, call,
# serial 0, status ok (protocol.md, sections 1.1 and 3.1).
AUTH_LIST = struct.pack(">7I", 28, 0x20008086, 1, 66, 0, 0, 0)

START_TIMEOUT = 30.0
"""Seconds a daemon may take to answer; an idle machine needs a fraction of one."""

STOP_TIMEOUT = 15.0
"""Seconds a daemon may take to obey SIGTERM."""

REAP_TIMEOUT = 60.0
"""Seconds the clean-up may take."""

SOCKET_PATH_MAX = 107
"""Bytes of a unix socket's path that Linux can address (sun_path less its NUL)."""


def _root_is_mount() -> bool:
    """Return whether "/" is a mount of its own, as everywhere but in a plain chroot."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in lines)


def _setting(value: str | int | Sequence[str]) -> str:
    """Return a value as libvirtd.conf writes it: a number, a string or a list of strings."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    return "[" + ", ".join(f'"{item}"' for item in value) + "]"


class PrivateLibvirtd:
    """One private libvirtd and the folder it lives in.

    As a context manager it starts the daemon and cleans everything up at the end; without ``with``
    call `start` and `close`. `kill`, `terminate` and `start` may follow each other as often as
    wanted: pools, their definitions and the sockets' addresses stay. If the owning process dies
    without cleaning up, a helper process does it instead.

    - ``settings``: additional or other lines of libvirtd.conf (for TLS, SASL, limits), as
      ``{"max_clients": 2, "tls_allowed_dn_list": ["..."]}``. The temporary directory may be used
      in values as ``{root}``.
    - ``binds``: existing folders to be covered by others for this daemon alone, as
      ``{"/etc/sasl2": my_folder}``.
    - ``drivers``: connection drivers to load; ``("storage",)`` serves ``storage:///system``.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, str | int | Sequence[str]] | None = None,
        binds: Mapping[str, Path] | None = None,
        drivers: Sequence[str] = ("storage",),
    ) -> None:
        require()
        self.root: Path = self._make_root()
        """The temporary directory: configuration, state, sockets, log, images, mounts."""
        self.mounts: Path = self.root / "mounts"
        """Below it, file systems mounted now or later are seen by the daemon as well."""
        self.images: Path = self.root / "images"
        """Backing files of loop devices; what is attached from here is detached at the end."""
        self.socket_path: Path = self.root / "libvirt-sock"
        self.tcp_port: int = _free_port()
        self.log_path: Path = self.root / "libvirtd.log"
        self._settings = dict(settings or {})
        self._binds = dict(binds or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._root_is_mount = _root_is_mount()
        libvirtd = shutil.which("libvirtd", path=_environment()["PATH"])
        self._program = Path(libvirtd or "libvirtd").resolve()
        self._reaper = subprocess.Popen(
            ["sh", "-c", REAPER, "reaper", str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
        try:
            self._lay_out(drivers)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _make_root() -> Path:
        """Make the temporary directory: a short path, outside of what the daemon sees anew."""
        hidden = tuple(f"{target}/" for target in STATE_FOLDERS.values())
        for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):  # noqa: S108
            name_length = len("/lacuna-12345678/libvirt-admin-sock")
            if f"{parent}/".startswith(hidden) or len(str(parent)) + name_length > SOCKET_PATH_MAX:
                continue
            root = Path(tempfile.mkdtemp(prefix="lacuna-", dir=parent))
            root.chmod(0o755)  # for the users that the daemon runs qemu-img as, and for SSH logins
            return root
        raise HarnessError("no usable folder for temporary files; set TMPDIR")

    def _lay_out(self, drivers: Sequence[str]) -> None:
        """Fill the temporary directory and make ``mounts`` a shared mount."""
        for name in (*STATE_FOLDERS, "mounts", "images", "drivers"):
            (self.root / name).mkdir()
        for name in ("libvirt", "lock"):
            (self.root / "run" / name).mkdir()
        for driver in drivers:
            file = f"libvirt_driver_{driver}.so"
            found = [folder / file for folder in DRIVER_FOLDERS if (folder / file).exists()]
            if not found:
                raise HarnessError(f"libvirt's driver {driver!r} is not installed ({file})")
            (self.root / "drivers" / file).symlink_to(found[0])
        run("mount", "--bind", self.mounts, self.mounts)
        # Out of the peer group of a shared "/" first, or each mount below would appear twice.
        run("mount", "--make-private", self.mounts)
        run("mount", "--make-shared", self.mounts)
        if not self._root_is_mount:
            jail = self.root / "jail"
            jail.mkdir()
            run("mount", "--bind", jail, jail)
            run("mount", "--make-private", jail)
            (jail / "root").mkdir()

    def _write_config(self) -> Path:
        config: dict[str, str | int | Sequence[str]] = {
            "unix_sock_dir": str(self.root),
            "unix_sock_rw_perms": "0777",
            "auth_unix_ro": "none",
            "auth_unix_rw": "none",
            "listen_tls": 0,
            "listen_tcp": 1,
            "listen_addr": "127.0.0.1",
            "tcp_port": str(self.tcp_port),
            "auth_tcp": "none",
            "log_level": 3,
            "log_outputs": "3:stderr",
        }
        for key, value in self._settings.items():
            if isinstance(value, str):
                config[key] = value.replace("{root}", str(self.root))
            elif isinstance(value, int):
                config[key] = value
            else:
                config[key] = [item.replace("{root}", str(self.root)) for item in value]
        path = self.root / "libvirtd.conf"
        path.write_text("".join(f"{key} = {_setting(value)}\n" for key, value in config.items()))
        return path

    # -- the daemon's life ---------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon on the state it left and wait until it answers; no-op if it runs."""
        if self._closed:
            raise HarnessError("this private libvirtd was closed")
        if self.running:
            return
        for attempt in range(3):
            try:
                self._launch()
                self._await_answer()
            except HarnessError as error:
                self.kill()
                # Another program may have taken the port since it was found free.
                if attempt < 2 and "in use" in str(error):
                    self.tcp_port = _free_port()
                    continue
                raise
            else:
                return

    def _launch(self) -> None:
        config = self._write_config()
        for stale in ("libvirt-sock", "libvirt-sock-ro", "libvirt-admin-sock", "libvirtd.pid"):
            (self.root / stale).unlink(missing_ok=True)
        pairs: list[str] = []
        for folder, target in STATE_FOLDERS.items():
            pairs += [str(self.root / folder), target]
        for target, source in self._binds.items():
            pairs += [str(source.resolve()), target]
        pid_file = self.root / "libvirtd.pid"
        daemon = [str(self._program), "--listen", "--config", str(config)]
        daemon = elsewhere.daemon_words([*daemon, "--pid-file", str(pid_file)], config, pid_file)
        enter = elsewhere.enter_words() or ["unshare", "-m", "--propagation", "slave"]
        if not self._root_is_mount:
            enter = ["unshare", "-m", "--propagation", "unchanged"]
            enter += ["sh", "-c", CHROOT, "chroot", str(self.root / "jail/root")]
        environment = _environment() | {"LIBVIRT_DRIVER_DIR": str(self.root / "drivers")}
        for inherited in ("LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "XDG_RUNTIME_DIR"):
            environment.pop(inherited, None)
        with self.log_path.open("ab") as log:
            # unshare, sh and libvirtd replace one another: the process started is the daemon.
            self._process = subprocess.Popen(
                [*enter, "sh", "-c", ENTER, "enter", *pairs, "--", *daemon],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=environment,
            )

    def _await_answer(self) -> None:
        """Wait for the answer to a first call: the daemon takes calls once its drivers are up."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                raise HarnessError(f"libvirtd ended while starting; its log:\n{self.log()}")
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"no answer from libvirtd in {START_TIMEOUT:g} s; its log:\n{self.log()}"
                )
            time.sleep(0.005)

    def _answers(self) -> bool:
        """Return whether the daemon replies to the call that is allowed before authentication."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(START_TIMEOUT)
            try:
                probe.connect(str(self.socket_path))
                probe.sendall(AUTH_LIST)
                return bool(probe.recv(4))
            except OSError:
                return False

    @property
    def running(self) -> bool:
        """Whether the daemon's process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The daemon's process id; `HarnessError` if it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise HarnessError("libvirtd does not run")
        return self._process.pid

    def kill(self) -> None:
        """End the daemon at once (SIGKILL), with all its children; its state stays. Idempotent."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the daemon to end (SIGTERM) and wait; `HarnessError` if it had to be killed."""
        if self._end(signal.SIGTERM) == -signal.SIGKILL:
            raise HarnessError(f"libvirtd ignored SIGTERM for {STOP_TIMEOUT:g} s and was killed")

    def _end(self, signum: signal.Signals) -> int | None:
        process = self._process
        if process is None:
            return None
        if elsewhere.is_modular():
            elsewhere.end_group(process.pid, signum)
        if process.poll() is None:
            if signum is signal.SIGTERM:
                process.terminate()
            try:
                process.wait(STOP_TIMEOUT if signum is signal.SIGTERM else 0.0)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(STOP_TIMEOUT)
        self._process = None
        return process.returncode

    def close(self) -> None:
        """End the daemon and remove everything it and its pools left. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        try:
            output, _ = self._reaper.communicate(timeout=REAP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._reaper.kill()
            output, _ = self._reaper.communicate()
        if self._reaper.returncode != 0 or self.root.exists():
            words = output.decode(errors="replace").strip()
            raise HarnessError(f"not everything below {self.root} could be removed: {words}")

    def __enter__(self) -> Self:
        """Start the daemon; whatever fails, nothing stays behind."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clean up, as `close`."""
        self.close()

    # -- talking to it -------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """The connection URI through the unix socket."""
        return f"storage+unix:///system?socket={self.socket_path}"

    @property
    def tcp_uri(self) -> str:
        """The connection URI through TCP on 127.0.0.1, without authentication."""
        return f"storage+tcp://127.0.0.1:{self.tcp_port}/system"

    def log(self, lines: int = 30) -> str:
        """Return the last lines the daemon wrote (warnings and errors of all its starts)."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def virsh(
        self, *arguments: str | Path, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run the real virsh against this daemon; ``check`` raises `HarnessError` on failure."""
        return run("virsh", "-q", "-c", self.uri, *arguments, check=check, timeout=timeout)

    def define_pool(self, name: str, path: Path, *, autostart: bool = False) -> str:
        """Define and start a ``dir`` pool on an existing folder; returns its name."""
        self.virsh("pool-define-as", name, "dir", "--target", path)
        self.virsh("pool-start", name)
        if autostart:
            self.virsh("pool-autostart", name)
        return name

    def undefine_pool(self, name: str) -> None:
        """Stop and undefine a pool, whatever its state; its folder and volumes stay."""
        self.virsh("pool-destroy", name, check=False)
        self.virsh("pool-undefine", name, check=False)
        listed = self.virsh("pool-list", "--all", "--name").stdout.split()
        if name in listed:
            raise HarnessError(f"pool {name!r} cannot be removed; the log:\n{self.log()}")

    def volumes(self, pool: str) -> list[str]:
        """Return the names of a pool's volumes, sorted."""
        lines = self.virsh("vol-list", pool).stdout.splitlines()
        return sorted(line.split()[0] for line in lines if line.strip())

    # -- pools with something under them -------------------------------------------------------

    def make_pool(
        self,
        name: str,
        kind: PoolKind = "tmpfs",
        size: int | None = None,
        partitions: Sequence[int] = (16 * MIB, 32 * MIB),
    ) -> Pool:
        """Make a folder, file system or partitioned device and a started pool on it.

        ``size`` is in bytes (the whole file system or device, `POOL_SIZES` by default);
        ``partitions`` are the sizes of a ``disk`` pool's volumes, in bytes, whole MiB.
        """
        size = POOL_SIZES[kind] if size is None else size
        try:
            if kind == "disk":
                return self._make_disk_pool(name, size, partitions)
            path = self.mounts / name
            path.mkdir()
            if kind == "tmpfs":
                run("mount", "-t", "tmpfs", "-o", f"size={size}", name, path)
            elif kind != "dir":
                image = self._make_image(name, size)
                run(f"mkfs.{kind}", "-q", image)
                run("mount", "-t", kind, "-o", "loop", image, path)
                shutil.rmtree(path / "lost+found", ignore_errors=True)  # it would be a volume
            self.define_pool(name, path)
        except BaseException:
            self._remove_ground(name)
            raise
        return Pool(name, kind, path)

    def drop_pool(self, pool: Pool) -> None:
        """Remove a pool made by `make_pool` with all its data; the daemon must run."""
        try:
            self.undefine_pool(pool.name)
        finally:
            self._remove_ground(pool.name)

    def _make_image(self, name: str, size: int) -> Path:
        image = self.images / f"{name}.img"
        with image.open("xb") as file:
            file.truncate(size)
        return image

    def _make_disk_pool(self, name: str, size: int, partitions: Sequence[int]) -> Pool:
        image = self._make_image(name, size)
        device = Path(run("losetup", "--find", "--show", "--partscan", image).stdout.strip())
        table = ["mklabel", "gpt"]
        start = MIB
        for number, length in enumerate(partitions, 1):
            table += ["mkpart", f"part{number}", f"{start}B", f"{start + length - 1}B"]
            start += length
        run("parted", "--script", device, *table)
        names = tuple(f"{device.name}p{number}" for number in range(1, len(partitions) + 1))
        deadline = time.monotonic() + START_TIMEOUT
        while not all((device.parent / partition).exists() for partition in names):
            if time.monotonic() > deadline:
                raise HarnessError(f"the kernel shows no partitions of {device}: {names}")
            time.sleep(0.01)
        self.virsh(
            *("pool-define-as", name, "disk", "--target", "/dev"),
            *("--source-dev", device, "--source-format", "gpt"),
        )
        self.virsh("pool-start", name)
        return Pool(name, "disk", device.parent, device, names)

    def _remove_ground(self, name: str) -> None:
        """Unmount, detach and delete what a pool stood on, as far as it exists."""
        path, image = self.mounts / name, self.images / f"{name}.img"
        if path.is_mount():
            run("umount", path)
        if path.exists():
            shutil.rmtree(path)
        if image.exists():
            for line in run("losetup", "-j", image).stdout.splitlines():
                run("losetup", "-d", line.partition(":")[0])
            image.unlink()
