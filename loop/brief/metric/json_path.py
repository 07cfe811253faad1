"""A key as `json:` writes it: `acc`, `eval.acc`, `results[0].mean`, `[-1].loss`; a key may itself hold dots. Pure."""

import math
import re
from collections.abc import Iterator, Mapping

MISSING = object()
MAX_DEPTH = 8
_INDEX = re.compile(r"\[(-?\d+)\]\.?")


def lookup(value: object, path: str) -> object:
    """The value at a path, or MISSING. The longest key wins: "a.b" is looked up before "a" and then "b"."""
    if not path:
        return value
    if isinstance(value, list):
        match = _INDEX.match(path)
        inside = match is not None and -len(value) <= int(match[1]) < len(value)
        return lookup(value[int(match[1])], path[match.end() :]) if match and inside else MISSING
    if not isinstance(value, dict):
        return MISSING
    for end in sorted({len(path), *(match.start() for match in re.finditer(r"[.\[]", path))}, reverse=True):
        if path[:end] in value:
            return lookup(value[path[:end]], path[end:].removeprefix("."))
    return MISSING


def numbers(
    value: object, path: str = "", *, max_list: int, depth: int = MAX_DEPTH
) -> Iterator[tuple[str, int | float]]:
    """(path, number) of the finite numbers in a value: in a list, those of at most so many objects."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            yield path, value
    elif isinstance(value, Mapping) and depth:
        for key, inner in value.items():
            yield from numbers(inner, f"{path}.{key}" if path else str(key), max_list=max_list, depth=depth - 1)
    elif isinstance(value, list) and depth:
        for index, inner in enumerate(value[:max_list] if any(isinstance(inner, dict) for inner in value) else []):
            yield from numbers(inner, f"{path}[{index}]", max_list=max_list, depth=depth - 1)
