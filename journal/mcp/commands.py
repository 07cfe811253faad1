"""Runs one command of this program as a process of its own, so that a tool has exactly its limits, refusals and exit codes."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from journal.console.text import escape_controls, escape_controls_in_json
from journal.mcp.tools import JOURNAL, LOOP, ToolCommand

LIMIT = 100_000  # characters of an answer
# -P: a file of the person's folder, such as json.py, is not imported in place of a module of this program
_START = {JOURNAL: "from journal.console.entry import main; main()", LOOP: "from loop.entry import main; main()"}


@dataclass(frozen=True)
class ToolOutput:
    """What the command printed, safe for a terminal and a model, and its exit code."""

    output: str
    messages: str
    exit_code: int


async def run(
    command: ToolCommand, *, journal: Path, folder: Path, environment: Mapping[str, str] = os.environ
) -> ToolOutput:
    """Run a command on a journal, in a folder. A client that gives up ends the process."""
    arguments = [*command.options, f"--journal={journal}", "--", *command.values]
    line = [sys.executable, "-P", "-c", _START[command.program], *arguments]
    with anyio.move_on_after(command.seconds) as scope:
        done = await anyio.run_process(
            line, input=command.stdin.encode(errors="replace"), check=False, cwd=folder, env=dict(environment)
        )
    if scope.cancelled_caught:
        return ToolOutput("", f"error: {command.options[0]} took longer than {command.seconds:.0f} s and was ended.", 2)
    output = done.stdout.decode(errors="replace")
    is_json = "--json" in command.options
    safe = escape_controls_in_json(output) if is_json else escape_controls(output)
    return ToolOutput(_cut(safe), _cut(escape_controls(done.stderr.decode(errors="replace"))), done.returncode)


def _cut(text: str) -> str:
    if len(text) <= LIMIT:
        return text
    return f"{text[:LIMIT]}\n… cut after {LIMIT:,} of {len(text):,} characters: ask for fewer rows or columns."
