"""Reading a daemon's XML: what it really sends, every optional part, and hostile text."""

import re
import uuid
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lacuna_engine.errors import ProtocolError
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    PoolAdapter,
    PoolDescription,
    PoolHost,
    PoolSource,
    PoolType,
    Timestamps,
    VolumeDescription,
    VolumeType,
)
from lacuna_engine.storage.xml import MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT, parse_pool, parse_volume

VECTORS = Path(__file__).parents[2] / "data" / "vectors.txt"
SECONDS = 1_000_000_000
UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def captured(name: str) -> str:
    """The XML in a captured reply: header of 28 bytes, then a string with its length."""
    for line in VECTORS.read_text().splitlines():
        if line.startswith(f"{name} | < | "):
            message = bytes.fromhex(line.rpartition("|")[2].strip())
            length = int.from_bytes(message[28:32], "big")
            return message[32 : 32 + length].decode("utf-8", "surrogateescape")
    raise AssertionError(f"no reply {name} among the captured messages")


# Protocol.md 7.1 and 7.2: every part at once, in the daemon's order.
POOL = """<pool type='iscsi-direct'>
  <name>demo</name>
  <uuid>00112233-4455-6677-8899-aabbccddeeff</uuid>
  <capacity unit='bytes'>25274793984</capacity>
  <allocation unit='bytes'>9239003136</allocation>
  <available unit='bytes'>16035790848</available>
  <features><cow state='no'/></features>
  <source>
    <host name='nas.example' port='2049'/>
    <host name='other.example'/>
    <device path='/dev/sdb' part_separator='yes'><freeExtent start='0' end='9'/></device>
    <device path='/dev/sdc'/>
    <dir path='/export'/>
    <adapter type='scsi_host' name='host0'/>
    <name>vg0</name>
    <initiator><iqn name='iqn.2000-01.example:me'/></initiator>
    <format type='auto'/>
    <auth type='chap' username='u'><secret usage='x'/></auth>
    <protocol ver='4'/> <vendor name='v'/> <product name='p'/>
  </source>
  <target>
    <path>/srv/images</path>
    <permissions><mode>0755</mode><owner>0</owner><group>5</group><label>a:b</label></permissions>
  </target>
  <refresh><volume allocation='capacity'/></refresh>
</pool>
"""

VOLUME = """<volume type='file'>
  <name>disk.qcow2</name>
  <key>/srv/images/disk.qcow2</key>
  <source><device path='/dev/sda4'><extent start='0' end='1073741824'/></device></source>
  <capacity unit='bytes'>10737418240</capacity>
  <allocation unit='bytes'>4526080</allocation>
  <physical unit='bytes'>4587520</physical>
  <target>
    <path>/srv/images/disk.qcow2</path>
    <format type='qcow2'/>
    <permissions><mode>0600</mode><owner>107</owner><group>107</group></permissions>
    <timestamps>
      <atime>1795375663.235814454</atime><mtime>1795375663</mtime>
      <ctime>1795375664.5</ctime><btime>0</btime>
    </timestamps>
    <encryption format='luks'><secret type='passphrase' uuid='x'/></encryption>
    <compat>1.1</compat>
    <clusterSize unit='B'>65536</clusterSize>
    <features><lazy_refcounts/><extended_l2/></features>
  </target>
  <backingStore>
    <path>/srv/images/base.qcow2</path>
    <format type='qcow2'/>
    <permissions><mode>0644</mode></permissions>
  </backingStore>
</volume>
"""


def test_captured_volume() -> None:
    assert parse_volume(captured("vol_get_xml_desc")) == VolumeDescription(
        name="a",
        key="/srv/images-1/a",
        type=VolumeType.FILE,
        capacity=8192,
        allocation=0,
        physical=8192,
        path="/srv/images-1/a",
        format="raw",
        permissions=Permissions(0o600, 0, 0),
        timestamps=Timestamps(
            access=1795377094 * SECONDS + 471799652,
            modification=1795377094 * SECONDS + 471170904,
            change=1795377094 * SECONDS + 471170904,
        ),
    )


def test_captured_pool() -> None:
    assert parse_pool(captured("pool_get_xml_desc")) == PoolDescription(
        name="ref-v1",
        uuid=UUID,
        type=PoolType.DIR,
        capacity=270553174016,
        allocation=40475906048,
        available=230077267968,
        target_path="/srv/images-1",
        permissions=Permissions(0o755, 0, 0),
    )


def test_every_part_of_a_volume() -> None:
    assert parse_volume(VOLUME) == VolumeDescription(
        name="disk.qcow2",
        key="/srv/images/disk.qcow2",
        type=VolumeType.FILE,
        capacity=10737418240,
        allocation=4526080,
        physical=4587520,
        path="/srv/images/disk.qcow2",
        format="qcow2",
        permissions=Permissions(0o600, 107, 107),
        timestamps=Timestamps(
            access=1795375663 * SECONDS + 235814454,
            modification=1795375663 * SECONDS,
            change=1795375664 * SECONDS + 500_000_000,
        ),
        backing=BackingStore("/srv/images/base.qcow2", "qcow2"),
        compat="1.1",
        cluster_size=65536,
        features=("lazy_refcounts", "extended_l2"),
        encrypted=True,
    )


def test_every_part_of_a_pool() -> None:
    pool = parse_pool(POOL)
    assert pool.type is PoolType.ISCSI_DIRECT
    assert pool.permissions == Permissions(0o755, 0, 5, "a:b")
    assert pool.source == PoolSource(
        hosts=(PoolHost("nas.example", 2049), PoolHost("other.example")),
        devices=("/dev/sdb", "/dev/sdc"),
        directory="/export",
        adapter=PoolAdapter("scsi_host", "host0"),
        name="vg0",
        initiator="iqn.2000-01.example:me",
        format="auto",
    )


def test_almost_nothing_is_needed() -> None:
    assert parse_volume("<volume><name>v</name></volume>") == VolumeDescription(
        "v", "", VolumeType("")
    )
    assert parse_pool("<pool><name>p</name></pool>") == PoolDescription("p", None, PoolType(""))
    assert parse_pool("<pool><name>p</name><source/></pool>").source == PoolSource()


def test_order_and_unknown_parts_do_not_matter() -> None:
    text = (
        "<?xml version='1.0' encoding='latin1'?><volume type='frob' x='y' xmlns:n='urn:n'>"
        "<!-- remark --><?pi?><n:name>no</n:name><new><name>no</name></new>"
        "<target><format type='zap'/></target><physical>5</physical>"
        "<name>y<!-- remark -->es</name><name>no</name></volume>"
    )
    volume = parse_volume(text)
    assert (volume.name, volume.physical, volume.format) == ("yes", 5, "zap")
    assert volume.type == "frob"
    assert not volume.type.is_known


@pytest.mark.parametrize("name", [" sp ", "a\nb\tc", "<&>'\"", "]]&gt;", "ü中😀\x7f\x85"])
def test_names_come_back_unchanged(name: str) -> None:
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_volume(f"<volume><name>{escaped}</name></volume>").name == name


def test_bytes_that_are_not_xml_do_not_break_it() -> None:
    raw = "a\udcff\x01\ufffe\x00"
    text = (
        f"<volume><name>{raw}</name><key>/{raw}</key><target><path>/{raw}</path></target></volume>"
    )
    assert parse_volume(text).name == "a" + "\ufffd" * 4
    volume = parse_volume(text, name=raw, key="/" + raw)
    assert (volume.name, volume.key, volume.path) == (raw, "/" + raw, "/a" + "\ufffd" * 4)


def test_the_handle_overrides() -> None:
    volume = parse_volume("<volume/>", name="n", key="")
    assert (volume.name, volume.key) == ("n", "")
    other = uuid.UUID(int=5)
    pool = parse_pool("<pool><name>x</name><uuid>rubbish</uuid></pool>", name="n", uuid=other)
    assert (pool.name, pool.uuid) == ("n", other)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("", 1),
        (" unit=''", 1),
        (" unit='B'", 1),
        (" unit='Byte'", 1),
        (" unit='bytes'", 1),
        (" unit='k'", 1024),
        (" unit='KiB'", 1024),
        (" unit='kib'", 1024),
        (" unit='KB'", 1000),
        (" unit='M'", 1024**2),
        (" unit='MB'", 1000**2),
        (" unit='GiB'", 1024**3),
        (" unit='T'", 1024**4),
        (" unit='tb'", 1000**4),
        (" unit='PiB'", 1024**5),
        (" unit='e'", 1024**6),
        (" unit='EB'", 1000**6),
    ],
)
def test_units(unit: str, factor: int) -> None:
    text = f"<volume><name>v</name><capacity{unit}>\n 15 </capacity></volume>"
    assert parse_volume(text).capacity == 15 * factor


@pytest.mark.parametrize(
    "element",
    [
        "<{0}/>",
        "<{0}>-5</{0}>",
        "<{0}>+5</{0}>",
        "<{0}>1.5</{0}>",
        "<{0}>0x10</{0}>",
        "<{0}>1_0</{0}>",
        "<{0}>\u0663</{0}>",
        "<{0}>18446744073709551616</{0}>",
        "<{0}>{1}</{0}>",
        "<{0} unit='EiB'>16</{0}>",
        "<{0} unit='Q'>1</{0}>",
        "<{0} unit='iB'>1</{0}>",
        "<{0}>{2}</{0}>",
    ],
)
@pytest.mark.parametrize("tag", ["capacity", "allocation", "physical"])
def test_sizes_are_not_guessed(tag: str, element: str) -> None:
    text = element.format(tag, "9" * 10_000, "x" * 1000)
    with pytest.raises(ProtocolError, match=f"a {tag} that is no size") as caught:
        parse_volume(f"<volume><name>v</name>{text}</volume>")
    assert len(str(caught.value)) < 200


def test_the_largest_size_is_one() -> None:
    text = "<pool><name>p</name><available unit='bytes'>18446744073709551615</available></pool>"
    assert parse_pool(text).available == 2**64 - 1


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("mode", "0", 0),
        ("mode", "07777", 0o7777),
        ("mode", "037777777777", None),  # a daemon's "not set"
        ("mode", "0890", None),
        ("mode", "", None),
        ("owner", "4294967294", 4294967294),
        ("owner", "4294967295", None),
        ("owner", "-1", None),
        ("owner", "-2", 4294967294),  # printed signed
        ("group", "-2147483648", 2147483648),
        ("group", "-2147483649", None),
        ("group", "--2", None),
        ("group", "staff", None),
        ("label", "", None),
        ("label", "l", "l"),
    ],
)
def test_odd_permissions(field: str, text: str, expected: object) -> None:
    xml = f"<volume><target><permissions><{field}>{text}</{field}></permissions></target></volume>"
    permissions = parse_volume(xml, name="v").permissions
    assert permissions is not None
    assert getattr(permissions, field) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("0", 0),
        ("1.000000001", SECONDS + 1),
        ("1.5", 1_500_000_000),
        ("1.", None),
        ("-1", None),
        ("1.0000000001", None),
        ("18446744073709551615", -SECONDS),  # a second before 1970, printed unsigned
        ("18446744073709551616", None),
        ("soon", None),
    ],
)
def test_odd_times(text: str, expected: int | None) -> None:
    xml = f"<volume><target><timestamps><mtime>{text}</mtime></timestamps></target></volume>"
    times = parse_volume(xml, name="v").timestamps
    assert times == Timestamps(modification=expected)


def test_odd_parts_are_left_out() -> None:
    volume = parse_volume(
        "<volume><target><clusterSize>big</clusterSize><features/></target><backingStore/></volume>",
        name="v",
    )
    assert (volume.cluster_size, volume.features, volume.backing) == (None, (), None)
    source = parse_pool(
        "<pool><source><host port='1'/><host name='h' port='70000'/><device/></source></pool>",
        name="p",
    ).source
    assert source == PoolSource(hosts=(PoolHost("h"),))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not well-formed"),
        ("volume", "not well-formed"),
        ("<volume>", "not well-formed"),
        ("<volume/><volume/>", "not well-formed"),
        ("<volume a='1' a='2'/>", "not well-formed"),
        ("<volume>&nbsp;</volume>", "not well-formed"),
        ("<volume>&#1;</volume>", "not well-formed"),
        ("<n:volume/>", "not well-formed"),
        ("<volume/>", "has no name"),
        ("<volume><name></name></volume>", "has no name"),
        ("<pool><name>p</name></pool>", "describes a 'pool', not a volume"),
        (f"<{'x' * 100}/>", f"a '{'x' * 60}…', not"),
        ("<!DOCTYPE volume><volume><name>v</name></volume>", "document type"),
        ("<!DOCTYPE volume SYSTEM 'file:///x'><volume/>", "document type"),
        ("<!DOCTYPE v [<!ENTITY a 'b'>]><volume><name>&a;</name></volume>", "document type"),
    ],
)
def test_malformed(text: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=re.escape(reason)):
        parse_volume(text)


@pytest.mark.parametrize("text", ["", "  ", "00112233445566778899aabbccddeeff"])
def test_uuid_forms(text: str) -> None:
    pool = parse_pool(f"<pool><name>p</name><uuid>{text}</uuid></pool>")
    assert pool.uuid == (UUID if text.strip() else None)


@pytest.mark.parametrize("text", ["x", "{00112233-4455-6677-8899-aabbccddeeff}", "0" * 31])
def test_a_bad_uuid_is_an_error(text: str) -> None:
    with pytest.raises(ProtocolError, match="no valid uuid"):
        parse_pool(f"<pool><name>p</name><uuid>{text}</uuid></pool>")


def nested(depth: int) -> str:
    return f"<volume><name>v</name>{'<a>' * depth}{'</a>' * depth}</volume>"


def test_bounds() -> None:
    assert parse_volume(nested(MAX_DEPTH - 1)).name == "v"
    with pytest.raises(ProtocolError, match="nests them too deep"):
        parse_volume(nested(MAX_DEPTH))
    with pytest.raises(ProtocolError, match="nests them too deep"):
        parse_volume("<a>" * 1_000_000)
    with pytest.raises(ProtocolError, match="too many elements"):
        parse_volume(f"<volume><name>v</name>{'<a/>' * MAX_ELEMENTS}</volume>")
    with pytest.raises(ProtocolError, match="characters long, limit"):
        parse_volume(" " * (MAX_TEXT + 1))


ANY_TEXT = st.text(st.characters())  # surrogates and control characters included
PIECES = """
<volume> </volume> <name> </name> <pool > type=' ' & ; <![CDATA[ ]]> <!-- --> ?> ]> <target> - \x00
</target> <capacity unit=' 99999999999999999999 &#0; <?xml <!DOCTYPE a encoding='x' \udcff
xmlns='a'
"""
FRAGMENTS = st.lists(st.sampled_from([" ", *PIECES.split()])).map("".join)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Real XML with pieces cut out, doubled or overwritten."""
    text = draw(st.sampled_from([POOL, VOLUME]))
    for _ in range(draw(st.integers(1, 4))):
        start, stop = sorted(draw(st.integers(0, len(text))) for _ in range(2))
        piece = draw(st.one_of(st.just(""), st.just(text[start:stop] * 2), ANY_TEXT, FRAGMENTS))
        text = text[:start] + piece + text[draw(st.sampled_from([start, stop])) :]
    return text


@given(st.one_of(ANY_TEXT, FRAGMENTS, mutated()))
@example("<?xml version='1.0' encoding='utf-16'?><volume><name>v</name></volume>")
@example("<?xml version='1.0' encoding='nonsense'?><volume><name>v</name></volume>")
def test_any_text_gives_a_record_or_a_protocol_error(text: str) -> None:
    for parse in (parse_pool, parse_volume):
        try:
            record = parse(text)
        except ProtocolError as error:
            str(error).encode("utf-8")
            continue
        assert record.name
        assert 0 <= record.capacity < 2**64
        assert 0 <= record.allocation < 2**64


@given(st.sampled_from(["capacity", "mode", "owner", "mtime", "clusterSize"]), ANY_TEXT)
def test_any_number_text_is_survived(tag: str, text: str) -> None:
    pattern = f"(<{tag}[^>]*>)[^<]*<"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    xml, count = re.subn(pattern, lambda match: f"{match[1]}{escaped}<", VOLUME)
    assert count
    try:
        parse_volume(xml)
    except ProtocolError:
        assert tag == "capacity"
