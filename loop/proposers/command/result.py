"""What is taken over from an agent's copy when its command has ended: a proposal, or why there is none."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from journal.events import Usage
from loop.brief.scope import Scope
from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure, Stopped
from loop.gate import patch
from loop.proposers.answer import EXPERIMENT, HYPOTHESIS, IDEA, KINDS, short
from loop.proposers.command import working_copy
from loop.proposers.command.working_copy import Difference
from loop.runs.process.runner import ExitStatus

SAID = "proposal.json"
NAMED = 5  # paths that a complaint names
LAST_WORDS = 300  # characters
Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """`proposal.json`. `dollars` and tokens where the agent knows what it cost."""

    idea: str = ""
    hypothesis: str = ""
    kind: str = "other"
    expected_delta: float | None = None
    retry_of: EXPERIMENT | None = None
    retry_reason: str | None = None
    model: str | None = None
    dollars: float | None = None
    tokens_in: Tokens = 0
    tokens_out: Tokens = 0


def check(ending: ExitStatus, *, output: str) -> None:
    """Raises ProposerFailure where a command did not come to a good end by itself, Stopped where a person ended it."""
    if ending.reason in ("asked", "now"):
        raise Stopped("The agent was ended while it was at work.", usage=_usage(Said(), ending))
    how = _how(ending)
    if how is not None:
        kind, words = how
        last = " ".join(output.split())[-LAST_WORDS:]
        raise _failure(kind, words + (f" Its last words: {last}" if last else ""), _usage(Said(), ending))


def proposal(tree: Path, before: Mapping[str, str], request: Request, *, scope: Scope, ending: ExitStatus) -> Proposal:
    """What the agent proposes with its copy. Raises ProposerFailure."""
    usage = _usage(Said(), ending)
    said = _said(tree, before, usage=usage)
    usage = _usage(said, ending)
    files = _files(tree, before, scope=scope, usage=usage)
    added, removed = patch.lines(patch.unified(request.files, files))
    return Proposal(
        idea=short(said.idea, IDEA) or f"edit {', '.join(sorted(files))} (+{added} -{removed} lines)",
        hypothesis=short(said.hypothesis, HYPOTHESIS),
        kind=said.kind if said.kind in KINDS else "other",
        files=files,
        model=said.model,
        expected_delta=_finite(said.expected_delta),
        usage=usage,
        retry_of=said.retry_of,
        retry_reason=said.retry_reason,
    )


def _how(ending: ExitStatus) -> tuple[str, str] | None:
    """The kind of a bad end and the words for it; None for a good one."""
    match ending.reason:
        case "timeout" if ending.output_bytes == 0:
            return "silent", f"It said nothing for {ending.wall_seconds:.0f} seconds and was ended."
        case "timeout":
            return "timeout", f"It did not end within {ending.wall_seconds:.0f} seconds."
        case "exited":
            code = ending.exit_code
            told = f"failed with exit code {code}" if code is not None else f"was killed by signal {ending.signal}"
            return ("exit", f"It {told}.") if code != 0 else None
        case "flood":
            return "flood", "It was ended: it wrote too much output."
        case other:
            return other, f"It was ended: it took too much ({other})."


def _files(tree: Path, before: Mapping[str, str], *, scope: Scope, usage: Usage) -> dict[str, str]:
    """The new texts in scope."""
    done = _difference(before, tree, usage=usage)
    edited = [path for path in (*done.changed, *done.created) if path != SAID]
    stray = [path for path in (*edited, *done.deleted) if scope.refusal(path) is not None]
    if stray:
        raise _failure("out_of_scope", f"It changed files that are not in scope: {_few(stray)}.", usage)
    if done.deleted:
        raise _failure("deleted", f"It deleted files, which an edit may not do: {_few(done.deleted)}.", usage)
    if not edited:
        raise _failure("no_edit", "It changed no file in scope.", usage)
    return {path: _text(tree, path, usage=usage) for path in edited}


def _said(tree: Path, before: Mapping[str, str], *, usage: Usage) -> Said:
    """What the agent wrote about its change; nothing, where it wrote nothing."""
    path = tree / SAID
    if not os.path.lexists(path) or working_copy.fingerprint(path) == before.get(SAID):
        return Said()
    try:
        return msgspec.json.decode(working_copy.text(path), type=Said, strict=False)
    except (ValueError, msgspec.DecodeError) as error:
        raise _failure("malformed", f"Its {SAID} cannot be used: {error}.", usage) from error


def _difference(before: Mapping[str, str], tree: Path, *, usage: Usage) -> Difference:
    try:
        return working_copy.difference(before, tree)
    except ValueError as error:
        raise _failure("no_edit", f"Nothing can be taken over: {error}.", usage) from error


def _text(tree: Path, path: str, *, usage: Usage) -> str:
    try:
        return working_copy.text(tree / path)
    except ValueError as error:
        raise _failure("not_text", f"{path} cannot be taken over: {error}.", usage) from error


def _usage(said: Said, ending: ExitStatus) -> Usage:
    """What the agent says that it cost; unknown where it says nothing."""
    dollars = _finite(said.dollars)
    return Usage(
        tokens_in=said.tokens_in,
        tokens_out=said.tokens_out,
        calls=1,
        dollars=dollars if dollars is not None and dollars >= 0 else None,
        seconds=ending.wall_seconds,
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _failure(kind: str, words: str, usage: Usage) -> ProposerFailure:
    return ProposerFailure(words, kind=kind, usage=usage)


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more
