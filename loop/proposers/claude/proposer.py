"""`proposer: claude`: one bounded conversation for each proposal, and a rest after failures that would only repeat."""

from collections.abc import Callable
from pathlib import Path

from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure, Stopped
from loop.llm.messages import Ability, Backoff, Fault, Messages
from loop.proposers import transcript
from loop.proposers.claude.budget import ProposalBudget
from loop.proposers.claude.conversation import NAME, Conversation, ConversationParts, Timing
from loop.proposers.claude.request_body import ModelSettings
from loop.proposers.claude.same_idea import with_comparison
from loop.proposers.claude.tools import Tools


class ClaudeProposer:
    """Raises ProposerFailure for every conversation without a proposal, Stopped where a person ended the loop.

    `limit` is what the session may spend, in dollars; transcripts go to `folder`, without the `secrets`.
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
            messages=messages, settings=settings, tools=tools, purse=ProposalBudget(limit), clock=clock or Timing()
        )
        self._folder = folder
        self._secrets = secrets
        self._rest = Backoff()
        self._ability: Ability | None = None

    def propose(self, request: Request) -> Proposal:
        if left := self._rested():
            raise ProposerFailure(
                f"Claude is left alone for another {left:.0f} seconds after a failure ({self._rest.why}).",
                kind="resting",
                retry_after=left,
            )
        record = transcript.begin(self._folder, request, secrets=self._secrets)
        conversation = Conversation(parts=self._parts, ability=self._able(), request=request, record=record)
        try:
            proposal = with_comparison(conversation, conversation.hold())
        except Fault as fault:
            conversation.note(fault)
            raise self._failed(fault, conversation) from fault
        self._rest = Backoff()
        return proposal

    def _failed(self, fault: Fault, conversation: Conversation) -> ProposerFailure | Stopped:
        if fault.kind == "cancelled":
            return Stopped(str(fault), usage=conversation.usage())
        self._rest.after(fault, now=self._parts.clock.monotonic())
        wait = fault.retry_after if fault.retry_after is not None else self._rested()
        words = transcript.redact(str(fault), self._secrets)
        return ProposerFailure(
            words,
            kind=fault.kind,
            retry_after=wait or None,
            usage=conversation.usage(),
            model=self._parts.settings.model,
            prompt_key=conversation.record.key,
        )

    def _rested(self) -> float:
        """Seconds for which the API is not asked."""
        return self._rest.left(self._parts.clock.monotonic())

    def _able(self) -> Ability:
        """What the model can do, asked until it is told; until then nothing that it may not know is sent."""
        if self._ability is None:
            self._ability = self._parts.messages.ability(self._parts.settings.model)
        return self._ability or Ability(adaptive=False)
