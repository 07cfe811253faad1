"""Experiment 0: the unchanged code, run several times. Its mean is the first incumbent's metric, its spread is σ."""

from journal.changes.signature import baseline_change
from journal.events import ChangeCommitted, ExperimentKept, IdeaProposed, SessionEnded
from loop.brief.config import Config
from loop.brief.scope import Scope
from loop.contracts import BASELINE
from loop.errors import BadInput
from loop.experiment.verdict import reach_verdict
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal
from loop.workspace import Workspace


def measure_baseline(ctx: Context) -> None:
    """Measure the unchanged code, unless that is done. Ends the session and raises BadInput if it gives no metric."""
    _propose(ctx.journal, ctx.workspace, ctx.config)
    _commit(ctx.journal, ctx.workspace)
    verdict = reach_verdict(ctx, BASELINE, ctx.session.start)
    if isinstance(verdict, ExperimentKept):
        return
    problem = "breaks a guard of the brief" if verdict.rule == "guard" else "gives no metric"
    reason = f"the unchanged code {problem}: {verdict.reason}"
    if ctx.session.state != "ended":
        ctx.journal.append_to_session(SessionEnded(session=ctx.session.tag, reason=reason))
    raise BadInput(f"{reason[0].upper()}{reason[1:]}. See `ar-journal show 0`, repair it, then run again.")


def _propose(journal: SessionJournal, workspace: Workspace, config: Config) -> None:
    if journal.log(BASELINE).idea is not None:
        return
    start = journal.session.start
    scope = Scope(patterns=config.scope, tree=workspace.tree(start), locked=config.locked)
    files = workspace.read(start, scope.files())
    idea = IdeaProposed(
        session=journal.tag,
        experiment=BASELINE,
        idea="the code as it is",
        kind="baseline",
        parent=journal.session.base,
        diff="",
        change=baseline_change(files),  # the gate refuses a change that leads back to this program
        proposer="loop",
    )
    journal.append(BASELINE, idea)


def _commit(journal: SessionJournal, workspace: Workspace) -> None:
    if journal.log(BASELINE).committed is not None:
        return
    workspace.pin(journal.tag, BASELINE, journal.session.start)
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
