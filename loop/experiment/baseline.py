"""Experiment 0: the code as it is, run several times. What it measures is the first incumbent, its spread is σ."""

from journal.changes.signature import inventory
from journal.events import ChangeCommitted, ExperimentKept, IdeaProposed, SessionEnded
from loop.brief.scope import Scope
from loop.errors import BadInput
from loop.experiment.verdict import verdict_on
from loop.runtime.context import BASELINE, Lab


def measure_baseline(lab: Lab) -> None:
    """Measure the unchanged code, or go on measuring it. Raises BadInput, and ends the session, where it gives no metric."""
    start = lab.session.start
    _propose(lab)
    _commit(lab, start)
    verdict = verdict_on(lab, BASELINE, start)
    if isinstance(verdict, ExperimentKept):
        return
    what = "breaks the brief's own guard" if verdict.rule == "guard" else "gives no metric"
    reason = f"the unchanged code {what}: {verdict.reason}"
    if lab.session.state != "ended":
        lab.recorder.of_session(SessionEnded(session=lab.session.tag, reason=reason))
    raise BadInput(f"{reason[0].upper()}{reason[1:]}. See `ar-journal show 0`, mend it, then start again.")


def _propose(lab: Lab) -> None:
    if lab.case(BASELINE).proposed is not None:
        return
    start = lab.session.start
    scope = Scope(patterns=lab.config.scope, tree=lab.workspace.tree(start), locked=lab.config.locked)
    files = lab.workspace.read(start, scope.files())
    idea = IdeaProposed(
        session=lab.session.tag,
        experiment=BASELINE,
        idea="the code as it is",
        kind="baseline",
        parent=lab.session.base,
        diff="",
        change=inventory(files),  # so that the gate knows the program that a change must not lead back to
        proposer="loop",
    )
    lab.recorder.experiment(BASELINE, idea)


def _commit(lab: Lab, start: str) -> None:
    if lab.case(BASELINE).committed is not None:
        return
    lab.workspace.hold(lab.session.tag, BASELINE, start)
    committed = ChangeCommitted(
        session=lab.session.tag,
        experiment=BASELINE,
        commit=start,
        parent=lab.session.base,
        files=(),
        lines_added=0,
        lines_removed=0,
    )
    lab.recorder.experiment(BASELINE, committed)
