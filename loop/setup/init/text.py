"""The text of a new brief: front matter, and prose for a person to complete. Pure."""

import re
from collections.abc import Mapping, Sequence

import yaml

from loop.brief.config import Config
from loop.brief.metric.source import trust

_ROLLBACK = {"reset": "the branch does not move", "revert": "a commit undoes it"}

PROSE = """
# {goal}

## Metric

`{metric}`: {better} is better, {measured}.{noise}{guards}

## Constraints

- Only {scope} may be edited. Everything else stays as it is, above all the evaluation.
- One change at a time, so that its effect can be told from noise.
- (What else must not be touched? What would count as cheating?)

## Rollback

A change that does not gain more than the noise is reverted: {rollback}. Within the noise, fewer lines win.

## Ideas

- (What have you tried, and with what result? What do you expect to help? What should be tried first?)
"""
_MEASURED = {
    "measured": "measured by files that no change may edit",
    "judged": "given by a judge model",
    "self-reported": "reported by the run itself",
}


def front_matter(keys: Mapping[str, object]) -> str:
    """The front matter with its fences; a list of one element becomes that element."""
    plain = {key: _plain(value) for key, value in keys.items()}
    return f"---\n{yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000)}---\n"


def prose(config: Config, *, metrics: Sequence[float] = (), mean: float = 0.0, sigma: float = 0.0) -> str:
    """The prose, with questions for what only a person knows; `metrics` are those of the trial runs."""
    noise = ""
    if metrics:
        noise = f" The unchanged code gives {mean:.6g}"
        noise += f" (mean of {len(metrics)} runs, σ {sigma:.2g}: less than 2σ is noise)." if len(metrics) > 1 else "."
    guards = " and ".join(f"`{guard}`" for guard in config.guard)
    return PROSE.format(
        goal=re.sub(r"\s+", " ", config.goal).strip(),
        metric=config.metric,
        better="lower" if config.direction == "minimize" else "higher",
        measured=_MEASURED.get(trust(config), ""),
        noise=noise,
        guards=f" A run counts only if {guards}." if guards else "",
        scope=", ".join(f"`{path}`" for path in config.scope),
        rollback=_ROLLBACK[config.rollback],
    )


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else list(value)
    return value
