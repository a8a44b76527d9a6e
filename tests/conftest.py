"""Settings for all tests."""

from hypothesis import HealthCheck, settings

# Machines that run tests are shared and slow at times; nothing here may depend on speed.
settings.register_profile(
    "lacuna", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("lacuna")
