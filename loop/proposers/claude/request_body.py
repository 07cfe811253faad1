"""The body of the first request of a conversation with Claude. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loop.contracts import Request
from loop.llm.messages import ModelCapabilities
from loop.llm.prices import NO_PRICES, Price
from loop.proposers import answer_schema, prompt
from loop.proposers.claude.tool_definitions import DEFINITIONS

MODEL = "claude-opus-5-5"
CACHED = {"type": "ephemeral", "ttl": "1h"}  # the default of five minutes expires while an experiment trains


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The keys of the brief about Claude."""

    model: str = MODEL
    effort: str | None = None  # low, medium, high, xhigh, max; None: the model's default
    max_tokens: int = 32_000  # of one answer, thinking included
    deadline: float = 900.0  # seconds of one proposal, with all its calls and waits
    prices: Callable[[], Mapping[str, Price]] = lambda: NO_PRICES  # of the brief, which may change


def body(request: Request, *, settings: ModelSettings, ability: ModelCapabilities) -> dict[str, object]:
    """Tools, rules, notes, brief and files with one-hour cache marks, then memory and news without."""
    parts = prompt.build_prompt(request, structured=ability.structured)
    output: dict[str, object] = {}
    if ability.structured:
        output["format"] = {"type": "json_schema", "schema": answer_schema.SCHEMA}
    if settings.effort is not None and ability.effort:
        output["effort"] = settings.effort
    cached = [_block(text, cached=ability.cache) for text in parts.cached]
    content = [*cached, _block(parts.memory), _block(parts.news)]
    return {
        "model": settings.model,
        "max_tokens": min(settings.max_tokens, ability.max_tokens or settings.max_tokens),
        "tools": list(DEFINITIONS),
        "system": [_block(parts.rules, cached=ability.cache)],
        "messages": [{"role": "user", "content": content}],
        **({"output_config": output} if output else {}),
        **({"thinking": {"type": "adaptive"}} if ability.adaptive else {}),
    }


def _block(text: str, *, cached: bool = False) -> dict[str, object]:
    return {"type": "text", "text": text, **({"cache_control": CACHED} if cached else {})}
