"""Back-off, and what is done about an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine import errors
from lacuna_engine.errors import LacunaError, Remedy
from lacuna_engine.journal import Cause, GiveUp, Retry, RetryPolicy, Wait, decide

POLICIES = st.builds(
    RetryPolicy,
    first=st.floats(0.01, 10),
    factor=st.floats(1, 10),
    cap=st.floats(10, 1000),
    jitter=st.floats(0, 1),
)


@given(POLICIES, st.integers(1, 1 << 40), st.floats(0, 1, exclude_max=True))
def test_delays(policy: RetryPolicy, attempt: int, chance: float) -> None:
    delay = policy.delay(attempt, lambda: chance)
    longest = policy.delay(attempt, lambda: 0.0)
    assert 0 <= delay <= longest <= policy.cap
    assert delay >= longest * (1 - policy.jitter) - 1e-9
    assert longest <= policy.delay(attempt + 1, lambda: 0.0)


def test_the_usual_delays() -> None:
    delays = [RetryPolicy().delay(n, lambda: 0.0) for n in range(1, 9)]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]
    assert RetryPolicy().delay(1, lambda: 0.5) == 0.75
    assert RetryPolicy(factor=1).delay(10**12, lambda: 0.0) == 1


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"cap": 0.5}, {"factor": 0.5}, {"jitter": 1.5}, {"jitter": -0.1}]
)
def test_policies_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="back-off"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


class _Error(LacunaError):
    pass


@given(
    st.sampled_from(Remedy), st.integers(0, 50), st.integers(0, 3), st.none() | st.integers(0, 50)
)
def test_decisions(remedy: Remedy, attempts: int, moved: int, limit: int | None) -> None:
    error = type("Failed", (_Error,), {"remedy": remedy})("x")
    decision = decide(error, attempts, moved, RetryPolicy(limit=limit), lambda: 0.0)
    vain = 0 if moved else attempts + 1
    if remedy is Remedy.NONE:
        assert decision == GiveUp()
    elif remedy is Remedy.USER or (limit is not None and vain > limit):
        assert decision == Wait(Cause.USER)
    else:
        after = RetryPolicy().delay(max(1, vain), lambda: 0.0)
        assert decision == Retry(after, Cause.DAEMON, vain)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ConnectionLostError("x"), Cause.NETWORK),
        (errors.PeerSilentError("x"), Cause.NETWORK),
        (errors.UnreachableError("x"), Cause.NETWORK),
        (errors.VolumeBusyError("x", code=55), Cause.DAEMON),
        (errors.CallTimeoutError("x"), Cause.DAEMON),
        (errors.AuthenticationError("x"), Cause.USER),
        (errors.NoSpaceError("x"), Cause.USER),
        (errors.RemoteNoSpaceError("x", code=38), Cause.USER),
        (errors.LocalFileError("x"), Cause.USER),
        (errors.PoolNotFoundError("x", code=49), None),
        (errors.ProtocolError("x"), None),
        (ZeroDivisionError("x"), None),
    ],
)
def test_errors_of_the_engine(error: Exception, kind: Cause | None) -> None:
    decision = decide(error, 0, 0, RetryPolicy(), lambda: 0.0)
    assert getattr(decision, "cause", None) == kind
    assert isinstance(decision, Retry) == (kind in (Cause.NETWORK, Cause.DAEMON))
