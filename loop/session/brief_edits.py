"""The brief in mid-session: an edit is taken up at the next experiment, or refused in a sentence, and recorded either way.

What makes two numbers comparable does not change within a session; what the parts of the loop were built from is read
when the loop starts. An edit that touches either, or that breaks the brief, leaves the last good brief in force.
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
from loop.brief.memory_block import outside
from loop.brief.program import Brief
from loop.errors import BadInput
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal

COMPARED = (
    "metric", "direction", "train", "evaluate", "pattern", "log", "guard", "budget", "seed_env",
)  # fmt: skip  # fixed for a session
LIVE = (
    "goal", "target", "scope", "locked", "experiments", "hours", "failures", "plateau", "ahead", "checkpoints", "keep",
    "reruns", "rollback", "max_cost", "max_lines", "atomic", "groups", "dependencies",
)  # fmt: skip  # taken up at once


@dataclass(frozen=True)
class EditRejected:
    """An edit that is not taken up, and why."""

    text: str
    hash: str
    reason: str


def apply_brief_edits(ctx: Context) -> None:
    """Take up an edit of the brief, and record it; also one that was made between two calls of the loop."""
    read = _read(ctx.brief, ctx.defaults)
    if read.hash == _known(ctx.journal):
        return
    ctx.journal.append_to_session(_changed(ctx.session.tag, read))
    if isinstance(read, Brief):
        ctx.brief = read


def _changed(session: str, read: Brief | EditRejected) -> BriefChanged:
    if isinstance(read, EditRejected):
        return BriefChanged(session=session, brief=read.text, brief_hash=read.hash, accepted=False, reason=read.reason)
    config = msgspec.to_builtins(read.config)
    return BriefChanged(session=session, brief=read.text, brief_hash=read.hash, accepted=True, config=config)


def check_rules(config: Config, started: SessionStarted) -> None:
    """Raises BadInput where a brief would compare what cannot be compared with the session it continues."""
    now = json.loads(json.dumps(msgspec.to_builtins(config)))  # lists, as the journal has them
    for key in COMPARED:
        if key in started.config and now[key] != started.config[key]:
            raise BadInput(
                f"The brief says `{key}: {now[key]}`, but session {started.session} measures with "
                f"`{key}: {started.config[key]}`: put it back, or start a new session with --tag NAME."
            )


def _read(standing: Brief, defaults: Mapping[str, object]) -> Brief | EditRejected:
    try:
        fresh = briefs.read(standing.path, defaults=defaults)
    except BadInput as error:
        text = _human(standing.path)
        return EditRejected(text, hashlib.sha256(text.strip().encode()).hexdigest(), str(error))
    before, after = msgspec.to_builtins(standing.config), msgspec.to_builtins(fresh.config)
    for key in (key for key in after if key not in LIVE and after[key] != before[key]):
        how = "start a new session with --tag NAME" if key in COMPARED else "stop the loop and run it again"
        return EditRejected(fresh.text, fresh.hash, f"`{key}` cannot change while the loop runs: {how}")
    return fresh


def _human(path: Path) -> str:
    """What there is of a brief that cannot be read: without the memory block, where that can be told."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
    try:
        return outside(text, path=path)
    except BadInput:
        return text


def _known(journal: SessionJournal) -> str:
    """The hash of the last text of the brief that the journal has, taken up or refused."""
    events = [recorded.event for recorded in journal.session_history()]
    return [event.brief_hash for event in events if isinstance(event, SessionStarted | BriefChanged)][-1]
