"""What the repository says about the journal, read from git's own plain files: no git is run, nothing can be executed.

Refs are text files (gitrepository-layout(5)); a commit that is not packed yet is one zlib stream. For packed commits,
git's answer can be handed in: `git log --all --format='%H %(trailers:key=AR-Anchor,valueonly,separator=%x20)'`.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TRIED = "refs/autoresearch/"
BRANCHES = "refs/heads/autoresearch/"
TRAILER = "AR-Anchor"
_ANCHOR = re.compile(rf"^{TRAILER}: *([0-9]+:[0-9a-f]{{64}})$", re.MULTILINE)
_SPOKEN = re.compile(r"([0-9]+):([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Commits by ref, and the anchors (position -> hash) that commits carry. `packed` commits could not be read here."""

    tried: Mapping[tuple[str, int], str]  # (session, experiment) -> commit
    tips: Mapping[str, str]  # session -> commit of its branch
    anchors: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # commit -> (position, hash)
    packed: frozenset[str] = frozenset()


def enclosing(journal: Path, *, spoken: Iterable[str] = ()) -> Repository | None:
    """The repository around a journal; None where there is none, or where its refs are no plain files (reftable).

    `spoken` are lines of git's answer, as above.
    """
    folders = [journal.absolute().parent, *journal.absolute().parents]
    git = next((folder / ".git" for folder in folders if (folder / ".git").exists()), None)
    if git is None:
        return None
    store = _store(git)
    if (store / "reftable").exists():
        return None
    refs = _refs(store)
    tried = {_number(ref): commit for ref, commit in refs.items() if ref.startswith(TRIED)}
    tips = {ref.removeprefix(BRANCHES): commit for ref, commit in refs.items() if ref.startswith(BRANCHES)}
    anchors = dict(_spoken(spoken))
    messages = {commit: _message(store, commit) for commit in {*tried.values(), *tips.values()} - anchors.keys()}
    anchors |= {commit: anchor for commit, message in messages.items() if message and (anchor := _anchor(message))}
    packed = frozenset(commit for commit, message in messages.items() if message is None)
    return Repository(
        tried={key: commit for key, commit in tried.items() if key}, tips=tips, anchors=anchors, packed=packed
    )


def _store(git: Path) -> Path:
    """The folder that holds refs and objects; a linked worktree's `.git` is a file that points there."""
    if git.is_file():
        git = (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    common = git / "commondir"
    return (git / common.read_text(encoding="utf-8").strip()).resolve() if common.exists() else git


def _refs(store: Path) -> dict[str, str]:
    """Every ref; a loose one counts for more than its packed line."""
    packed = store / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.exists() else []
    pairs = [line.split(" ", 1) for line in lines if line[:1] not in {"#", "^", ""}]
    refs = {name: commit for commit, name in pairs}
    for space in (TRIED, BRANCHES):
        for path in (store / space).rglob("*"):
            if path.is_file() and path.suffix != ".lock":
                refs[path.relative_to(store).as_posix()] = path.read_text(encoding="utf-8").strip()
    return refs


def _number(ref: str) -> tuple[str, int] | None:
    session, _, number = ref.removeprefix(TRIED).rpartition("/")
    return (session, int(number)) if number.isdigit() else None


def _message(store: Path, commit: str) -> str | None:
    """A loose commit object as text; None where there is no such file."""
    try:
        return zlib.decompress((store / "objects" / commit[:2] / commit[2:]).read_bytes()).decode(errors="replace")
    except (OSError, zlib.error):
        return None


def _anchor(message: str) -> tuple[int, str] | None:
    found = _ANCHOR.search(message)
    return _pair(found[1]) if found else None


def _spoken(lines: Iterable[str]) -> Iterable[tuple[str, tuple[int, str]]]:
    for line in lines:
        commit, _, rest = line.strip().partition(" ")
        if found := _SPOKEN.search(rest):
            yield commit, _pair(found[0])


def _pair(anchor: str) -> tuple[int, str]:
    position, _, digest = anchor.partition(":")
    return int(position), digest
