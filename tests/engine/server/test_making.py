"""Making volumes: of zeros, and as empty images that qemu can use."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.server.pools import GIB, KIB, MIB, code_of, create, error_of, qemu_img
from lacuna_engine.rpc.failure import Code
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.storage.xml_build import volume_xml


def test_create_sizes(pool: FolderPool) -> None:
    status = create(pool, "<capacity>1000</capacity><allocation>0</allocation>")
    assert (status.st_size, status.st_blocks) == (1000, 0)
    status = create(pool, "<capacity>1000</capacity>", "full")
    assert (status.st_size, status.st_blocks * 512) == (1000, 4096)
    status = create(pool, "<capacity unit='M'>1</capacity><allocation unit='M'>3</allocation>", "x")
    assert status.st_size == 3 * MIB
    assert status.st_blocks * 512 >= 3 * MIB
    status = create(pool, "<capacity unit='M'>3</capacity><allocation unit='M'>1</allocation>", "y")
    assert status.st_size == 3 * MIB
    assert MIB <= status.st_blocks * 512 < 2 * MIB
    assert create(pool, "<capacity unit='KB'>2</capacity>", "z").st_size == 2000
    assert pool.volume_info("v").capacity == 1000


def test_create_iso_and_permissions(pool: FolderPool) -> None:
    inner = (
        "<capacity>0</capacity><target><format type='iso'/>"
        "<permissions><mode>0644</mode><owner>-1</owner></permissions></target>"
    )
    assert create(pool, inner).st_mode & 0o777 == 0o644


FORMATTED = """<volume><name>q</name><capacity>1</capacity>
<target><format type='{}'/></target></volume>"""


CREATE_ERRORS = [
    ("<volume><name>q</name></volume>", 27, "missing capacity element"),
    (
        "<volume><name>q</name><capacity unit='Q'>1</capacity></volume>",
        8,
        "unknown suffix 'Q'",
    ),
    ("<volume><name>q</name><capacity>1.5</capacity></volume>", 27, "malformed capacity element"),
    ("<volume><name>q</name><capacity>-5</capacity></volume>", 27, "malformed capacity element"),
    (
        "<volume><name>q</name><capacity>18446744073709551616</capacity></volume>",
        27,
        "malformed capacity element",
    ),
    (
        "<volume><name>q</name><capacity unit='E'>17</capacity></volume>",
        82,
        "value too large: 17E",
    ),
    (
        "<volume><name>a/b</name><capacity>1</capacity></volume>",
        55,
        "volume name 'a/b' cannot contain '/'",
    ),
    (
        "<volume><name>..</name><capacity>1</capacity></volume>",
        55,
        "volume target path '@/..' already exists",
    ),
    ("<volume><capacity>1</capacity></volume>", 27, "missing volume name element"),
    ("<pool/>", 27, "expecting root element of 'volume', not 'pool'"),
    ("<volume><name>q</name>", 35, None),
    ("<volume><name>q\x01</name><capacity>1</capacity></volume>", 35, None),
    ("<volume><name>q</name><capacity>9223372036854775808</capacity></volume>", 38, None),
] + [
    (FORMATTED.format(name), 67, f"unknown volume format type {name}")
    for name in ("auto", "luks", "vmdk", "dir", "zzz")
]


@pytest.mark.parametrize(("xml", "code", "text"), CREATE_ERRORS)
def test_create_errors(pool: FolderPool, path: Path, xml: str, code: int, text: str | None) -> None:
    error = error_of(lambda: pool.create(xml))
    assert error.code == code
    assert text is None or error.str2 == text.replace("@", str(path))
    assert os.listdir(path) == []


def test_what_else_cannot_be_created(pool: FolderPool) -> None:
    xml = "<volume><name>q</name><capacity>1</capacity>{}</volume>"
    backing = "<backingStore><path>/etc/passwd</path></backingStore>"
    assert code_of(lambda: pool.create(xml.format(backing))) == Code.NO_SUPPORT
    assert code_of(lambda: pool.create(xml.format(""), 1)) == Code.CONFIG_UNSUPPORTED
    encrypted = "<target><encryption format='luks'/></target>"
    assert code_of(lambda: pool.create(xml.format(encrypted))) == Code.CONFIG_UNSUPPORTED
    pool.create(xml.format(""))
    assert code_of(lambda: pool.create(xml.format(""))) == Code.STORAGE_VOL_EXIST


@pytest.mark.parametrize("size", [0, 1000, 10 * MIB, 512 * MIB, 10 * GIB, 5 << 40, 2 << 50])
@pytest.mark.parametrize("compat", ["", "0.10", "1.1"])
def test_empty_qcow2_images(pool: FolderPool, path: Path, size: int, compat: str) -> None:
    extra = f"<compat>{compat}</compat>" if compat else ""
    inner = f"<capacity>{size}</capacity><target><format type='qcow2'/>{extra}</target>"
    status = create(pool, inner)
    assert status.st_blocks * 512 <= 200 * KIB
    rounded = -(-size // 1024) * 1024
    assert qemu_img("info", "--output=json", path / "v")["virtual-size"] == rounded
    seen = pool.volume_description("v")
    assert (seen.format, seen.capacity, seen.cluster_size) == ("qcow2", rounded, 65536)
    assert seen.compat == (compat or "1.1")
    checked = qemu_img("check", "--output=json", path / "v")
    assert checked["check-errors"] == 0
    assert checked["image-end-offset"] <= status.st_size + 65535
    assert not checked.get("leaks")


def test_data_written_by_qemu_into_an_empty_image(pool: FolderPool, path: Path) -> None:
    (path / "data").write_bytes(os.urandom(3 * MIB))
    create(pool, f"<capacity>{20 * GIB}</capacity><target><format type='qcow2'/></target>")
    qemu_img("convert", "-n", "-O", "qcow2", path / "data", path / "v")
    qemu_img("check", path / "v")
    read_back = path / "back"
    qemu_img("convert", "-O", "raw", path / "v", read_back)
    with read_back.open("rb") as file:
        assert file.read(3 * MIB) == (path / "data").read_bytes()


def test_a_qcow2_image_too_large(pool: FolderPool) -> None:
    xml = (
        "<volume><name>q</name><capacity unit='E'>4</capacity>"
        "<target><format type='qcow2'/></target></volume>"
    )
    assert error_of(lambda: pool.create(xml)).int1 == errno.EFBIG


def test_of_eight_creates_one_wins(pool: FolderPool, path: Path) -> None:
    for number in range(10):
        barrier = threading.Barrier(8)

        def attempt(size: int, name: str, barrier: threading.Barrier = barrier) -> int:
            xml = volume_xml(name, capacity=size, allocation=size)
            barrier.wait()
            try:
                pool.create(xml)
            except Refusal as error:
                return -error.error.code
            return size

        with ThreadPoolExecutor(8) as threads:
            name = f"v{number}"
            results = sorted(threads.map(attempt, range(8), [name] * 8))
        assert results == [-Code.STORAGE_VOL_EXIST] * 7 + [(path / name).stat().st_size]
