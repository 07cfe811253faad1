"""`ar-loop wait`: returns as soon as the loop has ended, an experiment has its verdict, or a change was kept."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer

from journal.console.entry import NEGATIVE
from journal.console.locate import locate
from journal.console.terminal import print_text
from journal.console.text import one_line
from journal.events import ExperimentKept
from journal.events.recorded import Recorded
from journal.projections.sessions import Session
from journal.projections.state import State, fold
from journal.store import Reader
from journal.store.lease import is_loop_running
from journal.store.tail import Tail
from loop.brief.validation import parse_duration
from loop.cli.app import LOOK, JournalOption, JsonOption, app, latest_session, read_state
from loop.errors import BadInput

POLL_SECONDS = 2.0  # between two looks at the loop's process while nothing is appended
MAX_NUMBER = 10**9  # of an experiment

ForOption = Annotated[
    str,
    typer.Option("--for", metavar="keep|end|N", help="A keep, the end of the loop, or the verdict of experiment N."),
]
TimeoutOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Longest wait, such as 90s, 20m or 8h (default: no limit).", show_default=False),
]
AfterOption = Annotated[
    int | None,
    typer.Option(min=0, help="With `keep`: count keeps after this position (default: now).", show_default=False),
]


@dataclass(frozen=True)
class Target:
    """What to wait for; `experiment` is the number of an experiment whose verdict is due."""

    kind: Literal["keep", "end", "verdict"]
    experiment: int | None = None

    def __str__(self) -> str:
        return self.kind if self.experiment is None else str(self.experiment)


@dataclass(frozen=True)
class Outcome:
    """Whether it happened, as a sentence, and the experiment that it is about."""

    is_done: bool
    sentence: str
    experiment: int | None = None


@dataclass
class WaitState:
    """What the journal holds so far, and whether a loop runs on it; None if this machine cannot know."""

    session: str
    state: State
    is_running: bool | None = None
    keeps: list[int] = field(default_factory=list)  # experiments that were kept since the wait began


@app.command(
    rich_help_panel=LOOK, epilog="Examples: ar-loop wait --timeout 8h; ar-loop wait --for keep; ar-loop wait --for 12"
)
def wait(
    *,
    until: ForOption = "end",
    timeout: TimeoutOption = None,
    after: AfterOption = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wait for the loop. Exit codes: 0 it happened, 1 it did not (timeout, or no loop runs), 2 bad input.

    A loop ends if its session ends or pauses and its process is gone. A killed loop counts as not done.
    """
    target = parse_target(until)
    seconds = None if timeout is None else parse_duration(timeout, where="`--timeout`")
    path = locate(journal)
    state = read_state(path)
    observation = WaitState(session=latest_session(state).tag, state=state)
    if after is not None:
        with closing(Reader(path)) as reader:
            observation.keeps += kept_numbers(reader.read(after=after, until=state.position), observation.session)
    outcome = _observe(path, observation, target, seconds=seconds) or _overdue(observation, target, str(timeout))
    _print(outcome, observation, target, as_json=as_json)
    if not outcome.is_done:
        raise typer.Exit(NEGATIVE)


def parse_target(text: str) -> Target:
    """Raises BadInput."""
    match text.strip():
        case "end":
            return Target("end")
        case "keep":
            return Target("keep")
        case number if number.isascii() and number.isdigit() and int(number[:20]) < MAX_NUMBER:
            return Target("verdict", int(number))
        case other:
            raise BadInput(
                f"`--for {one_line(other)}` names nothing to wait for: write keep, end, or the number of an experiment."
            )


def kept_numbers(events: Iterable[Recorded], session: str) -> Iterator[int]:
    """The experiments of a session that these events keep, without the baseline."""
    kept = (recorded.event for recorded in events if isinstance(recorded.event, ExperimentKept))
    return (event.experiment for event in kept if event.session == session and event.experiment > 0)


def find_outcome(observation: WaitState, target: Target) -> Outcome | None:
    """The outcome, if it is certain; else None. Pure."""
    session = observation.state.sessions.rows[observation.session]
    if target.kind == "end":
        return _end(session, observation)
    outcome = _keep(observation) if target.kind == "keep" else _verdict(observation, target.experiment or 0)
    if outcome is None and _is_idle(session, observation):
        remedy = f"continue it with `ar-loop run --tag {session.tag}`"
        return Outcome(is_done=False, sentence=f"No loop runs on session {session.tag}, so nothing comes: {remedy}.")
    return outcome


def _observe(path: Path, observation: WaitState, target: Target, *, seconds: float | None) -> Outcome | None:
    """Wait for the outcome; None after so many seconds."""
    deadline = None if seconds is None else time.monotonic() + seconds
    with Tail(path) as tail, closing(Reader(path)) as reader:
        while True:
            observation.is_running = is_loop_running(
                path
            )  # before the read: what a loop wrote as it ended is then seen
            events = list(reader.read(after=observation.state.position))
            observation.keeps += kept_numbers(events, observation.session)
            fold(events, state=observation.state)
            outcome = find_outcome(observation, target)
            remaining = POLL_SECONDS if deadline is None else min(POLL_SECONDS, deadline - time.monotonic())
            if outcome is not None or remaining <= 0:
                return outcome
            tail.wait(remaining)


def _is_idle(session: Session, observation: WaitState) -> bool:
    """Whether no loop works on the session any more; one on another machine is idle if the session has ended."""
    latest = observation.state.latest_session()
    is_latest = latest is None or latest.tag == session.tag
    return (
        observation.is_running is False
        or not is_latest
        or (observation.is_running is None and session.state == "ended")
    )


def _end(session: Session, observation: WaitState) -> Outcome | None:
    if not _is_idle(session, observation):
        return None
    if session.state == "open":
        sentence = f"The loop of session {session.tag} did not end the session (killed?): `ar-loop run` continues it."
        return Outcome(is_done=False, sentence=sentence)
    is_ended = session.state == "ended"
    reason = one_line(session.reason, width=1_000).rstrip(".")
    verb = "has ended" if is_ended else "is paused and no loop runs"
    return Outcome(is_done=True, sentence=f"Session {session.tag} {verb}: {reason}.")


def _keep(observation: WaitState) -> Outcome | None:
    if not observation.keeps:
        return None
    number = observation.keeps[0]
    idea = one_line(observation.state.experiments.rows[observation.session, number].idea, width=1_000)
    return Outcome(is_done=True, sentence=f"Experiment {number} was kept: {idea}", experiment=number)


def _verdict(observation: WaitState, number: int) -> Outcome | None:
    row = observation.state.experiments.rows.get((observation.session, number))
    if row is None or row.status == "open":
        return None
    sentence = f"Experiment {number} has its verdict, {row.status}: {one_line(row.reason, width=1_000)}"
    return Outcome(is_done=True, sentence=sentence, experiment=number)


def _overdue(observation: WaitState, target: Target, timeout: str) -> Outcome:
    missing = {
        "end": f"the loop of session {observation.session} has not ended",
        "keep": "nothing was kept",
        "verdict": f"experiment {target.experiment} has no verdict",
    }
    return Outcome(is_done=False, sentence=f"Within {timeout} {missing[target.kind]}.")


def _print(outcome: Outcome, observation: WaitState, target: Target, *, as_json: bool) -> None:
    if not as_json:
        print_text(outcome.sentence, flush=True)
        return
    data = {
        "session": observation.session,
        "for": str(target),
        "done": outcome.is_done,
        "outcome": outcome.sentence,
        "experiment": outcome.experiment,
        "running": observation.is_running,
        "position": observation.state.position,
    }
    print_text(json.dumps(data, ensure_ascii=False), flush=True)
