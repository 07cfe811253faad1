"""The text of a first brief: front matter for the machine, a human part to be completed. Pure."""

import re
from collections.abc import Mapping, Sequence

import yaml

from loop.brief.config import Config
from loop.brief.metric import trust

_TAKEN_BACK = {"reset": "the branch stays where it stood", "revert": "a commit undoes it"}

HUMAN = """
# {goal}

## Metric

`{metric}`: {better} is better, {measured}.{noise}{guards}

## Constraints

- Only {scope} may be edited. Everything else stays as it is, what measures first of all.
- One change at a time, so that its effect can be told from noise.
- (What else must not be touched? What would count as cheating?)

## Rollback

A change that is not better by more than the noise is taken back: {rollback}. Within the noise, fewer lines win.

## Ideas

- (What have you tried, and what came of it? What do you believe? What should be tried first?)
"""
_MEASURED = {
    "measured": "measured out of the edited files' reach",
    "judged": "given by a judge model",
    "self-reported": "as the run reports it itself",
}


def front_matter(keys: Mapping[str, object]) -> str:
    """The machine part of a brief, its fences included."""
    shown = {key: _plain(value) for key, value in keys.items()}
    return f"---\n{yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=1000)}---\n"


def human(config: Config, *, metrics: Sequence[float] = (), mean: float = 0.0, sigma: float = 0.0) -> str:
    """A human part that says what the machine knows, and asks for the rest; `metrics` are those of the trial runs."""
    noise = ""
    if metrics:
        noise = f" The unchanged code gives {mean:.6g}"
        noise += f" (mean of {len(metrics)} runs, σ {sigma:.2g}: less than 2σ is noise)." if len(metrics) > 1 else "."
    held = " and ".join(f"`{guard}`" for guard in config.guard)
    return HUMAN.format(
        goal=re.sub(r"\s+", " ", config.goal).strip(),
        metric=config.metric,
        better="lower" if config.direction == "minimize" else "higher",
        measured=_MEASURED.get(trust(config), ""),
        noise=noise,
        guards=f" A run counts only where {held} holds." if held else "",
        scope=", ".join(f"`{path}`" for path in config.scope),
        rollback=_TAKEN_BACK[config.rollback],
    )


def _plain(value: object) -> object:
    """Lists of one as the one."""
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else list(value)
    return value
