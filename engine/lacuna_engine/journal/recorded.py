"""Each run of a job in the log: when it began, how it ended, what it moved."""

from __future__ import annotations

import asyncio
import logging
import time

from lacuna_engine.journal.control import Control, Runner
from lacuna_engine.journal.job import Job
from lacuna_engine.journal.places import Endpoint
from lacuna_engine.logs import Field, error_fields, log_event
from lacuna_engine.transfer import Report

__all__ = ["recorded"]

_log = logging.getLogger(__name__)


def recorded(runner: Runner) -> Runner:
    """Return a runner that does the same and writes it down. Raises what ``runner`` raises."""

    async def run(job: Job, control: Control) -> Report:
        log_event(
            _log, logging.INFO, "job started", job=job.id, kind=job.kind, attempts=job.attempts,
            source=str(job.source), destination=str(job.destination),
        )  # fmt: skip
        since = time.monotonic()
        try:
            report = await runner(job, control)
        except asyncio.CancelledError:
            log_event(_log, logging.INFO, "job stopped", **_facts(job, control, since))
            raise
        except Exception as error:
            facts = _facts(job, control, since) | error_fields(error)
            log_event(_log, logging.WARNING, "job failed", **facts)
            raise
        facts = _facts(job, control, since)
        facts |= {
            "state": report.state,
            "total": report.bytes_total,
            "wire": report.bytes_wire,
            "verified": report.verified,
        }
        log_event(_log, logging.INFO, "job ended", **facts)
        return report

    return run


def _facts(job: Job, control: Control, since: float) -> dict[str, Field]:
    pools = (place for place in (job.source, job.destination) if isinstance(place, Endpoint))
    transports = {place.uri.partition("://")[0] for place in pools}
    return {
        "job": job.id,
        "kind": job.kind,
        "scheme": ",".join(sorted(transports)),
        "seconds": time.monotonic() - since,
        "moved": control.moved,
    }
