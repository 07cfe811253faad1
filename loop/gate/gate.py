"""The gate: whether a proposal may cost a run. Pure.

In order: scope, size, evaluator, secrets, parses, unchanged, seed, imports, the brief's rules, repeats. The proposer reads the
reason of the first rule that its proposal breaks.
"""

import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

from journal.changes.signature import program_hash, signature
from journal.events import Change
from journal.novelty.repeats import Match, matches, neighbours
from journal.novelty.retries import REASONS, ration_refusal, reason_refusal
from journal.novelty.similarity import similarity
from journal.projections.state import without_collection
from loop.brief import yaml_text
from loop.brief.scope import File, Scope
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.gate import secrets
from loop.gate.change_rules import ChangeRules, Objection, objections
from loop.gate.imports import imports

NETWORK = frozenset({"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "requests", "httpx", "aiohttp"})
PROCESSES = frozenset({"subprocess", "pty", "ctypes", "cffi"})
NO_CHANGE = Change(
    program="", change=""
)  # of a proposal whose texts are not read: out of scope, too large, with a secret

_SEED = re.compile(r"(^|[._])(manual_)?seeds?([._\[]|$)|random_state", re.IGNORECASE)
_LIKENESS = {
    "same program": "This leads to the same program as",
    "same change": "This makes the same change as",
    "same value": "This sets the same value as",
    "near value": "This sets nearly the same value as",
    "same idea": "This is the same idea, in other code, as",
    "same structure": "This changes the same structure in the same way as",
}


@dataclass(frozen=True, kw_only=True)
class ProposalLimits:
    """What a proposal may not exceed."""

    file_bytes: int = 400_000  # of one file after the edit
    forbidden: frozenset[str] = NETWORK | PROCESSES  # modules that a change may not add an import of


DEFAULT_LIMITS = ProposalLimits()
NO_RULES = ChangeRules()


@without_collection()  # the parsed trees have no cycles, and a scan of the journal's whole fold doubles the time
def check(
    proposal: Proposal,
    request: Request,
    *,
    scope: Sequence[str],
    tree: Mapping[str, File] | None = None,
    locked: Sequence[str] = (),
    limits: ProposalLimits = DEFAULT_LIMITS,
    rules: ChangeRules = NO_RULES,
    known_secrets: Mapping[str, str] | None = None,
    evaluator_refusal: Callable[[str], str | None] = lambda _path: None,
) -> Accepted | Rejected:
    """Accept a proposal, with its change and its nearest neighbours, or reject it with a reason.

    `scope` and `locked` are paths or globs, `tree` the parent's files (without it, symbolic links pass), `rules` the brief's,
    `known_secrets` values of environment variables by name; `evaluator_refusal` says why a path is the evaluator's.
    """
    allowed = Scope(patterns=tuple(scope), tree=tree or {}, locked=tuple(locked))
    for rule, reason in _path_objections(proposal, scope=allowed, limits=limits):
        if reason:
            return Rejected(change=NO_CHANGE, rule=rule, reason=reason)
    for path in proposal.files:
        if clause := evaluator_refusal(path):
            reason = f"{clause}: leave it, and give a new file another name."
            return Rejected(change=NO_CHANGE, rule="evaluator", reason=reason)
    if reason := secrets.new_secret(proposal, request.files, known_secrets or {}):
        return Rejected(change=NO_CHANGE, rule=secrets.RULE, reason=reason)
    change = signature(request.files, {**request.files, **proposal.files})
    brief_objections = objections(proposal.files, request.files, change, rules=rules, tree=tree or {})
    for rule, reason in chain(_text_objections(proposal, request, change, limits=limits), brief_objections):
        if reason:
            return Rejected(change=change, rule=rule, reason=reason)
    return _check_repeats(proposal, request, change)


def syntax_error(path: str, text: str) -> str | None:
    """Why a file does not parse, as a sentence; None if it parses or its language is unknown."""
    reader = _READERS.get(PurePosixPath(path).suffix)
    if reader is None:
        return None
    try:
        reader(text)
    except SyntaxError as error:
        return f"{path} does not parse: {error.msg}, line {error.lineno}."
    except yaml_text.NotYaml as error:
        line = "" if error.line is None else f", line {error.line + 1}"
        return f"{path} does not parse: {error}{line}."
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{path} does not parse: {' '.join(str(error).split())}."
    return None


def _compile(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(text, "<proposal>", "exec", dont_inherit=True)


_READERS: Mapping[str, Callable[[str], object]] = {
    ".py": _compile,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": yaml_text.documents,
    ".yml": yaml_text.documents,
}


def _path_objections(proposal: Proposal, *, scope: Scope, limits: ProposalLimits) -> Iterator[Objection]:
    """Objections that need no parsing."""
    yield "empty", None if proposal.files else "The proposal edits no file: edit at least one of the files in scope."
    for path, text in proposal.files.items():
        refusal = scope.refusal(path)
        yield "scope", f"{refusal}." if refusal else None
        is_large = len(text) > limits.file_bytes or len(text.encode("utf-8", "replace")) > limits.file_bytes
        yield "size", f"{path} would exceed {limits.file_bytes:,} bytes: make it smaller." if is_large else None


def _text_objections(
    proposal: Proposal, request: Request, change: Change, *, limits: ProposalLimits
) -> Iterator[Objection]:
    """Objections to the texts by themselves, without earlier experiments."""
    for path, text in proposal.files.items():
        yield "parses", syntax_error(path, text)
    yield "unchanged", _unchanged(proposal, request, change)
    yield "seed", _seed_alone(change)
    for path, text in proposal.files.items():
        yield "imports", _forbidden_import(request.files.get(path, ""), text, limits.forbidden, path=path)


def _unchanged(proposal: Proposal, request: Request, change: Change) -> str | None:
    if all(request.files.get(path) == text for path, text in proposal.files.items()):
        return "The files are the same as before: a proposal must change something."
    if change.program == program_hash(request.files):
        return "Only comments, formatting or local names change, so the program is the same: change what it does."
    return None


def _seed_alone(change: Change) -> str | None:
    changes_structure = change.added or change.removed or not change.knobs
    if changes_structure or not all(_SEED.search(move.name) for move in change.knobs):
        return None
    return "Only a seed changes, which improves nothing beyond luck: change something else."


def _forbidden_import(before: str, after: str, forbidden: frozenset[str], *, path: str) -> str | None:
    new = sorted((imports(path, after) - imports(path, before)) & forbidden)
    if not new:
        return None
    return f"{path} may not add `import {new[0]}`: a training opens no connection and starts no process."


def _check_repeats(proposal: Proposal, request: Request, change: Change) -> Accepted | Rejected:
    changes, session, experiment = request.state.changes, request.session, request.experiment
    found = matches(changes, change, session=session, experiment=experiment, parent=request.parent)
    found = found or _same_idea(proposal, request, change)
    reason = _repeat_refusal(found, proposal, request)
    if reason is None:
        near = neighbours(changes, change, session=session, experiment=experiment)
        return Accepted(change=change, neighbours=tuple(trial.experiment for trial in near))
    first = found[0]
    return Rejected(
        change=change,
        rule="vetoed" if first.trial.vetoed else first.rule if first.is_repeat else "revisit",
        reason=reason,
        matched=first.trial.experiment,
        score=first.score,
    )


def _same_idea(proposal: Proposal, request: Request, change: Change) -> list[Match]:
    """The earlier trial with the same idea in other code, if the proposer's model named one."""
    changes, comparison = request.state.changes, proposal.compared
    number = comparison.same_as if comparison else None
    trial = changes.rows.get((request.session, number)) if number is not None else None
    if trial is None or not trial.is_evidence:
        return []
    score = similarity(change, trial.change, changes.baseline_words(request.session))
    is_repeat = trial.parent == request.parent or trial.vetoed
    return [Match(rule="same idea", trial=trial, score=score, is_repeat=is_repeat)]


def _repeat_refusal(found: list[Match], proposal: Proposal, request: Request) -> str | None:
    """Why a proposal that is like earlier trials may not run, or None."""
    if not found:
        return None
    first = _describe(found[0], request)
    if found[0].trial.vetoed:
        return f"{first} A person vetoed it: do not propose it again."
    if found[0].is_repeat:
        return f"{first} Propose something else."
    retried = next((match.trial for match in found if match.trial.experiment == proposal.retry_of), None)
    if retried is None:
        return f"{first} To retry it, name it in `retry_of` with one of these reasons: {', '.join(REASONS)}."
    changes = request.state.changes
    reason = proposal.retry_reason or ""
    refusal = reason_refusal(reason, retried, parent=request.parent, harness=changes.harness(request.session))
    if refusal:
        return f"{first} {refusal}"
    return ration_refusal(changes.of_session(request.session), before=request.experiment)


def _describe(match: Match, request: Request) -> str:
    """How a proposal is like an earlier trial, and the trial's result."""
    trial = match.trial
    session = "" if trial.session == request.session else f" of session {trial.session}"
    status = "vetoed" if trial.vetoed else "in flight" if trial.status == "open" else trial.status
    metric = f", metric {trial.metric:.6g}" if trial.metric is not None else ""
    delta = f", delta {trial.delta:+.2g}" if trial.delta is not None else ""
    failure = f", {trial.failure}" if trial.failure else ""
    return f"{_LIKENESS[match.rule]} experiment {trial.experiment}{session} ({status}{metric}{delta}{failure})."
