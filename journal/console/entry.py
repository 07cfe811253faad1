"""The way in from a console: small, so that a Ctrl-C during the imports, or a reader that has left, shows no traceback."""

import contextlib
import os
import signal
import sys
from importlib import import_module

NOT_SO, BAD, INTERRUPTED = 1, 2, 130  # exit codes; 0 is done


def main() -> None:
    """`ar-journal`."""
    enter("journal.cli")


def enter(module: str) -> None:
    """Import a module and call its `main`; ends the process with its exit code."""
    waits = (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )  # not so under nohup or in a script's background
    if waits:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    command = import_module(module).main
    if waits:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = NOT_SO
    except SystemExit as ended:
        code = ended.code
    sys.exit(code if _flushed() else NOT_SO)


def refuse(sentence: str) -> int:
    """Say what is wrong and what to do, as every command of the house says it; the exit code."""
    print(f"error: {sentence}", file=sys.stderr, flush=True)
    return BAD


def _flushed() -> bool:
    """Whether somebody still reads what is printed; if not, the interpreter must not find out at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True
