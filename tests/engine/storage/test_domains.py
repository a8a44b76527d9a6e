"""Who uses a volume: domains' XML, kind and hostile, and a daemon that knows none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scripted import Daemon, failure
from lacuna_engine.client import Connection
from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage.domains import DiskUse, domains_using, running_domains, used_by
from lacuna_engine.storage.xml import MAX_TEXT

XML = """<domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name>
  <os><nvram template='/usr/share/OVMF.fd'>/var/lib/libvirt/qemu/nvram/web.fd</nvram></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/top.qcow2' index='1'/>
      <backingStore type='file' index='3'>
        <format type='qcow2'/>
        <source file='/images/middle.qcow2'/>
        <backingStore type='block' index='4'>
          <format type='raw'/><source dev='/dev/vg/base'/><backingStore/>
        </backingStore>
      </backingStore>
      <mirror type='file' job='copy'><source file='/images/mirror.img'/></mirror>
    </disk>
    <disk type='volume' device='disk'><source pool='default' volume='data.img'/></disk>
    <disk type='network'><source protocol='rbd' name='pool/image'><host name='h'/></source></disk>
    <disk type='file' device='cdrom'><target dev='hda'/></disk>
    <interface type='network'><source network='default' dev='eth0'/></interface>
  </devices>
</domain>"""


def test_everything_a_domain_has_open() -> None:
    use = used_by(XML, "web")
    assert use.paths == {
        "/images/top.qcow2",
        "/images/middle.qcow2",
        "/dev/vg/base",
        "/images/mirror.img",
        "/var/lib/libvirt/qemu/nvram/web.fd",
    }
    assert use.volumes == {("default", "data.img")}


def test_a_long_backing_chain() -> None:
    depth = 200
    chain = "".join(f"<backingStore><source file='/b{number}'/>" for number in range(depth))
    xml = (
        f"<domain><devices><disk><source file='/top'/>{chain}{'</backingStore>' * depth}"
        "</disk></devices></domain>"
    )
    assert f"/b{depth - 1}" in used_by(xml, "d").paths


def test_who_uses_a_volume() -> None:
    uses = [
        used_by(XML, "web"),
        DiskUse("b\x1b[31m", frozenset({"/images/top.qcow2"}), frozenset()),
        DiskUse("other", frozenset({"/images/other"}), frozenset({("x", "data.img")})),
    ]
    found = domains_using(uses, path="/images/top.qcow2", pool="p", volume="top.qcow2")
    assert len(found) == 2
    assert "\x1b" not in "".join(found)
    assert domains_using(uses, path="", pool="default", volume="data.img") == ("web",)
    assert domains_using(uses, path="/images/none", pool="p", volume="none") == ()


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<",
        "<volume/>",
        "<!DOCTYPE d [<!ENTITY a 'b'>]><domain>&a;</domain>",
        "<domain><devices>" + "<a>" * 100_000,
        "<domain>" + "<a>" * 1000 + "</a>" * 1000 + "</domain>",
        "<domain>" + "x" * MAX_TEXT + "</domain>",
        "<domain>\ud800\x00",
    ],
)
def test_hostile_xml_is_refused(xml: str) -> None:
    with pytest.raises(ProtocolError):
        used_by(xml, "d")


def test_odd_domains_use_nothing() -> None:
    for xml in (
        "<domain/>",
        "<domain><devices/></domain>",
        "<domain><devices><disk/><disk><source/></disk></devices></domain>",
        "<domain><devices><disk><source pool='p'/></disk></devices></domain>",
    ):
        assert used_by(xml, "d") == DiskUse("d", frozenset(), frozenset())


@given(st.text(max_size=300))
def test_nothing_but_a_protocol_error(text: str) -> None:
    for xml in (text, f"<domain><devices><disk>{text}</disk></devices></domain>"):
        with suppress(ProtocolError):
            used_by(xml, "d")


def handle(name: str) -> r.DomainHandle:
    return r.DomainHandle(name, bytes(16), 1)


async def ask(daemon: Daemon) -> list[DiskUse] | None:
    connection = Connection(await daemon.open())
    await connection.start(("test:///default",))
    try:
        return await running_domains(connection)
    finally:
        await connection.close()


async def test_a_daemon_that_tells() -> None:
    daemon = Daemon()
    xmls = {"web": r.String(XML), "gone": failure(42, "no domain"), "bad": r.String("<domain")}
    asked: list[r.ListDomains] = []

    def listed(arguments: r.ListDomains) -> r.DomainList:
        asked.append(arguments)
        return r.DomainList(tuple(map(handle, xmls)), len(xmls))

    daemon.answers[p.LIST_ALL_DOMAINS.number] = listed
    daemon.answers[p.DOMAIN_GET_XML_DESC.number] = lambda wanted: xmls[wanted.domain.name]
    found = await ask(daemon)
    assert found is not None
    assert [use.domain for use in found] == ["web"]
    assert asked == [r.ListDomains(1, 1)]


async def test_a_daemon_that_cannot_tell() -> None:
    assert await ask(Daemon()) is None
