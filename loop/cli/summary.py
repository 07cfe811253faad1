"""The state of a session, as lines and as data. Pure."""

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.figures import format_metric
from journal.reports.warnings import session_warnings


def as_data(session: Session, state: State) -> dict[str, object]:
    """The session's figures, for `--json`."""
    experiments = in_flight(session, state)
    return {
        "session": session.tag,
        "state": session.state,
        "reason": session.reason,
        "branch": session.branch,
        "metric": session.metric,
        "direction": session.direction,
        "baseline": session.baseline,
        "best": session.best,
        "best_experiment": session.incumbent_experiment,
        "sigma": session.sigma,
        "gain": gain(session),
        "gain_sigma": gain_sigma(session),
        "experiments": session.experiments,
        "kept": session.kept,
        "discarded": session.counts["discard"],
        "crashed": session.counts["crash"],
        "invalid": session.counts["invalid"],
        "vetoed": vetoed(session, state),
        "refused": session.refusals,
        "dollars": session.dollars,
        "warnings": session_warnings(session),
        "chosen_because": session.moved_reason or None,
        "in_flight": experiments[0] if experiments else None,
        "all_in_flight": experiments,
        "position": state.position,
    }


def as_lines(session: Session, state: State, *, is_running: bool | None = None) -> list[str]:
    """The session's figures, for people; `is_running` is None if nobody knows whether a loop runs."""
    experiments = in_flight(session, state)
    counts, vetoes = session.counts, vetoed(session, state)
    lines = [
        f"session {session.tag} ({session.state}{f': {session.reason}' if session.reason else ''})",
        f"{session.metric} {_best(session)}",
        (
            f"{_counted(session.experiments, 'experiment')}: {session.kept} kept, {counts['discard']} discarded, "
            f"{counts['crash']} crashed, {counts['invalid']} invalid{f' ({vetoes} vetoed)' if vetoes else ''}; "
            f"{_counted(session.refusals, 'proposal')} refused"
        ),
    ]
    if session.moved_reason:
        lines.append(f"the incumbent is #{session.incumbent_experiment} because {session.moved_reason}")
    lines += [f"WARNING: {warning}" for warning in session_warnings(session)]
    needs_loop = is_running is False and session.state != "ended"
    if experiments:
        lines.append(f"{'unfinished' if needs_loop else 'in flight'}: {', '.join(f'#{row}' for row in experiments)}")
    if needs_loop:
        killed = ", and the last one did not end the session (killed?); nothing recorded is lost"
        lines.append(
            f"no loop is running{killed if session.state == 'open' else ''}: `ar-loop run` continues the session"
        )
    return lines


def vetoed(session: Session, state: State) -> int:
    """The number of experiments that a person has vetoed."""
    return sum(row.vetoed for row in state.experiments.of_session(session.tag))


def gain(session: Session) -> float | None:
    """How much better the best metric is than the baseline, in the metric's unit."""
    if session.best is None or session.baseline is None:
        return None
    return session.baseline - session.best if session.direction == "minimize" else session.best - session.baseline


def gain_sigma(session: Session) -> float | None:
    """The gain over σ."""
    total = gain(session)
    return total / session.sigma if total is not None and session.sigma else None


def in_flight(session: Session, state: State) -> list[int]:
    """The experiments without a verdict; none if the session has ended."""
    if session.state == "ended":
        return []
    return [row.number for row in state.experiments.of_session(session.tag) if row.status == "open"]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _best(session: Session) -> str:
    if session.best is None:
        return "has no baseline yet"
    sigma = f", σ {session.sigma:.4g}" if session.sigma is not None else ""
    best = f"best {format_metric(session.best, session.sigma)} (#{session.incumbent_experiment})"
    total, in_sigma = gain(session), gain_sigma(session)
    if not session.incumbent_experiment or total is None:
        return f"{best}{sigma}"
    comparison = f"{format_metric(abs(total), session.sigma)} {'worse' if total < 0 else 'better'} than the baseline"
    return f"{best}, {comparison}{f' ({abs(in_sigma):.1f} σ)' if in_sigma is not None else ''}{sigma}"
