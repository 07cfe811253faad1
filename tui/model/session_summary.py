"""A session as of a position: what headers and status lines show. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from journal.events import SessionStarted
from tui.model.columns import NEVER
from tui.model.incumbents import Incumbent
from tui.model.intents import PostedDirection, PostedIntent
from tui.model.session_log import STATUSES, UNPRICED, ProposerBackoff, SessionLog, SessionState

PACE_EXPERIMENTS = 3  # decided, from which the time of one is known well enough to name an end
PACE_SECONDS = 600.0  # open, from which keeps per hour say something
RESULT_SECONDS, NOTICE_SECONDS = 30.0, 900.0  # for which the answer to a request and another notice are news


class Notice(Struct, frozen=True):
    """A line about something that happened; `time` in ISO 8601, UTC."""

    time: str
    text: str


class SessionSummary(Struct, frozen=True, kw_only=True):
    """A session as of a position."""

    tag: str
    host: str
    config: Mapping[str, object]  # of the brief, with its accepted edits
    open_seconds: float  # time in which it was open, before its present state
    state: SessionState
    best: float | None
    best_experiment: int | None
    best_row: int | None
    baseline: float | None
    sigma: float | None
    counts: dict[str, int]
    refusals: int
    dollars: float | None
    directions: tuple[PostedDirection, ...]
    requests: tuple[PostedIntent, ...]  # open, or agreed and not done yet
    touches: int  # changes of the person's repository while an agent ran
    backoff: ProposerBackoff | None  # the latest wait for a proposer that failed; it may be over
    since_keep: int  # experiments discarded or crashed since the last keep
    result: Notice | None  # the latest answer to a request
    notice: Notice | None  # the latest failure, recovery or rejected edit

    @property
    def goal(self) -> str:
        return str(self.config.get("goal", ""))

    @property
    def metric(self) -> str:
        return str(self.config.get("metric", ""))

    @property
    def direction(self) -> str:
        return str(self.config.get("direction", "minimize"))

    @property
    def is_minimized(self) -> bool:
        return self.direction != "maximize"

    @property
    def open_requests(self) -> tuple[PostedIntent, ...]:
        """Those that the loop has not answered."""
        return tuple(request for request in self.requests if request.answered_at == NEVER)

    @property
    def kept(self) -> int:
        """Experiments kept, without the baseline."""
        return self.counts["keep"] - (self.baseline is not None)

    @property
    def decided(self) -> int:
        """Experiments with a verdict, without the baseline."""
        return sum(self.counts.values()) - (self.baseline is not None)

    @property
    def gain(self) -> float | None:
        """How much better the best is than the baseline, in the metric's unit."""
        if self.best is None or self.baseline is None:
            return None
        return self.baseline - self.best if self.is_minimized else self.best - self.baseline

    def limit(self, name: str) -> float | None:
        """A limit of the brief as a number; None if it has none."""
        value = self.config.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def elapsed(self, now: datetime) -> float:
        """Seconds in which the session was open: neither paused nor ended."""
        return self.open_seconds + (_seconds(self.state.since, now) if self.state.name == "open" else 0.0)

    def news(self, present: datetime) -> Notice | None:
        """The latest answer to a request, failure or recovery, while it is news."""
        notices = ((self.result, RESULT_SECONDS), (self.notice, NOTICE_SECONDS))
        recent = [notice for notice, age in notices if notice is not None and _seconds(notice.time, present) < age]
        return max(recent, key=lambda notice: notice.time, default=None)

    def keeps_per_hour(self, now: datetime) -> float | None:
        """None while the session is too young to say."""
        elapsed = self.elapsed(now)
        return self.kept / elapsed * 3_600 if elapsed >= PACE_SECONDS else None

    def estimated_end(self, now: datetime) -> datetime | None:
        """When the first limit of the brief will be reached at the present pace; None if nothing says so."""
        if self.state.name != "open":
            return None
        ends, experiments, hours = [], self.limit("experiments"), self.limit("hours")
        if experiments is not None and self.decided >= PACE_EXPERIMENTS:
            pace = self.elapsed(now) / self.decided
            ends.append(now + timedelta(seconds=max(0.0, experiments - self.decided) * pace))
        if hours is not None:
            ends.append(datetime.fromisoformat(self.state.since) + timedelta(hours=hours))
        return min(ends, default=None)


def summarize(log: SessionLog, position: int, *, incumbents: Sequence[Incumbent]) -> SessionSummary:
    """A session as of a position; `incumbents` are the first and the last, if there are any."""
    event = log.started.event
    assert isinstance(event, SessionStarted)
    states = [state for state in log.states if state.position <= position]
    first, best = (incumbents[0], incumbents[-1]) if incumbents else (None, None)
    return SessionSummary(
        tag=event.session,
        host=event.host,
        config=next((config for at, config in reversed(log.configs) if at <= position), event.config),
        open_seconds=sum(
            _seconds(state.since, datetime.fromisoformat(following.since))
            for state, following in pairwise(states)
            if state.name == "open"
        ),
        state=states[-1],
        best=best.metric if best else None,
        best_experiment=best.number if best else None,
        best_row=best.row if best else None,
        baseline=first.metric if first and first.number == 0 else None,
        sigma=next((sigma for at, sigma in reversed(log.noise) if at <= position), None),
        counts={
            status: bisect_right(log.verdicts[status], position) - bisect_right(log.superseded[status], position)
            for status in STATUSES[1:]
        },
        refusals=bisect_right(log.refused_at, position),
        dollars=_dollars(log, position),
        directions=tuple(
            replace(direction, withdrawn_at=NEVER)
            for direction in log.requests.directions
            if direction.added_at <= position < direction.withdrawn_at
        ),
        requests=_requests(log, position),
        touches=bisect_right(log.touched_at, position),
        backoff=next((backoff for backoff in reversed(log.backoffs) if backoff.position <= position), None),
        since_keep=_since_keep(log, position),
        result=_result(log, position),
        notice=next((Notice(time, text) for at, time, text in reversed(log.notices) if at <= position), None),
    )


def _seconds(since: str, until: datetime) -> float:
    return (until - datetime.fromisoformat(since)).total_seconds()


def _requests(log: SessionLog, position: int) -> tuple[PostedIntent, ...]:
    """The open and the pending ones, as they were at the position."""
    found = []
    for intent in log.requests.intents:
        withdrawn_at = intent.withdrawn_at if intent.withdrawn_at <= position else NEVER
        if intent.is_open(position):
            found.append(PostedIntent(intent.position, intent.event, withdrawn_at=withdrawn_at))
        elif intent.is_pending(position):
            found.append(replace(intent, ended_at=NEVER, withdrawn_at=withdrawn_at))
    return tuple(found)


def _result(log: SessionLog, position: int) -> Notice | None:
    answered = [intent for intent in log.requests.intents if intent.answered_at <= position]
    latest = max(answered, key=lambda intent: intent.answered_at, default=None)
    return Notice(latest.answered_time, f"{latest.text}: {latest.outcome or 'done'}") if latest else None


def _since_keep(log: SessionLog, position: int) -> int:
    """Experiments discarded or crashed since the last keep."""
    keeps = log.verdicts["keep"]
    index = bisect_right(keeps, position)
    start = keeps[index - 1] if index else 0
    tried = (log.verdicts[status] for status in ("discard", "crash"))
    return sum(bisect_right(positions, position) - bisect_right(positions, start) for positions in tried)


def _dollars(log: SessionLog, position: int) -> float | None:
    """Spent so far; None if a price is unknown."""
    index = bisect_right(log.cost_at, position) - 1
    total = log.cost[index] if index >= 0 else 0.0
    return None if total == UNPRICED else total
