"""Addresses as people write them, and which of them are refused."""

from __future__ import annotations

import pytest

from lacuna_engine.errors import UsageError
from lacuna_engine.server.listening import Address, check_address, parse_address
from lacuna_engine.transport import parse_uri

GOOD = {
    "unix:/run/x": Address("unix", path="/run/x"),
    "unix:relative": Address("unix", path="relative"),
    "unix:/with:colon": Address("unix", path="/with:colon"),
    "tcp:127.0.0.1:1": Address("tcp", host="127.0.0.1", port=1),
    "tcp:127.0.0.1": Address("tcp", host="127.0.0.1", port=16_509),
    "tcp:[::1]:2": Address("tcp", host="::1", port=2),
    "tcp:[::1]": Address("tcp", host="::1", port=16_509),
    "tcp:localhost:0": Address("tcp", host="localhost", port=0),
    "tls:example.org:65535": Address("tls", host="example.org", port=65_535),
    "tls:example.org": Address("tls", host="example.org", port=16_514),
}


@pytest.mark.parametrize("text", GOOD)
def test_good_addresses(text: str) -> None:
    address = parse_address(text)
    assert address == GOOD[text]
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "unix", "unix:", "tcp:", "tcp::1", "tcp:host:x", "tcp:host:65536", "tcp:host:-1",
     "tcp:host:",
     "tcp:host:1e3", "tcp:[]:1", "http:host:1", "/run/x", "host:1", "tls:", "TCP:host:1"],
)  # fmt: skip
def test_bad_addresses(text: str) -> None:
    with pytest.raises(UsageError) as failure:
        parse_address(text)
    assert "unix:PATH" in failure.value.hint


@pytest.mark.parametrize("text", GOOD)
def test_a_clients_uri(text: str) -> None:
    address = GOOD[text]
    if not address.path or address.path.startswith("/"):
        parse_uri(address.uri)


def allowed(text: str, *, logins: bool) -> bool:
    try:
        check_address(parse_address(text), logins=logins)
    except UsageError as error:
        assert error.hint  # noqa: PT017 - whether it is raised is the answer
        return False
    return True


@pytest.mark.parametrize("logins", [False, True])
def test_who_may_listen_where(logins: bool) -> None:
    for local in (
        "unix:/x",
        "tcp:127.0.0.1:1",
        "tcp:127.9.9.9:1",
        "tcp:[::1]:1",
        "tcp:localhost:1",
    ):
        assert allowed(local, logins=logins)
    # Nothing goes over a network in the clear, be there logins or not.
    for far in ("tcp:0.0.0.0:1", "tcp:[::]:1", "tcp:192.168.1.1:1", "tcp:example.org:1",
                "tcp:localhost.example.org:1", "tcp:127.0.0.1.example.org:1"):  # fmt: skip
        assert not allowed(far, logins=logins)
    for tls in ("tls:0.0.0.0:1", "tls:127.0.0.1:1", "tls:example.org:1"):
        assert allowed(tls, logins=logins) == logins
