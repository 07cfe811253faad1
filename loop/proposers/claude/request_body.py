"""The first request of a conversation with Claude, as the Messages API wants it. Pure."""

from dataclasses import dataclass

from loop.contracts import Request
from loop.llm.messages import Ability
from loop.proposers import answer, prompt
from loop.proposers.claude.tools import DEFINITIONS

MODEL = "claude-opus-5-5"
CACHED = {"type": "ephemeral", "ttl": "1h"}  # five minutes would expire while an experiment trains


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What a brief says about Claude."""

    model: str = MODEL
    effort: str | None = None  # low, medium, high, xhigh, max; None: the model's own default
    max_tokens: int = 32_000  # of one answer, thinking included
    deadline: float = 900.0  # seconds of one proposal, all its calls and waits together


def body(request: Request, *, settings: ModelSettings, ability: Ability) -> dict[str, object]:
    """The first request of a conversation: tools, rules, brief and files under one-hour marks, then memory and news."""
    told = prompt.prompt(request)
    output: dict[str, object] = {}
    if ability.structured:
        output["format"] = {"type": "json_schema", "schema": answer.SCHEMA}
    if settings.effort is not None and ability.effort:
        output["effort"] = settings.effort
    content = [_block(told.brief, cached=True), _block(told.files, cached=True), _block(told.memory), _block(told.news)]
    return {
        "model": settings.model,
        "max_tokens": min(settings.max_tokens, ability.max_tokens or settings.max_tokens),
        "tools": list(DEFINITIONS),
        "system": [_block(told.rules, cached=True)],
        "messages": [{"role": "user", "content": content}],
        **({"output_config": output} if output else {}),
        **({"thinking": {"type": "adaptive"}} if ability.adaptive else {}),
    }


def _block(text: str, *, cached: bool = False) -> dict[str, object]:
    return {"type": "text", "text": text, **({"cache_control": CACHED} if cached else {})}
