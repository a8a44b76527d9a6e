"""All pools of a server: conflicts, look-ups, filters, what clients may define, and events."""

from __future__ import annotations

import errno
import uuid as uuid_module
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.server.pools import error_of
from lacuna_engine.rpc.failure import Code
from lacuna_engine.rpc.records import PoolHandle, VolumeHandle
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.server.registry import MAX_POOLS, Registry
from lacuna_engine.storage.xml_build import pool_xml, volume_xml

Events = list[tuple[str, int | None]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where clients may define pools."""
    made = tmp_path / "root"
    for name in ("a", "b", "c"):
        (made / name).mkdir(parents=True)
    return made


@pytest.fixture
def registry(root: Path) -> Registry:
    return Registry([str(root)], allow_define=True)


@pytest.fixture
def events(registry: Registry) -> Events:
    told: Events = []
    registry.on_event(lambda pool, event: told.append((pool.name, event)))
    return told


def xml(root: Path, name: str, folder: str | None = None, uuid: str | None = None) -> str:
    known = None if uuid is None else uuid_module.UUID(uuid)
    return pool_xml(name, path=f"{root}/{folder or name}", uuid=known)


# --- the server's own pools ----------------------------------------------------------------------


def test_add(tmp_path: Path) -> None:
    told: Events = []
    registry = Registry()
    registry.on_event(lambda pool, event: told.append((pool.name, event)))
    (tmp_path / "x").mkdir()
    pool = registry.add("images", str(tmp_path))
    assert pool.active
    assert pool.autostart
    assert pool.persistent
    assert told == [("images", 0), ("images", 2)]
    assert error_of(lambda: registry.add("images", str(tmp_path / "x"))).code == 9
    same_path = error_of(lambda: registry.add("other", f"{tmp_path}//"))
    assert same_path.str2 == "Storage source conflict with pool: 'images'"
    same_uuid = error_of(lambda: registry.add("other", str(tmp_path / "x"), pool.uuid))
    assert same_uuid.code == 9


def test_a_pool_that_cannot_be_started_is_not_kept(tmp_path: Path) -> None:
    registry = Registry()
    assert error_of(lambda: registry.add("images", str(tmp_path / "no"))).int1 == errno.ENOENT
    assert error_of(lambda: registry.add("images", "/")).code == Code.INVALID_ARG
    assert registry.pools() == []
    registry.add("images", str(tmp_path))


def test_clients_cannot_touch_the_servers_own(registry: Registry, tmp_path: Path) -> None:
    pool = registry.add("images", str(tmp_path / "root" / "a"))
    pool.stop()
    uuid = pool.uuid.bytes
    for call in (registry.undefine, registry.build, registry.delete_pool):
        assert error_of(lambda call=call: call(uuid)).code == Code.OPERATION_DENIED  # type: ignore[misc]
    elsewhere = pool_xml("images", path=f"{tmp_path}/root/b", uuid=pool.uuid)
    assert error_of(lambda: registry.define(elsewhere)).code == Code.OPERATION_DENIED
    assert (tmp_path / "root" / "a").is_dir()


def test_defining_has_to_be_allowed(root: Path) -> None:
    registry = Registry([str(root)])
    assert error_of(lambda: registry.define(xml(root, "a"))).code == Code.OPERATION_DENIED
    assert error_of(lambda: registry.create_xml(xml(root, "a"))).code == Code.OPERATION_DENIED


# --- defined by clients --------------------------------------------------------------------------


def test_life_of_a_defined_pool(registry: Registry, root: Path, events: Events) -> None:
    pool = registry.define(xml(root, "new", "deep/new"), 1)
    uuid = pool.uuid.bytes
    assert pool.persistent
    assert not pool.active
    registry.build(uuid)
    assert (root / "deep" / "new").is_dir()
    pool.start()
    assert error_of(lambda: registry.undefine(uuid)).code == Code.OPERATION_INVALID
    assert error_of(lambda: registry.delete_pool(uuid)).code == Code.OPERATION_INVALID
    pool.refresh()
    pool.stop()
    registry.delete_pool(uuid)
    assert not (root / "deep" / "new").exists()
    assert registry.lookup_by_uuid(uuid) is pool
    registry.undefine(uuid)
    assert error_of(lambda: registry.lookup_by_uuid(uuid)).code == Code.NO_STORAGE_POOL
    assert [event for _, event in events] == [0, 4, 2, None, 3, 5, 1]


def test_a_transient_pool_vanishes_when_it_stops(
    registry: Registry, root: Path, events: Events
) -> None:
    pool = registry.create_xml(xml(root, "a"))
    assert pool.active
    assert not pool.persistent
    pool.stop()
    assert registry.pools() == []
    again = registry.create_xml(xml(root, "a"))
    (root / "a").rename(root / "gone")
    assert error_of(again.refresh).int1 == errno.ENOENT
    assert registry.pools() == []
    assert [event for _, event in events] == [2, 3, 2, 3]


def test_a_transient_pool_that_cannot_be_started(registry: Registry, root: Path) -> None:
    assert error_of(lambda: registry.create_xml(xml(root, "new"))).int1 == errno.ENOENT
    assert registry.pools() == []
    registry.create_xml(xml(root, "new"), 1)
    assert (root / "new").is_dir()


def test_defining_a_transient_pool_makes_it_stay(registry: Registry, root: Path) -> None:
    pool = registry.create_xml(xml(root, "a"))
    assert registry.define(xml(root, "a", uuid=str(pool.uuid))) is pool
    assert pool.persistent
    pool.stop()
    assert registry.names(active=False) == ["a"]


def test_redefining(registry: Registry, root: Path) -> None:
    pool = registry.define(xml(root, "a"))
    uuid = str(pool.uuid)
    moved = registry.define(xml(root, "a", "b", uuid))
    assert moved.uuid == pool.uuid
    assert moved.path == f"{root}/b"
    assert registry.lookup_by_name("a") is moved
    assert error_of(lambda: registry.define(xml(root, "other", "b", uuid))).code == 9
    registry.define(xml(root, "c"))
    assert error_of(lambda: registry.define(xml(root, "a", "c", uuid))).code == 9
    moved.start()
    assert registry.define(xml(root, "a", "b", uuid)) is moved
    assert error_of(lambda: registry.define(xml(root, "a", "a", uuid))).code == 9


def test_conflicts(registry: Registry, root: Path) -> None:
    pool = registry.define(xml(root, "a"))
    error = error_of(lambda: registry.define(xml(root, "a", "b")))
    assert (error.code, error.str2) == (9, f"pool 'a' already exists with uuid {pool.uuid}")
    other = str(uuid_module.uuid4())
    assert error_of(lambda: registry.define(xml(root, "a", "b", other))).code == 9
    error = error_of(lambda: registry.define(xml(root, "b", "a")))
    assert (error.code, error.str2) == (9, "Storage source conflict with pool: 'a'")
    assert error_of(lambda: registry.create_xml(xml(root, "b", ".//a/"))).code == 9


@pytest.mark.parametrize(
    "path",
    ["/", "/etc", "relative", "{root}", "{root}/", "{root}x", "{root}/../out", "{root}/a/../../o"],
)
def test_paths_that_are_not_below_the_roots(registry: Registry, root: Path, path: str) -> None:
    text = f"<pool type='dir'><name>p</name><target><path>{path}</path></target></pool>"
    text = text.replace("{root}", str(root))
    assert error_of(lambda: registry.define(text)).code == Code.OPERATION_DENIED
    assert error_of(lambda: registry.create_xml(text, 1)).code == Code.OPERATION_DENIED
    assert registry.pools() == []


def test_a_link_in_a_root_leads_nowhere(registry: Registry, root: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "x").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "out")
    for folder in ("link", "link/x", "link/new"):
        call = lambda folder=folder: registry.create_xml(xml(root, "p", folder), 1)  # noqa: E731
        assert error_of(call).code == Code.SYSTEM_ERROR
    pool = registry.define(xml(root, "p", "link/x"))
    assert error_of(lambda: registry.delete_pool(pool.uuid.bytes)).code == Code.SYSTEM_ERROR
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["x"]


DEFINE_ERRORS = [
    ("<pool type='dir'><name>a/b</name>{}</pool>", 27, 18, "name a/b cannot contain '/'"),
    ("<pool type='dir'><name>a\nb</name>{}</pool>", 35, 18, None),
    (
        "<pool type='zzz'><name>ab</name></pool>",
        27,
        5,
        "Invalid value for attribute 'type' in element 'pool': 'zzz'.",
    ),
    (
        "<pool><name>ab</name>{}</pool>",
        27,
        5,
        "Missing required attribute 'type' in element 'pool'",
    ),
    ("<pool type='zfs'><name>ab</name></pool>", 1, 18, "missing backend for pool type 12 (zfs)"),
    ("<pool type='logical'/>", 1, 18, "missing backend for pool type 3 (logical)"),
    ("<pool type='dir'><name>ab</name></pool>", 27, 18, "missing storage pool target path"),
    ("<pool type='dir'>{}</pool>", 27, 18, "missing pool source name element"),
    ("<pool type='dir'><name>ab</name><uuid>12</uuid>{}</pool>", 27, 18, "malformed uuid element"),
    ("<volume/>", 27, 18, "expecting root element of 'pool', not 'volume'"),
    ("nonsense", 35, 18, None),
]


@pytest.mark.parametrize("case", DEFINE_ERRORS, ids=lambda case: case[0][:40])
def test_define_errors(
    registry: Registry, root: Path, case: tuple[str, int, int, str | None]
) -> None:
    text, code, domain, words = case
    filled = text.replace("{}", f"<target><path>{root}/a</path></target>")
    error = error_of(lambda: registry.define(filled))
    assert (error.code, error.domain) == (code, domain)
    assert words is None or error.str2 == words


def test_flags_that_are_not_known(registry: Registry, root: Path) -> None:
    for call in (
        lambda: registry.define(xml(root, "a"), 2),
        lambda: registry.create_xml(xml(root, "a"), 8),
        lambda: registry.pools(1 << 20),
    ):
        error = error_of(call)
        assert (error.code, error.str2) == (Code.INVALID_ARG, "flags")
    assert registry.pools() == []


# --- looking up ----------------------------------------------------------------------------------


def test_looking_up_pools(registry: Registry, root: Path) -> None:
    pool = registry.create_xml(xml(root, "a"))
    pool.create(volume_xml("v"))
    assert registry.lookup_by_name("a") is pool
    assert registry.lookup_by_uuid(pool.uuid.bytes) is pool
    assert registry.lookup_by_volume(VolumeHandle("a", "v", "no matter")) is pool
    assert registry.lookup_by_target_path(f"//{root}//a/") is pool
    error = error_of(lambda: registry.lookup_by_name("no"))
    assert error.message == "Storage pool not found: no storage pool with matching name 'no'"
    assert error_of(lambda: registry.lookup_by_uuid(bytes(16))).code == Code.NO_STORAGE_POOL
    missing = VolumeHandle("a", "no", f"{root}/a/v")
    assert error_of(lambda: registry.lookup_by_volume(missing)).code == Code.NO_STORAGE_VOL
    missing = VolumeHandle("no", "v", f"{root}/a/v")
    assert error_of(lambda: registry.lookup_by_volume(missing)).code == Code.NO_STORAGE_POOL
    inactive = registry.define(xml(root, "b"))
    by_path = error_of(lambda: registry.lookup_by_target_path(inactive.path))
    assert by_path.code == Code.NO_STORAGE_POOL


def test_looking_up_volumes(registry: Registry, root: Path) -> None:
    pool = registry.create_xml(xml(root, "a"))
    handle = pool.create(volume_xml("v w"))
    assert registry.volume_by_key(f"{root}/a/v w") == handle
    assert registry.volume_by_path(f"//{root}//a//v w") == handle
    for path in (f"/{root}/a/v w", f"{root}/./a/v w"):  # POSIX keeps two slashes apart
        assert error_of(lambda path=path: registry.volume_by_path(path)).code == 50  # type: ignore[misc]
    for path in (f"{root}/a//v w", "v w", "", f"{root}/a/", f"{root}/a/../a/v w"):
        error = error_of(lambda path=path: registry.volume_by_key(path))  # type: ignore[misc]
        assert error.code == Code.NO_STORAGE_VOL
    error = error_of(lambda: registry.volume_by_path("/nope/x"))
    assert error.str2 == "no storage vol with matching path '/nope/x'"
    error = error_of(lambda: registry.volume_by_path("/nope//x/"))
    assert error.str2 == "no storage vol with matching path '/nope//x/' (/nope/x)"
    inactive = registry.define(xml(root, "b"))
    (root / "b" / "v").touch()
    by_path = error_of(lambda: registry.volume_by_path(f"{inactive.path}/v"))
    assert by_path.code == Code.NO_STORAGE_VOL


def names(pools: list[PoolHandle]) -> str:
    return "".join(pool.name for pool in pools)


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (0, "abc"),
        (1, "b"),
        (2, "ac"),
        (3, "abc"),
        (4, "ab"),
        (8, "c"),
        (12, "abc"),
        (16, "a"),
        (32, "bc"),
        (2 | 4, "a"),
        (1 | 8, ""),
        (64, "abc"),
        (128, ""),
        (64 | 128, "abc"),
        (2 | 32 | 64, "c"),
        (524288, ""),
    ],
)
def test_filters(registry: Registry, root: Path, flags: int, wanted: str) -> None:
    active = registry.define(xml(root, "a"))
    active.start()
    active.autostart = True
    registry.define(xml(root, "b"))
    registry.create_xml(xml(root, "c"))
    assert names(registry.pools(flags)) == wanted
    assert registry.names(active=True) == ["a", "c"]
    assert registry.names(active=False) == ["b"]


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    registry = Registry(["/nonexistent"], allow_define=True)
    for call in (registry.define, registry.create_xml):
        assert error_of(lambda call=call: call(text)).code in {27, 35}  # type: ignore[misc]


def test_of_eight_definitions_one_wins(registry: Registry, root: Path) -> None:
    def attempt(_: int) -> int:
        try:
            registry.create_xml(xml(root, "a"))
        except Refusal as error:
            return error.error.code
        return 0

    for _ in range(10):
        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(attempt, range(8))) == [0] + [9] * 7
        registry.lookup_by_name("a").stop()


def test_so_many_pools_and_no_more(root: Path, registry: Registry, events: Events) -> None:
    """A client that defines pools for ever takes neither the memory nor the others' lists."""
    for number in range(MAX_POOLS):
        registry.define(xml(root, f"pool{number}"))
    events.clear()
    for more in (registry.define, registry.create_xml):
        with pytest.raises(Refusal, match=f"{MAX_POOLS} pools") as caught:
            more(xml(root, "a"))
        assert caught.value.error.code == Code.OPERATION_FAILED
    assert len(registry.pools()) == MAX_POOLS
    assert events == []
    registry.undefine(registry.lookup_by_name("pool7").uuid.bytes)
    registry.define(xml(root, "a"))
