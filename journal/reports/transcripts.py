"""What proposers were asked and what they answered: the files that the loop keeps beside the journal, read again.

One file per asking, `.ar/prompts/SESSION/EXPERIMENT-ATTEMPT.json`. Keys are blotted out when a file is written, and once
more when it is shown.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from journal.console.text import one_line, plain
from journal.errors import JournalError
from journal.events import IdeaProposed, IdeaRefused, ProposalDropped, ProposerFailed
from journal.events.recorded import Recorded

FOLDER = "prompts"  # below .ar
BLOT = "[key]"
KEY = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}|\b(Bearer )[A-Za-z0-9._~+/-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bAKIA[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}"
)
_NAME = re.compile(r"(\d+)-(\d+)(?:-(\d+))?\.json")


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One asking. `key` is its file below `.ar/prompts`, `outcome` what the journal says came of it."""

    key: str
    attempt: int
    outcome: str
    content: dict[str, Any]


def blot(text: str) -> str:
    """The text without what looks like a key."""
    return KEY.sub(lambda match: (match[1] or "") + BLOT, text)


def askings(folder: Path, events: Iterable[Recorded], *, session: str, experiment: int) -> list[Asking]:
    """Every asking for an experiment, in order. `events` are those of the experiment and of its session.

    Raises JournalError for a file that cannot be read.
    """
    outcomes = _outcomes(events, experiment)
    found = []
    for path in (folder / session).glob(f"{experiment}-*.json"):
        if name := _NAME.fullmatch(path.name):
            key = f"{session}/{path.name}"
            content = _content(path)
            told = outcomes.get(key) or _ended(content)
            asking = Asking(key=key, attempt=int(name[2]), outcome=told, content=content)
            found.append((int(name[2]), int(name[3] or 1), asking))
    return [asking for _, _, asking in sorted(found, key=lambda entry: entry[:2])]


def text(asking: Asking) -> str:
    """One asking as a person reads it: what was said, in order, then what came of it."""
    content = dict(asking.content)
    request = content.pop("request", None)
    said = _conversation(request) if isinstance(request, dict) else []
    said += [(name, value if isinstance(value, str) else _json(value)) for name, value in _flat(content)]
    head = f"━━ {asking.key}: {one_line(asking.outcome, width=160)}"
    return "\n\n".join([head, *(f"── {title}\n{plain(words).strip()}" for title, words in said if words.strip())])


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(blot(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise JournalError(f"{path} cannot be read: {error}.") from error
    return content if isinstance(content, dict) else {"content": content}


def _outcomes(events: Iterable[Recorded], experiment: int) -> dict[str, str]:
    """Key -> what came of the asking."""
    told: dict[str, str] = {}
    latest = ""
    for event in (recorded.event for recorded in events):
        if getattr(event, "experiment", None) != experiment:
            continue
        if isinstance(event, IdeaRefused) or (isinstance(event, ProposalDropped) and event.prompt_key is None):
            told[latest] = f"{told.get(latest, '')}; not used: {event.reason}"
        elif key := getattr(event, "prompt_key", None):
            latest = key
            told[key] = _outcome(event)
        elif isinstance(event, IdeaProposed | ProposerFailed):
            latest = ""
    return told


def _outcome(event: Any) -> str:
    if isinstance(event, ProposerFailed):
        return f"no proposal ({event.kind}): {event.reason}"
    if isinstance(event, ProposalDropped):
        return f"no proposal ({event.rule or event.why}): {event.reason}"
    return f"{event.model or event.proposer} proposed: {event.idea}"


def _ended(content: dict[str, Any]) -> str:
    """What the file itself says of its end, where the journal names it nowhere."""
    failed = content.get("failed")
    if isinstance(failed, dict):
        return f"no proposal ({failed.get('kind')}): {failed.get('reason')}"
    return "the journal does not name it: the loop ended before it was recorded"


def _conversation(request: dict[str, Any]) -> list[tuple[str, str]]:
    """(title, words) of a request of the Messages API and of the turns that it grew by."""
    settings = {name: value for name, value in request.items() if name not in ("system", "messages", "tools")}
    tools = ", ".join(str(tool.get("name")) for tool in request.get("tools") or () if isinstance(tool, dict))
    said = [("settings", _json(settings) + (f"\ntools: {tools}" if tools else ""))]
    said += [("system", words) for words in _blocks(request.get("system"))]
    for turn in request.get("messages") or ():
        if isinstance(turn, dict):
            said += [(str(turn.get("role")), words) for words in _blocks(turn.get("content"))]
    return said


def _blocks(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [_block(block) for block in content or () if isinstance(block, dict)]


def _block(block: dict[str, Any]) -> str:
    match block.get("type"):
        case "text":
            return str(block.get("text", ""))
        case "thinking":
            return f"(thinking) {block.get('thinking', '')}"
        case "tool_use":
            return f"(calls {block.get('name')}) {_json(block.get('input'))}"
        case "tool_result":
            return f"(the tool {'refuses' if block.get('is_error') else 'answers'}) {block.get('content')}"
        case other:
            return f"({other}) {_json(block)}"


def _flat(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The other parts of a file; texts that stand in an object each under a title of their own."""
    for name, value in content.items():
        if isinstance(value, dict) and value and all(isinstance(part, str) and "\n" in part for part in value.values()):
            yield from ((f"{name}: {part}", words) for part, words in value.items())
        else:
            yield name, value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
