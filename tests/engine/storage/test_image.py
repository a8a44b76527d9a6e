"""Facts from images made by qemu-img, from made-up headers, and from rubbish."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lacuna_engine.storage.image import HEAD_BYTES, ImageFacts, detect_format, read_facts

MIB = 1024 * 1024
SIZE = 10 * MIB


def make(folder: Path, name: str, *options: str, size: str | None = str(SIZE)) -> bytes:
    """The head of an image made by qemu-img; a missing qemu-img is a failure, not a skip."""
    command = ["qemu-img", "create", "-q", *options, name, *([size] if size else [])]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with (folder / name).open("rb") as file:
        return file.read(HEAD_BYTES)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-f", "raw"], ImageFacts("raw")),
        (["-f", "qcow2"], ImageFacts("qcow2", SIZE)),
        (["-f", "qcow2", "-o", "compat=0.10"], ImageFacts("qcow2", SIZE)),
        (["-f", "qcow2", "-o", "extended_l2=on,cluster_size=128k"], ImageFacts("qcow2", SIZE)),
        (["-f", "qcow"], ImageFacts("qcow", SIZE)),
        (["-f", "qed"], ImageFacts("qed", SIZE)),
        (["-f", "vdi"], ImageFacts("vdi", SIZE)),
        (["-f", "vmdk"], ImageFacts("vmdk", SIZE)),
        (["-f", "vmdk", "-o", "subformat=streamOptimized"], ImageFacts("vmdk", SIZE)),
        (["-f", "vmdk", "-o", "subformat=monolithicFlat"], ImageFacts("vmdk", SIZE)),
        (["-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse"], ImageFacts("vmdk", SIZE)),
        (["-f", "vpc", "-o", "force_size=on"], ImageFacts("vpc", SIZE)),
        (["-f", "vpc", "-o", "subformat=fixed"], ImageFacts("raw")),  # its mark is at the end
        (["-f", "vhdx"], ImageFacts("vhdx")),
    ],
    ids=lambda value: "-".join(value[1::2]) if isinstance(value, list) else "facts",
)
def test_images_of_qemu(tmp_path: Path, options: list[str], expected: ImageFacts) -> None:
    assert read_facts(make(tmp_path, "image", *options)) == expected


@pytest.mark.parametrize("kind", ["qcow2", "qcow", "qed", "vmdk"])
def test_overlays_name_their_base(tmp_path: Path, kind: str) -> None:
    make(tmp_path, "base ü", "-f", kind)
    head = make(tmp_path, "over", "-f", kind, "-b", "base ü", "-F", kind, size=None)
    assert read_facts(head) == ImageFacts(kind, SIZE, "base ü")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", "raw"),
        (bytes(HEAD_BYTES), "raw"),
        (b"QFI\xfb", "raw"),
        (b"QFI\xfb\0\0\0\0", "raw"),
        (b"QFI\xfb\0\0\0\1", "qcow"),
        (b"QFI\xfb\xff\xff\xff\xff", "qcow2"),
        (b"QED\0", "qed"),
        (b"QED ", "raw"),
        (b"COWD", "vmdk"),
        (b"\n# Disk DescriptorFile\n", "vmdk"),
        (b"# a shell script", "raw"),
        (b"conectix", "vpc"),
        (b"vhdxfile", "vhdx"),
        # Typed in: qemu-img times the key derivation, and fails at it on a busy machine.
        (b"LUKS\xba\xbe\0\1aes".ljust(40, b"\0") + b"xts-plain64", "luks"),
        (b"LUKS\xba\xbe\0\2", "luks"),
        (b"LUKS", "raw"),
        (bytes(64) + b"\x7f\x10\xda\xbe", "vdi"),
        (bytes(32769) + b"CD001", "iso"),
        (bytes(32769) + b"CD00", "raw"),
        (b"ER\x08\0" + bytes(32765) + b"CD001", "iso"),  # hybrid
    ],
)
def test_marks(head: bytes, expected: str) -> None:
    assert detect_format(head) == expected
    assert read_facts(head) == ImageFacts(expected)


def qcow2(offset: int, length: int, size: int = 7, name: bytes = b"") -> bytes:
    fields = ((2, 4), (offset, 8), (length, 4), (16, 4), (size, 8))
    return b"QFI\xfb" + b"".join(value.to_bytes(width, "big") for value, width in fields) + name


@pytest.mark.parametrize(
    ("head", "backing"),
    [
        (qcow2(32, 4, name=b"base"), "base"),
        (qcow2(32, 4, name=b"b\xff/\xfe"), "b\udcff/\udcfe"),
        (qcow2(32, 5, name=b"base"), None),  # one byte beyond the head
        (qcow2(32, 0, name=b"base"), None),
        (qcow2(0, 4, name=b"base"), None),
        (qcow2(2**64 - 1, 4, name=b"base"), None),
        (qcow2(32, 1024, name=b"x" * 2000), None),  # longer than the format allows
        (qcow2(32, 1023, name=b"x" * 2000), "x" * 1023),
    ],
)
def test_backing_file_names_must_lie_in_the_head(head: bytes, backing: str | None) -> None:
    assert read_facts(head) == ImageFacts("qcow2", 7, backing)


def test_a_forged_size_is_told_as_it_stands() -> None:
    assert read_facts(qcow2(0, 0, 2**64 - 1)).virtual_size == 2**64 - 1


def vmdk(capacity: int, start: int, length: int, descriptor: str) -> bytes:
    fields = ((1, 4), (3, 4), (capacity, 8), (128, 8), (start, 8), (length, 8))
    head = b"KDMV" + b"".join(value.to_bytes(width, "little") for value, width in fields)
    return head.ljust(512, b"\0") + descriptor.encode()


PARENT = 'parentCID=12ab\nparentFileNameHint="base.vmdk"\n'


@pytest.mark.parametrize(
    ("head", "size", "backing"),
    [
        (vmdk(3, 1, 20, PARENT), 1536, "base.vmdk"),
        (vmdk(3, 0, 20, PARENT), 1536, None),
        (vmdk(3, 1, 0, PARENT), 1536, None),
        (vmdk(3, 2**60, 20, PARENT), 1536, None),
        (vmdk(3, 1000, 20, PARENT), 1536, None),
        (vmdk(3, 1, 20, PARENT.replace("12ab", "FFFFFFFF")), 1536, None),
        (vmdk(3, 1, 20, "parentCID=12ab\n"), 1536, None),
        (vmdk(3, 1, 20, 'parentFileNameHint="base.vmdk"\n'), 1536, None),
        (vmdk(2**63, 1, 20, PARENT), None, "base.vmdk"),
        (b"COWD" + bytes(8) + (5).to_bytes(4, "little"), 2560, None),
        (b'# Disk DescriptorFile\nRW 3 FLAT "a" 0\nRDONLY 4 ZERO\n', 3584, None),
        (b"# Disk DescriptorFile\nRW 99999999999999999999 ZERO\n", None, None),
        (b"# Disk DescriptorFile\n" + PARENT.encode(), None, "base.vmdk"),
    ],
)
def test_vmdk_facts(head: bytes, size: int | None, backing: str | None) -> None:
    assert read_facts(head) == ImageFacts("vmdk", size, backing)


def test_qed_needs_its_flag_for_a_backing_file() -> None:
    fields = ((64, 4), (4, 4), (1, 4), (0, 8), (0, 8), (0, 8), (0, 8), (9, 8), (64, 4), (4, 4))
    head = b"QED\0" + b"".join(value.to_bytes(width, "little") for value, width in fields) + b"base"
    assert read_facts(head) == ImageFacts("qed", 9)
    assert read_facts(head[:16] + b"\1" + head[17:]) == ImageFacts("qed", 9, "base")


MARKS = [b"QFI\xfb\0\0\0\1", b"QFI\xfb\0\0\0\3", b"QED\0", b"KDMV", b"COWD", b"conectix"]
MARKS += [b"vhdxfile", b"# Disk DescriptorFile\n", bytes(64) + b"\x7f\x10\xda\xbe", b""]


@given(st.sampled_from(MARKS), st.binary(max_size=600))
@example(b"KDMV", b"\xff" * 600)
@example(b"# Disk DescriptorFile\n", "RW \u0663 FLAT\n".encode())
def test_any_head_gives_facts(mark: bytes, rest: bytes) -> None:
    facts = read_facts(mark + rest)
    assert re.fullmatch("[a-z0-9]+", facts.format)
    assert facts.virtual_size is None or 0 <= facts.virtual_size < 2**64
    assert facts.backing_file is None or 0 < len(facts.backing_file) <= len(rest)
