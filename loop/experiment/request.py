"""The request to a proposer, built from the journal, and the gate's answer to the proposal."""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from journal.events import IdeaRefused
from journal.projections.experiments import Experiment
from journal.projections.state import State
from journal.reports.memory import block as memory
from loop.brief import guards, notes
from loop.brief.config import Config
from loop.brief.scope import Scope
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.errors import WorkspaceError
from loop.gate import gate, secrets
from loop.gate.change_rules import ChangeRules
from loop.gate.imports import scan_imports
from loop.proposers.transcript import API_KEY_VARIABLES
from loop.runtime.context import Context
from loop.runtime.evaluator_code import evaluator_code, installed_modules
from loop.workspace import Workspace


def build_request(ctx: Context, number: int, *, attempt: int, state: State, refusals: Sequence[IdeaRefused]) -> Request:
    """The request for one change of the incumbent, from what `state` holds."""
    tag = ctx.session.tag
    incumbent = state.sessions.rows[tag].incumbent
    tree = ctx.workspace.tree(incumbent)
    since = since_keep(state.experiments.of_session(tag))
    return Request(
        session=tag,
        experiment=number,
        attempt=attempt,
        parent=incumbent,
        files=ctx.workspace.read(
            incumbent, Scope(patterns=ctx.config.scope, tree=tree, locked=ctx.config.locked).files()
        ),
        state=state,
        goal=ctx.config.goal,
        brief=ctx.brief.prose,
        notes=notes.text_or_nothing(ctx.workspace.root, ctx.config.notes),
        memory=memory.render(state, tag),
        metric=ctx.config.metric,
        direction=ctx.config.direction,
        budget=ctx.config.budget,
        startup=ctx.config.startup,
        device=ctx.session.device,
        refusals=tuple(refusals),
        plateau=since if ctx.config.plateau is not None and since >= ctx.config.plateau else 0,
        rules=(*ChangeRules.of(ctx.config).sentences(), *guards.sentences(ctx.config.guard)),
        one_knob=ctx.config.atomic == "knob",
        priors=ctx.config.priors,
    )


def gate_answer(ctx: Context, proposal: Proposal, request: Request) -> Accepted | Rejected:
    """The gate's answer to a proposal, from the present state of the journal."""
    request = msgspec.structs.replace(request, state=ctx.state)
    return check_at_gate(proposal, request, config=ctx.config, workspace=ctx.workspace)


def check_at_gate(proposal: Proposal, request: Request, *, config: Config, workspace: Workspace) -> Accepted | Rejected:
    """The gate's answer to a proposal under a brief."""
    tree = workspace.tree(request.parent)
    check = partial(
        gate.check,
        proposal,
        request,
        scope=config.scope,
        tree=tree,
        locked=config.locked,
        known_secrets=known_secrets(config),
        evaluator_refusal=_evaluator_refusal(workspace, request.parent, config),
    )
    answer = check(rules=ChangeRules.of(config))
    if isinstance(answer, Accepted) or answer.rule != "dependencies":
        return answer
    return check(rules=ChangeRules.of(config, installed=_installed(workspace, request)))  # slow, and seldom needed


def _evaluator_refusal(workspace: Workspace, parent: str, config: Config) -> Callable[[str], str | None]:
    """A function that says why a change may not write a path that the evaluator would execute."""
    tree, code = workspace.tree(parent), evaluator_code(workspace, parent, config)

    def refusal(path: str) -> str | None:
        refusals = (one.refusal(path, tree, partial(installed_modules, one)) for one in code)
        return next(filter(None, refusals), None)

    return refusal


def recordable(proposal: Proposal, answer: Accepted | Rejected, config: Config) -> Proposal:
    """The proposal as it may be recorded: without its texts if the gate found a secret in them."""
    has_secret = isinstance(answer, Rejected) and answer.rule == secrets.RULE
    return secrets.withhold(proposal, known_secrets(config)) if has_secret else proposal


def known_secrets(config: Config) -> dict[str, str]:
    """The values of the variables that hold keys for proposers, by name."""
    names = (*API_KEY_VARIABLES, *config.command_env)
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _installed(workspace: Workspace, request: Request) -> frozenset[str]:
    """The modules that files out of scope import: the program could not run unless they were installed."""
    others = [path for path in workspace.tree(request.parent) if path.endswith(".py") and path not in request.files]
    try:
        return scan_imports(workspace.read(request.parent, others).values())
    except WorkspaceError:  # a file is not text
        return frozenset()


def since_keep(experiments: Iterable[Experiment]) -> int:
    """How many of a session's experiments, given in order, have been decided since the last keep."""
    rows = [row for row in experiments if row.kind != "ablation"]
    statuses = [row.status for row in rows if row.status in ("keep", "discard", "crash")]
    return next((since for since, status in enumerate(reversed(statuses)) if status == "keep"), len(statuses))
