"""What a person should know about a session at once: in status, screen and report, and at the end of a run. Pure."""

from journal.projections.sessions import Session
from journal.reports.quoting import quote

REASON = 200  # characters


def session_warnings(session: Session) -> list[str]:
    """A sentence each, without a full stop; text of agents is quoted."""
    return [warning for warning in (_failing(session), _touched(session), _unknown_cost(session)) if warning]


def _failing(session: Session) -> str:
    """Set if the proposer's latest call failed, or every second call."""
    calls = session.calls
    if not calls.failed or (not calls.is_failing and calls.failed * 2 < calls.total):
        return ""
    return (
        f"proposer failed {calls.failed} of {calls.total}: {calls.proposer}: {quote(calls.reason, REASON, marks=False)}"
    )


def _touched(session: Session) -> str:
    if not session.touches:
        return ""
    times = f" ({session.touches} times)" if session.touches > 1 else ""
    changes = quote("; ".join(session.touched), REASON, marks=False)
    return f"this repository changed while an agent ran{times}: {changes}; if this was not you, the agent did it"


def _unknown_cost(session: Session) -> str:
    silent = session.costs.silent_calls
    calls = f"{silent} call{'s' * (silent != 1)} of the proposer"
    return f"`max_cost` cannot hold: {calls} reported neither a price nor tokens" if silent else ""
