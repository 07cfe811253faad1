"""`proposer: claude`: one conversation per proposal, and a pause after a failure that the next call would repeat."""

from collections.abc import Callable
from pathlib import Path

from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure, Stopped
from loop.llm.messages import UNKNOWN, Backoff, Fault, Messages, ModelCapabilities, without_refused
from loop.proposers import transcript
from loop.proposers.claude.budget import ProposalBudget
from loop.proposers.claude.conversation import NAME, Conversation, ConversationParts, Timing
from loop.proposers.claude.request_body import ModelSettings
from loop.proposers.claude.same_idea import with_comparison
from loop.proposers.claude.tools import Tools


class ClaudeProposer:
    """Raises ProposerFailure for a conversation without a proposal, Stopped if a person ended the loop.

    `limit` returns the dollars that the session may spend; transcripts go to `folder`, without the `secrets`.
    """

    name = NAME

    def __init__(
        self,
        messages: Messages,
        *,
        settings: ModelSettings,
        limit: Callable[[], float],
        tools: Tools,
        folder: Path,
        clock: Timing | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._parts = ConversationParts(
            messages=messages, settings=settings, tools=tools, budget=ProposalBudget(limit), clock=clock or Timing()
        )
        self._folder = folder
        self._secrets = secrets
        self._backoff = Backoff()
        self._ability: ModelCapabilities | None = None

    def propose(self, request: Request) -> Proposal:
        if left := self._pause():
            raise ProposerFailure(
                f"No call to Claude for another {left:.0f} seconds after a failure ({self._backoff.kind}).",
                kind="resting",
                retry_after=left,
            )
        conversation = self._conversation(request, self._model_ability())
        try:
            proposal = self._converse(conversation)
        except Fault as fault:
            conversation.record_fault(fault)
            raise self._failure(fault, conversation) from fault
        self._backoff = Backoff()
        return proposal

    def _converse(self, conversation: Conversation) -> Proposal:
        """The proposal, also from a server that refuses a parameter: it gets none of those again. Raises Fault."""
        while True:
            try:
                return with_comparison(conversation, conversation.run())
            except Fault as fault:
                less = without_refused(conversation.ability, str(fault)) if fault.kind == "bad_request" else None
                if less is None or conversation.has_answer:
                    raise
                self._ability = less
                conversation.restart(less)

    def _conversation(self, request: Request, ability: ModelCapabilities) -> Conversation:
        record = transcript.start(self._folder, request, secrets=self._secrets)
        return Conversation(parts=self._parts, ability=ability, request=request, record=record)

    def _failure(self, fault: Fault, conversation: Conversation) -> ProposerFailure | Stopped:
        if fault.kind == "cancelled":
            return Stopped(str(fault), usage=conversation.usage(), prompt_key=conversation.record.key)
        self._backoff.record(fault, now=self._parts.clock.monotonic())
        wait = fault.retry_after if fault.retry_after is not None else self._pause()
        return ProposerFailure(
            transcript.redact(str(fault), self._secrets),
            kind=fault.kind,
            retry_after=wait or None,
            usage=conversation.usage(),
            model=self._parts.settings.model,
            prompt_key=conversation.record.key,
        )

    def _pause(self) -> float:
        """Seconds until the next call is allowed."""
        return self._backoff.remaining(self._parts.clock.monotonic())

    def _model_ability(self) -> ModelCapabilities:
        """What the model can do; until the API tells, requests hold no parameter that a server may not know."""
        if self._ability is None:
            self._ability = self._parts.messages.capabilities(self._parts.settings.model)
        return self._ability or UNKNOWN
