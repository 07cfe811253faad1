"""Settings that the tests of every package share.

Properties have no stopwatch, so that a busy machine fails nothing. And Ctrl-C and its like mean to every program that a test
starts what they mean in a terminal, also where the tests themselves run in the background of a script, which ignores them.
"""

import signal

from hypothesis import HealthCheck, settings

signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)

settings.register_profile("no deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no deadline")
