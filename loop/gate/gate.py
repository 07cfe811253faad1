"""The gate: everything that can be said about a proposal before it costs a run. Pure.

In order: scope, size, parses, unchanged, seed, imports, the rules of this brief, repeats. The first rule that a proposal
breaks is told to the proposer in words that it can act on.
"""

import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

import yaml

from journal.changes.signature import program, signature
from journal.events import Change
from journal.novelty.repeats import Match, matches, neighbours
from journal.novelty.retries import REASONS, rationed, unfounded
from journal.novelty.similarity import likeness
from journal.projections.state import without_collection
from journal.projections.trials import Trial
from loop.brief.scope import File, Scope
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.gate.change_rules import ChangeRules, Objection, imports, objections

NETWORK = frozenset({"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "requests", "httpx", "aiohttp"})
PROCESSES = frozenset({"subprocess", "pty", "ctypes", "cffi"})
NOTHING = Change(program="", change="")  # of a proposal that is not read: out of scope, too large

_SEED = re.compile(r"(^|[._])(manual_)?seeds?([._\[]|$)|random_state", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ProposalLimits:
    """What a proposal may not exceed."""

    file_bytes: int = 400_000  # of one file after the edit
    forbidden: frozenset[str] = NETWORK | PROCESSES  # modules that a change may not begin to import


STANDARD = ProposalLimits()
FREE = ChangeRules()


@without_collection()  # the trees of the texts have no cycles, and a scan of the whole journal's fold doubles the time
def check(
    proposal: Proposal,
    request: Request,
    *,
    scope: Sequence[str],
    tree: Mapping[str, File] | None = None,
    locked: Sequence[str] = (),
    limits: ProposalLimits = STANDARD,
    rules: ChangeRules = FREE,
) -> Accepted | Rejected:
    """Let a proposal through, with its change and its nearest neighbours, or say why not.

    `scope` and `locked` are paths or globs, `tree` the parent's files: without it, symbolic links cannot be seen. `rules`
    are those of the brief.
    """
    allowed = Scope(patterns=tuple(scope), tree=tree or {}, locked=tuple(locked))
    for rule, reason in _unread(proposal, scope=allowed, limits=limits):
        if reason:
            return Rejected(change=NOTHING, rule=rule, reason=reason)
    change = signature(request.files, {**request.files, **proposal.files})
    own = objections(proposal.files, request.files, change, rules=rules, tree=tree or {})
    for rule, reason in chain(_read(proposal, request, change, limits=limits), own):
        if reason:
            return Rejected(change=change, rule=rule, reason=reason)
    return _repeats(proposal, request, change)


def _unread(proposal: Proposal, *, scope: Scope, limits: ProposalLimits) -> Iterator[Objection]:
    """What can be objected without reading a text."""
    yield "empty", None if proposal.files else "The proposal edits no file: change at least one of the files in scope."
    for path, text in proposal.files.items():
        outside = scope.refusal(path)
        yield "scope", f"{outside}." if outside else None
        large = len(text) > limits.file_bytes or len(text.encode("utf-8", "replace")) > limits.file_bytes
        yield "size", f"{path} would be larger than {limits.file_bytes:,} bytes: keep it small." if large else None


def _read(proposal: Proposal, request: Request, change: Change, *, limits: ProposalLimits) -> Iterator[Objection]:
    """What can be objected to the texts, before earlier experiments are looked at."""
    for path, text in proposal.files.items():
        yield "parses", unreadable(path, text)
    yield "unchanged", _unchanged(proposal, request, change)
    yield "seed", _seed_alone(change)
    for path, text in proposal.files.items():
        yield "imports", _forbidden_import(request.files.get(path, ""), text, limits.forbidden, path=path)


def unreadable(path: str, text: str) -> str | None:
    """Why a file does not parse, in words; None where it does, or where nobody knows its language."""
    reader = _READERS.get(PurePosixPath(path).suffix)
    if reader is None:
        return None
    try:
        reader(text)
    except SyntaxError as error:
        return f"{path} does not parse: {error.msg}, line {error.lineno}."
    except (ValueError, RecursionError, MemoryError, yaml.YAMLError) as error:
        return f"{path} does not parse: {' '.join(str(error).split())}."
    return None


def _compiles(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(text, "<proposal>", "exec", dont_inherit=True)


_READERS: Mapping[str, Callable[[str], object]] = {
    ".py": _compiles,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
}


def _unchanged(proposal: Proposal, request: Request, change: Change) -> str | None:
    if all(request.files.get(path) == text for path, text in proposal.files.items()):
        return "The files are as they were: a proposal must change something."
    if change.program == program(request.files):
        return "Only comments, formatting or names of locals change: the program that runs is the same."
    return None


def _seed_alone(change: Change) -> str | None:
    structure = change.added or change.removed or not change.knobs
    if structure or not all(_SEED.search(move.name) for move in change.knobs):
        return None
    return "Only a seed changes: that draws the noise again and improves nothing."


def _forbidden_import(before: str, after: str, forbidden: frozenset[str], *, path: str) -> str | None:
    fresh = sorted((imports(path, after) - imports(path, before)) & forbidden)
    if not fresh:
        return None
    return f"{path} would begin to import {fresh[0]}: a training may not open connections or start processes."


def _repeats(proposal: Proposal, request: Request, change: Change) -> Accepted | Rejected:
    changes, session, experiment = request.state.changes, request.session, request.experiment
    found = matches(changes, change, session=session, experiment=experiment, parent=request.parent)
    found = found or _read_alike(proposal, request, change)
    reason = _repeated(found, proposal, request)
    if reason is None:
        near = neighbours(changes, change, session=session, experiment=experiment)
        return Accepted(change=change, neighbours=tuple(trial.experiment for trial in near))
    first = found[0]
    return Rejected(
        change=change,
        rule="vetoed" if first.trial.vetoed else first.rule if first.repeat else "revisit",
        reason=reason,
        matched=first.trial.experiment,
        score=first.score,
    )


def _read_alike(proposal: Proposal, request: Request, change: Change) -> list[Match]:
    """The earlier trial that a reader takes for the same idea in other code, where one was asked."""
    changes, told = request.state.changes, proposal.compared
    trial = changes.rows.get((request.session, told.same_as)) if told and told.same_as is not None else None
    if trial is None or not trial.measured:
        return []
    score = likeness(change, trial.change, changes.words(request.session))
    repeat = trial.parent == request.parent or trial.vetoed
    return [Match(rule="same idea", trial=trial, score=score, repeat=repeat)]


def _repeated(found: list[Match], proposal: Proposal, request: Request) -> str | None:
    """Why an idea that has been had may not be had again, or None."""
    if not found:
        return None
    first = found[0]
    earlier = f"{_WORDS[first.rule]} experiment {first.trial.experiment}{_night(first.trial, request)} {_outcome(first.trial)}"
    if first.trial.vetoed:
        return f"{earlier} A person took that back: do not propose it again."
    if first.repeat:
        return f"{earlier} Propose something else."
    named = next((match for match in found if match.trial.experiment == proposal.retry_of), None)
    if named is None:
        return f"{earlier} To try it again, name it in `retry_of` with one reason: {', '.join(REASONS)}."
    changes = request.state.changes
    reason = proposal.retry_reason or ""
    why = unfounded(reason, named.trial, parent=request.parent, harness=changes.harness(request.session))
    return f"{earlier} {why}" if why else rationed(changes.of_session(request.session), before=request.experiment)


_WORDS = {
    "same program": "This gives the very program of",
    "same change": "This is the change of",
    "same value": "This sets the value that was tried in",
    "near value": "This sets nearly the value that was tried in",
    "same idea": "This is, in other code, the idea of",
    "same structure": "This changes the same structure in the same way as",
}


def _night(trial: Trial, request: Request) -> str:
    return "" if trial.session == request.session else f" of session {trial.session}"


def _outcome(trial: Trial) -> str:
    if trial.status == "open":
        return "which is under way."
    numbers = f", metric {trial.metric:.6g}" if trial.metric is not None else ""
    numbers += f", delta {trial.delta:+.2g}" if trial.delta is not None else ""
    status = "vetoed" if trial.vetoed else trial.status
    return f"({status}{numbers}{', ' + trial.failure if trial.failure else ''})."
