"""Volumes that a running virtual machine uses, by libvirt's own mock hypervisor.

The private daemon has the driver behind ``test:///default`` built in. Its machines run nothing, but
are listed and described by the same code as any others, over the same procedures.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from integration.images import assert_same, data, fill, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import REPLACE, download, upload
from lacuna_engine.errors import VolumeInUseError
from lacuna_engine.storage.domains import running_domains
from lacuna_engine.transfer import (
    Copy,
    Download,
    RemoteVolume,
    Session,
    State,
    TransferOptions,
)
from lacuna_engine.transport import parse_uri

MACHINE = """<domain type='test'><name>{name}</name><memory>1024</memory><vcpu>1</vcpu>
<os><type>hvm</type></os><devices>
<disk type='{kind}'><driver name='qemu' type='raw'/><source {source}/>{below}<target dev='vda'/>
</disk></devices></domain>"""


class Machines:
    """The mock hypervisor's machines, kept for as long as a connection to it is open."""

    def __init__(self, daemon: PrivateLibvirtd) -> None:
        self.uri = f"test+unix:///default?socket={daemon.socket_path}"
        self.storage_uri = f"{self.uri}&name=storage:///system"
        # The driver forgets its machines with its last connection.
        self.shell = subprocess.Popen(
            ["virsh", "-c", self.uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.folder = daemon.root

    def virsh(self, command: str) -> str:
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{command}\necho end-of-it\n")
        self.shell.stdin.flush()
        lines: list[str] = []
        for line in self.shell.stdout:
            lines.append(line)
            if line.strip().endswith("end-of-it") and "echo" not in line:
                break
        return "".join(lines)

    def start(self, name: str, source: str, kind: str = "file", below: str = "") -> None:
        path = self.folder / f"{name}.xml"
        path.write_text(MACHINE.format(name=name, source=source, kind=kind, below=below))
        told = self.virsh(f"create {path}")
        assert "created" in told, told

    def stop(self, name: str) -> None:
        self.virsh(f"destroy {name}")

    def close(self) -> None:
        self.shell.communicate("quit\n", timeout=20)


@pytest.fixture
def machines(daemon: PrivateLibvirtd) -> Iterator[Machines]:
    made = Machines(daemon)
    yield made
    made.close()


@pytest.fixture
async def hypervisor(machines: Machines) -> AsyncIterator[Session]:
    """A session with the storage driver of a daemon that has a hypervisor too."""
    async with Session(parse_uri(machines.storage_uri)) as opened:
        yield opened


@pytest.fixture
def old(daemon: PrivateLibvirtd, pool: Pool) -> Path:
    daemon.virsh("vol-create-as", pool.name, "old", "1M", "--allocation", "0")
    fill(pool.file("old"), MIB)
    daemon.virsh("pool-refresh", pool.name)
    return pool.file("old")


async def test_running_machines_are_listed(machines: Machines, hypervisor: Session) -> None:
    machines.start("one", "file='/images/one.img'")
    connection = await hypervisor.connect_to_hypervisor()
    assert connection is not None
    uses = {use.domain: use.paths for use in await running_domains(connection) or []}
    assert uses["one"] == {"/images/one.img"}
    assert "test" in uses  # the one that is always there
    assert await running_domains(hypervisor.storage.connection) is None


@pytest.mark.parametrize("how", ["path", "backing file", "pool and volume"])
@pytest.mark.parametrize("keep", [False, True])
async def test_a_volume_in_use_is_not_written_to(
    machines: Machines,
    hypervisor: Session,
    pool: Pool,
    old: Path,
    tmp_path: Path,
    *,
    how: str,
    keep: bool,
) -> None:
    match how:
        case "path":
            machines.start("user", f"file='{old}'")
        case "backing file":
            below = (
                f"<backingStore type='file'><format type='raw'/><source file='{old}'/>"
                "<backingStore/></backingStore>"
            )
            machines.start("user", "file='/images/overlay'", below=below)
        case _:
            machines.start("user", f"pool='{pool.name}' volume='old'", kind="volume")
    image = make_image(tmp_path / "image", data(MIB), hole(MIB))
    options = REPLACE._replace(keep_until_complete=keep)
    with pytest.raises(VolumeInUseError, match="'user'") as caught:
        await upload(hypervisor, image, pool, "old", options)
    assert "--force" in caught.value.hint
    assert old.read_bytes() == b"\xee" * MIB
    make_image(pool.file("source"), data(MIB))
    await hypervisor.storage.refresh_pool(await hypervisor.storage.pool(pool.name))
    with pytest.raises(VolumeInUseError):
        await Copy(
            RemoteVolume(hypervisor, pool.name, "source"),
            RemoteVolume(hypervisor, pool.name, "old"),
            options=options,
        ).run()
    await upload(hypervisor, image, pool, "old", options._replace(force=True))
    assert_same(image, old)
    machines.stop("user")
    await upload(hypervisor, image, pool, "old", options)


async def test_reading_a_volume_in_use_is_noted(
    machines: Machines, hypervisor: Session, pool: Pool, old: Path, tmp_path: Path
) -> None:
    machines.start("reader", f"file='{old}'")
    transfer = Download(hypervisor, pool.name, "old", tmp_path / "back")
    assert (await transfer.run()).state is State.DONE
    (note,) = transfer.tracker.notes
    assert "'reader'" in note
    assert "inconsistent" in note
    machines.stop("reader")
    await download(hypervisor, pool, "old", tmp_path / "again")


async def test_storage_connections_cannot_tell(
    machines: Machines, session: Session, pool: Pool, old: Path, tmp_path: Path
) -> None:
    machines.start("unseen", f"file='{old}'")
    image = make_image(tmp_path / "image", data(MIB))
    await upload(session, image, pool, "old", TransferOptions(if_exists=REPLACE.if_exists))
    assert_same(image, old)


async def test_a_hypervisor_that_is_not_there(
    daemon: PrivateLibvirtd, pool: Pool, old: Path, tmp_path: Path
) -> None:
    """Only the storage driver is loaded, so the hypervisor's name cannot be opened."""
    image = make_image(tmp_path / "image", data(MIB))
    async with Session(parse_uri(f"qemu+unix:///system?socket={daemon.socket_path}")) as session:
        await upload(session, image, pool, "old", REPLACE)
    assert_same(image, old)
