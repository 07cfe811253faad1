"""When an idea may be tried again: it needs a reason that holds, and a free place in the ration. Pure."""

from collections.abc import Iterable

from journal.projections.trials import Trial

BASE_CHANGED = "base changed"
CRASH_FIXED = "crash fixed"
UNRESOLVED = "unresolved"
HARNESS_CHANGED = "harness changed"
REASONS = (BASE_CHANGED, CRASH_FIXED, UNRESOLVED, HARNESS_CHANGED)

WINDOW, RATION = 20, 4  # at most 4 of the last 20 experiments may be retries
RESOLVED = 2.0  # σ; a smaller effect may be noise


def reason_refusal(reason: str, trial: Trial, *, parent: str, harness: str) -> str | None:
    """Why the reason for a retry does not hold; None if it holds."""
    match reason.strip().lower().replace("_", " ").replace("-", " "):
        case "base changed":
            holds, fact = trial.parent != parent, "its parent is still the incumbent"
        case "crash fixed":
            holds, fact = trial.status == "crash", f"it did not crash ({trial.status})"
        case "unresolved":
            holds, fact = _within_noise(trial), "its effect was larger than the noise, or it has no metric"
        case "harness changed":
            holds, fact = trial.harness != harness, "it was measured with the same harness"
        case _:
            return f"{reason!r} is no reason for a retry; the reasons are: {', '.join(REASONS)}."
    return None if holds else f"The reason {reason!r} does not hold: {fact}."


def ration_refusal(trials: Iterable[Trial], *, before: int) -> str | None:
    """Why experiment `before` may not be a retry; None if it may."""
    recent = [trial for trial in trials if before - WINDOW <= trial.experiment < before]
    retries = sum(trial.retry_of is not None for trial in recent)
    if retries < RATION:
        return None
    return f"{retries} of the last {WINDOW} experiments were retries: propose something new first."


def _within_noise(trial: Trial) -> bool:
    return trial.gain_sigma is not None and trial.status == "discard" and abs(trial.gain_sigma) < RESOLVED
