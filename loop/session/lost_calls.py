"""Calls of a proposer that ended before a killed loop recorded them: a transcript tells what each cost."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from journal import untrusted
from journal.events import ProposalDropped, Usage
from journal.events.names import session_folder
from journal.untrusted import JsonDecoder, UntrustedInput
from loop.llm.messages import total_usage
from loop.proposers import transcript
from loop.runtime.session_journal import SessionJournal

REASON = "the loop ended before it recorded this call"


class _Call(msgspec.Struct):
    usage: Usage
    model: str | None = None


class _Request(msgspec.Struct):
    model: str | None = None


class _Transcript(msgspec.Struct):
    proposer: str = ""
    request: _Request | None = None
    calls: list[_Call] = []


_decoder: JsonDecoder[_Transcript] = JsonDecoder(_Transcript)


def lost_calls(journal: SessionJournal, folder: Path) -> Iterator[ProposalDropped]:
    """An event for each call that no event of the session names; `folder` is `.ar`."""
    prompts = folder / transcript.FOLDER
    paths = sorted(session_folder(prompts, journal.tag).glob("*-*.json"))
    named = _named(journal) if paths else frozenset()
    for path in paths:
        key = path.relative_to(prompts).as_posix()
        number = path.name.split("-")[0]
        if key not in named and number.isdigit() and (event := _event(path, journal.tag, int(number), key=key)):
            yield event


def _named(journal: SessionJournal) -> frozenset[str]:
    """The transcripts that the session's events name."""
    first = journal.session_history()[0].position - 1
    events = (recorded.event for recorded in journal.read(after=first) if recorded.event.session == journal.tag)
    return frozenset(key for event in events if (key := getattr(event, "prompt_key", None)))


def _event(path: Path, session: str, experiment: int, *, key: str) -> ProposalDropped | None:
    """None if the transcript names no call that has ended."""
    try:
        content = _decoder.decode(untrusted.read_file(path))
    except UntrustedInput:
        return None
    if not content.calls:
        return None
    models = (content.calls[-1].model, content.request.model if content.request else None)
    return ProposalDropped(
        session=session,
        experiment=experiment,
        why="ended",
        reason=REASON,
        proposer=content.proposer,
        model=next((model for model in models if model), None),
        usage=total_usage([call.usage for call in content.calls]),
        prompt_key=key,
    )
