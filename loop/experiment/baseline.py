"""Experiment 0: the code as it is, run several times. What it measures is the first incumbent, its spread is σ."""

from journal.changes.signature import inventory
from journal.events import ChangeCommitted, ExperimentKept, IdeaProposed, SessionEnded
from loop.brief.scope import Scope
from loop.contracts import BASELINE
from loop.errors import BadInput
from loop.experiment.verdict import verdict_on
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


def measure_baseline(ctx: Context) -> None:
    """Measure the unchanged code, or go on measuring it. Raises BadInput, and ends the session, where it gives no metric."""
    start = ctx.session.start
    _propose(ctx)
    _commit(ctx.journal, ctx.workspace)
    verdict = verdict_on(ctx, BASELINE, start)
    if isinstance(verdict, ExperimentKept):
        return
    what = "breaks the brief's own guard" if verdict.rule == "guard" else "gives no metric"
    reason = f"the unchanged code {what}: {verdict.reason}"
    if ctx.session.state != "ended":
        ctx.journal.append_to_session(SessionEnded(session=ctx.session.tag, reason=reason))
    raise BadInput(f"{reason[0].upper()}{reason[1:]}. See `ar-journal show 0`, mend it, then start again.")


def _propose(ctx: Context) -> None:
    if ctx.journal.log(BASELINE).proposed is not None:
        return
    start = ctx.session.start
    scope = Scope(patterns=ctx.config.scope, tree=ctx.workspace.tree(start), locked=ctx.config.locked)
    files = ctx.workspace.read(start, scope.files())
    idea = IdeaProposed(
        session=ctx.session.tag,
        experiment=BASELINE,
        idea="the code as it is",
        kind="baseline",
        parent=ctx.session.base,
        diff="",
        change=inventory(files),  # so that the gate knows the program that a change must not lead back to
        proposer="loop",
    )
    ctx.journal.append(BASELINE, idea)


def _commit(journal: SessionJournal, workspace: Workspace) -> None:
    if journal.log(BASELINE).committed is not None:
        return
    workspace.hold(journal.tag, BASELINE, journal.session.start)
    committed = ChangeCommitted(
        session=journal.tag,
        experiment=BASELINE,
        commit=journal.session.start,
        parent=journal.session.base,
        files=(),
        lines_added=0,
        lines_removed=0,
    )
    journal.append(BASELINE, committed)
