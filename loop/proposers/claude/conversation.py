"""One bounded conversation with Claude: it ends with a Proposal or a Fault.

    ask ─▶ tool calls (at most four) ─▶ ask ─▶ answer ─▶ edits applied ─▶ Proposal
                                                  └─ not usable: told once in the same conversation ─▶ ask

Knows the API only as `loop.llm.messages.Messages`.
"""

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec

from journal.events import Usage
from loop.contracts import Proposal, Request
from loop.llm import messages, prices
from loop.llm.messages import Ability, Fault, Messages, Reply
from loop.proposers import answer
from loop.proposers.answer import ModelAnswer, Unusable
from loop.proposers.claude import budget
from loop.proposers.claude.budget import ProposalBudget
from loop.proposers.claude.request_body import ModelSettings, body
from loop.proposers.claude.tools import CALLS, Tools
from loop.proposers.transcript import Transcript

NAME = "claude"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Time, as the conversation sees it; `sleep` may end early when a person ends the loop."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, kw_only=True)
class ConversationParts:
    """What every conversation of a proposer shares."""

    messages: Messages
    settings: ModelSettings
    tools: Tools
    purse: ProposalBudget
    clock: Timing


@dataclass
class Conversation:
    """One conversation."""

    parts: ConversationParts
    ability: Ability
    request: Request
    record: Transcript
    turns: list[dict[str, object]] = field(default_factory=list)
    calls: list[dict[str, object]] = field(default_factory=list)
    used: list[Usage] = field(default_factory=list)
    looked: int = 0  # tool calls answered
    refused_tools: bool = False
    mended: bool = False  # the one complaint about an unusable answer is made

    def __post_init__(self) -> None:
        self._clock = self.parts.clock
        self._started = self._clock.monotonic()
        self._body = body(self.request, settings=self.parts.settings, ability=self.ability)
        first = self._body["messages"]
        self.turns += first if isinstance(first, list) else []
        self._body["messages"] = self.turns
        self._keep()

    def hold(self) -> Proposal:
        """Talk until there is a proposal. Raises Fault."""
        while True:
            reply = self._ask()
            self.turns.append({"role": "assistant", "content": reply.content})
            _whole(reply)
            if reply.stop_reason == "tool_use":
                self._look_up(reply)
                continue
            try:
                return self._proposal(reply)
            except Unusable as flaw:
                self._complain(flaw)

    def usage(self) -> Usage:
        """Everything that this conversation has cost so far."""
        known = [usage.dollars for usage in self.used]
        return Usage(
            tokens_in=sum(usage.tokens_in for usage in self.used),
            tokens_out=sum(usage.tokens_out for usage in self.used),
            tokens_cache_read=sum(usage.tokens_cache_read for usage in self.used),
            tokens_cache_written=sum(usage.tokens_cache_written for usage in self.used),
            calls=len(self.used),
            dollars=None if None in known else sum(dollars for dollars in known if dollars is not None),
            seconds=self._clock.monotonic() - self._started,
        )

    def note(self, fault: Fault) -> None:
        """Write down how the conversation failed."""
        self._keep(failed={"kind": fault.kind, "reason": str(fault)})

    def _ask(self) -> Reply:
        """One answer, asked for again while a fault is of the passing kind and there is time."""
        tries = 0
        while True:
            try:
                return self.ask_once(self._body)
            except Fault as fault:
                tries += 1
                seconds = messages.wait(fault, tries, jitter=self._clock.jitter())
                if seconds is None or seconds >= self._left():
                    raise
                self._clock.sleep(seconds)

    def ask_once(self, body: Mapping[str, object], *, seconds: float = math.inf) -> Reply:
        """One call within the proposal's deadline and the session's purse, its cost counted however it ends. Raises Fault."""
        settings, session = self.parts.settings, self.request.session
        if (left := min(seconds, self._left())) <= 0:
            raise Fault("deadline", f"No proposal within {settings.deadline:.0f} seconds.")
        characters, tokens = len(msgspec.json.encode(body)), body.get("max_tokens")
        most = tokens if isinstance(tokens, int) else settings.max_tokens
        dollars = budget.estimate(settings.model, characters, most, on=self._clock.today())
        recorded = budget.recorded(self.request.state, session)
        with self.parts.purse.hold(session, recorded=recorded, estimate=dollars):
            try:
                reply = self.parts.messages.ask(body, seconds=left)
            except Fault as fault:
                self._spend(fault.usage, ended=fault.kind, words=str(fault))
                raise
            self._spend(reply.usage, ended=reply.stop_reason, words=reply.request_id or "")
            return reply

    def _left(self) -> float:
        return self._started + self.parts.settings.deadline - self._clock.monotonic()

    def _spend(self, usage: Usage, *, ended: str, words: str) -> None:
        model, today = self.parts.settings.model, self._clock.today()
        nothing = not (usage.tokens_in or usage.tokens_out or usage.tokens_cache_read or usage.tokens_cache_written)
        dollars = 0.0 if nothing else prices.dollars(model, usage, on=today)
        self.used.append(msgspec.structs.replace(usage, dollars=dollars))
        self.parts.purse.spend(self.request.session, budget.assumed(model, usage, on=today))
        self.calls.append({"ended": ended, "words": words, "usage": msgspec.to_builtins(self.used[-1])})
        self._keep()

    def _look_up(self, reply: Reply) -> None:
        """Answer the tool calls of a turn; past the allowance, say so once."""
        uses = [block for block in reply.content if block.get("type") == "tool_use"]
        if self.looked >= CALLS and self.refused_tools:
            raise Fault("tool_calls", f"Claude went on calling tools after all {CALLS} calls were used.")
        self.turns.append({"role": "user", "content": [self._looked(use) for use in uses]})
        self._keep()

    def _looked(self, use: dict[str, object]) -> dict[str, object]:
        result: dict[str, object] = {"type": "tool_result", "tool_use_id": use.get("id", "")}
        if self.looked >= CALLS:
            self.refused_tools = True
            return result | {"content": f"All {CALLS} calls are used: answer now.", "is_error": True}
        self.looked += 1
        values = use.get("input")
        looked = self.parts.tools.use(
            str(use.get("name")), values if isinstance(values, dict) else {}, commit=self.request.parent
        )
        return result | {"content": looked.text, "is_error": looked.failed}

    def _proposal(self, reply: Reply) -> Proposal:
        said = answer.read(reply.text())
        files = answer.apply(said.edits, self.request.files)
        self._keep(proposed=msgspec.to_builtins(said))
        return as_proposal(said, files, model=reply.model, usage=self.usage(), key=self.record.key)

    def _complain(self, flaw: Unusable) -> None:
        """Tell what is wrong with an answer, once."""
        if self.mended:
            raise Fault(flaw.kind, f"The answer could not be used, and the second one neither: {flaw}") from flaw
        self.mended = True
        words = f"That cannot be used:\n{flaw}\n\nAnswer again with the whole JSON object."
        self.turns.append({"role": "user", "content": [{"type": "text", "text": words}]})

    def _keep(self, **more: object) -> None:
        self.record.say(proposer=NAME, request=self._body, calls=self.calls, **more)


def as_proposal(said: ModelAnswer, files: dict[str, str], *, model: str, usage: Usage, key: str) -> Proposal:
    return Proposal(
        idea=answer.short(said.idea, answer.IDEA),
        hypothesis=answer.short(said.hypothesis, answer.HYPOTHESIS),
        kind=said.kind,
        files=files,
        proposer=NAME,
        model=model,
        expected_delta=said.expected_delta,
        usage=usage,
        retry_of=said.retry_of,
        retry_reason=said.retry_reason,
        prompt_key=key,
    )


def _whole(reply: Reply) -> None:
    """Raises Fault where a message ended for a reason that leaves no answer."""
    match reply.stop_reason:
        case "max_tokens":
            raise Fault("truncated", "The answer was cut at the most tokens allowed: raise `max_output` in the brief.")
        case "refusal":
            category = reply.category or "none named"
            raise Fault("refusal", f"Claude declined (category: {category}). {reply.explanation}".strip())
        case "model_context_window_exceeded":
            raise Fault("context_full", "The prompt and the answer do not fit the model's context window.")
        case "end_turn" | "stop_sequence" | "tool_use":
            return
        case other:
            raise Fault("unfinished", f"The answer ended with {other!r} before it was whole.")
