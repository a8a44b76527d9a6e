"""Logging in through SSH from Windows: keys, passwords, hosts known, unknown or changed."""

from __future__ import annotations

import pytest

from integration.libvirtd import Pool, PrivateLibvirtd
from integration.sshd import PASSPHRASE, PASSWORD, USER, PrivateSshd
from windows.program import Program


def uri_of(host: PrivateSshd, more: str = "") -> str:
    return f"qemu+ssh://{USER}@127.0.0.1:{host.port}/system?{more}"


def test_a_password(known: Program, host: PrivateSshd, pool: Pool) -> None:
    answers = [("assword", "wrong\r"), ("That was wrong", f"{PASSWORD}\r")]
    code, shown = known.ask("ls", uri_of(host), answers=answers)
    assert code == 0, shown
    assert pool.name in shown
    assert PASSWORD not in shown


def test_a_password_that_is_wrong(known: Program, host: PrivateSshd) -> None:
    answers = [("assword", "wrong\r"), ("That was wrong", "\r")]
    code, shown = known.ask("ls", uri_of(host), answers=answers)
    assert code == 3
    assert "was cancelled" in " ".join(shown.split())


def test_nobody_to_ask(known: Program, host: PrivateSshd) -> None:
    done = known("ls", uri_of(host), code=3)
    assert "there is no terminal to ask on" in done.stderr


@pytest.mark.parametrize("key", ["locked", "pem"])
def test_a_key_with_a_passphrase(known: Program, host: PrivateSshd, pool: Pool, key: str) -> None:
    uri = uri_of(host, f"keyfile={known.path(host.folder / key)}")
    answers = [("passphrase", "wrong\r"), ("That was wrong", f"{PASSPHRASE}\r")]
    code, shown = known.ask("ls", uri, answers=answers)
    assert code == 0, shown
    assert pool.name in shown
    assert PASSPHRASE not in shown


def test_a_key_that_is_not_let_in(known: Program, host: PrivateSshd) -> None:
    path = known.path(host.folder / "foreign")
    done = known("ls", uri_of(host, f"sshauth=privkey&keyfile={path}"), code=3)
    assert "is not accepted" in done.stderr
    missing = known("ls", uri_of(host, "keyfile=C:\\no such key"), code=3)
    assert "the SSH key 'C:\\no such key' cannot be read" in missing.stderr


def test_a_key_of_the_settings_that_is_not_there(known: Program, host: PrivateSshd) -> None:
    (known.home / ".ssh/config").write_text("Host *\n  IdentityFile ~/.ssh/nowhere\n")
    done = known("ls", uri_of(host), code=3)
    assert "nowhere': " in done.stderr


def test_no_agent(known: Program, host: PrivateSshd) -> None:
    """Nor one that hangs: no service answers at the agent's pipe."""
    done = known("ls", uri_of(host, "sshauth=agent"), code=3)
    assert "does not let 'lacuna' in" in done.stderr


def test_an_unknown_host(lacuna: Program, host: PrivateSshd, pool: Pool) -> None:
    uri = uri_of(host, f"keyfile={lacuna.path(host.folder / 'key')}")
    done = lacuna("ls", uri, code=3)
    assert "is not known" in done.stderr
    assert "SHA256:" in done.stderr
    code, shown = lacuna.ask("ls", uri, answers=[("(yes/no)", "no\r")])
    assert code == 3, shown
    assert not (lacuna.home / ".ssh").exists()
    code, shown = lacuna.ask("ls", uri, answers=[("(yes/no)", "what\r"), ("Please", "yes\r")])
    assert code == 0, shown
    assert pool.name in shown
    assert (lacuna.home / ".ssh/known_hosts").read_text() == host.known_hosts_line
    assert pool.name in lacuna("ls", uri).stdout


def test_a_changed_host(lacuna: Program, daemon: PrivateLibvirtd) -> None:
    with PrivateSshd(daemon) as host:
        lacuna.know(host)
        uri = uri_of(host, f"keyfile={lacuna.path(host.folder / 'key')}")
        lacuna("ls", uri)
        host.stop()
        host.make_host_key()
        host.start()
        done = lacuna("ls", uri, code=3)
    assert "HAS CHANGED" in done.stderr
    assert "ssh-keygen -R" in done.stderr


def test_a_password_of_the_keyring(known: Program, host: PrivateSshd, pool: Pool) -> None:
    """Windows' Credential Manager keeps it for a saved connection."""
    known("profiles", "add", "lab", uri_of(host))
    assert "no terminal" in known("ls", "lab", code=3).stderr
    known.python(SAVE, PASSWORD)
    assert pool.name in known("ls", "lab").stdout
    known("profiles", "remove", "lab")
    known("profiles", "add", "lab", uri_of(host))
    assert "no terminal" in known("ls", "lab", code=3).stderr


# What the window does with a password that is to be remembered.
SAVE = """
import asyncio, sys
from lacuna_engine.profiles import ProfileStore, Secrets, label_of
from lacuna_engine.transport.prompts import SecretKind, SecretQuestion

(profile,) = ProfileStore().load()
question = SecretQuestion(SecretKind.SSH_PASSWORD, "127.0.0.1", "lacuna")
saved = Secrets().set(profile.id, label_of(question), sys.argv[1], remember=True)
assert asyncio.run(saved)
"""
