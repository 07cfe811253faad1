"""When an idea may be had again: a checked reason, and a ration. Pure."""

from collections.abc import Iterable

from journal.projections.trials import Trial

BASE_CHANGED = "base changed"
CRASH_FIXED = "crash fixed"
UNRESOLVED = "unresolved"
HARNESS_CHANGED = "harness changed"
REASONS = (BASE_CHANGED, CRASH_FIXED, UNRESOLVED, HARNESS_CHANGED)

WINDOW, RATION = 20, 4  # of the last 20 experiments at most 4 are revisits
RESOLVED = 2.0  # σ: a smaller effect may be noise


def unfounded(reason: str, trial: Trial, *, parent: str, harness: str) -> str | None:
    """Why the reason given for a revisit does not hold, in words; None where it does."""
    match reason.strip().lower().replace("_", " ").replace("-", " "):
        case "base changed":
            holds, fact = trial.parent != parent, "the incumbent is the one that it stood on"
        case "crash fixed":
            holds, fact = trial.status == "crash", f"it did not crash ({trial.status})"
        case "unresolved":
            holds, fact = _within_noise(trial), "its effect was clear of the noise, or it gave no number"
        case "harness changed":
            holds, fact = trial.harness != harness, "it was measured under the same rules"
        case _:
            return f"{reason!r} is no reason for a second try; these are: {', '.join(REASONS)}."
    return None if holds else f"The reason {reason!r} does not hold: {fact}."


def rationed(trials: Iterable[Trial], *, before: int) -> str | None:
    """Why no revisit is left, or None. `before` is the experiment that is asked for."""
    recent = [trial for trial in trials if before - WINDOW <= trial.experiment < before]
    spent = sum(trial.retry_of is not None for trial in recent)
    if spent < RATION:
        return None
    return f"{spent} of the last {WINDOW} experiments were second tries: propose something new first."


def _within_noise(trial: Trial) -> bool:
    return trial.gain_sigma is not None and trial.status == "discard" and abs(trial.gain_sigma) < RESOLVED
