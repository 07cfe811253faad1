"""The trials of the study's other sessions, each with how far away it was made. Pure.

A result on another base counts less, by the number of changes between the two bases, and less again on another device class.
The weights are those that win in `benchmarks/nights.py`.
"""

from collections.abc import Iterator

from journal.novelty.bases import Bases
from loop.contracts import Request
from loop.proposers.sampler.evidence import StudyTrial

PER_CHANGE = 1.0  # distance for each change between the bases; a keep since in the same session counts 1
OTHER_SESSION = 2.0  # added for any other session
OTHER_DEVICE = 5.0  # added for another device class


def study_trials(request: Request) -> Iterator[StudyTrial]:
    """The trials of one knob alone in the study's other sessions, oldest session first."""
    state, session = request.state, request.session
    bases, device = Bases(state.changes), state.changes.device(session)
    for tag in state.studies.sessions(session):
        is_same = state.changes.device(tag) == device
        for row in state.knobs.of_session(tag) if tag != session else ():
            if row.alone and row.experiment > 0 and row.status in ("keep", "discard", "crash"):
                changes = bases.distance(row.parent, request.parent)
                distance = OTHER_SESSION + PER_CHANGE * changes + (0.0 if is_same else OTHER_DEVICE)
                yield StudyTrial(trial=row, distance=distance, is_same_device=is_same)
