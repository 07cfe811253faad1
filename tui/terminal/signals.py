"""Restores the terminal when a signal ends or suspends the program."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

# All that end a program and can be handled.
SIGNALS = (
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGXCPU, signal.SIGALRM),
    *(signal.SIGUSR1, signal.SIGUSR2),
)
EXIT_SECONDS = 2.0  # for an orderly exit


def exit_on_signals(close: Callable[[int], None]) -> None:
    """Handle these signals in the running event loop: call `close` with the exit code that a shell expects."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, _exit, close, 128 + number)


def defer_suspend_signals() -> None:
    """Let the running event loop call Textual's handlers for suspend and resume, between two callbacks.

    These handlers write to a queue whose lock the interrupted code may hold; called by the interpreter itself, they could
    wait for ever.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTSTP, signal.SIGCONT):
        handler = signal.getsignal(number)
        if callable(handler):
            loop.add_signal_handler(number, handler, number, None)


def _exit(close: Callable[[int], None], code: int) -> None:
    # A terminal that hung up accepts no bytes, and an orderly exit may block on it: exit anyway after EXIT_SECONDS.
    timer = threading.Timer(EXIT_SECONDS, os._exit, args=(code,))
    timer.daemon = True
    timer.start()
    close(code)
