"""Lacuna against virsh through SSH and TLS, and against ``ssh cat``: one image, up and down.

``ssh cat`` carries the same bytes into the same file system, with no libvirt at all: the most that
one connection through SSH could be. It runs with ssh's own ciphers and with those that Lacuna
chooses. Everything is on this machine, so both ends share its processors. As in ``run.py`` the
tools take turns, and the speed is the median of each round's ratio to the first. Run it with
``./dev bench transports``.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.grounds import Ground, Server, memory_folder
from bench.images import dense
from bench.kept import kept_memory
from bench.peers import finish
from bench.rounds import WAYS, Rounds, say
from bench.runs import Results
from bench.tools import TOOLS, Tool, libvirtd
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port
from integration.pki import Authority
from integration.sshd import USER, PrivateSshd

CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"


@dataclass(frozen=True)
class Place:
    """One pool, what leads to it by transport, and a plain ssh command."""

    grounds: dict[str, Ground]
    ssh: tuple[str, ...]

    def cat(self, name: str, *more: str) -> Tool:
        """Return what carries a file there and back without libvirt."""
        words = shlex.join([*self.ssh[:-1], *more, self.ssh[-1]])

        def up(ground: Ground, _: str, file: Path) -> list[str]:
            remote = shlex.quote(f"cat >{ground.target}")
            return ["sh", "-c", f"exec {words} {remote} <{file}"]

        def down(ground: Ground, _: str, file: Path) -> list[str]:
            remote = shlex.quote(f"cat {ground.target}")
            return ["sh", "-c", f"exec {words} {remote} >{file}"]

        return Tool(name, libvirtd, lambda ground, _: ground.drop(), up, down)


@contextmanager
def place(size: int) -> Iterator[Place]:
    """libvirtd behind an SSH server and behind TLS; ``size`` is the image's, in bytes."""
    with memory_folder() as folder:
        port, authority = _free_port(), Authority()
        authority.write(folder / "server", "server")
        authority.write(folder / "client", "client")
        settings = {
            "listen_tls": "1",
            "tls_port": str(port),
            "key_file": str(folder / "server/serverkey.pem"),
            "cert_file": str(folder / "server/servercert.pem"),
            "ca_file": str(folder / "server/cacert.pem"),
            "crl_file": "",
        }
        with PrivateLibvirtd(settings=settings | {"listen_tls": 1}) as daemon:
            pool = daemon.make_pool("bench", "tmpfs", size=2 * size + 64 * MIB)
            pool.path.chmod(0o1777)  # the user of the host writes there too
            with PrivateSshd(daemon) as host:
                program = write_ssh(folder, host)

                def ground(uri: str) -> Ground:
                    def fresh() -> Server:
                        daemon.terminate()
                        daemon.start()
                        return Server(daemon.pid, uri)

                    return Ground(pool.path, folder, daemon.uri, fresh)

                grounds = {
                    "SSH": f"storage+ssh://{USER}@127.0.0.1:{host.port}/system?command={program}",
                    "TLS": f"storage+tls://localhost:{port}/system?pkipath={folder / 'client'}",
                }
                plain = (str(program), "-p", str(host.port), f"{USER}@127.0.0.1")
                yield Place({name: ground(uri) for name, uri in grounds.items()}, plain)


def write_ssh(folder: Path, host: PrivateSshd) -> Path:
    """Write an ssh that has only our own settings, for every tool alike."""
    known, config, program = folder / "known", folder / "config", folder / "ssh"
    known.write_text(host.known_hosts_line)
    config.write_text(
        f"IdentityFile {host.folder / 'key'}\nIdentitiesOnly yes\nUserKnownHostsFile {known}\n"
    )
    program.write_text(f'#!/bin/sh\nexec ssh -F {config} "$@"\n')
    program.chmod(0o755)
    return program


def tools(found: Place, name: str) -> list[Tool]:
    """Return what is compared through a transport."""
    both = [TOOLS["virsh"], TOOLS["lacuna"]]
    if name != "SSH":
        return both
    chosen = found.cat("ssh cat, AES-GCM", "-o", f"Ciphers={CIPHERS}")
    return [*both, TOOLS["lacuna 1x"], found.cat("ssh cat"), chosen]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="transports", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--size", type=int, default=2048, help="MiB of the image (default 2048)")
    parser.add_argument("--only", default="", help="SSH or TLS")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    chosen = parser.parse_args(arguments)
    results = Results("tmpfs", 0)
    try:
        with kept_memory(), place(chosen.size * MIB) as found:
            for name, ground in found.grounds.items():
                if chosen.only in name:
                    image = ground.files / "image"
                    dense(image, chosen.size * MIB)
                    rounds = Rounds(ground, results, chosen.rounds, watch=False)
                    for way in WAYS:
                        rounds.measure(f"{name}, {way}", way, tools(found, name), "virsh", image)
    except KeyboardInterrupt:
        say("interrupted: these are the runs so far")
    finish(results, chosen.json, None)
