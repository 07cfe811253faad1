"""A session as it stood at a position: what headers and status lines say. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from journal.events import SessionStarted
from tui.model.incumbents import Standing
from tui.model.intents import NEVER, Asked, StandingDirection
from tui.model.session_log import STATUSES, UNPRICED, ProposerRest, SessionLog, SessionState


class Summary(Struct, frozen=True, kw_only=True):
    """A session as it stood: what the header says."""

    tag: str
    goal: str
    metric: str
    direction: str
    worked: float  # seconds in which it was open, before the state that it is in
    state: SessionState
    best: float | None
    best_experiment: int | None
    best_row: int | None
    baseline: float | None
    sigma: float | None
    counts: dict[str, int]
    refusals: int
    dollars: float | None
    directions: tuple[StandingDirection, ...]
    waiting: tuple[Asked, ...]  # intents without an answer
    rest: ProposerRest | None  # of a proposer that failed and is not to be asked yet, as far as the journal tells
    since_keep: int  # experiments tried since the last that was kept
    plateau: int | None  # how many of those the brief calls a plateau
    news: str  # the last thing that was answered, went wrong or was mended

    def elapsed(self, now: datetime) -> float:
        """Seconds in which the session was open: neither paused nor ended."""
        return self.worked + (_seconds(self.state.since, now) if self.state.name == "open" else 0.0)

    @property
    def kept(self) -> int:
        """Experiments kept, the baseline left out."""
        return self.counts["keep"] - (self.baseline is not None)

    @property
    def minimize(self) -> bool:
        return self.direction != "maximize"


def summarize(log: SessionLog, at: int, *, kept: Sequence[Standing]) -> Summary:
    """A session as of a position; `kept` are the first incumbent and the last, if there was one."""
    event = log.started.event
    assert isinstance(event, SessionStarted)
    config = event.config
    states = [one for one in log.states if one.position <= at]
    counts = {
        status: bisect_right(log.verdicts[status], at) - bisect_right(log.overruled[status], at)
        for status in STATUSES[1:]
    }
    first, best = (kept[0], kept[-1]) if kept else (None, None)
    return Summary(
        tag=event.session,
        goal=str(config.get("goal", "")),
        metric=str(config.get("metric", "")),
        direction=str(config.get("direction", "minimize")),
        worked=sum(
            _seconds(one.since, datetime.fromisoformat(then.since))
            for one, then in pairwise(states)
            if one.name == "open"
        ),
        state=states[-1],
        best=best.metric if best else None,
        best_experiment=best.number if best else None,
        best_row=best.row if best else None,
        baseline=first.metric if first and first.number == 0 else None,
        sigma=_last(log.noise, at),
        counts=counts,
        refusals=bisect_right(log.refused, at),
        dollars=_dollars(log, at),
        directions=tuple(
            replace(one, withdrawn=NEVER) for one in log.requests.directions if one.added <= at < one.withdrawn
        ),
        waiting=tuple(
            replace(asked, answered=NEVER, outcome="")
            for asked in log.requests.asked
            if asked.position <= at < asked.answered
        ),
        rest=next((rest for rest in reversed(log.rests) if rest.position <= at), None),
        since_keep=_since_keep(log, at),
        plateau=_whole(config.get("plateau")),
        news=_news(log, at),
    )


def _seconds(since: str, until: datetime) -> float:
    return (until - datetime.fromisoformat(since)).total_seconds()


def _news(log: SessionLog, at: int) -> str:
    """The latest answer or notice."""
    answers = [(one.answered, f"{one.words}: {one.outcome or 'acknowledged'}") for one in log.requests.asked]
    known = [entry for entry in (*answers, *log.notices) if entry[0] <= at]
    return max(known)[1] if known else ""


def _since_keep(log: SessionLog, at: int) -> int:
    """Verdicts on what was tried, without those on nothing, since the last keep."""
    place = bisect_right(log.verdicts["keep"], at)
    begun = log.verdicts["keep"][place - 1] if place else 0
    tried = (log.verdicts[status] for status in ("discard", "crash"))
    return sum(bisect_right(positions, at) - bisect_right(positions, begun) for positions in tried)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _last(entries: list[tuple[int, float]], at: int) -> float | None:
    known = [value for position, value in entries if position <= at]
    return known[-1] if known else None


def _dollars(log: SessionLog, at: int) -> float | None:
    """Spent so far; None where a price is unknown."""
    last = bisect_right(log.spent_at, at) - 1
    total = log.spent[last] if last >= 0 else 0.0
    return None if total == UNPRICED else total
