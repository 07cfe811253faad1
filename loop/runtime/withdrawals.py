"""Requests that a person withdrew before the loop answered: each gets a refusal, and its withdrawal an answer of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from journal.events import DirectionAdded, DirectionWithdrawn, Event, RequestWithdrawn, VetoRequested
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment


class Answer(NamedTuple):
    """What the loop answers to a request; `done` is false if it refuses."""

    outcome: str
    done: bool = True


def answer_withdrawals(
    requests: Mapping[int, Recorded], rows: Callable[[], Sequence[Experiment]]
) -> Iterator[tuple[int, Event, Answer]]:
    """Position, request and answer: for each open withdrawal, first those of its target and then its own.

    `requests` are the open ones by position; answering one removes it from them.
    """
    for position, recorded in sorted(requests.items()):
        withdrawal = recorded.event
        if not isinstance(withdrawal, RequestWithdrawn):
            continue
        target = requests.get(withdrawal.request)
        refusal = _refusal(target, rows)
        if refusal is None and target is not None:
            yield target.position, target.event, Answer(f"withdrawn by {withdrawal.author}", done=False)
        yield position, withdrawal, Answer("withdrawn") if refusal is None else Answer(refusal, done=False)


def _refusal(target: Recorded | None, rows: Callable[[], Sequence[Experiment]]) -> str | None:
    """Why a request cannot be withdrawn; None if it can."""
    if target is None:
        return "the loop had answered the request before"
    request = target.event
    if isinstance(request, DirectionAdded | DirectionWithdrawn | RequestWithdrawn):
        return "a direction is withdrawn by its number, and a withdrawal cannot be withdrawn"
    if isinstance(request, VetoRequested) and any(
        row.takes_back == request.experiment and row.status == "open" for row in rows()
    ):
        return "the loop already measures the program without the change"
    return None
