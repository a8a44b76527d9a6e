"""What the tests of whole uploads share: the image, and one upload of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.scripted import Daemon
from engine.transfer.images import KIB, MIB, body
from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer import IfExists, Phase, Report, Session, State, TransferOptions, Upload

LAYOUT = [("data", 300 * KIB), ("hole", 2 * MIB), ("zero", 128 * KIB), ("data", 2 * MIB + 77)]
DATA = 300 * KIB + 2 * MIB + 77
CONTENT = b"".join(
    [body(0, 300 * KIB), bytes(2 * MIB + 128 * KIB), body(2 * MIB + 428 * KIB, 2 * MIB + 77)]
)
SIZE = len(CONTENT)


class Job:
    """One upload of the image to ``pool/img``."""

    def __init__(self, daemon: Daemon, session: Session, image: Path) -> None:
        self.daemon, self.session, self.image = daemon, session, image
        self.upload: Upload | None = None

    async def __call__(
        self, options: TransferOptions | None = None, name: str = "", image_format: str = "auto"
    ) -> Report:
        self.upload = Upload(
            self.session, self.image, "pool", name, format=image_format, options=options
        )
        return await self.upload.run()

    async def fails(
        self, kind: type[LacunaError], text: str = ".", options: TransferOptions | None = None
    ) -> LacunaError:
        """Run it, and see that it never claims to be done; return its error."""
        with pytest.raises(kind, match=text) as caught:
            await self(options)
        assert self.upload is not None
        assert self.upload.report.state is not State.DONE
        assert not self.upload.report.verified
        assert self.upload.tracker.phase is Phase.ENDED
        assert not [t for t in threading.enumerate() if t.name.startswith("lacuna-")]
        return caught.value


def options(
    if_exists: IfExists = IfExists.FAIL, *, verify: bool = False, zero_scan: bool = True
) -> TransferOptions:
    return TransferOptions(if_exists=if_exists, verify=verify, zero_scan=zero_scan)


REPLACE = options(IfExists.REPLACE)
only_memory = pytest.mark.parametrize("daemon", ["memory"], indirect=True)
