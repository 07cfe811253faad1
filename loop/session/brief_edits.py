"""Edits of the brief during a session: the loop accepts an edit before the next experiment or rejects it, and records both.

Keys that make two metrics comparable cannot change within a session. Keys that the loop's parts were built from cannot change
while it runs. After an edit of either, or one that breaks the brief, the last good brief stays in force.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.events import BriefChanged, SessionStarted
from loop.brief import program as briefs
from loop.brief.config import Config
from loop.brief.memory_block import without_block
from loop.brief.program import Brief
from loop.errors import BadInput
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal

COMPARED = (
    "metric", "direction", "train", "evaluate", "pattern", "log", "guard", "budget", "seed_env",
)  # fmt: skip  # cannot change within a session
LIVE = (
    "goal", "target", "scope", "locked", "experiments", "hours", "failures", "plateau", "ahead", "checkpoints", "keep",
    "reruns", "rollback", "max_cost", "prices", "notes", "command_sandbox", "max_lines", "atomic", "groups", "dependencies",
    "priors",
)  # fmt: skip  # can change while the loop runs


@dataclass(frozen=True)
class RejectedEdit:
    """An edit that the loop does not accept, and why."""

    text: str
    hash: str
    reason: str


def apply_brief_edits(ctx: Context) -> None:
    """Accept or reject an edit of the brief, and record it; also an edit between two calls of the loop."""
    brief = _read(ctx.brief, ctx.defaults)
    if brief.hash == _last_hash(ctx.journal):
        return
    ctx.journal.append_to_session(_brief_changed(ctx.session.tag, brief))
    if isinstance(brief, Brief):
        ctx.brief = brief


def _brief_changed(session: str, brief: Brief | RejectedEdit) -> BriefChanged:
    if isinstance(brief, RejectedEdit):
        return BriefChanged(
            session=session, brief=brief.text, brief_hash=brief.hash, accepted=False, reason=brief.reason
        )
    config = msgspec.to_builtins(brief.config)
    return BriefChanged(session=session, brief=brief.text, brief_hash=brief.hash, accepted=True, config=config)


def check_comparable(config: Config, started: SessionStarted) -> None:
    """Raises BadInput if metrics under this brief do not compare with those of the session that it continues."""
    values = json.loads(json.dumps(msgspec.to_builtins(config)))  # with lists for tuples, as in the journal
    for key in COMPARED:
        if key in started.config and values[key] != started.config[key]:
            raise BadInput(
                f"The brief says `{key}: {values[key]}`, but session {started.session} measures with "
                f"`{key}: {started.config[key]}`: restore that, or start a new session with --tag NAME."
            )


def _read(current: Brief, defaults: Mapping[str, object]) -> Brief | RejectedEdit:
    try:
        brief = briefs.read(current.path, defaults=defaults)
    except BadInput as error:
        text = _text_without_memory(current.path)
        return RejectedEdit(text, hashlib.sha256(text.strip().encode()).hexdigest(), str(error))
    before, after = msgspec.to_builtins(current.config), msgspec.to_builtins(brief.config)
    for key in (key for key in after if key not in LIVE and after[key] != before[key]):
        remedy = "start a new session with --tag NAME" if key in COMPARED else "stop the loop and run it again"
        return RejectedEdit(brief.text, brief.hash, f"`{key}` cannot change while the loop runs: {remedy}")
    return brief


def _text_without_memory(path: Path) -> str:
    """The text of a broken brief, without the memory block if its markers can be found."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
    try:
        return without_block(text, path=path)
    except BadInput:
        return text


def _last_hash(journal: SessionJournal) -> str:
    """The hash of the last brief in the journal, accepted or rejected."""
    events = [recorded.event for recorded in journal.session_history()]
    return [event.brief_hash for event in events if isinstance(event, SessionStarted | BriefChanged)][-1]
