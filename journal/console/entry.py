"""The entry point of every command. It imports almost nothing, so that a Ctrl-C during imports shows no traceback."""

import contextlib
import os
import signal
import sys
from importlib import import_module

from journal.console.streams import prepare_streams
from journal.console.text import escape_controls

NEGATIVE, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes; negative: not done, not found, or faults found


def main() -> None:
    """`ar-journal`."""
    run_main("journal.cli")


def run_main(module: str) -> None:
    """Import a module, call its `main`, and exit with its exit code, without a traceback for Ctrl-C or a failing stream."""
    prepare_streams()
    # Python installs no handler under nohup or in a script's background: SIGINT stays ignored there
    is_interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_interruptible:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    command = import_module(module).main
    if is_interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = NEGATIVE
    except OSError as error:
        code = print_system_error(error)
    except SystemExit as exit_:
        code = exit_.code
    problem = _flush_problem()
    if problem is not None and not isinstance(problem, BrokenPipeError):
        code = print_system_error(problem)
    sys.exit(code if problem is None else code or NEGATIVE)


def print_error(message: str) -> int:
    """Print an error as every command prints it; return the exit code for bad input."""
    text = escape_controls(message) if sys.stderr.isatty() else message
    print(f"error: {text}", file=sys.stderr, flush=True)
    return BAD_INPUT


def print_system_error(error: OSError) -> int:
    """Print an error of the system; one without a file is of a stream. Return the exit code for bad input."""
    subject = f"{error.filename}: " if error.filename else "The output cannot be written: "
    return print_error(f"{subject}{error.strerror or error}: correct that, then try again.")


def _flush_problem() -> OSError | None:
    """Flush stdout; the error if that fails. Then stdout becomes /dev/null, or the exit would print a traceback."""
    try:
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None
