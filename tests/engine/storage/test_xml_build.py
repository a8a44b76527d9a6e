"""Writing XML for a daemon: exact texts, refusals, and reading back what was written."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import UsageError
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    PoolAdapter,
    PoolHost,
    PoolSource,
    PoolType,
)
from lacuna_engine.storage.xml import parse_pool, parse_volume, pool_xml, volume_xml

UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def test_the_usual_volume() -> None:
    assert volume_xml("disk.img") == (
        "<volume><name>disk.img</name><capacity unit='bytes'>0</capacity>"
        "<allocation unit='bytes'>0</allocation><target><format type='raw'/></target></volume>"
    )


def test_a_volume_with_everything() -> None:
    text = volume_xml(
        "over",
        capacity=None,
        allocation=5,
        format="qcow2",
        permissions=Permissions(0o640, 107, 0, "ignored"),
        backing=BackingStore("/srv/a&b", "qcow2"),
    )
    assert text == (
        "<volume><name>over</name><allocation unit='bytes'>5</allocation>"
        "<target><format type='qcow2'/><permissions><mode>0640</mode><owner>107</owner>"
        "<group>0</group></permissions></target>"
        "<backingStore><path>/srv/a&amp;b</path><format type='qcow2'/></backingStore></volume>"
    )


def test_parts_that_are_not_told_are_not_written() -> None:
    text = volume_xml("v", format=None, permissions=Permissions(), backing=BackingStore("/b"))
    assert "<target/>" in text
    assert "<backingStore><path>/b</path></backingStore>" in text
    assert "permissions" not in text


def test_escapes() -> None:
    text = volume_xml("<&>'\"\n\t", format="<&>'\"\n\t")
    assert "<name>&lt;&amp;&gt;&apos;&quot;\n\t</name>" in text
    assert "type='&lt;&amp;&gt;&apos;&quot;&#10;&#9;'" in text


@pytest.mark.parametrize("size", [-1, 2**64])
def test_sizes_a_daemon_refuses(size: int) -> None:
    with pytest.raises(UsageError, match="capacity must be from 0"):
        volume_xml("v", capacity=size)
    with pytest.raises(UsageError, match="allocation must be from 0"):
        volume_xml("v", allocation=size)


@pytest.mark.parametrize("name", ["", "a/b", "\udcff", "a\x01"])
def test_bad_volume_names(name: str) -> None:
    with pytest.raises(UsageError):
        volume_xml(name)


@pytest.mark.parametrize(
    ("permissions", "reason"),
    [
        (Permissions(mode=0o10000), "mode"),
        (Permissions(mode=-1), "mode"),
        (Permissions(owner=-1), "owner"),
        (Permissions(group=2**32 - 1), "group"),
    ],
)
def test_bad_permissions(permissions: Permissions, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        volume_xml("v", permissions=permissions)


def test_empty_parts_are_refused() -> None:
    with pytest.raises(UsageError, match="format must not be empty"):
        volume_xml("v", format="")
    with pytest.raises(UsageError, match="backing file's path must not be empty"):
        volume_xml("v", backing=BackingStore(""))
    with pytest.raises(UsageError, match="pool's name must not be empty"):
        pool_xml("", path="/p")
    with pytest.raises(UsageError, match="pool's type must not be empty"):
        pool_xml("p", "")
    with pytest.raises(UsageError, match="host's name must not be empty"):
        pool_xml("p", path="/p", source=PoolSource(hosts=(PoolHost(""),)))
    with pytest.raises(UsageError, match="device's path must not be empty"):
        pool_xml("p", path="/p", source=PoolSource(devices=("",)))


def test_the_least_pool() -> None:
    assert pool_xml("n", path="/abs") == (
        "<pool type='dir'><name>n</name><target><path>/abs</path></target></pool>"
    )


def test_a_pool_with_everything() -> None:
    source = PoolSource(
        hosts=(PoolHost("h", 1), PoolHost("i")),
        devices=("/dev/a",),
        directory="/d",
        adapter=PoolAdapter("fc_host", wwnn="1", wwpn="2"),
        name="vg",
        initiator="iqn",
        format="auto",
    )
    text = pool_xml("n", "fs", path="/p", uuid=UUID, source=source, permissions=Permissions(0o711))
    assert text == (
        f"<pool type='fs'><name>n</name><uuid>{UUID}</uuid><source><host name='h' port='1'/>"
        "<host name='i'/><device path='/dev/a'/><dir path='/d'/>"
        "<adapter type='fc_host' wwnn='1' wwpn='2'/><name>vg</name>"
        "<initiator><iqn name='iqn'/></initiator><format type='auto'/></source>"
        "<target><path>/p</path><permissions><mode>0711</mode></permissions></target></pool>"
    )


@pytest.mark.parametrize("kind", ["dir", PoolType.NETFS])
def test_folder_pools_need_a_path(kind: str) -> None:
    with pytest.raises(UsageError, match=f"type {kind} needs a path"):
        pool_xml("p", kind)
    assert pool_xml("p", "rbd") == "<pool type='rbd'><name>p</name></pool>"


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        ("a/b", "/p", "slash or a newline"),
        ("a\nb", "/p", r"'a\\nb'"),
        ("p", "", "must be absolute"),
        ("p", "images", "must be absolute"),
        ("p\x00", "/p", r"cannot carry the character '\\x00'"),
        ("p", "/\udcff", r"cannot carry the character '\\xff'"),
    ],
)
def test_bad_pools(name: str, path: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        pool_xml(name, path=path)


CARRIED = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
EXTRA = st.sampled_from("\t\n<>&'\"\x7f\x85\u2028")
WORD = st.text(st.one_of(CARRIED, EXTRA), min_size=1, max_size=40)
NAME = WORD.filter(lambda n: "/" not in n and n not in {".", ".."})
LINE = st.one_of(WORD, st.just("a\rb\r\nc"))
UINT64 = st.integers(0, 2**64 - 1)
PERMISSIONS = st.builds(
    Permissions,
    st.none() | st.integers(0, 0o7777),
    st.none() | st.integers(0, 2**32 - 2),
    st.none() | st.integers(0, 2**32 - 2),
    st.none(),
)
SOURCES = st.builds(
    PoolSource,
    hosts=st.lists(st.builds(PoolHost, LINE, st.none() | st.integers(0, 65535))).map(tuple),
    devices=st.lists(LINE).map(tuple),
    directory=st.just("") | LINE,
    adapter=st.none() | st.builds(PoolAdapter, LINE, LINE, LINE, st.just(""), LINE),
    name=st.just("") | LINE,
    initiator=st.just("") | LINE,
    format=st.just("") | LINE,
)


@given(
    name=NAME,
    capacity=UINT64,
    allocation=UINT64,
    form=LINE,
    permissions=PERMISSIONS,
    backing=st.none() | st.builds(BackingStore, LINE, LINE),
)
def test_a_volume_comes_back(
    *,
    name: str,
    capacity: int,
    allocation: int,
    form: str,
    permissions: Permissions,
    backing: BackingStore | None,
) -> None:
    volume = parse_volume(
        volume_xml(
            name,
            capacity=capacity,
            allocation=allocation,
            format=form,
            permissions=permissions,
            backing=backing,
        )
    )
    assert (volume.name, volume.capacity, volume.allocation) == (name, capacity, allocation)
    assert (volume.format, volume.backing) == (form, backing)
    assert (volume.permissions or Permissions()) == permissions


@given(
    name=NAME,
    kind=st.sampled_from(PoolType) | LINE,
    path=LINE,
    identity=st.uuids(),
    source=SOURCES,
    permissions=PERMISSIONS,
)
def test_a_pool_comes_back(
    *,
    name: str,
    kind: str,
    path: str,
    identity: uuid.UUID,
    source: PoolSource,
    permissions: Permissions,
) -> None:
    name = name.replace("\n", " ")
    text = pool_xml(
        name, kind, path=f"/{path}", uuid=identity, source=source, permissions=permissions
    )
    pool = parse_pool(text)
    assert (pool.name, pool.type, pool.uuid) == (name, kind, identity)
    assert (pool.target_path, pool.source) == (f"/{path}", source)
    assert (pool.permissions or Permissions()) == permissions


@given(st.text(st.characters(), max_size=40))
def test_any_name_is_written_faithfully_or_refused(name: str) -> None:
    try:
        text = volume_xml(name)
    except UsageError:
        return
    text.encode("utf-8")
    assert parse_volume(text).name == name
