"""The part of a prompt that changes each turn: the incumbent, the kind of change that is wanted, directions, refusals. Pure."""

from collections import Counter
from collections.abc import Container, Sequence
from itertools import takewhile

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.reports.quoting import quote
from loop.contracts import Request
from loop.proposers.answer import KINDS

IDEA, DIRECTION = 110, 600  # characters
DIRECTIONS = 8  # the latest
PLATEAU = 8  # experiments without a keep after which the news ask for another kind of change
UNPAID = 8  # experiments of one kind since its last keep after which the news ask for another kind
BOLD = 3  # one experiment in so many is to be bold


def news(request: Request) -> str:
    """The incumbent, what is under way, the kind of change that is wanted, directions, refusals."""
    session = request.state.sessions.rows.get(request.session)
    lines = [f"# Now: experiment {request.experiment}", "", _standing(session)]
    lines += _under_way(request)
    lines += _wanted_kind(request)
    lines += _bold(request)
    lines += _directions(session)
    lines += refused(request)
    lines += ["", "Propose the next change."]
    return "\n".join(lines)


def refused(request: Request) -> list[str]:
    """The refusals of this experiment so far, each with the refused idea."""
    rows = request.state.refusals.rows
    lines = []
    for refusal in request.refusals:
        row = rows.get((refusal.session, refusal.experiment, refusal.attempt))
        idea = quote(row.idea, IDEA) if row is not None and row.idea else "A proposal"
        lines.append(f"- {idea} was refused ({refusal.rule}): {' '.join(refusal.reason.split())}")
    return ["", "Refused for this experiment: propose something else, or correct this:", *lines] if lines else []


def _standing(session: Session | None) -> str:
    if session is None or session.best is None:
        return "The files above are the starting point."
    where = f"The files above are the incumbent (experiment {session.incumbent_experiment}, {session.best:.6g})"
    return (
        f"{where}. The researcher chose it: {quote(session.moved_reason, 120)}."
        if session.moved_reason
        else f"{where}."
    )


def _under_way(request: Request) -> list[str]:
    """A sentence for each experiment in flight."""
    rows = request.state.experiments.of_session(request.session)
    return [
        f"Experiment {row.number} is under way: {quote(row.idea, IDEA)}. The files above are without its change. If it is "
        "kept, the loop applies your edits on top of it, so do not edit its lines."
        for row in rows
        if row.status == "open" and row.number != request.experiment
    ]


def _directions(session: Session | None) -> list[str]:
    """The researcher's directions that hold, the latest last."""
    directions = list(session.directions.items())[-DIRECTIONS:] if session else []
    lines = [f"- {number}: {quote(text, DIRECTION)}" for number, text in directions]
    return ["", "Directions of the researcher, which hold until they are withdrawn:", *lines] if lines else []


def _bold(request: Request) -> list[str]:
    if request.experiment % BOLD:
        return []
    return ["This turn, propose a bold change: of your candidates the one with the largest gain, whatever its chance."]


def _wanted_kind(request: Request) -> list[str]:
    """A request for another kind of change, if nothing was kept for long, or nothing of one kind."""
    rows = request.state.experiments.of_session(request.session)
    decided = [row for row in rows if row.number > 0 and row.status != "open"]
    since = list(takewhile(lambda row: row.status != "keep", reversed(decided)))
    if since and (len(since) >= PLATEAU or request.plateau):
        return [_plateau(since)]
    unpaid = {
        kind: len(vain) for kind in KINDS if len(vain := _since_keep(decided, kind)) >= UNPAID and kind != "other"
    }
    texts = [f"None of the last {count} changes of kind {kind} was kept." for kind, count in unpaid.items()]
    return [" ".join([*texts, _ask(_counts(decided), without=unpaid)])] if texts else []


def _plateau(since: Sequence[Experiment]) -> str:
    counts = _counts(since)
    tried = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
    return f"Nothing was kept in the last {len(since)} experiments ({tried}). {_ask(counts)}"


def _since_keep(decided: Sequence[Experiment], kind: str) -> list[Experiment]:
    latest_first = (row for row in reversed(decided) if row.kind == kind)
    return list(takewhile(lambda row: row.status != "keep", latest_first))


def _counts(rows: Sequence[Experiment]) -> Counter[str]:
    return Counter(row.kind or "other" for row in rows)


def _ask(counts: Counter[str], *, without: Container[str] = ()) -> str:
    """A request for the kinds that were tried at most a quarter as often as the commonest, by name."""
    named = [kind for kind in KINDS if kind != "other" and kind not in without]
    rare = [kind for kind in named if counts[kind] <= counts.most_common(1)[0][1] / 4]
    return f"Propose another kind of change: {', '.join(rare)}." if rare else "Propose something bolder."
