"""Where a session stands, in words and as data. Pure."""

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.narration import number


def as_data(session: Session, state: State) -> dict[str, object]:
    """The session's figures, for `--json`."""
    flight = in_flight(session, state)
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
        "chosen_because": session.moved or None,
        "in_flight": flight[0] if flight else None,
        "all_in_flight": flight,
        "position": state.position,
    }


def as_lines(session: Session, state: State, *, runs: bool | None = None) -> list[str]:
    """The session's figures, for people; `runs` is False where certainly no loop works on the journal."""
    flight = in_flight(session, state)
    counts, back = session.counts, vetoed(session, state)
    tries = (
        f"{_counted(session.experiments, 'experiment')}: "
        f"{session.kept} kept, {counts['discard']} discarded, "
        f"{counts['crash']} crashed, {counts['invalid']} that do not count{f' ({back} vetoed)' if back else ''}; "
        f"{_counted(session.refusals, 'proposal')} refused"
    )
    lines = [
        f"session {session.tag} ({session.state}{f': {session.reason}' if session.reason else ''})",
        f"{session.metric} {_best(session)}",
        tries,
    ]
    lines += [f"the incumbent is #{session.incumbent_experiment} because {session.moved}"] if session.moved else []
    waits = runs is False and session.state != "ended"
    numbers = ", ".join(f"#{number}" for number in flight)
    lines += [f"{'left open' if waits else 'in flight'}: {numbers}"] if flight else []
    return [*lines, _to_be_started(session)] if waits else lines


def _to_be_started(session: Session) -> str:
    """What a person is to do about a session without a loop; one that nobody closed has lost its loop."""
    lost = (
        ", and the last one ended without a word (killed?); nothing recorded is lost" if session.state == "open" else ""
    )
    return f"no loop is running{lost}: `ar-loop run` goes on"


def vetoed(session: Session, state: State) -> int:
    """Experiments that were kept and that a person took back."""
    return sum(row.vetoed for row in state.experiments.of_session(session.tag))


def gain(session: Session) -> float | None:
    """How much better the best is than the baseline, in the metric's unit; positive is better."""
    if session.best is None or session.baseline is None:
        return None
    return session.baseline - session.best if session.direction == "minimize" else session.best - session.baseline


def gain_sigma(session: Session) -> float | None:
    """The gain over σ."""
    won = gain(session)
    return won / session.sigma if won is not None and session.sigma else None


def in_flight(session: Session, state: State) -> list[int]:
    """The experiments that have no verdict yet, unless the session has ended."""
    if session.state == "ended":
        return []
    return [row.number for row in state.experiments.of_session(session.tag) if row.status == "open"]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _best(session: Session) -> str:
    if session.best is None:
        return "has no baseline yet"
    sigma = f", σ {session.sigma:.4g}" if session.sigma is not None else ""
    times = gain_sigma(session)
    in_sigma = f" ({times:.1f} σ)" if times is not None else ""
    won = f", {number(gain(session))} better than the baseline{in_sigma}" if session.incumbent_experiment else ""
    return f"best {number(session.best)} (#{session.incumbent_experiment}){won}{sigma}"
