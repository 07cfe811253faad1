"""Which sessions measure the same thing: their results inform each other. A pure fold.

A session belongs to the study of the earlier sessions whose *identity* is equal: metric, direction, train and evaluate
commands, budget, pattern and log of the metric, names of the inputs, and the hashes of the files out of scope. Prose, pictures
and the repository's housekeeping are left out, because no run reads them, unless the brief locks them or a command names them;
the proposer's own program is left out too. All of this is in SessionStarted, so a journal of any earlier version has studies.
A key that an old event lacks counts as not set.

The device class is part of a result and not of the study: numbers of two classes are never compared.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import msgspec

from journal.events import SessionStarted
from journal.events.recorded import Recorded
from journal.projections.dispatch import Fold

SETTINGS = ("metric", "direction", "train", "evaluate", "budget", "pattern", "log", "inputs")  # keys of a brief
UNREAD_SUFFIXES = frozenset({".md", ".rst", ".ipynb", ".png", ".jpg", ".jpeg", ".svg", ".gif", ".pdf", ".html"})
UNREAD_NAMES = frozenset({"LICENSE", "CHANGELOG", ".gitignore", ".gitattributes", ".editorconfig", "results.tsv"})
UNREAD_FOLDERS = frozenset({".github", "docs", "tests"})

Identity = Mapping[str, str]


class StudySession(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session's place in its study. `study` is the tag of the study's first session."""

    study: str
    session: str
    number: int  # of the session within the study, from 1
    device: str  # the device class of its results
    identity: str  # a hash of what all sessions of the study have in common
    difference: str  # what differs from the session before it in the journal, if that belongs to another study


class Studies(Fold):
    """Rows by session."""

    def __init__(self) -> None:
        self.rows: dict[str, StudySession] = {}
        self._members: dict[str, list[str]] = {}  # study -> its sessions, oldest first
        self._studies: dict[str, str] = {}  # identity -> study
        self._identities: dict[str, Identity] = {}
        self.handlers = {SessionStarted: self._start}

    def sessions(self, session: str) -> tuple[str, ...]:
        """The sessions of a session's study, oldest first, itself included; empty for an unknown session."""
        row = self.rows.get(session)
        return tuple(self._members[row.study]) if row else ()

    def identity(self, session: str) -> Identity:
        """What a session's results depend on besides the files in scope: a setting or a file -> its value."""
        return self._identities.get(session, {})

    def _start(self, event: SessionStarted, _recorded: Recorded) -> StudySession:
        identity = identity_of(event)
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        before = next(reversed(self.rows.values()), None)
        study = self._studies.setdefault(digest, event.session)
        members = self._members.setdefault(study, [])
        members.append(event.session)
        self._identities[event.session] = identity
        row = self.rows[event.session] = StudySession(
            study=study,
            session=event.session,
            number=len(members),
            device=event.device,
            identity=digest,
            difference=difference(self._identities[before.session], identity) if before else "",
        )
        return row


def identity_of(event: SessionStarted) -> Identity:
    """What the results of a session depend on besides the files in scope."""
    return make_identity(event.config, event.locked)


def make_identity(config: Mapping[str, object], locked: Mapping[str, str]) -> Identity:
    """The identity from the keys of a brief and the hashes of the files out of scope."""
    settings = {key: _plain(config.get(key)) for key in SETTINGS}
    return settings | dict(_files(config, locked))


def difference(earlier: Identity, later: Identity) -> str:
    """The settings and files in which two identities differ, as the end of a sentence; empty if they are equal."""
    names = [name for name in {**earlier, **later} if earlier.get(name, "") != later.get(name, "")]
    shown = [_change(name, earlier, later) for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _change(name: str, earlier: Identity, later: Identity) -> str:
    if name in SETTINGS:
        return f"{name} {_shown(earlier, name)} became {_shown(later, name)}"
    verb = "changed" if name in earlier and name in later else "was added" if name in later else "is gone"
    return f"{name} {verb}"


def _shown(identity: Identity, name: str) -> str:
    text = " ".join(identity.get(name, "").split())
    return "(not set)" if not text else text if len(text) <= 60 else f"{text[:59]}…"


def _files(config: Mapping[str, object], locked: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    named = tuple(map(str, _list(config.get("locked"))))
    read, proposer = _words(config, ("train", "evaluate", "prepare")), _words(config, ("command",))
    for path in sorted(locked):
        is_named = path in read or any(fnmatchcase(path, pattern) for pattern in named)
        if is_named or (path not in proposer and not _is_unread(PurePosixPath(path))):
            yield path, locked[path]


def _is_unread(path: PurePosixPath) -> bool:
    """Whether a file is prose, a picture or housekeeping, which no run reads."""
    is_housekeeping = path.name in UNREAD_NAMES or bool(UNREAD_FOLDERS & {*path.parts[:1]})
    return is_housekeeping or path.suffix.lower() in UNREAD_SUFFIXES


def _words(config: Mapping[str, object], keys: Iterable[str]) -> frozenset[str]:
    """The words of some commands, with a module's name as its path."""
    words = [word.strip("\"'") for key in keys for word in str(config.get(key) or "").split()]
    return frozenset(words) | {f"{word.replace('.', '/')}.py" for word in words} | {w.removeprefix("./") for w in words}


def _plain(value: object) -> str:
    """A setting as text; 5 and 5.0 are equal."""
    if value is None or value in ("", [], ()):
        return ""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
