"""The live server under a coverage-guided fuzzer (not part of the tests).

Needs the package ``atheris`` (Linux, ``pip install atheris`` into the environment), then, in the
repository: ``PYTHONPATH=tests .venv/bin/python tests/fuzz/atheris_server.py -max_total_time=600``;
further arguments are libFuzzer's, and a folder keeps what it has learned. An input that it finds is
written to a file, which may be given as an argument to have it run again.
"""

from __future__ import annotations

import asyncio
import random
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["lacuna_engine"]):
    from fuzz.campaign import CAPTURED, NAMES, POOL, UUID, Campaign, Generator, campaign
    from lacuna_engine.rpc import procedures as p
    from lacuna_engine.rpc import records as r
    from lacuna_engine.rpc.packet import Header, Program, Type, encode
    from lacuna_engine.rpc.procedures import PROCEDURES

MOST = 40
"""Messages of one input."""


class Reader:
    """Makes messages of an input's bytes: each kind of choice is a number of it."""

    def __init__(self, data: bytes) -> None:
        self._source: Any = atheris.FuzzedDataProvider(data)
        self._generator = Generator(0)
        self._opened: list[tuple[int, int]] = []

    def messages(self) -> list[bytes]:
        out = self._generator.preamble()
        kinds = (
            self._open,
            self._on_stream,
            self._on_stream,
            self._captured,
            self._call,
            self._xml,
        )
        while self._source.remaining_bytes() and len(out) < MOST:
            out.append(kinds[self._source.ConsumeIntInRange(0, len(kinds) - 1)]())
        return out

    def _number(self) -> int:
        return int(self._source.ConsumeIntInRange(0, 2**64 - 1))

    def _choice(self, values: Any) -> Any:
        return values[self._source.ConsumeIntInRange(0, len(values) - 1)]

    def _volume(self) -> r.VolumeHandle:
        return r.VolumeHandle(POOL, self._choice(NAMES), "")

    def _open(self) -> bytes:
        procedure = self._choice((p.VOL_UPLOAD, p.VOL_DOWNLOAD))
        offset = self._choice((0, 0, 5, 4096, self._number()))
        length = self._choice((0, 0, 100, self._number()))
        target = r.VolumeRange(self._volume(), offset, length, self._choice((0, 1, 1, 2)))
        message = self._generator.call(procedure, target)
        self._opened.append((procedure.number, self._generator.serial))
        return message

    def _on_stream(self) -> bytes:
        number, serial = self._choice(self._opened or [(208, 3)])
        kind = self._choice((Type.STREAM, Type.STREAM, Type.STREAM_HOLE))
        status = self._choice((2, 2, 2, 0, 1, 7))
        payload = self._source.ConsumeBytes(self._choice((0, 1, 12, 200)))
        if kind == Type.STREAM_HOLE and self._source.ConsumeBool():
            payload = struct.pack(">qI", self._choice((1, 4096, 2**40, 2**63 - 1, -1, 0)), 0)
        return encode(Header(Program.REMOTE, number, kind, serial, status), payload)

    def _captured(self) -> bytes:
        message = bytearray(self._choice(CAPTURED))
        for _ in range(self._source.ConsumeIntInRange(0, 4)):
            place = self._source.ConsumeIntInRange(4, len(message) - 1)
            message[place] = self._source.ConsumeIntInRange(0, 255)
        return bytes(message)

    def _call(self) -> bytes:
        number = self._choice(list(PROCEDURES))
        payload = self._source.ConsumeBytes(self._source.ConsumeIntInRange(0, 200))
        self._generator.serial += 1
        serial = self._generator.serial
        return encode(Header(Program.REMOTE, number, Type.CALL, serial, 0), payload)

    def _xml(self) -> bytes:
        text = self._source.ConsumeUnicodeNoSurrogates(300).replace("\0", "")
        if self._source.ConsumeBool():
            text = (
                f"<volume><name>{self._choice(NAMES)}</name><capacity unit='{text[:3]}'>"
                f"{self._number()}</capacity><allocation>0</allocation>{text}</volume>"
            )
        return self._generator.call(p.VOL_CREATE_XML, r.PoolXml(r.PoolHandle(POOL, UUID), text))


def main() -> None:
    """Keep one server for all inputs; each input is a connection."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    folder = Path(tempfile.mkdtemp(prefix="lacuna-fuzz-")) / "pool"
    folder.mkdir()
    context = campaign(folder)
    running: Campaign = loop.run_until_complete(context.__aenter__())

    def one_input(data: bytes) -> None:
        chance = random.Random(len(data))
        loop.run_until_complete(running.send(Reader(data).messages(), chance))
        running.tidy()
        if running.lost:
            raise AssertionError(running.lost[:3])

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


main()
