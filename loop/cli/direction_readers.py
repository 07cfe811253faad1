"""Whether a model reads a direction: the sampler reads none."""

import os
from collections.abc import Mapping
from pathlib import Path

from journal.projections.sessions import Session
from journal.projections.state import State
from loop.proposers.choice import has_key

SAMPLER = "sampler"
NOT_READ = (
    "no model reads this direction, because the built-in sampler proposes: it is kept for a proposer that reads, "
    "such as `proposer: claude` or `proposer: command`"
)


def missing_reader(
    session: Session,
    state: State,
    *,
    config: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> str | None:
    """A sentence if the proposer of the session reads no direction; None if it does.

    With `proposer: auto` the session's own proposals decide; before the first one, whether this environment has a key.
    """
    proposer = config.get("proposer", "auto")
    if proposer != "auto":
        return NOT_READ if proposer == SAMPLER else None
    rows = state.experiments.of_session(session.tag)
    proposers = {row.proposer for row in rows if row.number > 0 and row.proposer}
    if session.calls.total:
        return None
    is_sampler = SAMPLER in proposers if proposers else not has_key(environment, home=home or _home())
    return NOT_READ if is_sampler else None


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises if there is no home
