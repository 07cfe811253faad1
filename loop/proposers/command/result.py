"""Reads a proposal from the working folder of an agent whose command has ended."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from journal.events import Usage
from loop.brief.scope import Scope
from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure, Stopped
from loop.gate import patch
from loop.proposers.answer import HYPOTHESIS_LIMIT, IDEA_LIMIT, recordable, shorten
from loop.proposers.command import note as notes
from loop.proposers.command import working_copy
from loop.proposers.command.backoff import MISSING
from loop.proposers.command.note import ReadNote
from loop.proposers.command.working_copy import Difference
from loop.runs.process.runner import ExitStatus

LISTED = 5  # paths in an error message
LAST_OUTPUT = 300  # characters in an error message
NOT_STARTED = "bwrap: execvp "  # how bubblewrap says that there is no such program
NO_PROGRAM = (126, 127)  # exit codes of a shell: not executable, not found


def raise_for_status(status: ExitStatus, *, output: str, usage: Usage, model: str | None) -> None:
    """Raises ProposerFailure if the command failed, Stopped if a person ended it; both hold what it cost."""
    if status.reason in ("skip", "interrupt"):
        raise Stopped("A person ended the agent.", usage=usage)
    failure = _failure_of(status)
    if failure is not None:
        kind, message = failure
        kind = MISSING if NOT_STARTED in output[-LAST_OUTPUT:] else kind
        last = " ".join(output.split())[-LAST_OUTPUT:]
        text = message + (f" Its last output: {last}" if last else "")
        cost = msgspec.structs.replace(usage, dollars=0.0) if kind == MISSING else usage
        raise ProposerFailure(text, kind=kind, usage=cost, model=model)


def proposal(
    tree: Path,
    before: Mapping[str, str],
    request: Request,
    *,
    scope: Scope,
    note: ReadNote,
    usage: Usage,
    model: str | None,
) -> Proposal:
    """The proposal in the agent's tree. Raises ProposerFailure."""
    try:
        files = _files(tree, before, scope=scope)
    except ProposerFailure as failure:
        raise ProposerFailure(str(failure), kind=failure.kind, usage=usage, model=model) from failure
    except OSError as error:
        message = f"What it left cannot be read: {error.strerror}."
        raise ProposerFailure(message, kind="unreadable", usage=usage, model=model) from error
    description = note.note
    added, removed = patch.count_lines(patch.unified(request.files, files))
    return Proposal(
        idea=shorten(description.idea, IDEA_LIMIT) or f"edit {', '.join(sorted(files))} (+{added} -{removed} lines)",
        hypothesis=shorten(description.hypothesis, HYPOTHESIS_LIMIT),
        kind=description.kind,
        files=files,
        model=model,
        expected_delta=description.expected_delta,
        usage=usage,
        retry_of=description.retry_of,
        retry_reason=description.retry_reason,
        unread=note.unread,
        considered=recordable(description.considered),
    )


def _failure_of(status: ExitStatus) -> tuple[str, str] | None:
    """(kind, message) of a failed command; None if it succeeded."""
    match status.reason:
        case "timeout" if status.output_bytes == 0:
            return "silent", f"It printed nothing for {status.wall_seconds:.0f} seconds and was ended."
        case "timeout":
            return "timeout", f"It did not end within {status.wall_seconds:.0f} seconds."
        case "exited":
            code = status.exit_code
            end = f"failed with exit code {code}" if code is not None else f"was killed by signal {status.signal}"
            return (MISSING if code in NO_PROGRAM else "exit", f"It {end}.") if code != 0 else None
        case "flood":
            return "flood", "It printed too much and was ended."
        case other:
            return other, f"It used too much ({other}) and was ended."


def _files(tree: Path, before: Mapping[str, str], *, scope: Scope) -> dict[str, str]:
    """The new texts in scope. Raises ProposerFailure."""
    difference = _difference(before, tree)
    edited = [path for path in (*difference.changed, *difference.created) if path.split("/")[0] != notes.NAME]
    deleted = [path for path in difference.deleted if path != notes.NAME]
    outside = [path for path in (*edited, *deleted) if scope.refusal(path) is not None]
    if outside:
        raise _failure("out_of_scope", f"It changed files that are not in scope: {_listed(outside)}.")
    if deleted:
        raise _failure("deleted", f"It deleted files, which an edit may not do: {_listed(deleted)}.")
    if not edited:
        raise _failure("no_edit", "It changed no file in scope.")
    return {path: _text(tree, path) for path in edited}


def _difference(before: Mapping[str, str], tree: Path) -> Difference:
    try:
        return working_copy.difference(before, tree)
    except ValueError as error:
        raise _failure("no_edit", f"It left no usable files: {error}.") from error


def _text(tree: Path, path: str) -> str:
    try:
        return working_copy.text(tree / path)
    except ValueError as error:
        raise _failure("not_text", f"{_listed([path])} cannot be used: {error}.") from error


def _failure(kind: str, message: str) -> ProposerFailure:
    return ProposerFailure(message, kind=kind)


def _listed(paths: Sequence[str]) -> str:
    """Some paths as text: a name may hold bytes that are no text, and line breaks."""
    names = [os.fsencode(path).decode("utf-8", "backslashreplace").replace("\n", "\\n") for path in paths[:LISTED]]
    more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
    return ", ".join(names) + more
