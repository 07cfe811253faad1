"""`--onto`: the commit of an earlier session that a new session starts from."""

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.projections.studies import difference
from loop.contracts import Device
from loop.errors import BadInput
from loop.setup import study
from loop.setup.project import Project

BEST = "best"
WITHOUT = "or start from HEAD, without --onto"


def earlier_session(project: Project, state: State, onto: str, *, tag: str | None, device: Device) -> Session:
    """The session that `--onto` names, whose incumbent a new session can start from. Raises BadInput if there is none."""
    if tag in state.sessions.rows:
        raise BadInput(
            f"Session {tag} exists, and --onto starts a new session: choose another --tag, or leave out --onto."
        )
    session = _best(project, state, device=device) if onto == BEST else state.sessions.rows.get(onto)
    if session is None:
        known = ", ".join(list(state.sessions.rows)[-3:]) or "none yet"
        raise BadInput(f"There is no session {onto}: --onto takes the tag of an earlier session ({known}), or best.")
    _check(project, state, session)
    return session


def _best(project: Project, state: State, *, device: Device) -> Session:
    session = study.best(project, state, device=device.description)
    if session is None:
        kept = [row for row in state.sessions.rows.values() if row.kept > 0 and row.device == device.description]
        reason = (
            f": session {kept[-1].tag} did, but the harness changed ({_changes(project, state, kept[-1])})"
            if kept
            else ""
        )
        raise BadInput(
            f"No session that compares with HEAD has kept a change on {device.description}{reason}; start without --onto."
        )
    return session


def _check(project: Project, state: State, session: Session) -> None:
    """Raises BadInput if a new session cannot start from the session's incumbent."""
    if not session.kept:
        raise BadInput(f"Session {session.tag} has kept no change: name another session, {WITHOUT}.")
    if changes := _changes(project, state, session):
        raise BadInput(
            f"Session {session.tag} does not compare with HEAD, because the harness changed ({changes}): restore it, {WITHOUT}."
        )
    if session.profile != (project.profile.name or None):
        raise BadInput(
            f"Session {session.tag} has the constants of the profile {session.profile or '(none)'}, and the brief names "
            f"{project.profile.name or '(none)'}: name the same profile, {WITHOUT}."
        )
    if not project.workspace.exists(session.incumbent):
        raise BadInput(
            f"The commit {session.incumbent:.10} of session {session.tag} is not in this repository: fetch its branch "
            f"{session.branch}, {WITHOUT}."
        )


def _changes(project: Project, state: State, session: Session) -> str:
    """What differs between a session's harness and HEAD's; empty if its results compare."""
    return difference(state.studies.identity(session.tag), study.identity(project))
