"""The journal: jobs that outlive the program, and what runs them.

`Journal` keeps jobs, `Owner` says which process works on one, `Scheduler` runs them. Pure are the
job and its states (`Job`, `advance`), back-off (`RetryPolicy`, `decide`), turns (`Turns`) and the
stall detector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.late import late

if TYPE_CHECKING:
    from lacuna_engine.journal.control import Control, Runner
    from lacuna_engine.journal.folders import data_folder, journal_path
    from lacuna_engine.journal.job import Counts, Job, JobKind, Problem
    from lacuna_engine.journal.keeper import JobKeeper
    from lacuna_engine.journal.notice import JobAdded, JobChanged, JobRemoved, Notice, Subscriber
    from lacuna_engine.journal.owner import Claim, Owner
    from lacuna_engine.journal.places import Endpoint, LocalFile, Place
    from lacuna_engine.journal.rate import RateLimit
    from lacuna_engine.journal.retry import Cause, GiveUp, Retry, RetryPolicy, Wait, decide
    from lacuna_engine.journal.runner import TransferRunner
    from lacuna_engine.journal.scheduler import Scheduler
    from lacuna_engine.journal.stall import Moving, StallDetector, Stalled
    from lacuna_engine.journal.states import (
        FINAL_STATES,
        OPEN_STATES,
        ForbiddenStepError,
        JobEvent,
        JobState,
        advance,
    )
    from lacuna_engine.journal.store import Changes, Journal, Totals
    from lacuna_engine.journal.turns import Limits, Turns
else:
    __getattr__ = late(
        __name__,
        {
            ".control": ["Control", "Runner"],
            ".folders": ["data_folder", "journal_path"],
            ".job": ["Counts", "Job", "JobKind", "Problem"],
            ".keeper": ["JobKeeper"],
            ".notice": ["JobAdded", "JobChanged", "JobRemoved", "Notice", "Subscriber"],
            ".owner": ["Claim", "Owner"],
            ".places": ["Endpoint", "LocalFile", "Place"],
            ".rate": ["RateLimit"],
            ".retry": ["Cause", "GiveUp", "Retry", "RetryPolicy", "Wait", "decide"],
            ".runner": ["TransferRunner"],
            ".scheduler": ["Scheduler"],
            ".stall": ["Moving", "StallDetector", "Stalled"],
            ".states": [
                "FINAL_STATES",
                "OPEN_STATES",
                "ForbiddenStepError",
                "JobEvent",
                "JobState",
                "advance",
            ],
            ".store": ["Changes", "Journal", "Totals"],
            ".turns": ["Limits", "Turns"],
        },
    )

__all__ = [
    "FINAL_STATES",
    "OPEN_STATES",
    "Cause",
    "Changes",
    "Claim",
    "Control",
    "Counts",
    "Endpoint",
    "ForbiddenStepError",
    "GiveUp",
    "Job",
    "JobAdded",
    "JobChanged",
    "JobEvent",
    "JobKeeper",
    "JobKind",
    "JobRemoved",
    "JobState",
    "Journal",
    "Limits",
    "LocalFile",
    "Moving",
    "Notice",
    "Owner",
    "Place",
    "Problem",
    "RateLimit",
    "Retry",
    "RetryPolicy",
    "Runner",
    "Scheduler",
    "StallDetector",
    "Stalled",
    "Subscriber",
    "Totals",
    "TransferRunner",
    "Turns",
    "Wait",
    "advance",
    "data_folder",
    "decide",
    "journal_path",
]
