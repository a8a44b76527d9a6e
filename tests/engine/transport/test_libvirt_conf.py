"""libvirt.conf: aliases and the default URI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lacuna_engine.errors import UsageError
from lacuna_engine.transport import libvirt_conf
from lacuna_engine.transport.libvirt_conf import (
    conf_files,
    default_uri,
    parse_conf,
    resolve_uri,
    uri_aliases,
)

CONF = """
# uri_aliases = [ "no=qemu:///no" ]
uri_aliases = [
  "hail=qemu+ssh://root@hail.cloud.example.com/system",  # the first
  'sleet=qemu+tls://sleet/system?pkipath=/a b',
]
tls_priority="NORMAL:-VERS-TLS1.3"
number = 7
long = \"\"\"two
lines\"\"\"
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    paths = [tmp_path / "own", tmp_path / "system"]
    monkeypatch.setattr(libvirt_conf, "conf_files", lambda: tuple(paths))
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)
    return paths


def test_settings() -> None:
    assert parse_conf(CONF) == {
        "uri_aliases": [
            "hail=qemu+ssh://root@hail.cloud.example.com/system",
            "sleet=qemu+tls://sleet/system?pkipath=/a b",
        ],
        "tls_priority": "NORMAL:-VERS-TLS1.3",
        "number": "7",
        "long": "two\nlines",
    }
    assert parse_conf("") == {}
    with pytest.raises(ValueError, match="line 2"):
        parse_conf('\n"open')


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert list(map(str, conf_files())) == ["/x/libvirt/libvirt.conf", "/etc/libvirt/libvirt.conf"]
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert str(conf_files()[0]) == "/home/u/.config/libvirt/libvirt.conf"


def test_aliases_of_the_user_and_of_the_system(files: list[Path]) -> None:
    assert uri_aliases() == {}
    files[1].write_text(CONF)
    files[0].write_text('uri_aliases = ["hail=qemu:///session"]')
    assert uri_aliases() == {
        "hail": "qemu:///session",
        "sleet": "qemu+tls://sleet/system?pkipath=/a b",
    }
    assert resolve_uri("hail").is_session
    assert resolve_uri("sleet").host == "sleet"
    assert resolve_uri("qemu+ssh://h/system").host == "h"
    with pytest.raises(UsageError, match="'rain' is neither") as caught:
        resolve_uri("rain")
    assert "hail, sleet" in caught.value.hint


@pytest.mark.parametrize("text", ['uri_aliases = ["no sign"]', 'uri_aliases = ["a b=x:///"]', "="])
def test_a_file_that_is_wrong(files: list[Path], text: str) -> None:
    files[0].write_text(text if text != "=" else "?")
    with pytest.raises(UsageError):
        resolve_uri("hail")


def test_the_default(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_uri() == "qemu:///system"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_uri() == "qemu:///session"
    files[1].write_text('uri_default = "lxc:///system"')
    assert default_uri() == "lxc:///system"
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "hail")
    files[0].write_text('uri_aliases = ["hail=qemu+ssh://h/system"]')
    assert resolve_uri().host == "h"
