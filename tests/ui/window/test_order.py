"""The order of connections, changed without a mouse."""

from __future__ import annotations

from ui.window.driver import Driver


def names(driver: Driver) -> list[str]:
    return [host.title for host in driver.hosts]


def stored(driver: Driver) -> list[str]:
    return [profile.name for profile in driver.store.load()]


def test_connections_change_places_in_their_group(driver: Driver) -> None:
    for name, group in (("a", "one"), ("b", "two"), ("c", "one")):
        driver.store.create(name, "qemu+ssh://host/system", group=group)
    driver.window.connection_commands.load()
    assert names(driver) == ["lab", "a", "b", "c"]
    view = driver.window.connections
    view.choose_host(driver.host("a").id)
    assert not driver.is_enabled("connection.up")
    driver.do("connection.down")
    driver.until(lambda: names(driver) == ["lab", "c", "b", "a"])
    assert stored(driver) == names(driver)
    node = view.current()
    assert node is not None
    assert node.host is driver.host("a"), "it is still chosen"
    assert not driver.is_enabled("connection.down")
    driver.do("connection.up")
    driver.until(lambda: names(driver) == ["lab", "a", "b", "c"])
    view.choose_host(driver.host("b").id)
    assert not driver.is_enabled("connection.up")
    assert not driver.is_enabled("connection.down")
