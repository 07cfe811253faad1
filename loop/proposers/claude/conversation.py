"""One bounded conversation with Claude: it ends with a Proposal or a Fault.

    ask ─▶ tool calls (at most four) ─▶ ask ─▶ answer ─▶ edits applied ─▶ Proposal
                                                  └─ not usable: one complaint in the same conversation ─▶ ask

It knows the API only as `loop.llm.messages.Messages`.
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
from loop.llm.messages import Fault, Messages, ModelCapabilities, Reply
from loop.proposers.answer import HYPOTHESIS_LIMIT, IDEA_LIMIT, UnusableAnswer, apply, parse, recordable, shorten
from loop.proposers.claude import budget
from loop.proposers.claude.budget import ProposalBudget
from loop.proposers.claude.request_body import ModelSettings, body
from loop.proposers.claude.tool_definitions import CALLS
from loop.proposers.claude.tools import Tools
from loop.proposers.transcript import Transcript

NAME = "claude"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clock of a conversation; `sleep` ends early if a person ends the loop."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, kw_only=True)
class ConversationParts:
    """What all conversations of a proposer share."""

    messages: Messages
    settings: ModelSettings
    tools: Tools
    budget: ProposalBudget
    clock: Timing


@dataclass
class Conversation:
    """One conversation."""

    parts: ConversationParts
    ability: ModelCapabilities
    request: Request
    record: Transcript
    turns: list[dict[str, object]] = field(default_factory=list)
    calls: list[dict[str, object]] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    tool_calls: int = 0  # answered
    has_refused_tools: bool = False
    has_complained: bool = False  # about an unusable answer

    def __post_init__(self) -> None:
        self._clock = self.parts.clock
        self._started = self._clock.monotonic()
        self.restart(self.ability)

    def restart(self, ability: ModelCapabilities) -> None:
        """Begin the conversation with the parameters that a model of this ability gets; what was spent stays counted."""
        self.ability = ability
        self._body = body(self.request, settings=self.parts.settings, ability=ability)
        first = self._body["messages"]
        self.turns = list(first) if isinstance(first, list) else []
        self._body["messages"] = self.turns
        self._save()

    @property
    def has_answer(self) -> bool:
        """Whether the model has answered in this conversation."""
        return len(self.turns) > 1

    def run(self) -> Proposal:
        """Converse until there is a proposal. Raises Fault."""
        while True:
            reply = self._ask()
            self.turns.append({"role": "assistant", "content": reply.content})
            _check_complete(reply)
            if reply.stop_reason == "tool_use":
                self._answer_tool_calls(reply)
                continue
            try:
                return self._proposal(reply)
            except UnusableAnswer as problem:
                self._complain(problem)

    def usage(self) -> Usage:
        """The cost of the conversation so far."""
        total = messages.total_usage(self.usages)
        return msgspec.structs.replace(total, seconds=self._clock.monotonic() - self._started)

    def record_fault(self, fault: Fault) -> None:
        """Write a fault to the transcript."""
        self._save(failed={"kind": fault.kind, "reason": str(fault)})

    def _ask(self) -> Reply:
        """One call, repeated while its faults are transient and there is time."""
        tries = 0
        while True:
            try:
                return self.ask_once(self._body)
            except Fault as fault:
                tries += 1
                seconds = messages.retry_delay(fault, tries, jitter=self._clock.jitter())
                if seconds is None or seconds >= self._left():
                    raise
                self._clock.sleep(seconds)

    def ask_once(self, body: Mapping[str, object], *, seconds: float = math.inf) -> Reply:
        """One call within the deadline and the cost limit; its cost counts also after an error. Raises Fault."""
        settings, session = self.parts.settings, self.request.session
        if (left := min(seconds, self._left())) <= 0:
            raise Fault("deadline", f"No proposal within {settings.deadline:.0f} seconds.")
        characters, tokens = len(msgspec.json.encode(body)), body.get("max_tokens")
        limit = tokens if isinstance(tokens, int) else settings.max_tokens
        dollars = budget.estimate(settings.model, characters, limit, on=self._clock.today(), own=settings.prices())
        recorded = budget.recorded_cost(self.request.state, session)
        with self.parts.budget.reserve(session, recorded=recorded, estimate=dollars):
            try:
                reply = self.parts.messages.send(body, seconds=left)
            except Fault as fault:
                self._spend(fault.usage, end=fault.kind, detail=str(fault))
                raise
            self._spend(reply.usage, end=reply.stop_reason, detail=reply.request_id or "")
            return reply

    def _left(self) -> float:
        return self._started + self.parts.settings.deadline - self._clock.monotonic()

    def _spend(self, usage: Usage, *, end: str, detail: str) -> None:
        model, today, own = self.parts.settings.model, self._clock.today(), self.parts.settings.prices()
        is_free = not (usage.tokens_in or usage.tokens_out or usage.tokens_cache_read or usage.tokens_cache_written)
        dollars = 0.0 if is_free else prices.dollars(model, usage, on=today, own=own)
        self.usages.append(msgspec.structs.replace(usage, dollars=dollars))
        self.parts.budget.spend(self.request.session, budget.cost(model, usage, on=today, own=own))
        self.calls.append({"ended": end, "words": detail, "usage": msgspec.to_builtins(self.usages[-1])})
        self._save()

    def _answer_tool_calls(self, reply: Reply) -> None:
        """Answer the tool calls of a turn. Raises Fault after a turn whose calls were refused."""
        uses = [block for block in reply.content if block.get("type") == "tool_use"]
        if self.tool_calls >= CALLS and self.has_refused_tools:
            raise Fault("tool_calls", f"Claude called more tools after all {CALLS} calls were used.")
        self.turns.append({"role": "user", "content": [self._tool_result(use) for use in uses]})
        self._save()

    def _tool_result(self, use: dict[str, object]) -> dict[str, object]:
        block: dict[str, object] = {"type": "tool_result", "tool_use_id": use.get("id", "")}
        if self.tool_calls >= CALLS:
            self.has_refused_tools = True
            return block | {"content": f"All {CALLS} calls are used: answer now.", "is_error": True}
        self.tool_calls += 1
        values = use.get("input")
        arguments = values if isinstance(values, dict) else {}
        request = self.request
        result = self.parts.tools.use(str(use.get("name")), arguments, commit=request.parent, session=request.session)
        return block | {"content": result.text, "is_error": result.is_error}

    def _proposal(self, reply: Reply) -> Proposal:
        answer = parse(reply.text())
        files = apply(answer.edits, self.request.files)
        self._save(proposed=msgspec.to_builtins(answer))
        return Proposal(
            idea=shorten(answer.idea, IDEA_LIMIT),
            hypothesis=shorten(answer.hypothesis, HYPOTHESIS_LIMIT),
            kind=answer.kind,
            files=files,
            proposer=NAME,
            model=reply.model,
            expected_delta=answer.expected_delta,
            usage=self.usage(),
            retry_of=answer.retry_of,
            retry_reason=answer.retry_reason,
            prompt_key=self.record.key,
            considered=recordable(answer.considered),
        )

    def _complain(self, problem: UnusableAnswer) -> None:
        """Ask for another answer, once. Raises Fault after the second unusable answer."""
        if self.has_complained:
            raise Fault(problem.kind, f"Neither the first answer nor the second could be used: {problem}") from problem
        self.has_complained = True
        message = f"That cannot be used:\n{problem}\n\nAnswer again with the whole JSON object."
        self.turns.append({"role": "user", "content": [{"type": "text", "text": message}]})

    def _save(self, **parts: object) -> None:
        self.record.write(proposer=NAME, request=self._body, calls=self.calls, **parts)


def _check_complete(reply: Reply) -> None:
    """Raises Fault if the message ended without an answer."""
    match reply.stop_reason:
        case "max_tokens":
            raise Fault("truncated", "The answer was cut off at `max_output` tokens: raise `max_output` in the brief.")
        case "refusal":
            category = reply.category or "none named"
            raise Fault("refusal", f"Claude declined (category: {category}). {reply.explanation}".strip())
        case "model_context_window_exceeded":
            raise Fault("context_full", "The prompt and the answer do not fit into the model's context window.")
        case "end_turn" | "stop_sequence" | "tool_use":
            return
        case other:
            raise Fault("unfinished", f"The answer ended with {other!r} before it was complete.")
