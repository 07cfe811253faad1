"""Old keeps, tested again: the incumbent without one of the changes that it is made of, run beside the incumbent.

A change that paid when it was kept may pay no more when others stand on it. Each is left out in turn, oldest first, as an
experiment of kind `ablation`; one that the journal has since the last keep is not made twice, so a killed loop goes on.
"""

from dataclasses import dataclass, replace
from typing import Literal

from journal.projections.experiments import Experiment
from journal.projections.lineage import lineage
from loop.brief.scope import Scope
from loop.contracts import BASELINE
from loop.errors import WorkspaceError
from loop.gate import patch
from loop.gate.gate import unreadable
from loop.keep_rule import Evidence, KeepRule, judge
from loop.runtime.context import Context
from loop.runtime.proposal_events import own_idea
from loop.runtime.session_journal import SessionJournal

AblationFinding = Literal["still pays", "within the noise", "better without it", "not tested"]
KIND = "ablation"


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What became of a kept change. `delta` is the metric without it less the metric with it.

    `gain` when it was kept and `loss` without it are in σ, and positive where the change pays.
    """

    keep: int
    idea: str
    gain: float | None
    finding: AblationFinding = "not tested"
    words: str = "it was not its turn"
    experiment: int | None = None
    delta: float | None = None
    loss: float | None = None
    threshold: float | None = None


def open_next(ctx: Context) -> int | None:
    """Record the next experiment that leaves a kept change out, and return its number; None where none is left."""
    made = _made(ctx.journal)
    for row in _chain(ctx.journal):
        if row.number not in made and not isinstance(left := _without(ctx, row), str):
            return _propose(ctx.journal, row, *left)
    return None


def findings(ctx: Context) -> list[Tested]:
    """Every kept change of the incumbent's chain, oldest first, with what its test has shown."""
    made = _made(ctx.journal)
    return [_finding(ctx, row, made.get(row.number)) for row in _chain(ctx.journal)]


def _chain(journal: SessionJournal) -> list[Experiment]:
    """The kept changes that the incumbent is made of, oldest first."""
    chain = reversed(lineage(journal.state, journal.tag, journal.session.incumbent))
    return [row for row in chain if row.number != BASELINE and row.kind != KIND and row.status == "keep"]


def _made(journal: SessionJournal) -> dict[int, Experiment]:
    """Number of a kept change -> the experiment that left it out, since the last of them was kept."""
    last = max((row.number for row in _chain(journal)), default=0)
    rows = [row for row in journal.rows() if row.kind == KIND and row.number > last and row.rule != "stopped"]
    ideas = [(row, journal.log(row.number).proposed) for row in rows]
    return {idea.ablates: row for row, idea in ideas if idea is not None and idea.ablates is not None}


def _without(ctx: Context, row: Experiment) -> tuple[dict[str, str], dict[str, str]] | str:
    """The incumbent's files in scope as they are and without a change, or why that cannot be."""
    try:
        now, rest = without_change(ctx, row)
    except WorkspaceError as error:
        return str(error)
    return "a later change took it out already" if now == rest else (now, rest)


def _propose(journal: SessionJournal, row: Experiment, now: dict[str, str], rest: dict[str, str]) -> int:
    """Record the experiment, in one event: from then on it is conducted like any other."""
    number = journal.next_number()
    idea = own_idea(
        session=row.session,
        experiment=number,
        idea=f"without #{row.number}: {row.idea}",
        hypothesis=f"Whether the change of experiment {row.number} still pays.",
        kind=KIND,
        parent=journal.session.incumbent,
        before=now,
        after=rest,
        ablates=row.number,
    )
    journal.append(number, idea)
    return number


def _finding(ctx: Context, row: Experiment, made: Experiment | None) -> Tested:
    untested = Tested(keep=row.number, idea=row.idea, gain=row.gain_sigma)
    if made is None:
        left = _without(ctx, row)
        return replace(untested, words=left) if isinstance(left, str) else untested
    if made.metric is None or made.commit is None:
        needed: AblationFinding = "still pays" if made.status == "crash" else "not tested"
        return replace(untested, finding=needed, words=f"no metric without it: {made.reason}", experiment=made.number)
    metrics, rule = ctx.journal.metrics(), KeepRule(direction=ctx.config.direction, k=ctx.config.keep, reruns=0)
    runs, beside = metrics[made.commit], metrics[str(made.parent)]
    decision = judge(Evidence(candidate=runs, incumbent=beside, noise=ctx.journal.noise()), rule)
    return replace(
        untested,
        finding=_pays(decision.delta if ctx.config.direction == "minimize" else -decision.delta, decision.threshold),
        words="taken out: the program is shorter" if made.status == "keep" else "",
        experiment=made.number,
        delta=decision.delta,
        loss=None if decision.gain_sigma is None else -decision.gain_sigma,
        threshold=decision.threshold,
    )


def _pays(loss: float, threshold: float) -> AblationFinding:
    """What the loss without a change says of it."""
    if abs(loss) <= threshold:
        return "within the noise"
    return "still pays" if loss > 0 else "better without it"


def without_change(ctx: Context, row: Experiment) -> tuple[dict[str, str], dict[str, str]]:
    """The incumbent's files in scope, as they are and without a change. Raises WorkspaceError, in words for its asker."""
    scope = Scope(patterns=ctx.config.scope, tree=ctx.workspace.tree(ctx.session.incumbent)).files()
    committed = ctx.journal.log(row.number).committed
    if outside := set(committed.files if committed else ()) - set(scope):
        raise WorkspaceError(f"it edited {min(outside)}, which is not in the brief's scope any more.")
    was, made, now = (ctx.workspace.read(at, scope) for at in (str(row.parent), str(row.commit), ctx.session.incumbent))
    undone = patch.undone(was, made, now)
    broken = next((why for path, text in undone.items() if (why := unreadable(path, text))), None)
    if broken:
        raise WorkspaceError(f"without it {broken}")
    return now, {**now, **undone}
