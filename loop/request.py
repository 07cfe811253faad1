"""What a proposer is asked, as the journal has it, and what the gate says of its answer."""

from collections.abc import Sequence

import msgspec

from journal import memory
from journal.events import IdeaRefused
from journal.projections import State
from loop import gate, guards
from loop.atomic import Rules
from loop.bounds import without_keep
from loop.contracts import Passed, Proposal, Refused, Request
from loop.lab import Lab
from loop.scope import Scope


def request(lab: Lab, number: int, *, attempt: int, state: State, refusals: Sequence[IdeaRefused]) -> Request:
    """One change on the incumbent, for experiment `number`, on what `state` knows."""
    tag = lab.session.tag
    incumbent = state.sessions.rows[tag].incumbent
    tree = lab.workspace.tree(incumbent)
    return Request(
        session=tag,
        experiment=number,
        attempt=attempt,
        parent=incumbent,
        files=lab.workspace.read(incumbent, Scope(patterns=lab.config.scope, tree=tree).files()),
        state=state,
        goal=lab.config.goal,
        brief=lab.brief.human,
        memory=memory.render(state, tag),
        metric=lab.config.metric,
        direction=lab.config.direction,
        budget=lab.config.budget,
        startup=lab.config.startup,
        device=lab.session.device,
        refusals=tuple(refusals),
        plateau=_plateau(lab, state),
        rules=(*Rules.of(lab.config).words(), *guards.words(lab.config.guard)),
        one_knob=lab.config.atomic == "knob",
    )


def _plateau(lab: Lab, state: State) -> int:
    """How long nothing has been kept, where the brief calls that a plateau; else 0."""
    since = without_keep(row for row in state.experiments.rows.values() if row.session == lab.session.tag)
    return since if lab.config.plateau is not None and since >= lab.config.plateau else 0


def gated(lab: Lab, proposal: Proposal, asked: Request) -> Passed | Refused:
    """The gate's answer to a proposal, as the journal stands."""
    config, tree = lab.config, lab.workspace.tree(asked.parent)
    now = msgspec.structs.replace(asked, state=lab.state)
    rules = Rules.of(config)
    return gate.check(proposal, now, scope=config.scope, tree=tree, locked=config.locked, rules=rules)
