"""Connection URIs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.uri import ConnectionUri, parse_uri

GOOD: list[tuple[str, ConnectionUri]] = [
    ("qemu:///system", ConnectionUri("", "qemu", "unix", "/system")),
    ("QEMU:///system", ConnectionUri("", "qemu", "unix", "/system")),
    ("qemu:///session", ConnectionUri("", "qemu", "unix", "/session")),
    ("test:///default", ConnectionUri("", "test", "unix", "/default")),
    ("storage+unix:///system", ConnectionUri("", "storage", "unix", "/system")),
    ("qemu://h/system", ConnectionUri("", "qemu", "tls", "/system", host="h")),
    ("qemu+tcp://h:1/system", ConnectionUri("", "qemu", "tcp", "/system", host="h", port=1)),
    ("qemu+ssh://u@h/system", ConnectionUri("", "qemu", "ssh", "/system", user="u", host="h")),
    ("qemu+ssh://a%40b@h/", ConnectionUri("", "qemu", "ssh", "/", user="a@b", host="h")),
    ("qemu+libssh2://h/system", ConnectionUri("", "qemu", "libssh2", "/system", host="h")),
    ("qemu+tcp://[::1]/system", ConnectionUri("", "qemu", "tcp", "/system", host="::1")),
    (
        "qemu+tcp://[2001:db8::7]:16509/system",
        ConnectionUri("", "qemu", "tcp", "/system", host="2001:db8::7", port=16509),
    ),
    (
        "qemu+tcp://[fe80::1%25eth0]/system",
        ConnectionUri("", "qemu", "tcp", "/system", host="fe80::1%eth0"),
    ),
    (
        "qemu+ext:///system?command=%2Fbin%2Fx",
        ConnectionUri("", "qemu", "ext", "/system", parameters={"command": "/bin/x"}),
    ),
    (
        "storage:///system?socket=/run/a%20b",
        ConnectionUri("", "storage", "unix", "/system", parameters={"socket": "/run/a b"}),
    ),
    # libvirt does not read a plus as a space: that is for forms on web pages.
    (
        "storage:///system?socket=/opt/c++/sock",
        ConnectionUri("", "storage", "unix", "/system", parameters={"socket": "/opt/c++/sock"}),
    ),
    (
        "esx://h/?No_Verify=1&x=2;y&=&z=a=b",
        ConnectionUri(
            "",
            "esx",
            "tls",
            "/",
            host="h",
            parameters={"no_verify": "1"},
            extra=(("x", "2"), ("y", ""), ("z", "a=b")),
        ),
    ),
]

BAD = [
    "",
    "/var/run/libvirt/libvirt-sock",
    "qemu",
    "qemu:/system",
    "://x",
    "1qemu:///system",
    "qemu+ssh+tcp://h/system",
    "qemu+://h/system",
    "qe mu:///system",
    "qemu+carrier://h/system",
    "qemu+unix://h/system",
    "qemu+ssh:///system",
    "qemu+tcp:///system",
    "qemu+tcp://h:port/system",
    "qemu+tcp://h:65536/system",
    "qemu+tcp://[::1/system",
    "qemu+tcp://::1]/system",
    "qemu+tcp://[nonsense]/system",
    "qemu+ssh://-oProxyCommand=x/system",
]


@pytest.mark.parametrize(("text", "parsed"), GOOD, ids=[text for text, _ in GOOD])
def test_takes_apart(text: str, parsed: ConnectionUri) -> None:
    uri = parse_uri(text)
    for name in ("driver", "transport", "path", "user", "host", "port", "parameters", "extra"):
        assert getattr(uri, name) == getattr(parsed, name), name
    assert str(uri) == text
    assert uri.is_session is (uri.path == "/session")


@pytest.mark.parametrize("text", BAD)
def test_refuses(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_uri(text)
    assert f"'{text}'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("qemu:///system", ("storage:///system", "qemu:///system")),
        ("qemu+ssh://u@h/session", ("storage:///session", "storage:///system", "qemu:///session")),
        ("storage:///system?socket=/x", ("storage:///system",)),
        ("storage:///session", ("storage:///session", "storage:///system")),
        ("test:///default", ("test:///default",)),
        ("qemu+tcp://h/system?name=lxc%3A%2F%2F%2Fx", ("lxc:///x",)),
        ("qemu:///system?a=1&mode=auto&b=2", ("storage:///system", "qemu:///system?a=1&b=2")),
        ("esx:///x%20y?vpx=a%26b%3Dc", ("esx:///x%20y?vpx=a%26b%3Dc",)),
        ("test:///a+b?c=d+e", ("test:///a+b?c=d+e",)),
    ],
)
def test_names_for_the_opening_call(text: str, names: tuple[str, ...]) -> None:
    assert parse_uri(text).names() == names


@given(st.one_of(st.text(), st.text().map("qemu+tcp://{}/system".format)))
def test_no_text_is_more_than_wrong(text: str) -> None:
    try:
        parse_uri(text).names()
    except UsageError:
        return


def test_a_password_has_no_place_in_it() -> None:
    with pytest.raises(UsageError) as caught:
        parse_uri("qemu+ssh://ann:hunter2@h/system")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("qemu:///system", ""),
        ("qemu+tls://h/system", ""),
        ("qemu+tls://h/system?no_verify=0", ""),
        ("qemu+tls://h/system?no_verify=1", "certificate is not checked"),
        ("qemu+ssh://h/system", ""),
        ("qemu+ssh://h/system?no_verify=1", "key is not checked"),
        ("qemu+libssh://h/system?known_hosts_verify=ignore", "key is not checked"),
        ("qemu+tcp://h/system", "nothing is encrypted"),
        ("qemu+tcp://127.0.0.1/system", ""),
        ("qemu+tcp://[::1]/system", ""),
    ],
)
def test_what_is_unsafe(text: str, word: str) -> None:
    unsafe = parse_uri(text).unsafe
    assert word in unsafe
    assert bool(word) is bool(unsafe)


def test_flags_are_numbers() -> None:
    uri = parse_uri("qemu+tls://h/system?no_verify=yes")
    with pytest.raises(UsageError, match="'no_verify' must be 0 or 1"):
        uri.flag("no_verify")
