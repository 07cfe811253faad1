"""What every room's tests share: properties without a stopwatch, so that a busy machine fails nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
