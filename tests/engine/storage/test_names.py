"""Names shown, checked and made local, with what a hostile server could choose."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lacuna_engine.errors import UsageError
from lacuna_engine.storage.names import (
    display_name,
    local_file_name,
    validate_volume_name,
)

# As a daemon gives them: any bytes but the separator and NUL.
WIRE_NAMES = st.binary(max_size=600).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
ANY_TEXT = st.text(st.characters(), max_size=400)  # surrogates included
NAMES = st.one_of(
    WIRE_NAMES,
    ANY_TEXT,
    st.text("CONcomnulLPT19$.. \u00b9_-/\\:", max_size=12),
    st.builds(
        lambda a, n, b: a * n + b,
        st.sampled_from("xé😀 ."),
        st.integers(0, 300),
        ANY_TEXT,
    ),
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("disk.img", "disk.img"),
        ("ümlaut 中文 👩\u200d💻", "ümlaut 中文 👩\u200d💻"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[2J\x7f\x00", r"\x1b[2J\x7f\x00"),
        ("\udcff\udcfe", r"\xff\xfe"),
        ("\x85\udc85", r"\u0085\x85"),
        ("gpj\u202eexe", r"gpj\u202eexe"),
        ("\u2066x\u2069\ufeff\u2028", r"\u2066x\u2069\ufeff\u2028"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        (r"a\b", r"a\\b"),
        ("", ""),
    ],
)
def test_display(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(NAMES)
def test_display_is_one_harmless_line(name: str) -> None:
    shown = display_name(name)
    shown.encode()  # no surrogates
    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 32 or char in "\x7f\u202e\u2066" for char in shown)


@given(NAMES, NAMES)
@example("a\n", "a\\n")
@example("\x85", "\udc85")
def test_different_names_look_different(one: str, other: str) -> None:
    assert (one == other) == (display_name(one) == display_name(other))


@pytest.mark.parametrize(
    "name",
    [
        "disk.img",
        " leading and trailing ",
        "-rf",
        ".hidden",
        "...",
        "a'b\"c&d<e>f",
        "a\\b%s$(id)",
        "tab\tnewline\n",
        "ü" * 127 + "x",
        "\x7f\x85",
    ],
)
def test_names_a_daemon_takes(name: str) -> None:
    validate_volume_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (".", "cannot be named"),
        ("..", "cannot be named"),
        ("a/b", "slash"),
        ("a\x00", r"'\\x00'"),
        ("a\x1b", r"'\\x1b'"),
        ("a\r", r"'\\r'"),
        ("\udcff\udcfe", r"'\\xff'"),
        ("\ufffe", "'\ufffe'"),
        ("x" * 256, "255 bytes; this one has 256"),
        ("ü" * 128, "255 bytes; this one has 256"),
    ],
)
def test_names_a_daemon_refuses(name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        validate_volume_name(name)


@pytest.mark.parametrize(
    ("name", "posix", "windows"),
    [
        ("disk.img", "disk.img", "disk.img"),
        ("", "volume", "volume"),
        (".", "_", "volume"),
        ("..", "__", "volume"),
        ("...", "...", "volume"),
        ("../../etc/passwd", ".._.._etc_passwd", ".._.._etc_passwd"),
        (r"..\x", r"..\x", ".._x"),
        ("C:disk", "C:disk", "C_disk"),
        ('a<b>c"d|e?f*g', 'a<b>c"d|e?f*g', "a_b_c_d_e_f_g"),
        ("a\nb\x00c\u202ed\x7f", "a_b_c_d_", "a_b_c_d_"),
        ("\udcff\udcfe.img", "\udcff\udcfe.img", "__.img"),
        ("\ud800", "_", "_"),
        ("disk.img. .", "disk.img. .", "disk.img"),
        ("con", "con", "_con"),
        ("CON.img", "CON.img", "_CON.img"),
        ("nul .tar.gz", "nul .tar.gz", "_nul .tar.gz"),
        ("COM1", "COM1", "_COM1"),
        ("lpt\u00b9.x", "lpt\u00b9.x", "_lpt\u00b9.x"),
        ("CONOUT$", "CONOUT$", "_CONOUT$"),
        ("console", "console", "console"),
        ("com10", "com10", "com10"),
        ("x" * 300 + ".qcow2", "x" * 249 + ".qcow2", "x" * 249 + ".qcow2"),
        ("ü" * 200 + ".img", "ü" * 125 + ".img", "ü" * 125 + ".img"),
        ("." + "x" * 300, "." + "x" * 254, "." + "x" * 254),
        ("x." + "y" * 300, "x." + "y" * 253, "x." + "y" * 253),
        ("con" + " " * 300 + "x", "con" + " " * 252, "_con"),
        ("con." + "x" * 300, "con." + "x" * 251, "_con." + "x" * 250),
    ],
)
def test_local_names(name: str, posix: str, windows: str) -> None:
    assert local_file_name(name, windows=False) == posix
    assert local_file_name(name, windows=True) == windows


@given(NAMES)
def test_local_posix_invariants(name: str) -> None:
    local = local_file_name(name, windows=False)
    raw = local.encode("utf-8", "surrogateescape")
    assert 1 <= len(raw) <= 255
    assert b"/" not in raw
    assert local not in {".", ".."}
    assert not any(byte < 32 or byte == 127 for byte in raw)
    assert local_file_name(local, windows=False) == local


@given(NAMES)
def test_local_windows_invariants(name: str) -> None:
    local = local_file_name(name, windows=True)
    assert 1 <= len(local.encode()) <= 255
    assert not set(local) & set('<>:"/\\|?*')
    assert min(local) >= " "
    assert local == local.rstrip(". ")
    assert local.partition(".")[0].rstrip(" ").upper() not in {
        "CON",
        "NUL",
        "COM1",
        "LPT9",
        "AUX",
    }
    assert local_file_name(local, windows=True) == local


@given(st.text(st.sampled_from("aZ0ü😀._- \\\udc80\udcc3\udcff"), min_size=3, max_size=60))
def test_bytes_that_are_not_utf8_survive_on_posix(name: str) -> None:
    assert local_file_name(name, windows=False) == name
    assert os.fsencode(name) == name.encode("utf-8", "surrogateescape")
