"""What passes between a conversation and the API, and when to ask again. Pure.

Kinds of Fault, each an event of its own:
  no_key authentication billing permission not_found spend_limit   only a person can mend them
  rate_limit overloaded server connection timeout cut not_the_api  pass by themselves: asked again, a few times
  deadline cost cancelled                                          our own bounds
  bad_request too_large malformed truncated refusal context_full   this request, or this answer, is no good
  tool_calls unfinished edit_absent edit_ambiguous edit_empty
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from journal.events import Usage

PASSING = frozenset({"rate_limit", "overloaded", "server", "connection", "timeout", "cut", "not_the_api"})
LASTING = frozenset({"no_key", "authentication", "billing", "permission", "not_found", "spend_limit"})

TRIES = 4  # of one call
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between tries, doubled each time; a longer retry-after is not waited for
FIRST_REST, LASTING_REST, LONGEST_REST = 60.0, 900.0, 3600.0  # seconds between askings, while the filler fills in


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole message. `content` is its blocks, to be sent back as they are."""

    model: str
    content: list[dict[str, object]]
    stop_reason: str
    usage: Usage
    category: str | None = None  # of a refusal
    explanation: str = ""
    request_id: str | None = None

    def text(self) -> str:
        """The last text block: a model may think aloud before it."""
        texts = [str(block.get("text", "")) for block in self.content if block.get("type") == "text"]
        return texts[-1] if texts else ""


class Fault(Exception):
    """A call, or a conversation, that ended without a proposal. `usage` is what is known of its cost."""

    def __init__(
        self, kind: str, message: str, *, retry_after: float | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.usage = usage or Usage()


@dataclass(frozen=True, kw_only=True)
class Ability:
    """What a model can do."""

    adaptive: bool = True  # takes thinking of type adaptive
    effort: bool = True
    structured: bool = True  # takes a JSON schema for its answer
    max_tokens: int | None = None


class Messages(Protocol):
    """The API. `ask` raises Fault."""

    def ask(self, body: Mapping[str, object], *, seconds: float) -> Reply: ...

    def ability(self, model: str) -> Ability | None: ...


def wait(fault: Fault, tries: int, *, jitter: float) -> float | None:
    """Seconds until the next try of a call that has failed `tries` times; None for no further try.

    `jitter` is drawn from [0, 1), so that loops which failed together do not ask together.
    """
    if fault.kind not in PASSING or tries >= TRIES:
        return None
    if fault.retry_after is not None:
        return None if fault.retry_after > LONGEST_WAIT else fault.retry_after * (1 + 0.1 * jitter)
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * (0.5 + jitter)


@dataclass
class Backoff:
    """How long not to ask at all after a failure that the next proposal would meet again. Times are monotonic seconds."""

    until: float = 0.0
    failures: int = 0
    why: str = ""  # the last failure's kind

    def after(self, fault: Fault, *, now: float) -> None:
        """Take in how an asking ended; an answer that is merely no good is no reason to rest."""
        if fault.kind not in PASSING | LASTING | {"deadline"}:
            self.failures = 0
            return
        first = LASTING_REST if fault.kind in LASTING else FIRST_REST
        self.failures += 1
        self.why = fault.kind
        self.until = now + min(LONGEST_REST, max(first * 2 ** (self.failures - 1), fault.retry_after or 0.0))

    def left(self, now: float) -> float:
        return max(0.0, self.until - now)
