"""What a proposer is asked, as the journal has it, and what the gate says of its answer."""

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from journal.events import IdeaRefused
from journal.projections.experiments import Experiment
from journal.projections.state import State
from journal.reports import memory
from loop.brief import guards
from loop.brief.config import Config
from loop.brief.scope import Scope
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.errors import WorkspaceError
from loop.gate import gate
from loop.gate.change_rules import ChangeRules, imported
from loop.runtime.context import Context
from loop.workspace import Workspace


def request(ctx: Context, number: int, *, attempt: int, state: State, refusals: Sequence[IdeaRefused]) -> Request:
    """One change on the incumbent, for experiment `number`, on what `state` knows."""
    tag = ctx.session.tag
    incumbent = state.sessions.rows[tag].incumbent
    tree = ctx.workspace.tree(incumbent)
    return Request(
        session=tag,
        experiment=number,
        attempt=attempt,
        parent=incumbent,
        files=ctx.workspace.read(incumbent, Scope(patterns=ctx.config.scope, tree=tree).files()),
        state=state,
        goal=ctx.config.goal,
        brief=ctx.brief.human,
        memory=memory.render(state, tag),
        metric=ctx.config.metric,
        direction=ctx.config.direction,
        budget=ctx.config.budget,
        startup=ctx.config.startup,
        device=ctx.session.device,
        refusals=tuple(refusals),
        plateau=_plateau(ctx, state),
        rules=(*ChangeRules.of(ctx.config).words(), *guards.words(ctx.config.guard)),
        one_knob=ctx.config.atomic == "knob",
    )


def _plateau(ctx: Context, state: State) -> int:
    """How long nothing has been kept, where the brief calls that a plateau; else 0."""
    since = without_keep(state.experiments.of_session(ctx.session.tag))
    return since if ctx.config.plateau is not None and since >= ctx.config.plateau else 0


def gated(ctx: Context, proposal: Proposal, asked: Request) -> Accepted | Rejected:
    """The gate's answer to a proposal, as the journal stands."""
    now = msgspec.structs.replace(asked, state=ctx.state)
    return at_gate(proposal, now, config=ctx.config, workspace=ctx.workspace)


def at_gate(proposal: Proposal, asked: Request, *, config: Config, workspace: Workspace) -> Accepted | Rejected:
    """The gate's answer under a brief, on the commit that the proposal stands on."""
    tree = workspace.tree(asked.parent)
    ask = partial(gate.check, proposal, asked, scope=config.scope, tree=tree, locked=config.locked)
    answer = ask(rules=ChangeRules.of(config))
    if isinstance(answer, Accepted) or answer.rule != "dependencies":
        return answer
    return ask(
        rules=ChangeRules.of(config, installed=_imported(workspace, asked))
    )  # seldom needed, so not read each time


def _imported(workspace: Workspace, asked: Request) -> frozenset[str]:
    """The modules that files out of scope import: they are installed, or nothing would run."""
    others = [path for path in workspace.tree(asked.parent) if path.endswith(".py") and path not in asked.files]
    try:
        return imported(workspace.read(asked.parent, others).values())
    except WorkspaceError:  # one of them is no text
        return frozenset()


def without_keep(experiments: Iterable[Experiment]) -> int:
    """How many experiments of a session, in order, were tried since the last that was kept."""
    tried = [row for row in experiments if row.kind != "ablation"]
    statuses = [row.status for row in tried if row.status in ("keep", "discard", "crash")]
    return next((since for since, status in enumerate(reversed(statuses)) if status == "keep"), len(statuses))
