"""Leaving the terminal as it was found, whoever ends or stops the program."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
SECONDS = 2.0  # for leaving in good order


def on_signals(leave: Callable[[int], None]) -> None:
    """Have these signals end the running loop's program through `leave`, with the exit code that a shell expects."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, _end, leave, 128 + number)


def stop_in_turn() -> None:
    """Let the running loop call the handlers that Textual set for being stopped and going on, between two callbacks.

    They write to a queue whose lock the interrupted code may hold: called by the interpreter itself, they could wait for ever.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTSTP, signal.SIGCONT):
        handler = signal.getsignal(number)
        if callable(handler):
            loop.add_signal_handler(number, handler, number, None)


def _end(leave: Callable[[int], None], code: int) -> None:
    # A terminal that hung up takes no bytes: if leaving in good order gets stuck on it, leave anyhow.
    last_resort = threading.Timer(SECONDS, os._exit, args=(code,))
    last_resort.daemon = True
    last_resort.start()
    leave(code)
