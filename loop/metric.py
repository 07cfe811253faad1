"""Finding the one number in what a command printed. Pure."""

import json
import math
import re

from loop.config import Config


def find(config: Config, text: str) -> float | None:
    """The metric in a command's output, or None. The last match counts; a number that is not finite is none."""
    if config.pattern.startswith("json:"):
        value = _from_json(text, key=config.pattern.removeprefix("json:").strip())
    else:
        matches = re.findall(config.regex(), text, flags=re.MULTILINE)
        value = _number(matches[-1]) if matches else None
    return value if value is not None and math.isfinite(value) else None


def _from_json(text: str, *, key: str) -> float | None:
    for line in reversed(text.splitlines()):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get(key), int | float) and not isinstance(found[key], bool):
            return _number(found[key])
    return None


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):  # a pattern that caught a word; an integer beyond any float
        return None
