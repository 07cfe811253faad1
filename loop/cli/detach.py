"""`ar-loop run --detach`: a loop that outlives its terminal. The caller returns once the loop runs or has failed to start."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from journal.permissions import open_file

STARTED = b"."


def detach() -> Callable[[Path], None] | None:
    """Fork into a new process session. The caller never returns; the child gets a function that ends the caller.

    Until the child calls that function with its log, it prints to the caller's terminal. If the child ends before, the caller
    ends with the child's exit code.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child:
        os.close(writer)
        is_started = os.read(reader, 1) == STARTED
        sys.exit(0 if is_started else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.close(reader)
    os.setsid()

    def end_caller(log: Path) -> None:
        source, target = os.open(os.devnull, os.O_RDONLY), open_file(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream, descriptor in enumerate((source, target, target)):
            os.dup2(descriptor, stream)
        os.write(writer, STARTED)
        os.close(writer)

    return end_caller
