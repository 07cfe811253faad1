"""Ctrl-C and its like: the first ends what is in flight and pauses, the second ends the loop at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from loop.control import Control

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM, or a closed terminal) ends the run in flight and pauses; the second ends the loop at once.

    Ended at once, nothing acknowledged is lost, and the run's processes end with the loop.
    """

    def heard(number: int, _frame: FrameType | None) -> None:
        if control.interrupted:
            os._exit(128 + number)
        control.interrupt()

    under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    asked = [number for number in SIGNALS if not (under_nohup and number == signal.SIGHUP)]
    before = {number: signal.signal(number, heard) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
