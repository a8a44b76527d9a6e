"""virsh, the same commands against libvirtd and the embedded server: output and exit codes.

Whatever differs on purpose stands in ``DIFFERENCES``, with the reason. What differs otherwise fails
a test, and so does what is listed and does not differ any more.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.target import Target
from integration import elsewhere
from integration.images import data, hole, make_image
from integration.libvirtd import MIB

KIB = 1 << 10

SCRIPT = """
uri
version
pool-event --list
pool-list
pool-list --all --details
pool-list --all --name
pool-list --type dir --name
pool-list --type fs
pool-list --inactive --name
pool-list --transient --name
pool-list --autostart --name
pool-info {pool}
pool-info --bytes {pool}
pool-dumpxml {pool}
pool-dumpxml {pool} --inactive
pool-uuid {pool}
pool-name {uuid}
pool-autostart {pool}
pool-list --autostart --name
pool-autostart --disable {pool}
pool-capabilities
capabilities
find-storage-pool-sources dir
hostname
nodeinfo
sysinfo
maxvcpus
list
net-list

vol-list {pool}
vol-create-as {pool} a.img 4M --allocation 0
vol-create-as {pool} a.img 4M --allocation 0
vol-create-as {pool} b.img 1M
vol-create-as {pool} odd.img 1000 --allocation 0
vol-create-as {pool} empty.img 0
vol-create-as {pool} more.img 1000 --allocation 5000
vol-create-as {pool} 'name with spaces' 1K
vol-create {pool} {tmp}/signs.xml
vol-create {pool} {tmp}/volume.xml
vol-create {pool} {tmp}/volume.xml
vol-create {pool} {tmp}/no-capacity.xml
vol-create {pool} {tmp}/no-xml.xml
vol-create {pool} {tmp}/missing.xml
vol-create {pool} {tmp}/no-backing.xml
vol-list {pool}
vol-list {pool} --details
vol-info a.img --pool {pool}
vol-info {path}/b.img --bytes
vol-info {path}/b.img --physical
vol-info empty.img --pool {pool} --physical --bytes
vol-dumpxml a.img --pool {pool}
vol-dumpxml xml.img --pool {pool}
vol-dumpxml '&<signs>' --pool {pool}
vol-path a.img --pool {pool}
vol-path {path}/a.img
vol-key a.img --pool {pool}
vol-name {path}/a.img
vol-pool {path}/a.img
vol-pool --uuid {path}/a.img
vol-name {path}//./a.img
!stat -c '%s %b %a' {path}/a.img {path}/b.img {path}/odd.img {path}/more.img {path}/xml.img

vol-upload --pool {pool} a.img {tmp}/image.raw
!cmp {tmp}/image.raw {path}/a.img
vol-create-as {pool} sparse.img 0 --allocation 0
vol-upload --pool {pool} sparse.img {tmp}/image.raw --sparse
!cmp {tmp}/image.raw {path}/sparse.img
!stat -c '%s %b' {path}/sparse.img
vol-info sparse.img --pool {pool}
vol-info sparse.img --pool {pool} --physical --bytes
vol-upload --pool {pool} empty.img {tmp}/empty.raw
vol-upload --pool {pool} empty.img {tmp}/empty.raw --sparse
vol-upload --pool {pool} odd.img {tmp}/small.raw --offset 500 --length 100
!cmp {tmp}/odd.expected {path}/odd.img
vol-upload --pool {pool} odd.img {tmp}/small.raw --offset 2000
!stat -c '%s' {path}/odd.img
vol-upload --pool {pool} a.img {tmp}/missing.raw
vol-upload --pool {pool} nope {tmp}/image.raw
vol-download --pool {pool} a.img {tmp}/whole.raw
!cmp {tmp}/image.raw {tmp}/whole.raw
vol-download --pool {pool} sparse.img {tmp}/sparse.raw --sparse
!cmp {tmp}/image.raw {tmp}/sparse.raw
vol-download --pool {pool} sparse.img {tmp}/part.raw --offset 70000 --length 200000
!cmp -i 70000:0 -n 200000 {tmp}/image.raw {tmp}/part.raw
vol-download --pool {pool} sparse.img {tmp}/spart.raw --offset 70000 --length 200000 --sparse
!cmp -i 70000:0 -n 200000 {tmp}/image.raw {tmp}/spart.raw
vol-download --pool {pool} empty.img {tmp}/nothing.raw --sparse
vol-download --pool {pool} b.img {tmp}/beyond.raw --offset 99999999
vol-download --pool {pool} b.img {tmp}/beyond.raw --offset 99999999 --sparse
vol-download --pool {pool} nope {tmp}/nope.raw
!stat -c '%s' {tmp}/whole.raw {tmp}/sparse.raw {tmp}/part.raw {tmp}/spart.raw {tmp}/nothing.raw

vol-resize b.img 2M --pool {pool}
vol-resize b.img 1M --pool {pool} --delta
vol-resize b.img 4M --pool {pool} --allocate
vol-resize b.img 1M --pool {pool}
vol-resize b.img 1M --pool {pool} --shrink
vol-resize odd.img 1G --pool {pool} --allocate
vol-resize nope 1M --pool {pool}
vol-info b.img --pool {pool}
vol-wipe b.img --pool {pool}
vol-wipe b.img --pool {pool} --algorithm zero
vol-wipe b.img --pool {pool} --algorithm random
vol-wipe b.img --pool {pool} --algorithm trim
vol-wipe b.img --pool {pool} --algorithm nope
!cmp -n 1000 {path}/b.img /dev/zero
vol-info b.img --pool {pool} --bytes
vol-clone sparse.img clone.img --pool {pool}
!cmp {path}/sparse.img {path}/clone.img
vol-info clone.img --pool {pool}
vol-clone sparse.img thin.img --pool {pool} --prealloc-metadata
vol-clone sparse.img sparse.img --pool {pool}
vol-clone nope other.img --pool {pool}
vol-create-from {pool} {tmp}/clone.xml sparse.img --inputpool {pool}
!cmp {path}/sparse.img {path}/from.img
!stat -c '%s %b' {path}/from.img

vol-create-as {pool} q.qcow2 1G --format qcow2
vol-info q.qcow2 --pool {pool}
vol-info q.qcow2 --pool {pool} --physical
vol-dumpxml q.qcow2 --pool {pool}
vol-resize q.qcow2 2G --pool {pool}
vol-create-as {pool} v.vmdk 1M --format vmdk
vol-delete v.vmdk --pool {pool}
vol-create-as {pool} z.img 1M --format nope
vol-create-as {pool} z.img 1M --format luks
vol-create-as {pool} z.img 1M --prealloc-metadata
vol-create-as {pool} z.img 1G --allocation 1G
vol-create-as {pool} z.img 1Q
vol-create-as {pool} x/y 1M
vol-create-as {pool} .. 1M
vol-create-as {pool} . 1M
vol-create-as {pool} {long} 1M
vol-create-as {pool} z.img 1M --backing-vol nope --backing-vol-format qcow2

vol-delete nope --pool {pool}
vol-info nope --pool {pool}
vol-info a.img --pool nope
vol-info {path}/nope
vol-info /nowhere/at/all
vol-name {path}/nope
vol-path {path}/nope
vol-pool {path}/nope
vol-list nope
pool-info nope
pool-refresh nope
pool-uuid nope
pool-name nope
pool-name 00000000-0000-4000-8000-000000000000
pool-start nope
pool-destroy nope
pool-event --pool nope --event lifecycle --timeout 1
pool-event --event nope

vol-delete odd.img --pool {pool}
vol-delete b.img --pool {pool}
vol-delete q.qcow2 --pool {pool}
vol-delete {path}/more.img
vol-delete clone.img --pool {pool} --delete-snapshots
vol-delete clone.img --pool {pool}
vol-delete clone.img --pool {pool}
pool-refresh {pool}
pool-start {pool}
pool-build {pool}
pool-delete {pool}
pool-undefine {pool}
pool-destroy {pool}
pool-destroy {uuid}
pool-list --all --name
pool-list --inactive --details
pool-info {pool}
vol-list --pool {pool}
vol-info a.img --pool {pool}
vol-create-as {pool} z.img 1M
pool-refresh {uuid}
vol-info {path}/a.img
pool-start {pool}
vol-info a.img --pool {pool}

pool-define-as second dir --target {path}/second
pool-define-as second dir --target {path}/other
pool-define-as third dir --target {path}/second
pool-info second
pool-start second
pool-build second
pool-start second
pool-list --all --name
vol-create-as second a.img 1M
vol-clone a.img b.img --pool second
vol-list second --details
pool-delete second
pool-destroy second
pool-delete second
vol-list --details {pool}
pool-start second
pool-undefine second
pool-create-as fourth dir --target {path}/fourth --build
pool-info fourth
pool-autostart fourth
pool-destroy fourth
pool-info fourth
pool-define-as fifth fs --source-dev /dev/nowhere --target {path}/fifth
pool-undefine fifth
pool-define-as sixth nope --target {path}/sixth
"""
"""A line is a command of virsh, or of the shell's if it begins with an exclamation mark."""


@dataclass(frozen=True)
class Difference:
    """What is seen with one only: lines of the output, and the exit code if that differs.

    A text that ends in an ellipsis stands for all that begins so.
    """

    reason: str
    libvirtd: str = ""
    lacuna: str = ""


NO_OTHER_DRIVERS = "the server has storage only, and says so in the words made for that"
FRESH = "the server looks at the files, libvirtd at what it remembers of them"
FORMATS = "the server makes and changes raw and qcow2 images itself, and runs no qemu-img"

DIFFERENCES = {
    "pool-capabilities": Difference(
        "the server has folders only, and the formats it can make",
        "        <value>none</value>...",
        "        <value>qcow2</value>",
    ),
    "capabilities": Difference("the server has folders only", "      <value>fs</value>..."),
    "list": Difference(
        NO_OTHER_DRIVERS,
        "error: this function is not supported by the connection driver: virConnectNumOfDomains",
        "error: unknown procedure: 51",
    ),
    "net-list": Difference(
        NO_OTHER_DRIVERS,
        "error: this function is not supported by the connection driver: virConnectNumOfNetworks",
        "error: unknown procedure: 52",
    ),
    "vol-download --pool {pool} b.img {tmp}/beyond.raw --offset 99999999 --sparse": Difference(
        "libvirtd opens the stream and loses the reason, the server refuses and says why (4.4)",
        "error: cannot receive data from volume b.img\nerror: ...",
        "error: cannot download from volume b.img\n"
        "error: invalid argument: the offset is beyond the end of the volume",
    ),
    "vol-info q.qcow2 --pool {pool}": Difference(
        FORMATS, "Allocation:     196.00 KiB", "Allocation:     192.00 KiB"
    ),
    "vol-dumpxml q.qcow2 --pool {pool}": Difference(
        f"{FORMATS}; they are of compat 1.1, which later versions of libvirt make too",
        "  <allocation unit='bytes'>200704</allocation>",
        "  <allocation unit='bytes'>196608</allocation>\n"
        "    <compat>1.1</compat>\n    <clusterSize unit='B'>65536</clusterSize>",
    ),
    "vol-resize q.qcow2 2G --pool {pool}": Difference(
        FORMATS,
        "Size of volume 'q.qcow2' successfully changed to 2G\nexit 0",
        "error: Failed to change size of volume 'q.qcow2' to 2G\n"
        "error: Operation not supported: resize of an image of format qcow2\nexit 1",
    ),
    "vol-create-as {pool} v.vmdk 1M --format vmdk": Difference(
        FORMATS,
        "Vol v.vmdk created\nexit 0",
        "error: Failed to create vol v.vmdk\n"
        "error: unsupported configuration: unknown volume format type vmdk\nexit 1",
    ),
    "vol-delete v.vmdk --pool {pool}": Difference(
        FORMATS,
        "Vol v.vmdk deleted\nexit 0",
        "error: failed to get vol 'v.vmdk'...",
    ),
    "vol-list --details {pool}": Difference(
        FRESH, "", " second             PATH/second             dir    0.00 B     0.00 B"
    ),
    "pool-define-as fifth fs --source-dev /dev/nowhere --target {path}/fifth": Difference(
        "the server has folders only",
        "Pool fifth defined\nexit 0",
        "error: Failed to define pool fifth\n"
        "error: internal error: missing backend for pool type 1 (fs)\nexit 1",
    ),
    "pool-undefine fifth": Difference(
        "the server has folders only",
        "Pool fifth has been undefined\nexit 0",
        "error: failed to get pool 'fifth'...",
    ),
}

NEWER = {
    "vol-create {pool} {tmp}/no-xml.xml": Difference(
        "libvirt 11 does not name what it was reading",
        "error: at line 1: Start tag expected, '<' not found",
        "error: (storage_volume_definition):1: Start tag expected, '<' not found",
    ),
}
"""With the libvirt of Debian 13, by ``./dev test modular``."""

MODULAR = {
    "net-list": Difference(
        "virtproxyd asks the daemon for networks, which is not there",
        "error: Failed to list networks\nerror: internal error: connection not open",
        "error: Failed to get the number of active networks\nerror: unknown procedure: 52",
    ),
}
"""With the modular daemons, by ``./dev test modular``."""


@dataclass(frozen=True)
class Run:
    """What two commands answered, free of what must differ."""

    libvirtd: str
    lacuna: str


LINES = [line for line in SCRIPT.splitlines() if line]
COMMANDS = [(number, line) for number, line in enumerate(LINES)]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"<([acm]time)>[0-9.]+<")


def prepare(folder: Path) -> None:
    """Make the files that the script names."""
    folder.mkdir()
    image = make_image(
        folder / "image.raw",
        hole(64 * KIB), data(64 * KIB), hole(128 * KIB), data(64 * KIB), hole(MIB),
    )  # fmt: skip
    assert image.stat().st_size == MIB + 320 * KIB
    (folder / "empty.raw").touch()
    (folder / "small.raw").write_bytes(b"\xa5" * 100)
    (folder / "odd.expected").write_bytes(bytes(500) + b"\xa5" * 100 + bytes(400))
    documents = {
        "volume": """<volume type='block'><name>xml.img</name><key>ignored</key>
            <capacity unit='KiB'>8</capacity><allocation>0</allocation><target>
            <path>/ignored</path><format type='raw'/><permissions><mode>0640</mode><owner>1</owner>
            <group>2</group></permissions></target></volume>""",
        "signs": "<volume><name>&amp;&lt;signs></name><capacity>1</capacity></volume>",
        "no-capacity": "<volume><name>z.img</name></volume>",
        "no-xml": "this is no XML\n",
        "no-backing": """<volume><name>z.img</name><capacity>1</capacity><backingStore>
            <path>/nowhere</path></backingStore></volume>""",
        "clone": """<volume><name>from.img</name><capacity>0</capacity><allocation>0</allocation>
            <target><format type='raw'/></target></volume>""",
    }
    for name, text in documents.items():
        (folder / f"{name}.xml").write_text(text)


def play(target: Target, tmp: Path) -> list[str]:
    """Run the script against one of the two and return its answers, made comparable."""
    prepare(tmp)
    uuid = target.virsh("pool-uuid", target.pool).stdout.strip()
    words = {"pool": target.pool, "path": target.path, "tmp": tmp, "uuid": uuid, "long": "n" * 256}
    answers = []
    for line in LINES:
        command = [word.format(**words) for word in shlex.split(line.removeprefix("!"))]
        if line.startswith("!"):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        else:
            done = target.virsh(*command)
        text = f"{done.stdout}{done.stderr}exit {done.returncode}"
        text = text.replace(target.uri, "URI").replace(str(tmp), "TMP")
        text = text.replace(str(target.path), "PATH").replace(target.pool, "POOL")
        text = _TIME.sub(r"<\1>TIME<", _UUID.sub("UUID", text))
        answers.append("\n".join(line.rstrip() for line in text.splitlines() if line.strip()))
    return answers


@pytest.fixture(scope="module")
def runs(both: tuple[Target, Target], tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    theirs, ours = both
    base = tmp_path_factory.mktemp("script")
    answers = zip(play(theirs, base / "r"), play(ours, base / "l"), strict=True)
    return [Run(*pair) for pair in answers]


@pytest.mark.parametrize(("number", "line"), COMMANDS)
def test_command(runs: list[Run], number: int, line: str) -> None:
    theirs, ours = only(runs[number])
    expected = difference(line)
    if expected is None:
        assert theirs == ours
    else:
        assert agrees(theirs, expected.libvirtd), expected.reason
        assert agrees(ours, expected.lacuna), expected.reason


def test_differences_belong_to_commands() -> None:
    for differences in (DIFFERENCES, NEWER, MODULAR):
        assert set(differences) <= set(LINES)
        assert all(one.reason and (one.libvirtd or one.lacuna) for one in differences.values())


def difference(line: str) -> Difference | None:
    """Return what is different on purpose, with the libvirt that the tests run with."""
    found = DIFFERENCES.get(line)
    if os.environ.get(elsewhere.ROOT_VARIABLE):
        found = NEWER.get(line, found)
    if elsewhere.is_modular():
        found = MODULAR.get(line, found)
    return found


def only(run: Run) -> tuple[str, str]:
    """Return the lines that only one of the two has."""
    one, other = run.libvirtd.splitlines(), run.lacuna.splitlines()
    theirs: list[str] = []
    ours: list[str] = []
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag != "equal":
            theirs += one[start:end]
            ours += other[other_start:other_end]
    return "\n".join(theirs), "\n".join(ours)


def agrees(seen: str, expected: str) -> bool:
    """Whether this is what was expected, or begins so if that ends in an ellipsis."""
    if expected.endswith("..."):
        return seen.startswith(expected.removesuffix("..."))
    return seen == expected
