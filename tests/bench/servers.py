"""Our server against libvirtd, to each client in turn; one dense image."""

from __future__ import annotations

from bench.grounds import Ground, own_server
from bench.images import MIB, dense
from bench.rounds import WAYS, Rounds, say
from bench.runs import Results, Row, turn
from bench.tools import TOOLS

CLIENTS = ("virsh", "lacuna")


def compare(libvirtd: Ground, results: Results, size: int, rounds: int) -> None:
    """Measure both servers with each client; ``size`` is the image's, in bytes."""
    image = libvirtd.files / "image"
    dense(image, max(size // MIB, 1) * MIB)
    with own_server(libvirtd) as ours:
        both = {
            "libvirtd": Rounds(libvirtd, results, rounds),
            "lacuna serve": Rounds(ours, results, rounds),
        }
        for client in CLIENTS:
            for way in WAYS:
                case = f"served to {client}, {way}"
                rows = {name: Row(case, name, "libvirtd") for name in both}
                results.rows += rows.values()
                for one in both.values():
                    one.lay(image)
                for number in range(rounds):
                    for name in turn(both, number):
                        say(f"{case}: round {number + 1} of {rounds}, {name}")
                        one = both[name]
                        rows[name].runs.append(one.once(way, TOOLS[client], image, one.time))
        for one in both.values():
            one.ground.drop()
    image.unlink()
