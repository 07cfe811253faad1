"""What a start of the loop does first: compare the journal's last word with git and the process table, and mend.

The journal is the truth. A branch that stands where the journal can explain is moved to where the journal says; one that
somebody moved elsewhere is refused in a sentence. A run that was in flight is ended and recorded as interrupted.
"""

from dataclasses import dataclass

from journal.events import RunFailed, RunStarted, SessionRecovered
from loop.errors import BadInput
from loop.experiment.branch import settle
from loop.runs.process import process_table
from loop.runtime.context import Lab
from loop.workspace import branch_name


@dataclass(frozen=True)
class Mended:
    """One thing that recovery found and what it did."""

    found: str
    did: str


def recover(lab: Lab) -> list[Mended]:
    """Finish or undo exactly the open step. Raises BadInput where only a person can decide."""
    mended = [*_runs(lab), *_locks(lab), *_refs(lab), *_unsettled(lab), *_branch(lab)]
    if mended:
        event = SessionRecovered(
            session=lab.session.tag,
            found="; ".join(item.found for item in mended),
            did="; ".join(item.did for item in mended),
        )
        lab.recorder.of_session(event)
    return mended


def _locks(lab: Lab) -> list[Mended]:
    """No lock of a git that was killed stands in the way of this session's refs."""
    return [
        Mended(f"a git that was killed had left {name}", "removed it") for name in lab.workspace.unlock(lab.session.tag)
    ]


def _refs(lab: Lab) -> list[Mended]:
    """Every commit that the journal names is held by a ref."""
    tag = lab.session.tag
    held = lab.workspace.tried(tag)
    rows = [row for row in lab.state.experiments.rows.values() if row.session == tag and row.commit is not None]
    missing = [row for row in rows if held.get(row.number) != row.commit]
    lost = [row.number for row in missing if not lab.workspace.exists(str(row.commit))]
    if lost:
        raise BadInput(
            f"The commit of experiment {lost[0]} is not in this repository: is this journal from another clone? "
            f"Fetch refs/autoresearch/{tag}/* from there, or start a new session with --tag."
        )
    for row in missing:
        lab.workspace.hold(tag, row.number, str(row.commit))
    return [Mended(f"no ref held the commit of experiment {row.number}", "held it again") for row in missing]


def _unsettled(lab: Lab) -> list[Mended]:
    """Every verdict that let a change go is followed by its revert."""
    rows = [row for row in lab.state.experiments.rows.values() if row.session == lab.session.tag]
    return [item for row in rows if row.status in ("discard", "crash", "invalid") for item in _settle(lab, row.number)]


def _settle(lab: Lab, number: int) -> list[Mended]:
    case = lab.case(number)
    if case.reverted is not None or case.committed is None or case.verdict is None:
        return []
    settle(lab, number, case.committed.commit, case.verdict)
    return [Mended(f"experiment {number} was judged and not yet reverted", "reverted it")]


def _branch(lab: Lab) -> list[Mended]:
    """The branch stands where the journal left it; a loop may have ended between that event and the branch's move."""
    tag, tip = lab.session.tag, lab.session.tip
    stands = lab.workspace.branch(tag)
    if stands == tip:
        return []
    if stands not in (None, lab.session.stood):
        raise BadInput(
            f"Branch {branch_name(tag)} stands at {str(stands)[:10]}, and this session left it at {tip[:10]}. "
            f"Put it back with `git update-ref refs/heads/{branch_name(tag)} {tip}`, or start a new session with --tag."
        )
    lab.workspace.advance(tag, tip, expected=stands)
    return [
        Mended(
            f"branch {branch_name(tag)} stood at {str(stands)[:10]}", f"moved it to {tip[:10]}, the last kept commit"
        )
    ]


def _runs(lab: Lab) -> list[Mended]:
    """No run of an earlier loop is in flight, in the process table or in the journal."""
    tag = lab.session.tag
    numbers = [row.experiment for row in lab.state.runs.rows.values() if row.session == tag and row.status == "running"]
    return [_end(lab, number, run) for number in numbers for run in lab.case(number).open_runs()]


def _end(lab: Lab, number: int, run: RunStarted) -> Mended:
    found = f"run {run.run} of experiment {number} was in flight"
    ended = process_table.sweep(lab.runs.folder(run.session, number, run.run) / "home")
    event = RunFailed(
        session=run.session,
        experiment=number,
        run=run.run,
        kind="interrupted",
        reason="the loop ended while this ran",
        signature="interrupted",
    )
    lab.recorder.experiment(number, event)
    return Mended(found, "ended its processes and recorded it" if ended else "recorded it as interrupted")
