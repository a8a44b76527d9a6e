"""The state machine of a job."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import UsageError
from lacuna_engine.journal import (
    FINAL_STATES,
    OPEN_STATES,
    ForbiddenStepError,
    JobEvent,
    JobState,
    advance,
)

# One line for each state, one letter for each event, in the order of the enumeration; the letter
# is the next state's, a dot is forbidden.
LETTERS = {
    "Q": JobState.QUEUED,
    "R": JobState.RUNNING,
    "P": JobState.PAUSED,
    "W": JobState.WAITING,
    "I": JobState.INTERRUPTED,
    "F": JobState.FAILED,
    "D": JobState.DONE,
    "S": JobState.SKIPPED,
    "X": JobState.REMOVED,
}
#        START FINISH SKIP FAIL RETRY_LATER PAUSE RESUME CANCEL INTERRUPT REQUEUE REMOVE
TABLE = {
    JobState.QUEUED: "R....P.I..X",
    JobState.RUNNING: ".DSFWP.IIQ.",
    JobState.PAUSED: "......QI..X",
    JobState.WAITING: "R....PQI..X",
    JobState.INTERRUPTED: "......Q...X",
    JobState.FAILED: "......QI..X",
    JobState.DONE: "..........X",
    JobState.SKIPPED: "..........X",
    JobState.REMOVED: "...........",
}


@pytest.mark.parametrize("state", JobState)
def test_table(state: JobState) -> None:
    for event, letter in zip(JobEvent, TABLE[state], strict=True):
        if letter == ".":
            with pytest.raises(ForbiddenStepError, match=f"that is {state} cannot be ") as caught:
                advance(state, event)
            assert (caught.value.state, caught.value.event) == (state, event)
            assert isinstance(caught.value, UsageError)
        else:
            assert advance(state, event) is LETTERS[letter]


def test_properties() -> None:
    assert {state for state in JobState if state.is_final} == FINAL_STATES
    assert set(JobState) - FINAL_STATES == OPEN_STATES
    assert {state for state in JobState if state.is_active} == {
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.WAITING,
    }
    assert {state for state in JobState if state.is_resumable} == {
        JobState.PAUSED,
        JobState.WAITING,
        JobState.INTERRUPTED,
        JobState.FAILED,
    }


@given(st.lists(st.sampled_from(JobEvent), max_size=40))
def test_walk(events: list[JobEvent]) -> None:
    """Wherever chance leads: it ends once, counts once, and nothing is a dead end."""
    state, finished = JobState.QUEUED, 0
    for event in events:
        before = state
        with suppress(ForbiddenStepError):
            state = advance(state, event)
            finished += event in (JobEvent.FINISH, JobEvent.SKIP)
        if before.is_final:
            assert state in (before, JobState.REMOVED)
        if state is JobState.RUNNING and before is not state:
            assert event is JobEvent.START
    assert finished <= 1
    assert state.is_final or state.is_active or state.is_resumable


def test_every_state_can_be_reached_and_left() -> None:
    reached = {JobState.QUEUED}
    for _ in JobState:
        found = set[JobState]()
        for state in reached:
            for event in JobEvent:
                with suppress(ForbiddenStepError):
                    found.add(advance(state, event))
        reached |= found
    assert reached == set(JobState)
