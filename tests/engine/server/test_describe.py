"""XML out as the daemon writes it, and in as strictly as the daemon reads it."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.rpc.failure import Code
from lacuna_engine.server.describe import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_TEXT,
    PoolRequest,
    VolumeRequest,
    pool_xml,
    read_pool_request,
    read_volume_request,
    volume_xml,
)
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.storage import xml_build
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    PoolDescription,
    PoolSource,
    PoolType,
    Timestamps,
    VolumeDescription,
    VolumeType,
)
from lacuna_engine.storage.xml import parse_pool, parse_volume

# Captured from libvirtd 9.0, paths shortened.
DAEMON_POOL = """\
<pool type='dir'>
  <name>a</name>
  <uuid>1d66e85a-75e6-4274-a937-dc1bca1e04a5</uuid>
  <capacity unit='bytes'>57381888</capacity>
  <allocation unit='bytes'>2048</allocation>
  <available unit='bytes'>57379840</available>
  <source>
  </source>
  <target>
    <path>/mounts/a</path>
    <permissions>
      <mode>0755</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
</pool>
"""
DAEMON_INACTIVE_POOL = """\
<pool type='dir'>
  <name>d</name>
  <uuid>ad3ccebf-be5a-49c3-90da-e8a8e17a7e3a</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
  </source>
  <target>
    <path>/tmp/zznope</path>
  </target>
</pool>
"""
DAEMON_VOLUME = """\
<volume type='file'>
  <name>x.raw</name>
  <key>/mounts/a/x.raw</key>
  <capacity unit='bytes'>10485760</capacity>
  <allocation unit='bytes'>1048576</allocation>
  <physical unit='bytes'>10485760</physical>
  <target>
    <path>/mounts/a/x.raw</path>
    <format type='raw'/>
    <permissions>
      <mode>0600</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
    <timestamps>
      <atime>1795387559.315052536</atime>
      <mtime>1795387559.313684194</mtime>
      <ctime>1795387559.313684194</ctime>
      <btime>0</btime>
    </timestamps>
  </target>
</volume>
"""
DAEMON_FOLDER = """\
<volume type='dir'>
  <name>sub</name>
  <key>/mounts/a/sub</key>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <target>
    <path>/mounts/a/sub</path>
    <format type='dir'/>
    <permissions>
      <mode>0755</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
    <timestamps>
      <atime>1795387560</atime>
      <mtime>1795387560.501723908</mtime>
      <ctime>1795387560.000000008</ctime>
      <btime>0</btime>
    </timestamps>
  </target>
</volume>
"""

UINT64 = st.integers(0, 2**64 - 1)
IDS = st.none() | st.integers(0, 2**32 - 2)
# XML hands a carriage return back as it was only because it is written by number.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda char: not xml_build.ILLEGAL.match(char)),
    min_size=1,
    max_size=30,
)
WORDS = st.text("abcdefghij_0123456789", min_size=1, max_size=8)
TIMES = st.none() | st.integers(-(2**62), 2**62)
PERMISSIONS = st.builds(
    Permissions, st.none() | st.integers(0, 0o777), IDS, IDS, st.none() | TEXT
).filter(lambda permissions: permissions != Permissions())
POOLS = st.builds(
    PoolDescription,
    name=TEXT,
    uuid=st.none() | st.uuids(),
    type=st.just(PoolType.DIR),
    capacity=UINT64,
    allocation=UINT64,
    available=UINT64,
    source=st.just(PoolSource()),
    target_path=TEXT,
    permissions=st.none() | PERMISSIONS,
)
VOLUMES = st.builds(
    VolumeDescription,
    name=TEXT,
    key=TEXT,
    type=st.sampled_from([VolumeType.FILE, VolumeType.DIR]),
    capacity=UINT64,
    allocation=UINT64,
    physical=UINT64,
    path=TEXT,
    format=WORDS,
    permissions=st.none() | PERMISSIONS,
    timestamps=st.none()
    | st.builds(Timestamps, TIMES, TIMES, TIMES, st.none() | st.integers(1, 2**62)),
    backing=st.none() | st.builds(BackingStore, TEXT, WORDS),
    compat=st.sampled_from(["", "0.10", "1.1"]),
    cluster_size=st.none() | st.integers(1, 2**30),
    features=st.lists(
        st.sampled_from(["lazy_refcounts", "extended_l2"]), unique=True, max_size=2
    ).map(tuple),
    encrypted=st.just(False),
)


def error_of(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.error.code, caught.value.error.str2 or ""


# --- out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DAEMON_POOL, DAEMON_INACTIVE_POOL])
def test_a_pool_is_written_as_the_daemon_does(text: str) -> None:
    assert pool_xml(parse_pool(text)) == text


@pytest.mark.parametrize("text", [DAEMON_VOLUME, DAEMON_FOLDER])
def test_a_volume_is_written_as_the_daemon_does(text: str) -> None:
    assert volume_xml(parse_volume(text)) == text


@given(POOLS)
def test_pools_come_back(description: PoolDescription) -> None:
    assert parse_pool(pool_xml(description)) == description


@given(VOLUMES)
def test_volumes_come_back(description: VolumeDescription) -> None:
    assert parse_volume(volume_xml(description)) == description


def test_bytes_that_are_no_utf8_go_out_as_they_are() -> None:
    name = "\udcff\udcfe<&"
    text = volume_xml(VolumeDescription(name, f"/a/{name}", VolumeType.FILE, path=f"/a/{name}"))
    assert b"<name>\xff\xfe&lt;&amp;</name>" in text.encode("utf-8", "surrogateescape")
    assert parse_volume(text, name=name).name == name


def test_names_with_markup_newlines_and_tabs() -> None:
    name = "a'b\"<&>\t\n "
    text = volume_xml(VolumeDescription(name, name, VolumeType.FILE))
    assert "<name>a&apos;b&quot;&lt;&amp;&gt;\t\n </name>" in text
    assert parse_volume(text).name == name


def test_a_time_before_the_epoch_is_written_unsigned() -> None:
    times = Timestamps(-1, 0, None)
    text = volume_xml(VolumeDescription("v", "k", VolumeType.FILE, timestamps=times))
    assert f"<atime>{2**64 - 1}.999999999</atime>\n      <mtime>0</mtime>\n      <btime>" in text


# --- in ------------------------------------------------------------------------------------------


def test_a_volume_request() -> None:
    assert read_volume_request("<volume><name>v</name></volume>") == VolumeRequest("v")
    text = """<?xml version='1.0'?>
    <volume type='block'><key>k</key><!-- x --><unknown><a/></unknown>
      <name>a &amp; b</name><capacity unit='GiB'>2</capacity><allocation> 7 </allocation>
      <target><path>/etc/passwd</path><format type='qcow2'/><compat>0.10</compat>
        <clusterSize unit='KiB'>64</clusterSize>
        <permissions><mode>0644</mode><owner>107</owner><group>-1</group><label>x</label>
        </permissions></target></volume>"""
    assert read_volume_request(text) == VolumeRequest(
        "a & b",
        capacity=2 << 30,
        allocation=7,
        format="qcow2",
        permissions=Permissions(0o644, 107, None),
        compat="0.10",
        cluster_size=65536,
    )
    text = "<volume><name>v</name><backingStore><path>x</path></backingStore></volume>"
    assert read_volume_request(text).backing


@given(
    name=TEXT.filter(lambda name: "/" not in name and name not in {".", ".."}),
    capacity=UINT64,
    allocation=UINT64,
    permissions=st.none()
    | st.builds(Permissions, st.none() | st.integers(0, 0o777), IDS, IDS, st.none()),
)
def test_what_our_client_asks_for_is_understood(
    name: str, capacity: int, allocation: int, permissions: Permissions | None
) -> None:
    name = name.replace("\r", "")[:60] or "v"
    text = xml_build.volume_xml(
        name, capacity=capacity, allocation=allocation, permissions=permissions
    )
    wanted = VolumeRequest(name, capacity, allocation, "raw", permissions or Permissions())
    assert read_volume_request(text) == wanted


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *[(unit, 1) for unit in ("", "b", "B", "bytes", "BYTE")],
        *[(unit, 1024) for unit in ("k", "K", "KiB", "kib")],
        *[(unit, 1000) for unit in ("KB", "kb", "kB")],
        ("M", 1 << 20),
        ("GB", 10**9),
        ("TiB", 1 << 40),
        ("p", 1 << 50),
        ("E", 1 << 60),
    ],
)
def test_units(unit: str, factor: int) -> None:
    text = f"<volume><name>v</name><capacity unit='{unit}'>3</capacity></volume>"
    assert read_volume_request(text).capacity == 3 * factor


@pytest.mark.parametrize("unit", ["Q", "KiBi", "i", "kk", "Ki", " K", "\u212a"])
def test_unknown_units(unit: str) -> None:
    text = f"<volume><name>v</name><capacity unit='{unit}'>3</capacity></volume>"
    assert error_of(lambda: read_volume_request(text)) == (8, f"unknown suffix '{unit}'")


@pytest.mark.parametrize("number", ["", "1.5", "0x10", "-5", "1 2", "1_0", "\u0661", str(2**64)])
@pytest.mark.parametrize("tag", ["capacity", "allocation"])
def test_bad_numbers(number: str, tag: str) -> None:
    text = f"<volume><name>v</name><{tag}>{number}</{tag}></volume>"
    assert error_of(lambda: read_volume_request(text)) == (27, f"malformed {tag} element")


def test_too_large_with_its_unit() -> None:
    text = "<volume><name>v</name><capacity unit='E'>16</capacity></volume>"
    assert error_of(lambda: read_volume_request(text)) == (82, "value too large: 16E")


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("<mode>9</mode>", "malformed octal mode"),
        ("<mode>1777</mode>", "malformed octal mode"),
        ("<mode/>", "malformed octal mode"),
        ("<owner>x</owner>", "malformed owner element"),
        ("<group>4294967295</group>", "malformed group element"),
        ("<group>-2</group>", "malformed group element"),
    ],
)
def test_bad_permissions(inner: str, words: str) -> None:
    text = f"<volume><name>v</name><target><permissions>{inner}</permissions></target></volume>"
    assert error_of(lambda: read_volume_request(text)) == (27, words)


BOMB = """<!DOCTYPE volume [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<volume><name>&b;</name></volume>"""
EXTERNAL = """<!DOCTYPE volume [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<volume><name>&a;</name></volume>"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "<volume>",
        "<volume/><volume/>",
        "<volume><name>\x00</name></volume>",
        "<volume><name>\udcff</name></volume>",
        "<volume><name>a&#13;b</name></volume>",
        "<volume><name>&#1;</name></volume>",
        "<volume><name>&unknown;</name></volume>",
        "<!DOCTYPE volume><volume><name>v</name></volume>",
        BOMB,
        EXTERNAL,
        "<volume>" + "<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH + "</volume>",
        "<volume>" + "<a/>" * MAX_ELEMENTS + "</volume>",
        "<volume><name>v</name>" + " " * MAX_TEXT + "</volume>",
    ],
    ids=lambda text: text[:20] or "empty",
)
def test_what_is_no_xml_or_too_much_of_it(text: str) -> None:
    assert error_of(lambda: read_volume_request(text))[0] == Code.XML_DETAIL


def test_the_text_is_what_it_says_whatever_encoding_it_names() -> None:
    text = "<?xml version='1.0' encoding='latin-1'?><volume><name>ü</name></volume>"
    assert read_volume_request(text).name == "ü"


@given(st.text(max_size=100), st.text(max_size=100))
def test_odd_texts_are_refused_or_read(text: str, inner: str) -> None:
    for odd in (text, f"<volume><name>v</name>{inner}</volume>"):
        try:
            assert read_volume_request(odd).name
        except Refusal:
            continue


def test_a_pool_request() -> None:
    uuid = uuid_module.uuid4()
    text = xml_build.pool_xml("p", path="/a", uuid=uuid, permissions=Permissions(0o711, 1, 2))
    assert read_pool_request(text) == PoolRequest("p", PoolType.DIR, "/a", uuid, 0o711)
    # As the daemon writes it, so that a definition can be edited.
    assert read_pool_request(DAEMON_INACTIVE_POOL).path == "/tmp/zznope"  # noqa: S108


def test_types_by_their_numbers() -> None:
    for number, kind in enumerate(PoolType):
        if kind != PoolType.DIR:
            text = f"missing backend for pool type {number} ({kind})"
            call = lambda kind=kind: read_pool_request(f"<pool type='{kind}'/>")  # noqa: E731
            assert error_of(call) == (1, text)


def test_names_and_paths_as_long_as_can_be() -> None:
    """Whoever lists pools gets the names of all of them."""
    longest = pool_request("n" * 251, "/" + "d" * 4094)
    assert len(read_pool_request(longest).name) == 251
    for name, path in [("n" * 252, "/a"), ("\u00e4" * 126, "/a"), ("p", "/" + "d" * 4095)]:
        with pytest.raises(Refusal, match="longer") as caught:
            read_pool_request(pool_request(name, path))
        assert caught.value.error.code == Code.XML_ERROR


def pool_request(name: str, path: str) -> str:
    return f"<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>"
