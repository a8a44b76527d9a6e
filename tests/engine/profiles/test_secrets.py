"""Remembered passwords: with a keyring, without one, and with all the ways one can fail."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from lacuna_engine.profiles import Secrets, label_of
from lacuna_engine.profiles.keyring_thread import KeyringThread
from lacuna_engine.transport.prompts import SecretKind, SecretQuestion


class Memory(KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.threads: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        self.threads.add(threading.current_thread().name)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


class Plain(Memory):
    priority = 0.5  # type: ignore[assignment]


class Failing(Memory):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        del service, username
        raise self.error


class Blocked(Memory):
    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait(20)
        return super().get_password(service, username)


class Chain(Memory):
    priority = 10

    def __init__(self, *backends: Memory) -> None:
        super().__init__()
        self.backends = backends


@pytest.fixture(autouse=True)
def own_backend() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.fixture
def memory() -> Memory:
    backend = Memory()
    keyring.set_keyring(backend)
    return backend


def test_labels() -> None:
    question = SecretQuestion(SecretKind.SASL_PASSWORD, "h", "ann", "Password:", attempt=2)
    assert label_of(question) == "sasl-password ann@h"
    assert label_of(SecretQuestion(SecretKind.SASL_USER, "h")) == "sasl-user h"
    keys = [
        SecretQuestion(SecretKind.KEY_PASSPHRASE, "h", text=f"Passphrase of {name}: ")
        for name in ("a", "b")
    ]
    assert list(map(label_of, keys)) == [
        "key-passphrase h Passphrase of a:",
        "key-passphrase h Passphrase of b:",
    ]


async def test_remembering(memory: Memory) -> None:
    secrets = Secrets()
    assert await secrets.available()
    assert await secrets.get("p1", "a") is None
    assert await secrets.set("p1", "a", "one", remember=True)
    assert await secrets.set("p1", "b", "two", remember=True)
    assert await secrets.set("p2", "a", "three", remember=True)
    assert list(memory.entries) == [("lacuna", "p1"), ("lacuna", "p2")]
    another = Secrets()
    assert [await another.get("p1", "a"), await another.get("p1", "b")] == ["one", "two"]
    assert await another.forget("p1", "a")
    assert [await secrets.get("p1", "a"), await secrets.get("p1", "b")] == [None, "two"]
    assert await secrets.forget("p1")
    assert await secrets.forget("p1")
    assert list(memory.entries) == [("lacuna", "p2")]
    assert secrets.problem == ""
    assert memory.threads == {"keyring"}


async def test_only_for_this_session(memory: Memory) -> None:
    secrets = Secrets()
    assert not await secrets.set("p", "a", "one", remember=False)
    assert not memory.entries
    assert await secrets.get("p", "a") == "one"
    assert await Secrets().get("p", "a") is None
    assert await secrets.set("p", "a", "two", remember=True)
    assert await secrets.get("p", "a") == "two"
    await secrets.set("p", "b", "x", remember=False)
    await secrets.forget("p", "b")
    assert await secrets.get("p", "b") is None


@pytest.mark.parametrize("text", ["no json", "[]", "null", '{"a": 1}'])
async def test_entries_of_somebody_else(memory: Memory, text: str) -> None:
    memory.entries["lacuna", "p"] = text
    secrets = Secrets()
    assert await secrets.get("p", "a") is None
    assert await secrets.set("p", "b", "x", remember=True)
    assert json.loads(memory.entries["lacuna", "p"]) == {"b": "x"}


@pytest.mark.parametrize(
    "backend",
    [
        fail.Keyring(),  # type: ignore[no-untyped-call]
        null.Keyring(),  # type: ignore[no-untyped-call]
        Plain(),
        Chain(Plain(), Plain()),
    ],
)
async def test_no_keyring_that_encrypts(backend: KeyringBackend) -> None:
    """Never plain text: only memory is left."""
    keyring.set_keyring(backend)
    secrets = Secrets()
    assert not await secrets.available()
    assert "no keyring" in secrets.problem
    assert not await secrets.set("p", "a", "one", remember=True)
    assert not getattr(backend, "entries", {})
    for member in getattr(backend, "backends", ()):
        assert not member.entries
    assert await secrets.get("p", "a") == "one"
    assert not await secrets.forget("p")
    assert await secrets.get("p", "a") is None


async def test_the_best_of_a_chain() -> None:
    good, plain = Memory(), Plain()
    keyring.set_keyring(Chain(plain, good))
    assert await Secrets().set("p", "a", "one", remember=True)
    assert good.entries
    assert not plain.entries


@pytest.mark.parametrize(
    "error", [KeyringLocked("one"), InitError("one"), OSError("one"), RuntimeError("one")]
)
async def test_a_keyring_that_fails(error: Exception) -> None:
    keyring.set_keyring(Failing(error))
    secrets = Secrets()
    assert await secrets.available()
    assert await secrets.get("p", "a") is None
    assert type(error).__name__ in secrets.problem
    assert not await secrets.set("p", "a", "one", remember=True)
    assert await secrets.get("p", "a") == "one"
    assert "one" not in secrets.problem
    assert not await secrets.forget("p")


async def test_a_keyring_that_blocks() -> None:
    """The loop goes on, later calls do not wait, and the keyring may come back."""
    backend = Blocked()
    backend.entries["lacuna", "p"] = '{"a": "one"}'
    keyring.set_keyring(backend)
    secrets = Secrets(timeout=0.1)
    assert await secrets.get("p", "a") is None
    assert "does not answer" in secrets.problem
    began = time.monotonic()
    assert await secrets.get("p", "a") is None
    assert not await secrets.available()
    assert time.monotonic() - began < 0.09
    backend.released.set()
    secrets._timeout = 20.0
    for _ in range(500):
        if await secrets.get("p", "a") == "one":
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("the keyring did not come back")


async def test_calls_go_one_at_a_time() -> None:
    thread = KeyringThread()
    running: list[int] = []
    most: list[int] = []

    def work() -> int:
        running.append(1)
        most.append(len(running))
        time.sleep(0.01)
        running.pop()
        return 1

    assert await asyncio.gather(*(thread.run(work, 20) for _ in range(5))) == [1] * 5
    assert max(most) == 1


async def test_a_cancelled_call(memory: Memory) -> None:
    backend = Blocked()
    keyring.set_keyring(backend)
    secrets = Secrets()
    call = asyncio.create_task(secrets.get("p", "a"))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    backend.released.set()
    assert await secrets.get("p", "a") is None


async def test_secrets_are_in_no_text(memory: Memory) -> None:
    secrets = Secrets()
    await secrets.set("p", "a", "hunter2", remember=False)
    assert "hunter2" not in f"{secrets!r} {secrets}"
    gc.collect()
