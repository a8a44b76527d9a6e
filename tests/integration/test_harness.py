"""The harness itself: a daemon that is real, private, mortal, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integration import libvirtd
from integration.conftest import PoolFactory
from integration.libvirtd import MIB, HarnessError, Pool, PrivateLibvirtd, run

MACHINE_FOLDERS = (
    *("/etc/libvirt", "/run/libvirt", "/var/run/libvirt"),
    *("/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"),
)


def wait_until(condition: Callable[[], bool], patience: float = 10.0) -> bool:
    deadline = time.monotonic() + patience
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or at least dead: an orphan waits for init to collect it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def machine_state() -> dict[str, tuple[int, int]]:
    """Everything in the machine's own libvirt folders, with inode and time of change."""
    found: dict[str, tuple[int, int]] = {}
    for folder in map(Path, MACHINE_FOLDERS):
        for path in (folder, *folder.rglob("*")):
            if path.exists():
                status = path.stat()
                found[str(path)] = (status.st_ino, status.st_mtime_ns)
    return found


def mounts_and_loops(root: Path) -> str:
    lines = Path("/proc/self/mounts").read_text() + run("losetup", "-l").stdout
    return "\n".join(line for line in lines.splitlines() if str(root) in line)


def roundtrip(daemon: PrivateLibvirtd, pool: str, volume: str, folder: Path) -> None:
    """Upload 3 MiB with a hole in the middle through virsh and compare what comes back."""
    source, target = folder / "source.img", folder / "target.img"
    content = os.urandom(MIB) + bytes(MIB) + os.urandom(MIB)
    source.write_bytes(content)
    with source.open("r+b") as file:
        file.truncate(MIB)
        file.seek(2 * MIB)
        file.write(content[2 * MIB :])
    daemon.virsh("vol-upload", "--pool", pool, volume, source, "--sparse")
    daemon.virsh("vol-download", "--pool", pool, volume, target, "--length", str(3 * MIB))
    assert target.read_bytes() == content


def test_virsh_speaks_through_the_private_socket(daemon: PrivateLibvirtd, pool: Pool) -> None:
    assert daemon.socket_path.is_socket()
    listed = daemon.virsh("pool-list", "--name").stdout.split()
    assert pool.name in listed
    assert Path(f"/proc/{daemon.pid}/exe").resolve().name == "libvirtd"


def test_virsh_speaks_through_tcp(daemon: PrivateLibvirtd, pool: Pool) -> None:
    assert pool.name in run("virsh", "-c", daemon.tcp_uri, "pool-list", "--name").stdout.split()


def test_only_the_storage_driver_is_there(daemon: PrivateLibvirtd) -> None:
    assert daemon.virsh("net-list", check=False).returncode != 0
    with pytest.raises(HarnessError, match="exit status 1: virsh"):
        daemon.virsh("list")


@pytest.mark.parametrize("kind", ["dir", "tmpfs", "ext4", "xfs"])
def test_a_volume_makes_the_round_trip(
    daemon: PrivateLibvirtd, pool_factory: PoolFactory, kind: libvirtd.PoolKind, tmp_path: Path
) -> None:
    pool = pool_factory(kind)
    if kind != "dir":
        assert run("findmnt", "-no", "FSTYPE", pool.path).stdout.strip() == kind
    daemon.virsh("vol-create-as", pool.name, "a.raw", "3M", "--allocation", "0")
    roundtrip(daemon, pool.name, "a.raw", tmp_path)
    assert daemon.volumes(pool.name) == ["a.raw"]
    status = pool.file("a.raw").stat()
    assert status.st_size == 3 * MIB
    assert status.st_blocks * 512 < 3 * MIB  # the hole arrived as a hole


def test_qcow2_volumes_can_be_made(daemon: PrivateLibvirtd, pool: Pool) -> None:
    daemon.virsh("vol-create-as", pool.name, "b.qcow2", "1G", "--format", "qcow2")
    assert pool.file("b.qcow2").read_bytes()[:4] == b"QFI\xfb"


def test_partitions_are_volumes(daemon: PrivateLibvirtd, block_pool: Pool, tmp_path: Path) -> None:
    assert block_pool.device is not None
    assert daemon.volumes(block_pool.name) == sorted(block_pool.partitions)
    for partition, size in zip(block_pool.partitions, (16 * MIB, 32 * MIB), strict=True):
        assert block_pool.file(partition).is_block_device()
        shown = daemon.virsh("vol-info", "--bytes", "--pool", block_pool.name, partition).stdout
        assert str(size) in shown
    roundtrip(daemon, block_pool.name, block_pool.partitions[0], tmp_path)


def test_a_small_pool_is_small(daemon: PrivateLibvirtd, small_pool: Pool) -> None:
    assert str(4 * MIB) in daemon.virsh("pool-info", "--bytes", small_pool.name).stdout
    full = daemon.virsh("vol-create-as", small_pool.name, "big", "8M", check=False)
    assert "No space left on device" in full.stderr


def test_names_are_unique(pool_factory: PoolFactory) -> None:
    assert len({pool_factory("dir").name for _ in range(3)}) == 3


def test_any_pool(daemon: PrivateLibvirtd, any_pool: Pool) -> None:
    assert daemon.volumes(any_pool.name) == []


def test_kill_and_start_bring_the_pools_back(own_daemon: PrivateLibvirtd) -> None:
    kept = own_daemon.make_pool("kept")
    own_daemon.virsh("vol-create-as", kept.name, "v", "1M")
    own_daemon.virsh("pool-autostart", kept.name)
    idle = own_daemon.make_pool("idle", "dir")
    first = own_daemon.pid
    own_daemon.kill()
    assert not own_daemon.running
    assert not Path(f"/proc/{first}").exists()
    with pytest.raises(HarnessError, match="does not run"):
        assert own_daemon.pid

    own_daemon.start()  # the state folder in /run survived, as after a crash: both run on
    assert own_daemon.pid != first
    assert set(own_daemon.virsh("pool-list", "--name").stdout.split()) == {"kept", "idle"}
    assert own_daemon.volumes(kept.name) == ["v"]

    own_daemon.terminate()
    own_daemon.start()
    assert idle.name in own_daemon.virsh("pool-list", "--all", "--name").stdout.split()
    assert own_daemon.volumes(kept.name) == ["v"]


def test_a_file_system_mounted_later_is_seen(own_daemon: PrivateLibvirtd) -> None:
    pool = own_daemon.make_pool("late", "tmpfs", 8 * MIB)
    pool.file("here").write_bytes(b"x")
    own_daemon.virsh("pool-refresh", pool.name)
    assert own_daemon.volumes(pool.name) == ["here"]
    own_daemon.drop_pool(pool)
    assert mounts_and_loops(pool.path) == ""


def test_settings_reach_the_daemon() -> None:
    with PrivateLibvirtd(settings={"auth_unix_rw": "sasl", "log_filters": "1:rpc"}) as private:
        refused = private.virsh("pool-list", check=False)
        assert refused.returncode != 0
        assert "authentication failed" in refused.stderr


def test_two_daemons_do_not_meet(daemon: PrivateLibvirtd, own_daemon: PrivateLibvirtd) -> None:
    own_daemon.make_pool("mine", "dir")
    assert "mine" not in daemon.virsh("pool-list", "--all", "--name").stdout.split()
    assert daemon.tcp_port != own_daemon.tcp_port


def test_nothing_of_the_machine_changes_and_nothing_stays() -> None:
    before = machine_state()
    with PrivateLibvirtd() as private:
        root, pid = private.root, private.pid
        for kind in ("tmpfs", "ext4", "disk"):
            private.make_pool(f"on-{kind}", kind)
        assert mounts_and_loops(root) != ""
    assert machine_state() == before
    assert not root.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert mounts_and_loops(root) == ""
    private.close()
    with pytest.raises(HarnessError, match="closed"):
        private.start()


def test_an_owner_that_is_killed_leaves_nothing() -> None:
    script = (
        "import time\n"
        "from integration.libvirtd import PrivateLibvirtd\n"
        "private = PrivateLibvirtd()\n"
        "private.start()\n"
        "for kind in ('tmpfs', 'ext4', 'disk'): private.make_pool(kind, kind)\n"
        "print(private.root, private.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as owner:
        assert owner.stdout is not None
        root, pid = owner.stdout.readline().split()
        owner.send_signal(signal.SIGKILL)
    assert wait_until(lambda: has_ended(int(pid)))
    assert wait_until(lambda: not Path(root).exists())
    assert mounts_and_loops(Path(root)) == ""


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libvirtd.PROGRAMS, "no-such-program", "no-such-package")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(HarnessError) as caught:
        PrivateLibvirtd()
    assert "no-such-program (Debian package no-such-package)" in str(caught.value)
    assert "root" in str(caught.value)


def test_a_daemon_that_cannot_start_says_why() -> None:
    private = PrivateLibvirtd(settings={"listen_addr": "192.0.2.1"})
    with pytest.raises(HarnessError, match="ended while starting; its log") as caught:
        private.start()
    private.close()
    assert "Unable to bind" in str(caught.value)
