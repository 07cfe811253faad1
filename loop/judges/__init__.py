"""LLM-as-a-judge evaluators that a brief may name in `evaluate:` (`python -m loop.judges.rubric`).

They read the files of a change and never run them, so they may run outside the sandbox and hold a key.
"""

import shlex
import sys

import msgspec

from journal.events import Usage
from journal.untrusted import JsonDecoder

TIMEOUT_SECONDS = 1800.0  # of a score: its calls, and the waits between their tries
USAGE_PREFIX = "judge_usage:"  # begins the line with the judge's cost, as JSON
MAX_COUNT = 2**53
_decoder: JsonDecoder[Usage] = JsonDecoder(Usage)
MODULES = ("loop.judges.rubric",)
VARIABLES = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "HTTPS_PROXY", "SSL_CERT_FILE",
)  # fmt: skip  # of the environment, that a judge may see


def isolated_command(line: str) -> str | None:
    """The command line of a judge of this package, changed so that it imports nothing from the tree that it judges; else None.

    `-I` keeps the working folder, which is the export of the change, off the module path.
    """
    words = shlex.split(line)
    is_judge = len(words) > 2 and words[0].startswith("python") and words[1] == "-m" and words[2] in MODULES
    return shlex.join([sys.executable, "-I", *words[1:]]) if is_judge else None


def reported_usage(output: str) -> Usage:
    """The cost that a judge of this package reports."""
    reports = [line.removeprefix(USAGE_PREFIX) for line in output.splitlines() if line.startswith(USAGE_PREFIX)]
    usage = _decoder.value(reports[-1]) if reports else None  # None also if it is cut off
    return usage if usage is not None and _is_plausible(usage) else Usage()


def _is_plausible(usage: Usage) -> bool:
    """Whether its numbers can be a cost, and fit into the journal."""
    return all(value is None or 0 <= value < MAX_COUNT for value in msgspec.structs.astuple(usage))
