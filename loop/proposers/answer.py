"""A model's answer to a request: its JSON schema, how it is parsed, how its edits are applied. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from journal.events import Candidate
from journal.untrusted import JsonDecoder, UntrustedInput

KINDS = ("knob", "architecture", "optimizer", "schedule", "data", "simplify", "other")
IDEA_LIMIT, HYPOTHESIS_LIMIT = 200, 1_000  # characters
CANDIDATES = 5  # of one answer that are recorded
QUOTED = 160  # characters of an edit that an error message repeats
ExperimentNumber = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Edit(msgspec.Struct, frozen=True):
    """Replaces `old` by `new`; `old` must occur exactly once in the file, after the edits before this one."""

    path: str
    old: str
    new: str


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The proposal in a model's answer. `expected_delta` is new metric minus old, in the metric's unit."""

    idea: str
    edits: tuple[Edit, ...]
    hypothesis: str = ""
    kind: str = "other"
    expected_delta: float | None = None
    retry_of: ExperimentNumber | None = None
    retry_reason: str | None = None
    considered: tuple[Candidate, ...] = ()


_decoder: JsonDecoder[ModelAnswer] = JsonDecoder(ModelAnswer)


class UnusableAnswer(Exception):
    """An answer without a usable proposal; the message tells the model what to correct.

    `kind` is malformed, edit_absent, edit_ambiguous or edit_empty.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def parse(text: str) -> ModelAnswer:
    """The answer in a model's text. Raises UnusableAnswer."""
    if not text.strip():
        raise UnusableAnswer("The answer is empty: give one JSON object as described.", kind="malformed")
    try:
        answer = _decoder.decode(without_fence(text))
    except UntrustedInput as error:
        message = f"The answer is not a JSON object of the required schema: {error}."
        raise UnusableAnswer(message, kind="malformed") from error
    if not answer.idea.strip():
        raise UnusableAnswer("`idea` is empty: name the change in one line.", kind="malformed")
    if answer.kind not in KINDS:
        raise UnusableAnswer(f"`kind` is {answer.kind!r}: choose one of {', '.join(KINDS)}.", kind="malformed")
    return answer


def recordable(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The first candidates of an answer, with short texts; those without an idea are left out."""
    shown = [candidate for candidate in candidates if candidate.idea.strip()][:CANDIDATES]
    return tuple(
        msgspec.structs.replace(
            candidate,
            idea=shorten(candidate.idea, IDEA_LIMIT),
            kind=candidate.kind if candidate.kind in KINDS else "other",
            mechanism=shorten(candidate.mechanism, HYPOTHESIS_LIMIT),
        )
        for candidate in shown
    )


def shorten(text: str, limit: int) -> str:
    """The text in one line of at most `limit` characters."""
    line = " ".join(text[: 8 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def apply(edits: tuple[Edit, ...], files: Mapping[str, str]) -> dict[str, str]:
    """The new texts of the files that the edits change. Raises UnusableAnswer, which names each unusable edit."""
    if not edits:
        raise UnusableAnswer("`edits` is empty: a proposal must change something.", kind="edit_empty")
    texts: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for number, edit in enumerate(edits, start=1):
        before = texts.get(edit.path, files.get(edit.path))
        adapted = _with_line_ends(edit, before or "")
        if problem := _problem(adapted, before):
            problems.append((problem[0], f"Edit {number} of {edit.path}: {problem[1]}"))
        elif before is not None:
            texts[edit.path] = before.replace(adapted.old, adapted.new, 1)
    if problems:
        raise UnusableAnswer("\n".join(message for _, message in problems), kind=problems[0][0])
    changed = {path: text for path, text in texts.items() if text != files.get(path)}
    if not changed:
        raise UnusableAnswer("The edits undo each other: the files do not change.", kind="edit_empty")
    return changed


def _with_line_ends(edit: Edit, text: str) -> Edit:
    """The edit with CRLF line ends if the text has them: models write LF."""
    if "\r\n" not in text or "\r" in edit.old:
        return edit
    return Edit(edit.path, edit.old.replace("\n", "\r\n"), edit.new.replace("\r\n", "\n").replace("\n", "\r\n"))


def _problem(edit: Edit, before: str | None) -> tuple[str, str] | None:
    """(kind, message) of what makes an edit unusable; None if it is usable."""
    if before is None:
        return "edit_absent", "no such file in scope."
    if not edit.old:
        return "edit_empty", "`old` is empty: copy the text to replace."
    if edit.old == edit.new:
        return "edit_empty", "`old` and `new` are the same: the edit changes nothing."
    first = before.find(edit.old)
    quoted = edit.old if len(edit.old) <= QUOTED else edit.old[:QUOTED] + "…"
    if first < 0:
        return (
            "edit_absent",
            f"`old` does not occur in the file: copy it exactly, with its whitespace. It is {quoted!r}",
        )
    if before.find(edit.old, first + 1) >= 0:
        return "edit_ambiguous", f"`old` occurs more than once: copy more lines around it. It is {quoted!r}"
    return None


def without_fence(text: str) -> str:
    """The text without a Markdown fence around it."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        stripped = stripped.removesuffix("```").partition("\n")[2]
    return stripped
