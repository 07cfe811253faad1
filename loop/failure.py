"""Reading why a run failed from how it ended and what it said last. Pure."""

import re

from journal.events import FailureKind

SIGNATURE_LIMIT = 160  # characters

_NAN = re.compile(r"(not finite|\bnan\b|diverged)", re.IGNORECASE)
_MEMORY = re.compile(r"(out of memory|OutOfMemoryError|MemoryError|Cannot allocate memory)", re.IGNORECASE)
_DISK = re.compile(r"(No space left on device|File too large|Errno 2[78])")
_ERROR = re.compile(r"^\s*(?:error:|[\w.]*(?:Error|Exception|Interrupt|Exit)\b).*", re.IGNORECASE)
_VARIABLE = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"(?:/[^\s:'\"]+)+/([^\s:'\"/]+)"), r"\1"),
    (re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)
SIGKILL = 9
SHELL_SIGNAL = 128  # what a shell adds to the number of the signal that ended its command


def kind_of(*, exit_code: int | None, signal: int | None, tail: str) -> FailureKind:
    """What kind of failure an ending with this output is."""
    last = "\n".join(tail.splitlines()[-12:])
    if _DISK.search(last):
        return "disk_full"
    if _MEMORY.search(last):
        return "oom"
    if SIGKILL in (signal, (exit_code or 0) - SHELL_SIGNAL):
        return "killed"
    if exit_code not in (0, None) and _NAN.search(last_error(tail)):
        return "nan"
    return "crash"


def last_error(tail: str) -> str:
    """The last line that reads as an error, else the last line that is not empty."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1]


def signature(tail: str) -> str:
    """The last error with paths, addresses and numbers taken out: the key by which failures cluster."""
    line = last_error(tail)
    for pattern, stand_in in _VARIABLE:
        line = pattern.sub(stand_in, line)
    return line[:SIGNATURE_LIMIT]
