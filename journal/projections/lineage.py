"""What a commit stands on, and so which changes it holds: the chain of experiments back to the baseline. Pure."""

from collections.abc import Iterable

from journal.projections.experiments import Experiment
from journal.projections.state import State


def lineage(state: State, session: str, commit: str | None) -> list[Experiment]:
    """The experiment of a commit, the one whose commit it stands on, and so on; empty for a commit of no experiment."""
    rows = (row for row in state.experiments.rows.values() if row.session == session and row.commit is not None)
    by_commit = {row.commit: row for row in rows}
    chain: list[Experiment] = []
    while (row := by_commit.get(commit)) is not None and row not in chain:
        chain.append(row)
        commit = row.parent
    return chain


def carried(chain: Iterable[Experiment]) -> Experiment | None:
    """A change in the chain that was vetoed and that no later part of the chain takes back."""
    chain = list(chain)
    undone = {row.takes_back for row in chain}
    return next((row for row in chain if row.vetoed and row.number not in undone), None)


def unfit(state: State, session: str, number: int) -> str | None:
    """Why an experiment's commit cannot be the incumbent, in words; None where it can."""
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
        return f"experiment {number} gave no metric to compare with"
    held = carried(lineage(state, session, row.commit))
    return f"experiment {number} holds the change of experiment {held.number}, which was vetoed" if held else None


def unvetoable(state: State, session: str, number: int) -> str | None:
    """Why an experiment cannot be taken back, in words; None where it can."""
    row = state.experiments.rows.get((session, number))
    if row is None:
        return f"there is no experiment {number}"
    if number == 0:
        return "experiment 0 is the code as it came: there is nothing to take back"
    if row.vetoed:
        return f"experiment {number} was vetoed before"
    if row.status != "keep":
        return f"experiment {number} was not kept ({row.status})"
    if row.takes_back is not None:
        return f"experiment {number} is what took experiment {row.takes_back} back: without it that change would return"
    return None
