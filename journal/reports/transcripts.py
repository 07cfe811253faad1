"""The requests to proposers and their answers, read from the files that the loop writes next to the journal.

One file per call, `.ar/prompts/SESSION/EXPERIMENT-ATTEMPT.json`. Secrets are redacted when a file is written, and again
when it is shown.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from journal import untrusted
from journal.console.text import one_line, strip_controls
from journal.errors import JournalError
from journal.events import IdeaProposed, IdeaRefused, ProposalDropped, ProposerFailed
from journal.events.names import session_folder
from journal.events.recorded import Recorded
from journal.secret_scan import redact_data
from journal.untrusted import JsonDecoder, UntrustedInput

FOLDER = "prompts"  # below .ar
_decoder: JsonDecoder[Any] = JsonDecoder(Any)
_NAME = re.compile(r"(\d+)-(\d+)(?:-(\d+))?\.json")


class TranscriptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a proposer. `key` is its file below `.ar/prompts`, `outcome` its result according to the journal."""

    key: str
    attempt: int
    outcome: str
    content: dict[str, Any]


def read_transcripts(
    folder: Path, events: Iterable[Recorded], *, session: str, experiment: int
) -> list[TranscriptRecord]:
    """Every call for an experiment, in order. `events` are those of the experiment and of its session.

    Raises JournalError for a file that cannot be read, and for a session whose tag is none.
    """
    outcomes = _outcomes(events, experiment)
    found = []
    for path in session_folder(folder, session).glob(f"{experiment}-*.json"):
        if name := _NAME.fullmatch(path.name):
            key = f"{session}/{path.name}"
            content = _content(path)
            outcome = outcomes.get(key) or _file_outcome(content)
            record = TranscriptRecord(key=key, attempt=int(name[2]), outcome=outcome, content=content)
            found.append((int(name[2]), int(name[3] or 1), record))
    return [record for _, _, record in sorted(found, key=lambda entry: entry[:2])]


def render(record: TranscriptRecord) -> str:
    """One call as a person reads it on a terminal: its outcome, then the conversation in order."""
    content = dict(record.content)
    request = content.pop("request", None)
    parts = _conversation(request) if isinstance(request, dict) else []
    parts += [(name, value if isinstance(value, str) else _json(value)) for name, value in _flat(content)]
    head = f"━━ {record.key}: {one_line(record.outcome, width=160)}"
    texts = (f"── {title}\n{strip_controls(text).strip()}" for title, text in parts if text.strip())
    return "\n\n".join([head, *texts])


def _content(path: Path) -> dict[str, Any]:
    try:
        content = redact_data(_decoder.decode(untrusted.text(untrusted.read_file(path))))
    except UntrustedInput as error:
        raise JournalError(f"{path} cannot be read: {error}.") from error
    return content if isinstance(content, dict) else {"content": content}


def _outcomes(events: Iterable[Recorded], experiment: int) -> dict[str, str]:
    """Key -> result of the call."""
    outcomes: dict[str, str] = {}
    latest = ""
    for event in (recorded.event for recorded in events):
        if getattr(event, "experiment", None) != experiment:
            continue
        if isinstance(event, IdeaRefused) or (isinstance(event, ProposalDropped) and event.prompt_key is None):
            outcomes[latest] = f"{outcomes.get(latest, '')}; not used: {event.reason}"
        elif key := getattr(event, "prompt_key", None):
            latest = key
            outcomes[key] = _outcome(event)
        elif isinstance(event, IdeaProposed | ProposerFailed):
            latest = ""
    return outcomes


def _outcome(event: Any) -> str:
    if isinstance(event, ProposerFailed):
        return f"no proposal ({event.kind}): {event.reason}"
    if isinstance(event, ProposalDropped):
        return f"no proposal ({event.rule or event.why}): {event.reason}"
    return f"{event.model or event.proposer} proposed: {event.idea}"


def _file_outcome(content: dict[str, Any]) -> str:
    """The outcome that the file itself names, if no event does."""
    failure = content.get("failed")
    if isinstance(failure, dict):
        return f"no proposal ({failure.get('kind')}): {failure.get('reason')}"
    return "the journal does not name it: the loop ended before it was recorded"


def _conversation(request: dict[str, Any]) -> list[tuple[str, str]]:
    """(title, text) of a request of the Messages API, with all turns of its conversation."""
    settings = {name: value for name, value in request.items() if name not in ("system", "messages", "tools")}
    tools = ", ".join(str(tool.get("name")) for tool in request.get("tools") or () if isinstance(tool, dict))
    parts = [("settings", _json(settings) + (f"\ntools: {tools}" if tools else ""))]
    parts += [("system", text) for text in _blocks(request.get("system"))]
    for turn in request.get("messages") or ():
        if isinstance(turn, dict):
            parts += [(str(turn.get("role")), text) for text in _blocks(turn.get("content"))]
    return parts


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
    """(title, value) of the other parts of a file; the texts of an object get a title each."""
    for name, value in content.items():
        if isinstance(value, dict) and value and all(isinstance(part, str) and "\n" in part for part in value.values()):
            yield from ((f"{name}: {part}", text) for part, text in value.items())
        else:
            yield name, value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
