"""What the value of a brief's key may be, in words, out of the types of `loop.config`. Pure."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from loop.config import Config

_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list such as [a, b]",
    tuple[tuple[str, ...], ...]: "a list of lists such as [[a, b], [c, d]]",
}


def choices(key: str) -> tuple[str, ...]:
    """The words that a key may have; none of a key that takes any text, a number or a list."""
    kind = _kind(key)
    return get_args(kind) if get_origin(kind) is Literal else ()


def wanted(key: str) -> str:
    """What a key takes; of a key that takes words, every one."""
    *words, last = choices(key) or ("", "")
    return f"{', '.join(words)} or {last}" if last else _KINDS[_kind(key)]


def _kind(key: str) -> Any:
    """The type of a key that is not left out."""
    hint = get_type_hints(Config)[key]
    kinds = get_args(hint) if NoneType in get_args(hint) else (hint,)
    return next(kind for kind in kinds if kind is not NoneType)
