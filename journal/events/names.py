"""Names in a journal that become paths and refs: each is checked, or derived from what is checked. Pure.

A journal may come from anywhere, so what it names is data. A folder that an event names is never opened or deleted; the folder
of a run follows from its session, experiment and number.
"""

import re
from pathlib import Path

from journal.errors import JournalError

MAX_NUMBER = 10**9  # of an experiment or a run
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_tag(tag: str) -> bool:
    """Whether a session's tag can be part of a path and of a branch's name."""
    return bool(_TAG.fullmatch(tag)) and ".." not in tag and not tag.endswith((".", ".lock"))


def is_commit(name: str) -> bool:
    """Whether a name is the full name of a commit, and no option, branch or expression of git."""
    return bool(_COMMIT.fullmatch(name))


def check_tag(tag: str) -> None:
    """Raise JournalError for a tag that is none."""
    if not is_tag(tag):
        raise JournalError(
            f"The tag {tag!r:.80} cannot name a session: use letters, digits, dots, dashes and underscores."
        )


def run_folder(runs: Path, session: str, *, experiment: int, run: int) -> Path:
    """`runs`/SESSION-EXPERIMENT-RUN, directly below the folder of all runs (`.ar/runs`). Raises JournalError."""
    check_tag(session)
    if not (0 <= experiment <= MAX_NUMBER and 0 <= run <= MAX_NUMBER):
        raise JournalError(f"The journal has a run of session {session} with a number that no run has.")
    return runs / f"{session}-{experiment:04d}-{run}"


def session_folder(parent: Path, session: str) -> Path:
    """`parent`/SESSION, such as the folder of a session's prompts. Raises JournalError."""
    check_tag(session)
    return parent / session
