"""What passes between a conversation and the API, and when to call again. Pure.

Kinds of Fault:
  no_key authentication billing permission not_found spend_limit   permanent: only a person can fix it
  rate_limit overloaded server connection timeout cut not_the_api  transient: the call is repeated a few times
  deadline cost cancelled                                          the loop's own limits
  bad_request too_large malformed truncated refusal context_full   this request or this answer cannot be used
  tool_calls unfinished edit_absent edit_ambiguous edit_empty
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from journal.events import Usage

TRANSIENT = frozenset({"rate_limit", "overloaded", "server", "connection", "timeout", "cut", "not_the_api"})
PERMANENT = frozenset({"no_key", "authentication", "billing", "permission", "not_found", "spend_limit"})

MAX_TRIES = 4  # of one call
FIRST_DELAY, MAX_DELAY = 2.0, 60.0  # seconds between tries, doubled each time; a longer retry-after ends the tries
FIRST_PAUSE, PERMANENT_PAUSE, MAX_PAUSE = 60.0, 900.0, 3600.0  # seconds without a call, while the filler proposes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole message. `content` holds its blocks, which the next request sends back unchanged."""

    model: str
    content: list[dict[str, object]]
    stop_reason: str
    usage: Usage
    category: str | None = None  # of a refusal
    explanation: str = ""
    request_id: str | None = None

    def text(self) -> str:
        """The last text block: a model may write its thoughts before it."""
        texts = [str(block.get("text", "")) for block in self.content if block.get("type") == "text"]
        return texts[-1] if texts else ""


class Fault(Exception):
    """A call, or a conversation, that ended without a usable answer. `usage` is the known part of its cost."""

    def __init__(
        self, kind: str, message: str, *, retry_after: float | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.usage = usage or Usage()


@dataclass(frozen=True, kw_only=True)
class ModelCapabilities:
    """What a model and the server in front of it support."""

    adaptive: bool = True  # thinking of type adaptive
    effort: bool = True
    structured: bool = True  # a JSON schema for its answer
    cache: bool = True  # marks of what to cache
    max_tokens: int | None = None


UNKNOWN = ModelCapabilities(adaptive=False, structured=False)  # until the API tells; a person's `effort` is sent
PLAIN = ModelCapabilities(adaptive=False, effort=False, structured=False, cache=False)  # what every server takes


REFUSED = {
    "output_config": ("structured", "effort"), "json_schema": ("structured",), "output_format": ("structured",),
    "effort": ("effort",), "thinking": ("adaptive",), "cache_control": ("cache",), "ttl": ("cache",),
}  # fmt: skip  # word in a server's complaint -> what it does not support


_UNSUPPORTED = re.compile(r"support|unknown|unrecogni|unexpected|extra|permitted|allowed", re.IGNORECASE)


def without_refused(ability: ModelCapabilities, complaint: str) -> ModelCapabilities | None:
    """The ability without what a server complains about, or without all if it names nothing; None if that is not its point."""
    refused = {name: False for word, names in REFUSED.items() if word in complaint for name in names}
    less = replace(ability, **refused) if refused else ability
    if less == ability and _UNSUPPORTED.search(complaint):
        less = replace(PLAIN, max_tokens=ability.max_tokens)
    return less if less != ability else None


class Messages(Protocol):
    """The API. `send` raises Fault."""

    def send(self, body: Mapping[str, object], *, seconds: float) -> Reply: ...

    def capabilities(self, model: str) -> ModelCapabilities | None: ...


def total_usage(usages: Sequence[Usage]) -> Usage:
    """The sum of the usages of several calls; `dollars` is None if one of them is unknown."""
    dollars = [usage.dollars for usage in usages]
    return Usage(
        tokens_in=sum(usage.tokens_in for usage in usages),
        tokens_out=sum(usage.tokens_out for usage in usages),
        tokens_cache_read=sum(usage.tokens_cache_read for usage in usages),
        tokens_cache_written=sum(usage.tokens_cache_written for usage in usages),
        calls=len(usages),
        dollars=None if None in dollars else sum(cost for cost in dollars if cost is not None),
    )


def retry_delay(fault: Fault, tries: int, *, jitter: float) -> float | None:
    """Seconds until the next try of a call that has failed `tries` times; None for no further try.

    `jitter` is drawn from [0, 1), so that loops which failed together do not call again together.
    """
    if fault.kind not in TRANSIENT or tries >= MAX_TRIES:
        return None
    if fault.retry_after is not None:
        return None if fault.retry_after > MAX_DELAY else fault.retry_after * (1 + 0.1 * jitter)
    return min(MAX_DELAY, FIRST_DELAY * 2.0 ** (tries - 1)) * (0.5 + jitter)


@dataclass
class Backoff:
    """A pause without calls after a fault that the next proposal would meet again. Times are monotonic seconds."""

    until: float = 0.0
    failures: int = 0
    kind: str = ""  # of the last fault

    def record(self, fault: Fault, *, now: float) -> None:
        """Take in how a conversation failed; an answer that cannot be used is no reason for a pause."""
        if fault.kind not in TRANSIENT | PERMANENT | {"deadline"}:
            self.failures = 0
            return
        first = PERMANENT_PAUSE if fault.kind in PERMANENT else FIRST_PAUSE
        self.failures += 1
        self.kind = fault.kind
        self.until = now + min(MAX_PAUSE, max(first * 2 ** (self.failures - 1), fault.retry_after or 0.0))

    def remaining(self, now: float) -> float:
        return max(0.0, self.until - now)
