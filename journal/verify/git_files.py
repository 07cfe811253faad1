"""The refs, anchors and notes of a repository, read from git's plain files: git does not run, so no hook can.

Refs are text files (gitrepository-layout(5)). An object that is not packed is a file of its own (gitformat-loose(5): one
zlib stream, `kind size NUL content`). For packed commits and notes the caller passes the lines of
`git log --all --notes='autoresearch/*' --format='FORMAT'` with the `FORMAT` below.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

FORMAT = "%H %(trailers:key=AR-Anchor,key=AR-Journal,valueonly,separator=%x20)%n%N"
EXPERIMENTS = "refs/autoresearch/"
BRANCHES = "refs/heads/autoresearch/"
NOTES = "refs/notes/autoresearch/"
PROPOSAL_KEY = "AR-Anchor"  # trailer of a commit, with the anchor of its proposal
VERDICT_KEY = "AR-Verdict"  # line of the note on a kept commit, with the anchor of its verdict
JOURNAL_KEY = "AR-Journal"  # after either of them: the journal that the anchor is of; older anchors do not name it
_ANCHOR = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})(?: ([0-9a-f]{16})\b)?")
_KEYED_ANCHOR = re.compile(r"^(AR-Anchor|AR-Verdict): *([0-9]{1,18}):([0-9a-f]{64})$", re.MULTILINE)
_JOURNAL = re.compile(rf"^{JOURNAL_KEY}: *([0-9a-f]{{16}})$", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40,64}\b")
SUBTREE = "40000"  # mode of a tree within a tree
_TREE = re.compile(rb"tree ([0-9a-f]+)\n")


class Anchor(NamedTuple):
    """Position and hash of an event, and the name of its journal; empty in older commits and notes."""

    position: int
    digest: str
    journal: str = ""


class GitNote(NamedTuple):
    """A note on a commit, with the anchor of its verdict; `session` is that of its ref, empty if it is not known."""

    commit: str
    anchor: Anchor
    session: str = ""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The commits of refs, and the anchors in commits and notes. The objects in `packed` could not be read.

    Sessions of several journals may have notes on one commit: they start from it.
    """

    experiments: Mapping[tuple[str, int], str]  # (session, experiment) -> commit
    tips: Mapping[str, str]  # session -> commit of its branch
    anchors: Mapping[str, Anchor] = field(default_factory=dict)  # commit -> its proposal
    verdicts: Sequence[GitNote] = ()
    packed: frozenset[str] = frozenset()

    def sessions(self) -> dict[str, str]:
        """Commit -> the session whose ref holds it."""
        tips = {commit: session for session, commit in self.tips.items()}
        return {**tips, **{commit: session for (session, _), commit in self.experiments.items()}}


def read_repository(journal: Path, *, git_log: Iterable[str] = ()) -> Repository | None:
    """The repository around a journal; None if there is none, or if its refs are no plain files (reftable).

    `git_log` are the lines of the command above.
    """
    folders = [journal.absolute().parent, *journal.absolute().parents]
    git = next((folder / ".git" for folder in folders if (folder / ".git").exists()), None)
    if git is None:
        return None
    store = _store(git)
    if (store / "reftable").exists():
        return None
    refs = _refs(store)
    experiments = {_key(ref): commit for ref, commit in refs.items() if ref.startswith(EXPERIMENTS)}
    tips = {ref.removeprefix(BRANCHES): commit for ref, commit in refs.items() if ref.startswith(BRANCHES)}
    anchors, verdicts, logged = _parse_log(git_log)
    messages = {commit: _object_text(store, commit) for commit in {*experiments.values(), *tips.values()} - logged}
    notes = [] if verdicts else list(_notes(store, refs))
    return Repository(
        experiments={key: commit for key, commit in experiments.items() if key},
        tips=tips,
        anchors=anchors | _anchors(messages, PROPOSAL_KEY),
        verdicts=[
            *verdicts,
            *(
                GitNote(commit, found, tag)
                for tag, commit, text in notes
                if (found := _last_anchor(text or "", VERDICT_KEY))
            ),
        ],
        packed=frozenset(commit for commit, text in [*messages.items(), *(note[1:] for note in notes)] if text is None),
    )


def _notes(store: Path, refs: Mapping[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """(session, commit, note); None for a packed note, and for the tip of a packed ref of notes."""
    for ref, tip in refs.items():
        if ref.startswith(NOTES):
            tree = _TREE.match(_object_content(store, tip) or b"")
            for commit, text in _tree_notes(store, tree[1].decode(), "") if tree else [(tip, None)]:
                yield ref.removeprefix(NOTES), commit, text


def _anchors(texts: Mapping[str, str | None], key: str) -> dict[str, Anchor]:
    return {commit: anchor for commit, text in texts.items() if (anchor := _last_anchor(text or "", key))}


def _store(git: Path) -> Path:
    """The folder with refs and objects, to which the `.git` file of a linked worktree points."""
    if git.is_file():
        git = (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    common = git / "commondir"
    return (git / common.read_text(encoding="utf-8").strip()).resolve() if common.exists() else git


def _refs(store: Path) -> dict[str, str]:
    """Ref -> commit; a loose ref overrides its packed line."""
    packed = store / "packed-refs"
    lines = packed.read_text(encoding="utf-8", errors="replace").splitlines() if packed.exists() else []
    pairs = [line.split(" ", 1) for line in lines if line[:1] not in {"#", "^", ""}]
    refs = {name: commit for commit, name in pairs}
    for namespace in (EXPERIMENTS, BRANCHES, NOTES):
        for path in (store / namespace).rglob("*"):
            if path.is_file() and path.suffix != ".lock":
                refs[path.relative_to(store).as_posix()] = path.read_text(encoding="utf-8").strip()
    return refs


def _key(ref: str) -> tuple[str, int] | None:
    session, _, number = ref.removeprefix(EXPERIMENTS).rpartition("/")
    return (session, int(number)) if number.isdecimal() else None


def _last_anchor(text: str, key: str) -> Anchor | None:
    """The last anchor under a key: text above the trailers comes from a proposer."""
    found = [(int(position), digest) for found_key, position, digest in _KEYED_ANCHOR.findall(text) if found_key == key]
    journals = _JOURNAL.findall(text)
    return Anchor(*found[-1], journals[-1] if journals else "") if found else None


def _parse_log(lines: Iterable[str]) -> tuple[dict[str, Anchor], list[GitNote], set[str]]:
    """Anchors by commit, notes, and all commits; each commit is a line with its anchor, followed by its notes."""
    anchors: dict[str, Anchor] = {}
    notes: list[GitNote] = []
    commits: set[str] = set()
    commit = ""
    for line in lines:
        if _COMMIT.match(line):
            commit, _, rest = line.strip().partition(" ")
            commits.add(commit)
            if found := _ANCHOR.search(rest):
                anchors[commit] = Anchor(int(found[1]), found[2], found[3] or "")
        elif anchor := _last_anchor(line, VERDICT_KEY):
            notes.append(GitNote(commit, anchor))
        elif notes and notes[-1].commit == commit and (journal := _JOURNAL.match(line)):
            notes[-1] = notes[-1]._replace(anchor=notes[-1].anchor._replace(journal=journal[1]))
    return anchors, notes, commits


def _object_content(store: Path, name: str) -> bytes | None:
    """The content of an object; None if it has no file, because it is packed or missing."""
    try:
        stored = zlib.decompress((store / "objects" / name[:2] / name[2:]).read_bytes())
    except (OSError, zlib.error):
        return None
    return stored.partition(b"\0")[2]


def _object_text(store: Path, name: str) -> str | None:
    content = _object_content(store, name)
    return None if content is None else content.decode(errors="replace")


def _tree_notes(store: Path, tree: str, above: str) -> Iterator[tuple[str, str | None]]:
    """The notes in a tree by commit: git spreads many notes over subtrees named by the first digits (git-notes(1))."""
    content = _object_content(store, tree)
    if content is None:
        yield tree, None
    rest, size = content or b"", len(tree) // 2
    while rest:
        entry, _, rest = rest.partition(b"\0")
        mode, _, name = entry.decode(errors="replace").partition(" ")
        digest, rest = rest[:size].hex(), rest[size:]
        if mode == SUBTREE:
            yield from _tree_notes(store, digest, above + name)
        else:
            yield above + name, _object_text(store, digest)
