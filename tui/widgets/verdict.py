"""The verdict on an experiment in words. Pure."""

from tui.model.ledger import MOVED
from tui.model.snapshot import ExperimentDetail
from tui.state.ui import Scene
from tui.terminal.formatting import STATUS_SIGN, number, sanitize, sigmas, signed


def outcome(detail: ExperimentDetail) -> str:
    """The status with its sign."""
    experiment = detail.experiment
    label = "vetoed" if experiment.vetoed else "moved" if experiment.rule == MOVED else experiment.status
    return f"{STATUS_SIGN[experiment.status]} {label}"


def head(scene: Scene, detail: ExperimentDetail) -> str:
    """Its kind, who proposed it and when, on what, and what it is related to."""
    experiment = detail.experiment
    parent = (experiment.parent or "")[:7]
    when = f", {scene.clock(experiment.decided_at)}" if experiment.decided_at else ""
    return sanitize(f"{experiment.kind} by {experiment.proposer} on {parent}{_related(detail)}{when}")


def _related(detail: ExperimentDetail) -> str:
    """The experiment that it undoes or retries."""
    if detail.experiment.takes_back is not None:
        return f", undoes #{detail.experiment.takes_back}"
    retry_of = detail.proposal.retry_of if detail.proposal else None
    return "" if retry_of is None else f", retries #{retry_of}"


def verdict_text(detail: ExperimentDetail) -> str:
    """Why it was kept or not, with its numbers."""
    experiment = detail.experiment
    if experiment.status == "open":
        refused = f" Proposals refused before: {len(detail.refusals)}." if detail.refusals else ""
        return f"No verdict yet.{refused}"
    text = sanitize(experiment.reason)
    if experiment.metric is not None:
        text += f": {number(experiment.metric)}"
        if experiment.incumbent is not None:
            text += f" against {number(experiment.incumbent)}, {signed(experiment.delta)}"
        if experiment.gain_sigma is not None:
            text += f", a gain of {sigmas(experiment.gain_sigma)} (σ {number(experiment.sigma)})"
    return f"{text}. Rule: {sanitize(experiment.rule)}." if experiment.rule else f"{text}."
