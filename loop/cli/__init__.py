"""`ar-loop`: start, watch and steer the loop. stdout is data, stderr narration."""

import os
import sys

from journal.errors import JournalError
from loop.cli import asking, gating, init, looking, running, steering
from loop.cli.app import BAD, INTERRUPTED, NOT_SO, app, say
from loop.errors import LoopError

__all__ = ["asking", "gating", "init", "looking", "main", "running", "steering"]


def main() -> None:
    """Entry point: what a person can mend is one sentence and exit code 2."""
    try:
        app(prog_name="ar-loop")
    except (LoopError, JournalError) as error:
        say(f"error: {error}")
        sys.exit(BAD)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # nobody reads on: `ar-loop status --watch | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOT_SO)
    except OSError as error:
        say(f"error: {error.filename or 'the system'}: {error.strerror or error}: mend that, then try again.")
        sys.exit(BAD)
