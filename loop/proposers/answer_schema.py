"""The JSON schema of a model's answer, and an example for a model that takes no schema. Pure."""

from loop.proposers.answer import KINDS


def schema(properties: dict[str, object]) -> dict[str, object]:
    """The JSON schema of an object with these properties and no others, all required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _or_null(kind: str, description: str) -> dict[str, object]:
    return {"anyOf": [{"type": kind}, {"type": "null"}], "description": description}


def _text(description: str) -> dict[str, object]:
    return {"type": "string", "description": description}


SCHEMA: dict[str, object] = schema(
    {
        "idea": _text("The change, in one line of at most 100 characters, such as: halve the batch, double the steps."),
        "hypothesis": _text("Why it should help, in one to three sentences."),
        "kind": {"type": "string", "enum": list(KINDS)},
        "expected_delta": _or_null(
            "number", "The new metric minus the old metric that you expect, in the metric's unit, or null."
        ),
        "edits": {
            "type": "array",
            "description": "Applied in this order.",
            "items": schema(
                {
                    "path": _text("The file's path, as in the prompt."),
                    "old": _text("Text copied exactly from that file, which occurs in it exactly once."),
                    "new": _text("The text that replaces it."),
                }
            ),
        },
        "retry_of": _or_null("integer", "Number of the earlier experiment that this retries, or null."),
        "retry_reason": _or_null("string", "One of the reasons in the rules, or null."),
        "considered": {
            "type": "array",
            "description": "The candidates that you do not propose; may be empty.",
            "items": schema(
                {
                    "idea": _text("The change, in one line of at most 100 characters."),
                    "kind": {"type": "string", "enum": list(KINDS)},
                    "mechanism": _text("Why it could help, in one sentence."),
                    "gain": _or_null("number", "The gain that you expect in σ; positive is better."),
                    "throughput": _or_null("number", "Tokens or steps of a run, relative to the incumbent's."),
                    "chance": _or_null("number", "That it gains at all, 0 to 1."),
                }
            ),
        },
    }
)


EXAMPLE: dict[str, object] = {
    "idea": "the change, in one line",
    "hypothesis": "why it should help",
    "kind": "knob",
    "expected_delta": -0.002,
    "edits": [{"path": "train.py", "old": "text that occurs exactly once", "new": "text that replaces it"}],
    "retry_of": None,
    "retry_reason": None,
    "considered": [
        {
            "idea": "another change",
            "kind": "architecture",
            "mechanism": "why it could help",
            "gain": 1.5,
            "throughput": 0.9,
            "chance": 0.3,
        }
    ],
}
