"""What an earlier session kept and the base of a new one does not hold: easily forgotten, as every session starts from HEAD."""

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.narration import number
from loop.scope import matches
from loop.workspace import Workspace


def left_behind(workspace: Workspace, state: State, scope: tuple[str, ...], *, tag: str | None) -> str | None:
    """A sentence about the latest session with keeps, where `run` starts a new one without them; None where all is well."""
    starts = tag not in state.sessions.rows if tag else state.open_session() is None
    before = [one for one in state.sessions.rows.values() if one.kept > 0 and workspace.exists(one.incumbent)]
    if not starts or not before or _holds(workspace, before[-1], scope):
        return None
    last = before[-1]
    count = f"{last.kept} change{'s' * (last.kept > 1)}, {last.metric} {number(last.best)}"
    go_on = "" if last.state == "ended" else f"; to go on with it, `ar-loop run --tag {last.tag}`"
    return (
        f"HEAD does not hold what session {last.tag} kept ({count}), so a new session starts without it: to take it along, "
        f"`git merge {last.branch}` first{go_on}."
    )


def _holds(workspace: Workspace, session: Session, scope: tuple[str, ...]) -> bool:
    """Whether HEAD has a session's incumbent in its history, or its files in scope are the same."""
    head = workspace.head()
    ours, theirs = workspace.tree(head), workspace.tree(session.incumbent)
    edited = {path for path in ours | theirs if matches(path, scope)}
    return workspace.contains(head, session.incumbent) or all(ours.get(path) == theirs.get(path) for path in edited)
