"""The order of SSH's ciphers, and which processors know AES."""

from __future__ import annotations

import pytest

from lacuna_engine.transport.ssh.ciphers import knows_aes, preferred

CHACHA, GCM128, GCM256 = (
    "chacha20-poly1305@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
)


@pytest.mark.parametrize(
    ("offered", "ordered"),
    [
        ([CHACHA, "aes256-ctr", GCM256, GCM128], [GCM128, GCM256, CHACHA, "aes256-ctr"]),
        ([CHACHA, GCM256], [GCM256, CHACHA]),
        ([GCM128, GCM256, CHACHA], [GCM128, GCM256, CHACHA]),
        ([CHACHA, "aes256-ctr"], [CHACHA, "aes256-ctr"]),
        ([""], [""]),
    ],
)
def test_the_faster_ones_come_first(offered: list[str], ordered: list[str]) -> None:
    """None is added, none is left out; without AES nothing changes."""
    assert preferred(offered, aes_is_fast=True) == ordered
    assert preferred(offered, aes_is_fast=False) == offered


INTEL = "processor\t: 0\nmodel name\t: Some aes thing\nflags\t\t: fpu sse2 {} avx\nbugs\t\t: aes\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd evtstrm {} crc32\n"


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "knows"),
    [
        ("x86_64", INTEL.format("aes"), True),
        ("x86_64", INTEL.format("vaes"), False),
        ("aarch64", ARM.format("aes pmull"), True),
        # A Raspberry Pi 4.
        ("aarch64", ARM.format("cpuid"), False),
        ("aarch64", "", False),
        ("s390x", "features\t: esan3 zarch\n", False),
        # No Linux.
        ("arm64", "", True),
        ("AMD64", "", True),
        ("x86_64", "", True),
        ("ppc64", "", False),
    ],
)
def test_what_a_processor_knows(machine: str, cpuinfo: str, knows: bool) -> None:
    assert knows_aes(machine, cpuinfo) is knows
