"""What a coding agent prints about its own cost: dollars, tokens, model. Pure.

Read from the output of these programs, in the versions that docs/proposers.md names:

    Claude Code      --output-format json, stream-json     a `result` object with `total_cost_usd`
    Codex            exec --json                           `turn.completed` events with `usage`; else a line "tokens used"
    Gemini CLI       --output-format json                  `stats.models`
    opencode         run --format json                     `step_finish` events with `cost`
    aider                                                  a line "Tokens: … Cost: $… message, $… session."
    llm              --usage                               a line "Token usage: … input, … output"
    mini-swe-agent                                         "(step 3, $0.02)" before each step
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from journal.events import Usage
from journal.untrusted import JsonDecoder

MAX_TOKENS = 10**12  # of one call; a larger number is no count
MAX_DOLLARS = 10**6
_decoder: JsonDecoder[Any] = JsonDecoder(Any)
_CODEX = re.compile(r"^\s*tokens used[:\s]\s*([\d,]+)\s*$", re.MULTILINE)
_AIDER = re.compile(
    r"^Tokens: ([\d.,]+[kM]?) sent,(?:.*?)\s([\d.,]+[kM]?) received\."
    r"(?: Cost: \$[\d.,]+ message, \$([\d.,]+) session\.)?",
    re.MULTILINE,
)
_LLM = re.compile(r"^Token usage: ([\d,]+) input(?:, ([\d,]+) output)?", re.MULTILINE)
_MINI = re.compile(r"\(step \d+, \$([\d.]+)\)")
NO_TOKENS = Usage()
_SCALE = {"k": 1e3, "M": 1e6}


@dataclass(frozen=True, kw_only=True)
class ReportedCost:
    """Dollars are None if the agent prints none; `model` is empty if it does not name one."""

    dollars: float | None = None
    model: str = ""
    tokens: Usage = NO_TOKENS

    @property
    def has_tokens(self) -> bool:
        tokens = self.tokens
        return bool(tokens.tokens_in or tokens.tokens_out or tokens.tokens_cache_read or tokens.tokens_cache_written)


def reported_cost(output: str) -> ReportedCost | None:
    """The cost that an agent's output names; None if it names none."""
    objects = [value for value in _json_objects(output) if isinstance(value, dict)]
    return next((cost for read in _READERS if (cost := read(objects, output)) is not None), None)


def _json_objects(output: str) -> Iterator[Any]:
    """The JSON values of an output: one a line, or one over several lines that begins and ends with a brace."""
    lines = output.splitlines()
    for line in lines:
        if line.startswith(("{", "[")):
            value = _decoder.value(line)
            yield from value if isinstance(value, list) else [value]
    if "{" in lines and "}" in lines:
        yield _decoder.value("\n".join(lines[lines.index("{") : len(lines) - lines[::-1].index("}")]))


def _claude_code(objects: list[dict[str, Any]], _output: str) -> ReportedCost | None:
    result = next((value for value in reversed(objects) if "total_cost_usd" in value), None)
    if result is None:
        return None
    models = result.get("modelUsage")
    usage = _mapping(result.get("usage"))
    return ReportedCost(
        dollars=_dollars(result["total_cost_usd"]),
        model=_main_model(models, tokens="outputTokens"),
        tokens=Usage(
            tokens_in=_count(usage.get("input_tokens")),
            tokens_out=_count(usage.get("output_tokens")),
            tokens_cache_read=_count(usage.get("cache_read_input_tokens")),
            tokens_cache_written=_count(usage.get("cache_creation_input_tokens")),
        ),
    )


def _codex(objects: list[dict[str, Any]], output: str) -> ReportedCost | None:
    """Codex counts cached tokens among the input tokens."""
    turns = [_mapping(value.get("usage")) for value in objects if value.get("type") == "turn.completed"]
    if turns:
        cached = sum(_count(turn.get("cached_input_tokens")) for turn in turns)
        read = sum(_count(turn.get("input_tokens")) for turn in turns)
        written = sum(_count(turn.get("output_tokens")) for turn in turns)
        return ReportedCost(tokens=Usage(tokens_in=max(0, read - cached), tokens_cache_read=cached, tokens_out=written))
    total = _CODEX.findall(output)
    return ReportedCost(tokens=Usage(tokens_in=_count(total[-1]))) if total else None


def _gemini(objects: list[dict[str, Any]], _output: str) -> ReportedCost | None:
    models = next(
        (models for value in objects if (models := _mapping(_mapping(value.get("stats")).get("models")))), None
    )
    if not models:
        return None
    counts = [_mapping(_mapping(model).get("tokens")) for model in models.values()]
    cached = sum(_count(tokens.get("cached")) for tokens in counts)
    read = sum(_count(tokens.get("prompt")) for tokens in counts)
    written = sum(_count(tokens.get("candidates")) + _count(tokens.get("thoughts")) for tokens in counts)
    return ReportedCost(
        model=max(models, key=lambda name: _count(_mapping(_mapping(models[name]).get("tokens")).get("total"))),
        tokens=Usage(tokens_in=max(0, read - cached), tokens_cache_read=cached, tokens_out=written),
    )


def _opencode(objects: list[dict[str, Any]], _output: str) -> ReportedCost | None:
    steps = [_mapping(value.get("part")) for value in objects if value.get("type") == "step_finish"]
    if not steps:
        return None
    counts = [_mapping(step.get("tokens")) for step in steps]
    caches = [_mapping(tokens.get("cache")) for tokens in counts]
    costs = [_dollars(step.get("cost")) for step in steps]
    total = sum(cost or 0.0 for cost in costs)
    return ReportedCost(
        dollars=total or None,  # opencode prints 0 for a model whose price it does not know
        tokens=Usage(
            tokens_in=sum(_count(tokens.get("input")) for tokens in counts),
            tokens_out=sum(_count(tokens.get("output")) + _count(tokens.get("reasoning")) for tokens in counts),
            tokens_cache_read=sum(_count(cache.get("read")) for cache in caches),
            tokens_cache_written=sum(_count(cache.get("write")) for cache in caches),
        ),
    )


def _aider(_objects: list[dict[str, Any]], output: str) -> ReportedCost | None:
    lines = _AIDER.findall(output)
    if not lines:
        return None
    sent, received = (sum(_count(line[place]) for line in lines) for place in (0, 1))
    return ReportedCost(dollars=_dollars(lines[-1][2]), tokens=Usage(tokens_in=sent, tokens_out=received))


def _llm(_objects: list[dict[str, Any]], output: str) -> ReportedCost | None:
    lines = _LLM.findall(output)
    sent, received = (sum(_count(line[place]) for line in lines) for place in (0, 1))
    return ReportedCost(tokens=Usage(tokens_in=sent, tokens_out=received)) if lines else None


def _mini_swe_agent(_objects: list[dict[str, Any]], output: str) -> ReportedCost | None:
    steps = _MINI.findall(output)
    return ReportedCost(dollars=_dollars(steps[-1])) if steps else None


Reader = Callable[[list[dict[str, Any]], str], ReportedCost | None]
_READERS: tuple[Reader, ...] = (_claude_code, _codex, _gemini, _opencode, _aider, _llm, _mini_swe_agent)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _main_model(models: Any, *, tokens: str) -> str:
    """The model of a table by model that wrote most tokens."""
    table = _mapping(models)
    return str(max(table, key=lambda name: _count(_mapping(table[name]).get(tokens)), default=""))


def _count(value: Any) -> int:
    """A number of tokens: 1200, "1,200" or "1.2k"; 0 for anything else."""
    if isinstance(value, str):
        digits = value.rstrip("kM").replace(",", "")
        value = float(digits) * _SCALE.get(value[-1:], 1.0) if re.fullmatch(r"\d+(\.\d+)?", digits) else 0
    is_count = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return int(value) if is_count else 0


def _dollars(value: Any) -> float | None:
    if isinstance(value, str):
        value = float(value.replace(",", "")) if re.fullmatch(r"[\d,]*\.?\d+", value) else None
    is_price = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_DOLLARS
    return float(value) if is_price else None
