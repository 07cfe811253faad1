"""Finds and redacts secrets in texts. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from journal.secret_scan.rules import ASSIGNED, PUBLISHED, WORD, is_password, is_random

REDACTED = "[key]"
SHORTEST = 8  # characters of a value that can be recognised; a shorter one is in every text


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret in a text, by its place; `kind` says what it is and holds nothing of it."""

    kind: str
    start: int
    end: int

    def line(self, text: str) -> int:
        """The number of its line, from 1."""
        return text.count("\n", 0, self.start) + 1


def find_secret(text: str, *, values: Mapping[str, str] | None = None) -> Secret | None:
    """The first secret of a text; `values` are known ones by name."""
    return min(_secrets(text, values or {}), key=lambda secret: secret.start, default=None)


def redact(text: str, values: Iterable[str] = ()) -> str:
    """The text with REDACTED in the place of every secret and of the known `values`."""
    return _redacted(text, tuple(values))


@lru_cache(maxsize=64)  # a conversation is written whole after each step
def _redacted(text: str, values: tuple[str, ...]) -> str:
    known = {str(number): value for number, value in enumerate(values)}
    parts: list[str] = []
    position = 0
    for secret in sorted(_secrets(text, known), key=lambda secret: (secret.start, -secret.end)):
        if secret.end > position:
            parts += [text[position : max(position, secret.start)], REDACTED] if secret.start >= position else []
            position = secret.end
    return "".join([*parts, text[position:]])


def redact_data(value: Any, *, values: Iterable[str] = ()) -> Any:
    """JSON-like data with every text redacted."""
    known = tuple(values)
    match value:
        case str():
            return redact(value, known)
        case dict():
            return {redact(str(key), known): redact_data(part, values=known) for key, part in value.items()}
        case list() | tuple():
            return [redact_data(part, values=known) for part in value]
        case _:
            return value


def _secrets(text: str, values: Mapping[str, str]) -> Iterator[Secret]:
    yield from _known(text, values)
    for kind, pattern in PUBLISHED:
        yield from (_secret(kind, match) for match in pattern.finditer(text))
    for pattern in ASSIGNED:
        matches = (match for match in pattern.finditer(text) if is_password(match["secret"]))
        yield from (_secret("a password or key", match) for match in matches)
    yield from (_secret("a random text such as a key", match) for match in WORD.finditer(text) if is_random(match[0]))


def _known(text: str, values: Mapping[str, str]) -> Iterator[Secret]:
    for name, value in values.items():
        start = text.find(value) if len(value) >= SHORTEST else -1
        while start >= 0:
            yield Secret(kind=f"the value of {name}", start=start, end=start + len(value))
            start = text.find(value, start + len(value))


def _secret(kind: str, match: re.Match[str]) -> Secret:
    start, end = match.span("secret" if "secret" in match.re.groupindex else 0)
    return Secret(kind=kind, start=start, end=end)
