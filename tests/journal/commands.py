"""`ar-journal` in this process, for tests."""

import contextlib
import io
import sys
from typing import NamedTuple

import pytest

from journal.cli import main


class CommandResult(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def ar_journal(*arguments, journal=None, stdin=""):
    """The command, as typed, in this process: real arguments, real streams, real exit code."""
    named = ["--journal", str(journal)] if journal and "--journal" not in arguments else []
    out, narration = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(narration), pytest.raises(SystemExit) as ended:
            main([*arguments, *named])
    finally:
        sys.stdin = before
    out.flush()
    return CommandResult(ended.value.code or 0, out.buffer.getvalue().decode(), narration.getvalue())
