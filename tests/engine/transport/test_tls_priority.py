"""GnuTLS priority strings."""

from __future__ import annotations

import ssl

import pytest

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.tls_priority import apply_priority

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.parametrize(
    ("priority", "first", "last"),
    [
        ("NORMAL", V12, V13),
        ("@SYSTEM", V12, V13),
        ("@LIBVIRT,SYSTEM", V12, V13),
        ("NORMAL:-VERS-TLS1.3", V12, V12),
        ("SECURE256:!VERS-TLS1.2", V13, V13),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.3", V13, V13),
        ("NORMAL:-VERS-TLS-ALL:+VERS-TLS1.2:+VERS-TLS1.3", V12, V13),
        ("none:+vers-tls1.2", V12, V12),
    ],
)
def test_what_can_be_followed(priority: str, first: object, last: object) -> None:
    made = context()
    apply_priority(made, priority)
    assert (made.minimum_version, made.maximum_version) == (first, last)


def test_levels_choose_suites() -> None:
    made = context()
    apply_priority(made, "SECURE256")
    names = [suite["name"] for suite in made.get_ciphers()]
    old = [name for name in names if not name.startswith("TLS_")]
    assert old
    assert all("256" in name or "CHACHA20" in name for name in old)


@pytest.mark.parametrize(
    "priority",
    ["", "ODD", "NORMAL:+ARCFOUR-128", "NORMAL:%SERVER_PRECEDENCE", "NORMAL:VERS-TLS1.3",
     "NORMAL:-VERS-ALL", "NORMAL:-VERS-TLS1.2:+VERS-TLS1.1"],
)  # fmt: skip
def test_what_cannot(priority: str) -> None:
    with pytest.raises(UsageError, match="tls_priority"):
        apply_priority(context(), priority)
