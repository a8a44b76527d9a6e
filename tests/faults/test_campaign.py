"""A short campaign; ``./dev test faults`` runs the long one."""

from __future__ import annotations

import os
import random

import pytest

from faults.campaign import campaign
from faults.ground import grounds

COUNTS = {"kill": 6, "cut": 4, "restart": 2, "full": 2, "corrupt": 2, "clock": 2, "asleep": 2}


@pytest.mark.timeout(900)
def test_a_short_campaign() -> None:
    seed = int(os.environ.get("LACUNA_FAULTS_SEED", random.randrange(1 << 32)))
    with grounds(512 << 20) as found:
        total, failures = campaign(found, COUNTS, seed, 6)
    assert not failures, "\n".join([f"seed {seed}", *failures])
    assert total == sum(COUNTS.values())
