"""`proposal.json`: what an agent writes about its change. Each field that cannot be read is named, and costs no edit.

Models write a byte-order mark, a code fence, `null`, `NaN`, a number as text, another encoding, or make a folder of that name.
"""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from journal import untrusted
from journal.events import Candidate
from journal.untrusted import JsonDecoder, UntrustedInput
from loop.proposers.answer import CANDIDATES, KINDS, ExperimentNumber, without_fence
from loop.proposers.command import working_copy

NAME = "proposal.json"
MAX_BYTES = 1_000_000
MAX_FIELDS = 100
REASON = 120  # characters of a decoder's message
_decoder: JsonDecoder[Any] = JsonDecoder(Any, max_bytes=MAX_BYTES)
_NOT_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:NaN|Infinity)\b|-Infinity\b', re.DOTALL)
Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Dollars = Annotated[float, msgspec.Meta(ge=0, le=10**6)]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's description of its change, with the cost if the agent knows it. All fields are optional."""

    idea: str = ""
    hypothesis: str = ""
    kind: str = "other"
    expected_delta: float | None = None
    retry_of: ExperimentNumber | None = None
    retry_reason: str | None = None
    considered: tuple[Candidate, ...] = ()
    model: str | None = None
    dollars: Dollars | None = None
    tokens_in: Tokens = 0
    tokens_out: Tokens = 0


class ReadNote(NamedTuple):
    """A note, and a clause for each part of it that could not be read."""

    note: Note
    unread: tuple[str, ...] = ()


def read_note(tree: Path, before: Mapping[str, str]) -> ReadNote:
    """The note in an agent's tree, unless it was there before the agent; empty if there is none."""
    path = tree / NAME
    if not os.path.lexists(path) or working_copy.fingerprint(path) == before.get(NAME):
        return ReadNote(Note())
    try:
        values = _values(untrusted.read_file(path, max_bytes=MAX_BYTES))
    except UntrustedInput as error:
        return ReadNote(Note(), (f"{NAME}: {str(error)[:REASON]}",))
    return _note(values)


def _values(data: bytes) -> dict[str, Any]:
    """The object in a file, also in a code fence or with NaN. Raises UntrustedInput."""
    text = without_fence(untrusted.text(data, max_bytes=MAX_BYTES))
    value = _decoder.value(text)
    if value is None:
        value = _decoder.decode(_NOT_JSON.sub(lambda match: match[0] if match[0].startswith('"') else "null", text))
    if not isinstance(value, dict) or len(value) > MAX_FIELDS:
        raise UntrustedInput("it is not a JSON object")
    return value


def _note(values: Mapping[str, Any]) -> ReadNote:
    """Each field by itself: one that is wrong does not take the others with it. `null` is a field that was left out."""
    known = {field.name: field for field in msgspec.structs.fields(Note)}
    fields: dict[str, Any] = {}
    unread: list[str] = []
    for name, value in values.items():
        if name not in known or value is None:
            continue
        try:
            fields[name] = _field(name, value, known[name].type)
        except (ValueError, OverflowError, msgspec.ValidationError) as error:
            unread.append(f"`{name}`: {' '.join(str(error).split())[:REASON]}")
    return ReadNote(Note(**fields), tuple(unread))


def _field(name: str, value: Any, kind: Any) -> Any:
    """Raises ValueError."""
    if name == "considered":
        return msgspec.convert(value, kind, strict=False)[:CANDIDATES]
    converted = msgspec.convert(value, kind, strict=False)
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError("it is not a finite number")
    if name == "kind" and converted not in KINDS:
        raise ValueError(f"it is none of {', '.join(KINDS)}")
    return converted
