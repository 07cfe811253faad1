"""When an agent may be asked again after it failed, and how long it may take then. Pure.

A command that fails once may succeed a moment later; one that is missing needs a person; one that hangs costs its whole
deadline each time, so it rests for as long before the next call.
"""

from dataclasses import dataclass

FIRST_PAUSE, MISSING_PAUSE, MAX_PAUSE = 5.0, 900.0, 3600.0  # seconds; a pause doubles with each failure in a row
MISSING = "not_found"
HANGING = frozenset({"silent", "timeout"})
FAILED = frozenset(
    {"exit", "flood", "memory", "processes", "disk", MISSING, *HANGING}
)  # other kinds: it worked, in vain
PATIENCE = 3.0  # a deadline after a timeout, in multiples of the longest call that succeeded
MIN_DEADLINE = 60.0  # seconds


@dataclass
class CommandBackoff:
    """Times are monotonic seconds."""

    until: float = 0.0
    failures: int = 0  # in a row
    reason: str = ""
    longest: float = 0.0  # seconds of a call that succeeded
    hung: bool = False  # whether the last call did

    def record_success(self, seconds: float) -> None:
        self.until, self.failures, self.hung = 0.0, 0, False
        self.longest = max(self.longest, seconds)

    def record_failure(self, kind: str, reason: str, *, now: float, deadline: float) -> None:
        """Take in how a call failed; an answer that cannot be used is no reason for a pause."""
        self.hung = kind in HANGING
        if kind not in FAILED:
            self.failures = 0
            return
        self.failures += 1
        self.reason = reason
        first = MISSING_PAUSE if kind == MISSING else max(FIRST_PAUSE, deadline) if self.hung else FIRST_PAUSE
        self.until = now + min(MAX_PAUSE, first * 2.0 ** (self.failures - 1))

    def remaining(self, now: float) -> float:
        """Seconds until the next call is allowed."""
        return max(0.0, self.until - now)

    def deadline(self, limit: float) -> float:
        """Seconds that the next call may take: after a call that hung, no more than successful calls suggest."""
        if not self.hung or not self.longest:
            return limit
        return min(limit, max(MIN_DEADLINE, PATIENCE * self.longest))
