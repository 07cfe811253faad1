"""LLM-as-a-judge evaluators that a brief may name in `evaluate:` (`python -m loop.judges.rubric`).

They read the files of a change and never run them, so they may stand outside the sandbox and hold a key.
"""

import shlex
import sys

import msgspec

from journal.events import Usage

SECONDS = 1800.0  # that a score may take: its calls, and the waits between their tries
USAGE = "judge_usage:"  # begins the line on which a judge says what it cost, as JSON
MODULES = ("loop.judges.rubric",)
KEYS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
)  # that it may see


def hardened(line: str) -> str | None:
    """The command line of a judge of this package, such that no file of the tree that it judges is imported; else None.

    `-I` keeps the working folder, which is the export of the change, off the path of modules.
    """
    words = shlex.split(line)
    ours = len(words) > 2 and words[0].startswith("python") and words[1] == "-m" and words[2] in MODULES
    return shlex.join([sys.executable, "-I", *words[1:]]) if ours else None


def spent(output: str) -> Usage:
    """What a judge of this package says that it cost."""
    said = [line.removeprefix(USAGE) for line in output.splitlines() if line.startswith(USAGE)]
    try:
        return msgspec.json.decode(said[-1], type=Usage) if said else Usage()
    except msgspec.DecodeError:  # cut off
        return Usage()
