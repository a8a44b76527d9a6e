"""The sidebar's tree, fed by hosts that are not connected to anything."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester

from lacuna_engine.errors import UnreachableError
from lacuna_engine.profiles import Profile
from lacuna_engine.storage import PoolHandle, PoolState, PoolType
from lacuna_engine.transfer import Session
from lacuna_gui.hosts import Host, Hosts, HostState, PoolRecord
from lacuna_gui.models.connections import ConnectionsModel, transport_of
from lacuna_gui.views.sidebar_delegate import side_text
from ui.window.driver import check_model


async def nobody(profile: Profile) -> Session:
    raise AssertionError(profile)


def profile(name: str, group: str = "") -> Profile:
    return Profile(name, name, f"qemu+ssh://{name}/system", group)


def pool(name: str, state: PoolState = PoolState.RUNNING) -> PoolRecord:
    return PoolRecord(PoolHandle(name, bytes(16)), state, PoolType.DIR, 100, 71, 29)


def texts(model: ConnectionsModel, parent: QModelIndex | None = None) -> list[str]:
    above = parent or QModelIndex()
    return [str(model.index(row, 0, above).data()) for row in range(model.rowCount(above))]


def test_groups_hosts_and_pools(qtmodeltester: ModelTester) -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a"), profile("b", "Lab"), profile("c", "Lab"), profile("d")])
    model = ConnectionsModel(hosts)
    assert texts(model) == ["a", "Lab", "d"]
    assert texts(model, model.index(1, 0)) == ["b", "c"]
    show(host(hosts, "a"), pool("fast"), pool("slow"))
    assert texts(model, model.index_of_host("a")) == ["fast", "slow"]
    check_model(qtmodeltester, model)


def host(hosts: Hosts, name: str) -> Host:
    found = hosts.get(name)
    assert found is not None
    return found


def show(one: Host, *pools: PoolRecord) -> None:
    one.pools = {record.name: record for record in pools}
    one.pools_changed.emit()


def test_pools_come_and_go_without_a_reset() -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a")])
    model = ConnectionsModel(hosts)
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    one = host(hosts, "a")
    where = model.index_of_host("a")
    show(one, pool("b"), pool("d"))
    show(one, pool("a"), pool("b"), pool("c"), pool("d"))
    assert texts(model, where) == ["a", "b", "c", "d"]
    show(one, pool("b"))
    assert texts(model, where) == ["b"]
    show(one)
    assert texts(model, where) == []
    assert not resets


def test_a_new_order_and_another_group() -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a"), profile("b")])
    model = ConnectionsModel(hosts)
    hosts.update([profile("b"), profile("a")])
    assert texts(model) == ["b", "a"]
    hosts.update([profile("b"), profile("a", "Lab")])
    assert texts(model) == ["b", "Lab"]


def test_how_a_connection_is_can_be_read() -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a")])
    model = ConnectionsModel(hosts)
    one = host(hosts, "a")
    assert "not connected" in model.index_of_host("a").data(Qt.ItemDataRole.AccessibleTextRole)
    one.state = HostState.ONLINE
    show(one, pool("fast"), pool("off", PoolState.INACTIVE))
    tip = model.index_of_pool("a", "fast").data(Qt.ItemDataRole.ToolTipRole)
    assert "71 bytes of 100 bytes used, 29 bytes free" in tip
    tip = model.index_of_pool("a", "off").data(Qt.ItemDataRole.ToolTipRole)
    assert "stopped" in tip


@pytest.mark.parametrize(
    ("uri", "unsafe"),
    [
        ("qemu+tcp://far/system", True),
        ("qemu+tls://far/system?no_verify=1", True),
        ("qemu+tls://far/system?no_verify=x", False),
        ("qemu+tls://far/system", False),
        ("qemu+ssh://far/system", False),
        ("qemu:///system", False),
        ("nonsense", False),
    ],
)
def test_what_is_not_safe_says_so(uri: str, *, unsafe: bool) -> None:
    hosts = Hosts(nobody)
    hosts.update([Profile("a", "a", uri)])
    model = ConnectionsModel(hosts)
    index = model.index_of_host("a")
    for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        assert ("Not safe" in index.data(role)) is unsafe
    seen = side_text(model.node(index), "stopped", "{0}, not safe")
    assert seen.endswith(", not safe") is unsafe


def test_why_there_is_no_connection() -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a")])
    host(hosts, "a").error = UnreachableError("no libvirt daemon listens at /run/sock")
    tip = ConnectionsModel(hosts).index_of_host("a").data(Qt.ItemDataRole.ToolTipRole)
    assert tip.endswith("\nNo libvirt daemon listens at /run/sock"), "as messages say it"


def test_dragging_a_connection_onto_another() -> None:
    hosts = Hosts(nobody)
    hosts.update([profile("a"), profile("b", "Lab")])
    model = ConnectionsModel(hosts)
    told: list[tuple[object, ...]] = []
    model.dropped.connect(lambda *what: told.append(what))
    data = model.mimeData([model.index_of_host("a")])
    action = Qt.DropAction.MoveAction
    model.dropMimeData(data, action, -1, -1, model.index_of_host("b"))
    assert told == [("a", "Lab", "b")]
    model.dropMimeData(data, action, -1, -1, model.index_of_host("a"))
    assert len(told) == 1, "onto itself is nothing"


def test_transports() -> None:
    assert transport_of("qemu:///system") == "local"
    assert transport_of("qemu+ssh://host/system") == "ssh"
    assert transport_of("qemu://host/system") == "tls"
    assert transport_of("nonsense") == ""
