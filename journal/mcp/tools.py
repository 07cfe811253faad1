"""A tool: its arguments, their schema and check, and the command that it runs. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_TEXT = 200_000  # characters of one argument
MAX_WORDS = 200  # values of one list
MAX_NUMBER = 10**9
LOOP, JOURNAL = "ar-loop", "ar-journal"

Arguments = Mapping[str, object]


class BadArguments(ValueError):
    """The arguments do not fit the tool; the message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class ToolCommand:
    """A command line without a shell, and what it reads on stdin. `seconds` is the longest time that it may take."""

    program: str
    options: tuple[str, ...]
    values: tuple[str, ...] = ()
    stdin: str = ""
    seconds: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """An argument of a tool: text, a whole number, or a list of texts."""

    name: str
    kind: type[str | int | list[str]]
    description: str
    is_required: bool = False
    maximum: int = MAX_NUMBER


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool, and the command that it runs. A tool that steers changes a session; the others only read."""

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    command: Callable[[Arguments], ToolCommand]
    steers: bool = False


def schema(tool: Tool) -> dict[str, object]:
    """The JSON Schema of the tool's arguments."""
    kinds: dict[type, dict[str, object]] = {
        str: {"type": "string", "maxLength": MAX_TEXT},
        list[str]: {"type": "array", "items": {"type": "string"}, "maxItems": MAX_WORDS},
    }
    properties = {
        one.name: kinds.get(one.kind, {"type": "integer", "minimum": 0, "maximum": one.maximum})
        | {"description": one.description}
        for one in tool.parameters
    }
    required = [one.name for one in tool.parameters if one.is_required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def checked(tool: Tool, arguments: Arguments) -> Arguments:
    """The arguments. Raises BadArguments for one that is missing, unknown, or of another kind."""
    parameters = {one.name: one for one in tool.parameters}
    if unknown := sorted(arguments.keys() - parameters.keys()):
        raise BadArguments(
            f"{tool.name} has no argument {unknown[0]!r:.60}: it takes {', '.join(parameters) or 'none'}."
        )
    for one in tool.parameters:
        value = arguments.get(one.name)
        if value is None and one.is_required:
            raise BadArguments(f"{tool.name} needs the argument {one.name}: {one.description}")
        if value is not None and not _fits(value, one):
            raise BadArguments(f"The argument {one.name} of {tool.name} is not as its schema says: {one.description}")
    return {name: value for name, value in arguments.items() if value is not None}


def _fits(value: object, parameter: Parameter) -> bool:
    if parameter.kind is str:
        return isinstance(value, str) and len(value) <= MAX_TEXT and "\0" not in value
    if parameter.kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= parameter.maximum
    is_list = isinstance(value, list) and len(value) <= MAX_WORDS
    return is_list and all(isinstance(word, str) and len(word) <= MAX_TEXT and "\0" not in word for word in value)  # type: ignore[attr-defined]
