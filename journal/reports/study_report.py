"""The report of a study in Markdown: its sessions, and the best results in order, for each device class. Pure."""

from collections.abc import Iterator

from journal.projections.frontier import FrontierPoint
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.figures import format_change, format_metric
from journal.reports.narration import pluralize
from journal.reports.quoting import quote

NAME, IDEA = 48, 110  # characters


def frontier(state: State, session: str, *, device: str) -> list[FrontierPoint]:
    """The results of a study on one device class that were better than all before them, across its sessions."""
    members = {tag for tag in state.studies.sessions(session) if state.studies.rows[tag].device == device}
    sign = 1.0 if state.sessions.rows[session].direction == "minimize" else -1.0
    points: list[FrontierPoint] = []
    for point in state.frontier.rows:
        if point.session in members and (not points or sign * point.metric < sign * points[-1].metric):
            points.append(point)
    return points


def best_session(state: State, sessions: tuple[str, ...], *, device: str) -> Session | None:
    """The session with the best incumbent on a device class that has kept a change; the latest of equal ones."""
    rows = [state.sessions.rows[tag] for tag in sessions if state.studies.rows[tag].device == device]
    measured = [(row.best, row) for row in rows if row.kept > 0 and row.best is not None]
    if not measured:
        return None
    sign = 1.0 if measured[0][1].direction == "minimize" else -1.0
    return min(reversed(measured), key=lambda entry: sign * entry[0])[1]


def render_study(state: State, session: str) -> str:
    """The report of the study that a session belongs to."""
    tags = state.studies.sessions(session)
    latest = state.sessions.rows[session]
    devices = dict.fromkeys(state.studies.rows[tag].device for tag in tags)
    title = quote(latest.goal, IDEA, marks=False) or session
    lines = [f"# {title}", "", f"Study {_name(tags[0])}: {pluralize(len(tags), 'session')}, {_metric(latest)}.", ""]
    lines += ["## Sessions", "", *(_session_line(state, tag) for tag in tags)]
    for device in devices:
        lines += _device_lines(state, session, device)
    return "\n".join(lines).rstrip() + "\n"


def _metric(session: Session) -> str:
    return f"{_name(session.metric or 'metric')}, {session.direction}"


def _session_line(state: State, tag: str) -> str:
    row = state.sessions.rows[tag]
    tally = f"{pluralize(row.experiments, 'experiment')}, {row.kept} kept"
    if row.best is None or row.baseline is None:
        return f"- {_name(tag)} on {_name(row.device) or 'no device'}: nothing is measured, {tally}"
    change = format_change(row.baseline, row.best, row.sigma)
    return f"- {_name(tag)} on {_name(row.device) or 'no device'}: {change}, {tally}"


def _device_lines(state: State, session: str, device: str) -> Iterator[str]:
    points = frontier(state, session, device=device)
    if not points:
        return
    yield from ("", f"## Best so far on {_name(device) or 'no device'}", "")
    for point in points:
        row = state.experiments.rows.get((point.session, point.experiment))
        sigma = state.sessions.rows[point.session].sigma
        idea = quote(row.idea, IDEA) if row and point.experiment else "the unchanged code"
        yield f"- {format_metric(point.metric, sigma)}: {_name(point.session)} #{point.experiment} {idea}"


def _name(text: str) -> str:
    return quote(text, NAME, marks=False)
