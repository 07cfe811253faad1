"""What a model answers when it is asked for a proposal: its schema, its reading, its edits applied. Pure."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

KINDS = ("knob", "architecture", "optimizer", "schedule", "data", "simplify", "other")
IDEA, HYPOTHESIS = 200, 1_000  # characters that are kept
EXPERIMENT = Annotated[int, msgspec.Meta(ge=0, le=10**9)]  # the number of one
SHOWN = 160  # characters of an edit's text that are repeated in a complaint


class Edit(msgspec.Struct, frozen=True):
    """`old` is replaced by `new`; it must occur exactly once in the file as it stands after the edits before it."""

    path: str
    old: str
    new: str


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal in a model's words. `expected_delta` is new metric minus old, in the metric's unit."""

    idea: str
    edits: tuple[Edit, ...]
    hypothesis: str = ""
    kind: str = "other"
    expected_delta: float | None = None
    retry_of: EXPERIMENT | None = None
    retry_reason: str | None = None


class Unusable(Exception):
    """An answer that is no proposal; the message says why, in words that its author can act on.

    `kind` is malformed, edit_absent, edit_ambiguous or edit_empty.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def schema(properties: dict[str, object]) -> dict[str, object]:
    """The JSON schema of an object with just these properties, all of them required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _or_null(kind: str, words: str) -> dict[str, object]:
    return {"anyOf": [{"type": kind}, {"type": "null"}], "description": words}


def _text(words: str) -> dict[str, object]:
    return {"type": "string", "description": words}


SCHEMA: dict[str, object] = schema(
    {
        "idea": _text("The change in one line of at most 100 characters, such as: halve the batch, double the steps."),
        "hypothesis": _text("Why it should help, in one to three sentences."),
        "kind": {"type": "string", "enum": list(KINDS)},
        "expected_delta": _or_null(
            "number", "New metric minus old metric that you expect, in the metric's unit; null if you cannot say."
        ),
        "edits": {
            "type": "array",
            "description": "Applied in this order.",
            "items": schema(
                {
                    "path": _text("The file, as named in the prompt."),
                    "old": _text("Text of that file, copied exactly, that occurs in it exactly once."),
                    "new": _text("What stands there afterwards."),
                }
            ),
        },
        "retry_of": _or_null("integer", "Number of the earlier experiment that this tries again, else null."),
        "retry_reason": _or_null("string", "One of the reasons named in the rules, else null."),
    }
)


def read(text: str) -> ModelAnswer:
    """The answer in a model's text. Raises Unusable."""
    if not text.strip():
        raise Unusable("The answer is empty: give one JSON object as described.", kind="malformed")
    try:
        answer = msgspec.json.decode(bare(text), type=ModelAnswer)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Unusable(f"The answer is not the JSON object that was asked for: {error}.", kind="malformed") from error
    if not answer.idea.strip():
        raise Unusable("`idea` is empty: say in one line what changes.", kind="malformed")
    if answer.kind not in KINDS:
        raise Unusable(f"`kind` is {answer.kind!r}: choose one of {', '.join(KINDS)}.", kind="malformed")
    return answer


def short(text: str, most: int) -> str:
    """One line of at most so many characters."""
    flat = " ".join(text[: 8 * most].split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def apply(edits: tuple[Edit, ...], files: Mapping[str, str]) -> dict[str, str]:
    """The new texts of the files that the edits change. Raises Unusable that names every edit at fault."""
    if not edits:
        raise Unusable("`edits` is empty: a proposal must change something.", kind="edit_empty")
    texts: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for number, edit in enumerate(edits, start=1):
        before = texts.get(edit.path, files.get(edit.path))
        fitted = _ended_alike(edit, before or "")
        if problem := _problem(fitted, before):
            problems.append((problem[0], f"Edit {number} of {edit.path}: {problem[1]}"))
        elif before is not None:
            texts[edit.path] = before.replace(fitted.old, fitted.new, 1)
    if problems:
        raise Unusable("\n".join(words for _, words in problems), kind=problems[0][0])
    changed = {path: text for path, text in texts.items() if text != files.get(path)}
    if not changed:
        raise Unusable("The edits undo each other: the files are as they were.", kind="edit_empty")
    return changed


def _ended_alike(edit: Edit, text: str) -> Edit:
    """The edit with the line ends of a text that has carriage returns, which no model sees."""
    if "\r\n" not in text or "\r" in edit.old:
        return edit
    return Edit(edit.path, edit.old.replace("\n", "\r\n"), edit.new.replace("\r\n", "\n").replace("\n", "\r\n"))


def _problem(edit: Edit, before: str | None) -> tuple[str, str] | None:
    """The kind of what is wrong with an edit, and the words for it."""
    if before is None:
        return "edit_absent", "there is no such file in scope."
    if not edit.old:
        return "edit_empty", "`old` is empty: copy the text that is to be replaced."
    if edit.old == edit.new:
        return "edit_empty", "`old` and `new` are the same: it changes nothing."
    first = before.find(edit.old)
    shown = edit.old if len(edit.old) <= SHOWN else edit.old[:SHOWN] + "…"
    if first < 0:
        return "edit_absent", f"`old` does not occur in the file: copy it exactly, blanks included. It is: {shown!r}"
    if before.find(edit.old, first + 1) >= 0:
        return "edit_ambiguous", f"`old` occurs more than once: copy more lines around it. It is: {shown!r}"
    return None


def bare(text: str) -> str:
    """The text without a Markdown fence around it."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        stripped = stripped.removesuffix("```").partition("\n")[2]
    return stripped
