"""The store: what is kept, what is refused, and that nobody loses anything."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import LacunaError, LocalFileError, UsageError
from lacuna_engine.profiles import Candidate, Profile, ProfileStore, config_folder
from lacuna_engine.profiles import lock as lock_module
from lacuna_engine.profiles.lock import locked
from lacuna_engine.profiles.profile import check_name, free_name, strip_password

URI = "qemu+ssh://root@host/system"


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(tmp_path / "settings" / "profiles.json")


def names(store: ProfileStore) -> list[str]:
    return [one.name for one in store.load()]


def raw(store: ProfileStore) -> Any:
    return json.loads(store.path.read_text())


# --- the ordinary --------------------------------------------------------------------------------


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LACUNA_CONFIG", str(tmp_path))
    assert ProfileStore().path == tmp_path / "profiles.json"
    monkeypatch.delenv("LACUNA_CONFIG")
    assert "lacuna" in str(config_folder())


def test_create_edit_delete(store: ProfileStore) -> None:
    assert store.load() == ()
    one = store.create("KVM lab", URI, group="lab", pool="fast", limit=1000, verify=True)
    two = store.create("prod", "qemu+tls://prod/system", connections="4", notes="ä\nb")
    assert store.load() == (one, two)
    assert [one.order, two.order] == [0, 1]
    assert store.find("kvm LAB") == one
    assert store.find("nothing") is None
    assert store.groups() == ("lab",)
    changed = store.edit(one.id, name="lab", colour="#fff")
    assert store.get(one.id) == changed
    assert (changed.name, changed.colour, changed.pool) == ("lab", "#fff", "fast")
    assert store.delete(one.id) == changed
    assert names(store) == ["prod"]
    for call in (store.get, store.delete, store.duplicate, store.edit):
        with pytest.raises(UsageError, match="not there any more"):
            call(one.id)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_nobody_else_may_read_it(store: ProfileStore) -> None:
    old = os.umask(0)
    try:
        store.create("a", URI)
    finally:
        os.umask(old)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    store.edit(store.load()[0].id, notes="x")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_the_file_is_readable(store: ProfileStore) -> None:
    store.create("lab", URI, notes="für alle")
    text = store.path.read_text(encoding="utf-8")
    assert text.startswith('{\n  "format": 1,\n  "profiles": [\n    {\n      "id": ')
    assert '"notes": "für alle",\n' in text
    assert sorted(path.name for path in store.path.parent.iterdir()) == [
        ".profiles.json.lock",
        "profiles.json",
    ]


def test_duplicate(store: ProfileStore) -> None:
    one = store.create("lab", URI, notes="n")
    store.create("other", URI)
    content = raw(store)
    content["profiles"][0]["future"] = [1]
    store.path.write_text(json.dumps(content))
    copy = store.duplicate(one.id)
    assert names(store) == ["lab", "lab-2", "other"]
    assert (copy.uri, copy.notes, copy.order) == (URI, "n", 1)
    assert copy.id != one.id
    assert raw(store)["profiles"][1]["future"] == [1]
    assert store.duplicate(one.id, "mine").name == "mine"
    with pytest.raises(UsageError, match="already"):
        store.duplicate(one.id, "OTHER")


def test_reorder(store: ProfileStore) -> None:
    ids = {name: store.create(name, URI).id for name in "abcd"}
    profiles = store.reorder([ids["c"], "gone", ids["a"]])
    assert [one.name for one in profiles] == ["c", "a", "b", "d"] == names(store)
    assert [one.order for one in profiles] == [0, 1, 2, 3]


# --- names and URIs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["lab", "KVM lab 2", "a.b_c-d+e@f", "Zürich", "実験", "_x", "9", "x" * 64]
)
def test_names(store: ProfileStore, name: str) -> None:
    assert store.create(f" {name} ", URI).name == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "-x", "--json", "a/b", "a:b", "a\nb", "a\tb", "a\x1b[31m", "$HOME", "a;b", "a'b", '"',
     ".hidden", "@x", "x" * 65, "a\\b", "~", "*"],
)  # fmt: skip
def test_names_that_cannot_be(store: ProfileStore, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name") as caught:
        store.create(name, URI)
    assert str(caught.value).isprintable()
    assert store.load() == ()


@pytest.mark.parametrize(
    ("one", "other"), [("Lab", "lAB"), ("straße", "STRASSE"), ("é", "e\u0301")]
)
def test_names_are_unique(store: ProfileStore, one: str, other: str) -> None:
    first = store.create(one, URI)
    with pytest.raises(UsageError, match="already"):
        store.create(other, URI)
    second = store.create("x", URI)
    with pytest.raises(UsageError, match="already"):
        store.edit(second.id, name=other)
    assert store.edit(first.id, name=other).id == first.id


@given(st.text(max_size=80), st.lists(st.text(max_size=5), max_size=5))
def test_a_free_name_is_a_name(wanted: str, taken: list[str]) -> None:
    check_name(free_name(wanted, taken), taken)


SECRET_URIS = [
    "qemu+ssh://root:hunter2@host/system",
    "qemu+tls://:hunter2@host/system",
    "qemu+tls://host/system?password=hunter2",
    "qemu+tls://host/system?pkipath=/x;PASSWORD=hunter2&a=b",
    "qemu:///system?passwd=hunter2",
    "storage+unix:///session?a=b&pass%77ord=hunter2",
    "qemu+ssh://me@work:hunter2@host/system",
]


@pytest.mark.parametrize("uri", SECRET_URIS)
def test_no_password_is_stored(store: ProfileStore, uri: str) -> None:
    profile = store.create("x", URI)
    with pytest.raises(UsageError, match="password does not belong") as created:
        store.create("y", uri)
    with pytest.raises(UsageError, match="password does not belong") as edited:
        store.edit(profile.id, uri=uri)
    for caught in (created.value, edited.value):
        assert "hunter2" not in f"{caught} {caught.hint}"
    stripped = strip_password(uri)
    assert "hunter2" not in stripped
    assert store.create("y", stripped).uri == stripped
    assert "hunter2" not in store.path.read_text()
    assert strip_password("qemu+tls://[::1") == "qemu+tls://[::1"


PLAIN = st.text("abcXYZ019.-%@:_", max_size=8)
PARAMETERS = st.lists(
    st.tuples(st.sampled_from("&;"), st.sampled_from(["socket", "name", "no_verify"]), PLAIN)
)


@given(
    st.sampled_from(["qemu", "qemu+ssh", "storage+unix", "test+tcp"]),
    st.sampled_from(["", "root", "me@work"]),
    st.sampled_from(["", "host", "host:22", "[::1]", "[::1]:22"]),
    st.sampled_from(["/system", "/default", ""]),
    PARAMETERS,
    st.sampled_from(["", "#x?password=no"]),
    st.lists(st.sampled_from(["password", "PassWD", "secret", "p%61ssphrase"]), max_size=3),
    PLAIN,
    st.randoms(),
)
def test_only_the_password_goes(  # noqa: PLR0917 - what hypothesis makes
    scheme: str, user: str, host: str, path: str, others: list[tuple[str, str, str]],
    fragment: str, secrets: list[str], word: str, chance: random.Random,
) -> None:  # fmt: skip
    """Of any URI everything else stays as it was written, also where there is no host."""

    def made(user: str, parameters: list[tuple[str, str, str]]) -> str:
        place = f"{user}@{host}" if user else host
        query = "".join(f"{mark}{name}={value}" for mark, name, value in parameters)
        return f"{scheme}://{place}{path}" + (f"?{query[1:]}" if query else "") + fragment

    clean = made(user, others)
    assert strip_password(clean) == clean
    mixed = list(others)
    for name in secrets:
        mixed.insert(chance.randint(0, len(mixed)), ("&", name, f"hunter2{word}"))
    named = f"{user}:hunter2{word}" if host else user
    stripped = strip_password(made(named, mixed))
    assert "hunter2" not in stripped
    # A mark goes with the parameter in front of which it stands.
    assert stripped.replace(";", "&").replace("//@", "//") == clean.replace(";", "&")
    assert strip_password(stripped) == stripped


@pytest.mark.parametrize("uri", ["", "host", "qemu+carrier://h/system", "qemu+tls:///system"])
def test_uris_that_are_none(store: ProfileStore, uri: str) -> None:
    with pytest.raises(UsageError):
        store.create("x", uri)


@pytest.mark.parametrize("options", [{"limit": -1}, {"connections": "0"}, {"connections": "x"}])
def test_options_that_cannot_be(store: ProfileStore, options: Any) -> None:
    with pytest.raises(UsageError):
        store.create("x", URI, **options)


# --- strange files -------------------------------------------------------------------------------


def written(store: ProfileStore, text: str) -> None:
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_text(text)


def test_unknown_things_are_kept(store: ProfileStore) -> None:
    one = store.create("a", URI)
    content = raw(store)
    content["future"] = {"x": 1}
    content["profiles"][0]["shiny"] = "yes"
    content["profiles"].insert(0, "no object")
    content["profiles"].append({"id": "z", "name": "bad/name", "uri": URI})
    written(store, json.dumps(content))
    assert names(store) == ["a"]
    assert len(store.notes) == 2
    store.edit(one.id, name="b")
    store.create("c", URI)
    changed = raw(store)
    assert changed["future"] == {"x": 1}
    assert changed["profiles"][0] == "no object"
    assert changed["profiles"][1]["shiny"] == "yes"
    assert changed["profiles"][1]["name"] == "b"
    assert changed["profiles"][2]["name"] == "bad/name"
    assert names(store) == ["b", "c"]


@pytest.mark.parametrize(
    "entry",
    [{}, {"id": 1, "name": "x", "uri": URI}, {"id": "1", "name": "x"}, [],
     {"id": "1", "name": "x", "uri": "qemu://a:b@h/system"},
     {"id": "1", "name": "x", "uri": URI, "verify": 1},
     {"id": "1", "name": "x", "uri": URI, "limit": "fast"}],
)  # fmt: skip
def test_entries_that_are_none(store: ProfileStore, entry: object) -> None:
    written(store, json.dumps({"format": 1, "profiles": [entry]}))
    assert store.load() == ()
    assert "entry 1 is left out" in store.notes[0]
    store.create("y", URI)
    assert raw(store)["profiles"][0] == entry


def test_an_id_that_occurs_twice(store: ProfileStore) -> None:
    one = {"id": "1", "name": "x", "uri": URI}
    written(store, json.dumps({"format": 1, "profiles": [one, one | {"name": "y"}]}))
    assert names(store) == ["x"]
    assert "twice" in store.notes[0]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"format": 1}', '{"format": 0, "profiles": []}', "\x00\xff",
     '{"format": true, "profiles": []}', '{"format": 1, "profiles": {}}', "[" * 100_000],
)  # fmt: skip
def test_a_corrupt_file_is_set_aside(store: ProfileStore, text: str) -> None:
    written(store, text)
    assert store.load() == ()
    (note,) = store.notes
    assert "damaged" in note
    (aside,) = store.path.parent.glob("*.broken")
    assert aside.read_text() == text
    assert aside.name in note
    store.create("x", URI)
    assert names(store) == ["x"]
    assert store.notes == ()


def test_a_change_sets_a_corrupt_file_aside(store: ProfileStore) -> None:
    written(store, "{")
    store.create("x", URI)
    assert "damaged" in store.notes[0]
    assert len(list(store.path.parent.glob("*.broken"))) == 1


def test_a_newer_file_is_only_read(store: ProfileStore) -> None:
    one = {"id": "1", "name": "x", "uri": URI, "warp": 9}
    text = json.dumps({"format": 2, "profiles": [one], "more": 1})
    written(store, text)
    assert store.load() == (Profile("1", "x", URI),)
    assert store.read_only
    assert "newer Lacuna" in store.notes[0]
    for change in (
        lambda: store.create("y", URI),
        lambda: store.delete("1"),
        lambda: store.reorder([]),
    ):
        with pytest.raises(UsageError, match="newer Lacuna"):
            change()
    assert store.path.read_text() == text
    written(store, '{"format": 7, "profiles": "elsewhere"}')
    assert store.load() == ()


def test_files_that_cannot_be_read_or_written(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create("x", URI)
    before = store.path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LocalFileError, match="No space left"):
            store.create("y", URI)
    assert store.path.read_bytes() == before
    assert not list(store.path.parent.glob(".profiles.json-*"))
    store.path.unlink()
    store.path.mkdir()
    with pytest.raises(LocalFileError):
        store.load()
    with pytest.raises(LocalFileError):
        ProfileStore(Path(os.devnull) / "x" / "profiles.json").create("x", URI)


# --- several writers -----------------------------------------------------------------------------

WRITERS, EACH = 4, 10


def write_some(path: str, writer: int) -> None:
    store = ProfileStore(Path(path))
    for number in range(EACH):
        profile = store.create(f"w{writer}-{number}", URI)
        store.edit(profile.id, notes=f"{writer} {number}")


def test_writers_lose_nothing(store: ProfileStore) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=write_some, args=(str(store.path), number))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    found = {one.name: one.notes for one in store.load()}
    assert found == {f"w{w}-{n}": f"{w} {n}" for w in range(WRITERS) for n in range(EACH)}


def test_a_lock_that_is_not_given_back(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create("x", URI)
    monkeypatch.setattr(lock_module, "PATIENCE", 0.05)
    with locked(store._lock()), pytest.raises(LocalFileError, match="has held"):
        store.create("y", URI)
    store.create("y", URI)


def test_two_changes_to_one_profile(store: ProfileStore) -> None:
    other = ProfileStore(store.path)
    profile = store.create("x", URI)
    store.edit(profile.id, notes="mine")
    other.edit(profile.id, group="theirs")
    assert (store.get(profile.id).notes, store.get(profile.id).group) == ("mine", "theirs")


# --- imports -------------------------------------------------------------------------------------


def test_adding_what_was_found(store: ProfileStore) -> None:
    store.create("host", URI)
    done = store.add_all(
        [
            Candidate("again", URI, "a"),
            Candidate("host", "qemu+tls://host/system", "a"),
            Candidate("twice", "qemu+tls://host/system", "b"),
            Candidate("we/ird:name", "qemu:///system", "b"),
            Candidate("bad", "qemu+carrier://x/system", "b"),
        ]
    )
    assert [one.name for one in done.created] == ["host-2", "we-ird-name"]
    assert [(one.name, reason) for one, reason in done.skipped][:2] == [
        ("again", "is there already, as host"),
        ("twice", "is there already, as host-2"),
    ]
    assert "unknown transport" in done.skipped[2][1]
    assert names(store) == ["host", "host-2", "we-ird-name"]
    assert all(isinstance(error, str) for _, error in done.skipped)
    assert issubclass(UsageError, LacunaError)
