"""What the repository says about the journal, read from git's own plain files: no git is run, nothing can be executed.

Refs are text files (gitrepository-layout(5)); an object that is not packed yet is a file of its own (gitformat-loose(5):
one zlib stream, `kind size NUL content`). For packed commits and notes, git's answer can be handed in:
`git log --all --notes='autoresearch/*' --format='%H %(trailers:key=AR-Anchor,valueonly,separator=%x20)%n%N'`.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TRIED = "refs/autoresearch/"
BRANCHES = "refs/heads/autoresearch/"
NOTES = "refs/notes/autoresearch/"
TRAILER = "AR-Anchor"  # of a commit: where its proposal stands in the journal
NOTED = "AR-Verdict"  # of the note on a kept commit: where its verdict stands
_PLACE = re.compile(r"([0-9]+):([0-9a-f]{64})")
_SAID = re.compile(rf"^({TRAILER}|{NOTED}): *{_PLACE.pattern}$", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40,64}\b")
FOLDER = "40000"  # mode of a tree within a tree
_TREE = re.compile(rb"tree ([0-9a-f]+)\n")

Place = tuple[int, str]  # position and hash


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Commits by ref, and the places in the journal that commits and their notes name. `packed` could not be read here."""

    tried: Mapping[tuple[str, int], str]  # (session, experiment) -> commit
    tips: Mapping[str, str]  # session -> commit of its branch
    anchors: Mapping[str, Place] = field(default_factory=dict)  # commit -> its proposal, as its trailer says
    verdicts: Mapping[str, Place] = field(default_factory=dict)  # commit -> its verdict, as its note says
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
    anchors, verdicts, told = _spoken(spoken)
    messages = {commit: object_text(store, commit) for commit in {*tried.values(), *tips.values()} - told}
    notes = {} if verdicts else _notes(store, refs)
    return Repository(
        tried={key: commit for key, commit in tried.items() if key},
        tips=tips,
        anchors=anchors | _places(messages, TRAILER),
        verdicts=verdicts | _places(notes, NOTED),
        packed=frozenset(commit for texts in (messages, notes) for commit, text in texts.items() if text is None),
    )


def _notes(store: Path, refs: Mapping[str, str]) -> dict[str, str | None]:
    """Commit -> its note, of all sessions; None for a note that is packed, or for the newest commit of a packed ref."""
    found: dict[str, str | None] = {}
    for ref, tip in refs.items():
        if ref.startswith(NOTES):
            found |= notes_at(store, tip)
    return found


def _places(texts: Mapping[str, str | None], key: str) -> dict[str, Place]:
    return {commit: place for commit, text in texts.items() if (place := _named(text or "", key))}


def _store(git: Path) -> Path:
    """The folder that holds refs and objects; a linked worktree's `.git` is a file that points there."""
    if git.is_file():
        git = (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    common = git / "commondir"
    return (git / common.read_text(encoding="utf-8").strip()).resolve() if common.exists() else git


def _refs(store: Path) -> dict[str, str]:
    """Every ref; a loose one counts for more than its packed line."""
    packed = store / "packed-refs"
    lines = packed.read_text(encoding="utf-8", errors="replace").splitlines() if packed.exists() else []
    pairs = [line.split(" ", 1) for line in lines if line[:1] not in {"#", "^", ""}]
    refs = {name: commit for commit, name in pairs}
    for space in (TRIED, BRANCHES, NOTES):
        for path in (store / space).rglob("*"):
            if path.is_file() and path.suffix != ".lock":
                refs[path.relative_to(store).as_posix()] = path.read_text(encoding="utf-8").strip()
    return refs


def _number(ref: str) -> tuple[str, int] | None:
    session, _, number = ref.removeprefix(TRIED).rpartition("/")
    return (session, int(number)) if number.isdecimal() else None


def _named(text: str, key: str) -> Place | None:
    """The place that a text names last: what is above the trailers is a proposer's words."""
    said = [(int(position), digest) for of, position, digest in _SAID.findall(text) if of == key]
    return said[-1] if said else None


def _spoken(lines: Iterable[str]) -> tuple[dict[str, Place], dict[str, Place], set[str]]:
    """Anchors and verdicts by commit, and the commits told of: each with its anchor on a line, its note on the lines below."""
    anchors: dict[str, Place] = {}
    verdicts: dict[str, Place] = {}
    told: set[str] = set()
    commit = ""
    for line in lines:
        if _COMMIT.match(line):
            commit, _, rest = line.strip().partition(" ")
            told.add(commit)
            if found := _PLACE.search(rest):
                anchors[commit] = int(found[1]), found[2]
        elif place := _named(line, NOTED):
            verdicts[commit] = place
    return anchors, verdicts, told


def object_content(store: Path, name: str) -> bytes | None:
    """What an object holds; None where there is no such file: it is packed, or was never there."""
    try:
        stored = zlib.decompress((store / "objects" / name[:2] / name[2:]).read_bytes())
    except (OSError, zlib.error):
        return None
    return stored.partition(b"\0")[2]


def object_text(store: Path, name: str) -> str | None:
    """The same, as text."""
    found = object_content(store, name)
    return None if found is None else found.decode(errors="replace")


def notes_at(store: Path, tip: str) -> dict[str, str | None]:
    """Commit -> its note (git-notes(1)), of the notes whose newest commit is `tip`; None: packed, of one note or of all."""
    found = _TREE.match(object_content(store, tip) or b"")
    return dict(_leaves(store, found[1].decode(), "")) if found else {tip: None}


def _leaves(store: Path, tree: str, above: str) -> Iterator[tuple[str, str | None]]:
    """The texts in a tree, by path without slashes: git spreads many notes over folders named by the first digits."""
    stored = object_content(store, tree)
    if stored is None:
        yield tree, None
    rest, size = stored or b"", len(tree) // 2
    while rest:
        head, _, rest = rest.partition(b"\0")
        mode, _, name = head.decode(errors="replace").partition(" ")
        found, rest = rest[:size].hex(), rest[size:]
        if mode == FOLDER:
            yield from _leaves(store, found, above + name)
        else:
            yield above + name, object_text(store, found)
