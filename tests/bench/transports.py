"""Lacuna against virsh through SSH and TLS, and against ``ssh cat``: one image, up and down.

``ssh cat`` carries the same bytes into the same file system, with no libvirt at all: the most that
one connection through SSH could be. It runs with ssh's own ciphers and with those that Lacuna
chooses. Everything is on this machine, so both ends share its processors. As in ``run.py`` the
tools take turns, and the speed is the median of each round's ratio to the first. Run it with
``./dev bench transports``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.run import (
    VOLUME,
    Row,
    Run,
    Served,
    check,
    dense,
    lacuna_down,
    lacuna_up,
    progress,
    table,
    timed,
    turn,
    virsh_down,
    virsh_up,
)
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port
from integration.pki import Authority
from integration.sshd import USER, PrivateSshd

CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"

Tool = Callable[[Served, Path], Run]


@dataclass(frozen=True)
class Ground:
    """One pool, and who leads to it: libvirtd through each transport, and a plain ssh command."""

    served: dict[str, Served]
    ssh: tuple[str, ...]
    files: Path

    def cat(self, *more: str) -> tuple[Tool, Tool]:
        """Return what carries a file there and back without libvirt."""
        words = shlex.join([*self.ssh[:-1], *more, self.ssh[-1]])

        def up(served: Served, file: Path) -> Run:
            served.drop(VOLUME)
            remote = shlex.quote(f"cat >{served.path / VOLUME}")
            return timed(["sh", "-c", f"exec {words} {remote} <{file}"], served)

        def down(served: Served, file: Path) -> Run:
            (served.path / VOLUME).chmod(0o644)
            remote = shlex.quote(f"cat {served.path / VOLUME}")
            return timed(["sh", "-c", f"exec {words} {remote} >{file}"], served)

        return up, down


@contextmanager
def ground(size: int) -> Iterator[Ground]:
    with TemporaryDirectory(prefix="lacuna-bench-", dir="/dev/shm") as place:
        folder, port = Path(place), _free_port()
        authority = Authority()
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

                def restart() -> int:
                    daemon.terminate()
                    daemon.start()
                    return daemon.pid

                program = write_ssh(folder, host)
                places = {
                    "SSH": f"storage+ssh://{USER}@127.0.0.1:{host.port}/system?command={program}",
                    "TLS": f"storage+tls://localhost:{port}/system?pkipath={folder / 'client'}",
                }
                served = {
                    name: Served(name, uri, pool.name, pool.path, restart)
                    for name, uri in places.items()
                }
                plain = (str(program), "-p", str(host.port), f"{USER}@127.0.0.1")
                yield Ground(served, plain, folder)


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


def measure(found: Ground, name: str, image: Path, rounds: int) -> list[Row]:
    served, back = found.served[name], found.files / "back"
    pairs: dict[str, tuple[Tool, Tool]] = {
        "virsh": (
            lambda served, file: virsh_up(served, file, sparse=False),
            lambda served, file: virsh_down(served, file, sparse=False),
        ),
        "lacuna": (
            lambda served, file: lacuna_up(served, file, sparse=False),
            lambda served, file: lacuna_down(served, file, sparse=False),
        ),
    }
    if name == "SSH":
        pairs["ssh cat"] = found.cat()
        pairs["ssh cat, AES-GCM"] = found.cat("-o", f"Ciphers={CIPHERS}")
    up = {tool: Row(f"{name}, up", tool) for tool in pairs}
    down = {tool: Row(f"{name}, down", tool) for tool in pairs}
    for number in progress(f"{name}, up", rounds):
        for tool in turn(pairs, number):
            up[tool].runs.append(pairs[tool][0](served, image))
            check(image, served.path / VOLUME)
            served.drop(VOLUME)
    lacuna_up(served, image, sparse=False)
    for number in progress(f"{name}, down", rounds):
        for tool in turn(pairs, number):
            down[tool].runs.append(pairs[tool][1](served, back))
            check(image, back)
            back.unlink()
    served.drop(VOLUME)
    return [*up.values(), *down.values()]


def main(arguments: list[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="transports", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--size", type=int, default=2048, help="MiB of the image (default 2048)")
    parser.add_argument("--only", default="", help="SSH or TLS")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    chosen = parser.parse_args(arguments)
    rows: list[Row] = []
    with ground(chosen.size * MIB) as found:
        image = found.files / "image"
        dense(image, chosen.size * MIB)
        for name in found.served:
            if chosen.only in name:
                rows += measure(found, name, image, chosen.rounds)
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
