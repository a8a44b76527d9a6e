"""Settings for all tests."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Machines that run tests are shared and slow at times; nothing here may depend on speed.
settings.register_profile(
    "lacuna", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("lacuna")

# A shell starts what it runs in the background with Ctrl-C ignored; tests send it all the same.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def own_folders() -> Iterator[None]:
    """Nothing of the user's own settings and journal is read or changed, by children neither."""
    with tempfile.TemporaryDirectory(prefix="lacuna-test-") as folder:
        for variable in ("LACUNA_DATA", "LACUNA_CONFIG"):
            path = Path(folder) / variable.lower()
            os.environ[variable] = str(path)
        yield
        for variable in ("LACUNA_DATA", "LACUNA_CONFIG"):
            del os.environ[variable]
