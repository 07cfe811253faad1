"""The cost of an agent's call: what its program prints, then what its note says, then its tokens times a price."""

import json
from datetime import date

import pytest

from journal.events import Usage
from loop.llm.prices import Price, brief_prices
from loop.proposers.command.call_cost import call_cost
from loop.proposers.command.note import Note
from loop.proposers.command.reported_cost import ReportedCost, reported_cost

CLAUDE = json.dumps(
    {
        "type": "result", "subtype": "success", "is_error": False, "num_turns": 3, "result": "I halved the batch.",
        "total_cost_usd": 0.123375,
        "usage": {
            "input_tokens": 12, "cache_creation_input_tokens": 2000, "cache_read_input_tokens": 30000, "output_tokens": 450,
        },
        "modelUsage": {
            "claude-haiku-4-5": {"outputTokens": 20, "costUSD": 0.001},
            "claude-opus-5-5": {"outputTokens": 430, "costUSD": 0.122375},
        },
    }
)  # fmt: skip
CODEX = """\
{"type":"thread.started","thread_id":"0199"}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"done"}}
{"type":"turn.completed","usage":{"input_tokens":24763,"cached_input_tokens":24448,"output_tokens":122}}
"""
GEMINI = json.dumps(
    {
        "response": "done",
        "stats": {
            "models": {
                "gemini-3-pro": {
                    "api": {"totalRequests": 2},
                    "tokens": {"prompt": 900, "candidates": 40, "total": 950, "cached": 300, "thoughts": 10, "tool": 0},
                },
            },
        },
    },
    indent=2,
)  # fmt: skip
OPENCODE = "\n".join(
    json.dumps(
        {
            "type": "step_finish",
            "part": {
                "type": "step-finish", "cost": 0.25,
                "tokens": {"input": 10, "output": 20, "reasoning": 5, "cache": {"read": 7, "write": 8}},
            },
        }
    )
    for _ in range(2)
)  # fmt: skip
AIDER = """Applied edit to train.py
Tokens: 2.3k sent, 1.1k received. Cost: $0.01 message, $0.01 session.
Tokens: 700 sent, 100 cache write, 50 received. Cost: $0.02 message, $0.03 session.
"""


@pytest.mark.parametrize(
    ("output", "dollars", "model", "tokens"),
    [
        (CLAUDE, 0.123375, "claude-opus-5-5", (12, 450, 30000, 2000)),
        (f"[{CLAUDE}]", 0.123375, "claude-opus-5-5", (12, 450, 30000, 2000)),
        (f'{{"type":"system"}}\n{CLAUDE}\n', 0.123375, "claude-opus-5-5", (12, 450, 30000, 2000)),
        (CODEX, None, "", (315, 122, 24448, 0)),
        ("codex\ndone\ntokens used\n12,345\n", None, "", (12345, 0, 0, 0)),
        ("tokens used: 12,345", None, "", (12345, 0, 0, 0)),
        (f"Loaded.\n{GEMINI}\n", None, "gemini-3-pro", (600, 50, 300, 0)),
        (OPENCODE, 0.5, "", (20, 50, 14, 16)),
        (AIDER, 0.03, "", (3000, 1150, 0, 0)),
        ("Tokens: 12 sent, 5 received.", None, "", (12, 5, 0, 0)),
        ("done\nToken usage: 1,234 input, 56 output\n", None, "", (1234, 56, 0, 0)),
        ("mini-swe-agent (step 1, $0.01):\n…\nmini-swe-agent (step 2, $0.03):\n", 0.03, "", (0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_the_result_of_each_program_is_read(output, dollars, model, tokens):
    cost = reported_cost(output)

    counts = (
        cost.tokens.tokens_in,
        cost.tokens.tokens_out,
        cost.tokens.tokens_cache_read,
        cost.tokens.tokens_cache_written,
    )
    assert (cost.dollars, cost.model, counts) == (dollars, model, tokens)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "I thought about total_cost_usd: 3",
        '{"total": 3}',
        "{",
        "{\n}\n",
        "[1, 2]",
        '{"type": "turn.completed"',
        "[" * 100_000,
    ],
)
def test_other_output_names_no_cost(output):
    assert reported_cost(output) is None


@pytest.mark.parametrize("value", [-1, "many", True, None, 1e300, [1]])
def test_a_wild_cost_is_unknown(value):
    assert reported_cost(json.dumps({"total_cost_usd": value})) == ReportedCost()


# --- which of the sources counts ---


def cost(
    output: str, note: Note | None = None, *, model: str | None = None, **prices
) -> tuple[float | None, str | None]:
    usage, name = call_cost(
        output, note or Note(), model=model, own_prices=brief_prices(prices), on=date(2026, 11, 21), seconds=1.0
    )
    return usage.dollars, name


def test_the_programs_own_figure_counts_before_what_the_model_writes():
    assert cost(CLAUDE, Note(dollars=0.0, model="free")) == (0.123375, "claude-opus-5-5")


def test_control_without_a_figure_of_the_program_the_note_counts():
    assert cost("done", Note(dollars=0.04, model="m")) == (0.04, "m")


def test_tokens_are_priced_by_the_model_that_the_brief_names():
    dollars, name = cost(CODEX, model="gpt-x", **{"gpt-x": [2.0, 10.0, 2.0, 0.5]})

    assert name == "gpt-x"
    assert dollars == pytest.approx((315 * 2 + 122 * 10 + 24448 * 0.5) / 1e6)


def test_tokens_of_a_note_are_priced_by_its_model():
    assert cost("done", Note(tokens_in=30_000_000, model="claude-opus-5-5"))[0] == pytest.approx(120.0)


def test_tokens_of_a_model_without_a_price_have_an_unknown_cost():
    assert cost(CODEX, model="gpt-x") == (None, "gpt-x")


def test_where_nothing_is_named_the_cost_is_unknown_and_the_call_is_counted():
    usage, name = call_cost("done", Note(), model=None, own_prices={}, on=date(2026, 11, 21), seconds=2.0)

    assert (usage, name) == (Usage(calls=1, dollars=None, seconds=2.0), None)


def test_a_price_of_the_brief_may_be_zero():
    assert cost(CODEX, model="local", local=[0.0, 0.0, 0.0, 0.0]) == (0.0, "local")


def test_a_price_holds_also_with_a_provider_before_the_name_and_a_date_behind_it():
    own = {"claude-opus-5-5": Price(input=1.0, output=0.0, cache_written=0.0, cache_read=0.0)}

    usage, _ = call_cost(
        "", Note(tokens_in=1_000_000, model="anthropic/claude-opus-5-5-20261101"),
        model=None, own_prices=own, on=date(2026, 11, 21), seconds=0.0,
    )  # fmt: skip

    assert usage.dollars == 1.0
