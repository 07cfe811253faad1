"""A loop that outlives the terminal that started it: the caller stays until the loop runs or has said why not."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

STARTED = b"."


def detach() -> Callable[[Path], None] | None:
    """Fork into a session of its own. The child gets a function that lets the caller go; the caller never returns.

    Until it is called with the log that takes the child's voice from then on, the child speaks to the caller's terminal,
    and where the child ends before, the caller ends with its exit code.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child:
        os.close(tell)
        started = os.read(told, 1) == STARTED
        sys.exit(0 if started else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.close(told)
    os.setsid()

    def let_go(log: Path) -> None:
        source, target = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream, descriptor in enumerate((source, target, target)):
            os.dup2(descriptor, stream)
        os.write(tell, STARTED)
        os.close(tell)

    return let_go
