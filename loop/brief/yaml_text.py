"""YAML that somebody else wrote, as plain values: briefs, rubrics, settings in a proposal.

PyYAML's constructors raise errors of every kind (`!!bool x`: KeyError, `!!timestamp x`: AttributeError), an alias may name a
value around itself, and nine lines of aliases stand for a billion values.
"""

from collections.abc import Iterator
from typing import Any

import yaml

MAX_DEPTH = 64  # of nested lists and mappings
MAX_VALUES = 1_000_000  # in all, each alias counted as what it stands for
MAX_BITS = 4_096  # of an integer; Python prints no integer of more than 4,300 digits


class NotYaml(ValueError):
    """The text is no usable YAML; the message is a clause that says why. `line` counts from 0, None if nobody knows it."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.line = line


def documents(text: str) -> list[Any]:
    """The values of a text, one for each document. Raises NotYaml, and nothing else."""
    try:
        values = list(yaml.safe_load_all(text))
        _check(values)
    except NotYaml:
        raise
    except yaml.MarkedYAMLError as error:
        raise NotYaml(str(error.problem), line=error.problem_mark.line if error.problem_mark else None) from error
    except (RecursionError, MemoryError) as error:
        raise NotYaml("it nests values too deep") from error
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NotYaml(f"a value is not of its type ({error})") from error
    return values


def value(text: str) -> Any:
    """The value of a text that holds one document; None for an empty text. Raises NotYaml, and nothing else."""
    found = documents(text)
    if len(found) > 1:
        raise NotYaml("it holds more than one document")
    return found[0] if found else None


def _check(values: list[Any]) -> None:
    """Raise NotYaml for a value that is too deep, too large or endless."""
    count, level = 0, values
    for _ in range(MAX_DEPTH + 2):
        if not level:
            return
        count += len(level)
        if count > MAX_VALUES:
            raise NotYaml(f"it stands for more than {MAX_VALUES:,} values")
        if any(isinstance(one, int) and one.bit_length() > MAX_BITS for one in level):
            raise NotYaml("it has a number of too many digits")
        level = [part for one in level for part in _parts(one)]
    raise NotYaml(f"it nests values more than {MAX_DEPTH} deep")


def _parts(one: Any) -> Iterator[Any]:
    match one:
        case dict():
            yield from one
            yield from one.values()
        case list() | tuple() | set():
            yield from one
