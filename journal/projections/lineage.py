"""The chain of experiments from a commit back to the baseline, and so the changes that the commit contains. Pure."""

from collections.abc import Collection, Iterable

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State


def lineage(state: State, session: str, commit: str | None) -> list[Experiment]:
    """The experiment of a commit, the experiment of its parent, and so on; empty if no experiment has this commit."""
    rows = (row for row in state.experiments.rows.values() if row.session == session and row.commit is not None)
    by_commit = {row.commit: row for row in rows}
    chain: list[Experiment] = []
    while (row := by_commit.get(commit)) is not None and row not in chain:
        chain.append(row)
        commit = row.parent
    return chain


def inherited(state: State, session: str) -> list[Experiment]:
    """The kept experiments of earlier sessions of the study that a session's first commit contains, oldest first.

    They are found by program, so it does not matter how the kept changes came into the commit.
    """
    found: list[Experiment] = []
    seen = {session}
    row = state.sessions.rows.get(session)
    while row is not None and (origin := _origin(state, row, seen)) is not None:
        seen.add(origin.session)
        chain = lineage(state, origin.session, origin.commit)
        found += [kept for kept in chain if kept.status == "keep" and kept.number > 0]
        row = state.sessions.rows.get(origin.session)
    return found[::-1]


def _origin(state: State, session: Session, seen: Collection[str]) -> Experiment | None:
    """The latest kept experiment of another session of the study whose program a session starts with."""
    changes, study = state.changes, state.studies.sessions(session.tag)
    earlier = study[: study.index(session.tag)]
    trials = [
        trial
        for trial in changes.with_program(changes.program_at(session.start))
        if trial.session in earlier and trial.session not in seen and trial.experiment > 0 and trial.status == "keep"
    ]
    latest = trials[-1] if trials else None
    return state.experiments.rows.get((latest.session, latest.experiment)) if latest else None


def vetoed_change(chain: Iterable[Experiment]) -> Experiment | None:
    """An experiment in the chain that was vetoed and that no other experiment in the chain undoes."""
    chain = list(chain)
    undone = {row.takes_back for row in chain}
    return next((row for row in chain if row.vetoed and row.number not in undone), None)


def branch_refusal(state: State, session: str, number: int) -> str | None:
    """Why an experiment's commit cannot be the incumbent; None if it can."""
    row = state.experiments.rows.get((session, number))
    if row is None:
        return f"there is no experiment {number}"
    if row.status == "open":
        return f"experiment {number} has no verdict yet"
    if row.vetoed:
        return f"experiment {number} was vetoed"
    if row.status == "invalid":
        return f"experiment {number} does not count: {row.reason}"
    if row.metric is None:
        return f"experiment {number} has no metric to compare with"
    vetoed = vetoed_change(lineage(state, session, row.commit))
    return (
        f"experiment {number} contains the change of experiment {vetoed.number}, which was vetoed" if vetoed else None
    )


def veto_refusal(state: State, session: str, number: int) -> str | None:
    """Why an experiment cannot be taken back; None if it can."""
    row = state.experiments.rows.get((session, number))
    if row is None:
        return f"there is no experiment {number}"
    if number == 0:
        return "experiment 0 is the unchanged code: there is nothing to take back"
    if row.vetoed:
        return f"experiment {number} is vetoed already"
    if row.status != "keep":
        return f"experiment {number} was not kept ({row.status})"
    if row.takes_back is not None:
        return f"experiment {number} took experiment {row.takes_back} back: vetoing it would bring that change back"
    return None
