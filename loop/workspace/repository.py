"""A repository as a session sees it: commits, its branch, the refs that hold every tried commit, exports."""

import functools
import re
import shlex
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from loop.errors import BadInput, WorkspaceError
from loop.workspace import export, objects
from loop.workspace.objects import FILE, Blob
from loop.workspace.plumbing import Plumbing

NOTHING = ""  # what update-ref takes for "this ref does not exist yet", whatever the length of hashes
_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TAG = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class Workspace:
    """One repository and one session's refs in it: branch `autoresearch/<tag>`, tried commits `refs/autoresearch/<tag>/<n>`."""

    def __init__(self, root: Path) -> None:
        self._git = Plumbing(root)
        self.root = self._git.root
        self._of_commit = functools.lru_cache(maxsize=16)(self._tree)
        self._of_files = functools.lru_cache(maxsize=4)(self._read)

    # --- reading ---------------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The commit that the user's checkout stands on, branch or not. Raises BadInput for an unborn branch."""
        sha = self._git.resolve("HEAD")
        if sha is None:
            raise BadInput(f"{self.root} has no commit yet: commit your files first (`git add … && git commit`).")
        return sha

    def version(self) -> tuple[int, int]:
        """Major and minor version of git."""
        found = re.search(r"(\d+)\.(\d+)", self._git.run("version"))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def branch(self, tag: str) -> str | None:
        """The commit at the session's branch, or None."""
        return self._git.resolve(branch_ref(tag))

    def tried(self, tag: str) -> dict[int, str]:
        """The commit of every experiment that has one."""
        lines = self._git.run(
            "for-each-ref", "--format=%(refname) %(objectname)", f"refs/autoresearch/{tag}/"
        ).splitlines()
        pairs = (line.split() for line in lines)
        return {int(name.rsplit("/", 1)[1]): sha for name, sha in pairs if name.rsplit("/", 1)[1].isdigit()}

    def exists(self, commit: str) -> bool:
        return self._git.resolve(f"{commit}^{{commit}}") is not None

    def contains(self, commit: str, other: str) -> bool:
        """Whether a commit has another one in its history, or is that one."""
        return not self._git.run("rev-list", "--max-count=1", f"{commit}..{other}")

    def tree(self, commit: str) -> dict[str, Blob]:
        """Every file of a commit, path -> blob. What a full name stands for never changes, so it is read once."""
        return dict(self._of_commit(commit) if _FULL.fullmatch(commit) else self._tree(commit))

    def _tree(self, commit: str) -> dict[str, Blob]:
        raw = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = (entry.split("\t", 1) for entry in raw.split("\0") if entry)
        return {path: Blob(meta.split()[0], meta.split()[2]) for meta, path in entries if meta.split()[1] == "blob"}

    def read(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """The texts of some files of a commit. Raises WorkspaceError for a file that is not UTF-8 text."""
        return dict(
            self._of_files(commit, tuple(paths)) if _FULL.fullmatch(commit) else self._read(commit, tuple(paths))
        )

    def _read(self, commit: str, paths: tuple[str, ...]) -> dict[str, str]:
        tree = self.tree(commit)
        wanted = [path for path in paths if path in tree]
        contents = dict(zip(wanted, self._git.blobs([tree[path].sha for path in wanted]), strict=True))
        try:
            return {path: data.decode("utf-8") for path, data in contents.items()}
        except UnicodeDecodeError as error:
            raise WorkspaceError(f"A file in scope is not UTF-8 text: {error}.") from error

    def checked_out(self, tag: str) -> Path | None:
        """The work tree, the user's or a linked one, in which the session's branch is checked out."""
        at: Path | None = None
        for line in self._git.run("worktree", "list", "--porcelain").splitlines():
            at = Path(line.removeprefix("worktree ")) if line.startswith("worktree ") else at
            if line == f"branch {branch_ref(tag)}":
                return at
        return None

    def changed(self, paths: Iterable[str]) -> list[str]:
        """Which of these files differ between the user's work tree and HEAD: work that a session does not see."""
        blobs = self.tree(self.head())
        pairs = [(path, blobs[path].sha) for path in paths if path in blobs and (self.root / path).is_file()]
        return [
            path
            for path, sha in pairs
            if objects.write_blob(self._git, (self.root / path).read_bytes(), store=False) != sha
        ]

    # --- writing objects and refs -----------------------------------------------------------------------------------

    def commit(self, parent: str, files: Mapping[str, str], *, message: str, when: datetime) -> str:
        """Write a commit: the parent's tree with these texts. The same arguments give the same commit."""
        tree = self.tree(parent)
        blobs = {
            path: Blob(tree[path].mode if path in tree else FILE, objects.write_blob(self._git, text.encode()))
            for path, text in files.items()
        }
        grafted = objects.graft(self._git, f"{parent}^{{tree}}", blobs)
        return objects.write_commit(self._git, grafted, parent=parent, message=message, when=when)

    def revert(self, commit: str, *, onto: str, message: str, when: datetime) -> str:
        """Write the commit that undoes `commit` on top of it: `onto`'s tree again, history kept."""
        tree = self._git.run("rev-parse", f"{onto}^{{tree}}")
        return objects.write_commit(self._git, tree, parent=commit, message=message, when=when)

    def hold(self, tag: str, number: int, commit: str) -> None:
        """Keep a tried commit reachable as refs/autoresearch/<tag>/<n>, whatever becomes of it."""
        ref = _held(tag, number)
        current = self._git.resolve(ref)
        if current != commit:
            self._write(ref, commit, current=current)

    def noted(self, tag: str) -> set[str]:
        """The commits of this session that have a note."""
        return objects.noted(self._git, _notes(tag))

    def note(self, tag: str, texts: Mapping[str, str], *, when: datetime) -> None:
        """Put notes on commits, durably."""
        written, standing = objects.write_notes(self._git, _notes(tag), texts, when=when)
        self._swap(_notes(tag), written, expected=standing)

    def advance(self, tag: str, commit: str, *, expected: str | None) -> None:
        """Move the session's branch by compare-and-swap. Raises WorkspaceError if somebody moved it or has it checked out."""
        if place := self.checked_out(tag):
            raise WorkspaceError(in_use(tag, place))
        self._swap(branch_ref(tag), commit, expected=expected)

    def unlock(self, tag: str, *, patience: float = 1.0) -> list[str]:
        """Remove the locks that a killed git left on this session's refs; a lock that goes away by itself is somebody's."""
        places = [(self._git.common / ref).parent for ref in (branch_ref(tag), _notes(tag), _held(tag, 0))]
        ours = re.compile(rf"({re.escape(tag)}|\d+)\.lock")
        found = [path for folder in places if folder.is_dir() for path in folder.iterdir() if ours.fullmatch(path.name)]
        locks = {path: path.stat().st_ino for path in found}
        if locks:
            time.sleep(patience)
        stale = [path for path, inode in locks.items() if path.exists() and path.stat().st_ino == inode]
        for path in stale:
            path.unlink(missing_ok=True)
        return [path.name for path in stale]

    def export(self, commit: str, folder: Path) -> None:
        """Write a commit's files into a folder that does not exist yet, byte for byte, without filters and without `.git`."""
        export.export(self._git, self.tree(commit), folder)

    def _swap(self, ref: str, commit: str, *, expected: str | None) -> None:
        current = self._git.resolve(ref)
        if current == commit:
            return
        if current != expected:
            mend = f"put it back with `git update-ref {ref} {expected}`"
            raise WorkspaceError(
                f"{ref} stands at {_short(current)}, not at {_short(expected)} as the journal says: somebody moved it; "
                f"{mend if expected else f'remove it with `git update-ref -d {ref}`'}."
            )
        self._write(ref, commit, current=current)

    def _write(self, ref: str, commit: str, *, current: str | None) -> None:
        self._git.run("update-ref", "--no-deref", ref, commit, current or NOTHING)
        self._git.sync(ref)


def branch_name(tag: str) -> str:
    return f"autoresearch/{tag}"


def branch_ref(tag: str) -> str:
    return f"refs/heads/{branch_name(tag)}"


def in_use(tag: str, place: Path) -> str:
    """The sentence for a branch that somebody has checked out: moved, it would show them the change reversed."""
    return (
        f"Branch {branch_name(tag)} is checked out in {place}, and the loop would move it under your feet: "
        f"switch to another branch first (`git -C {shlex.quote(str(place))} switch --detach`)."
    )


def _held(tag: str, number: int) -> str:
    return f"refs/autoresearch/{tag}/{number}"


def _notes(tag: str) -> str:
    return f"refs/notes/{branch_name(tag)}"


def check_tag(tag: str) -> None:
    """Raises BadInput for a tag that cannot be part of a branch name."""
    if not _TAG.match(tag) or ".." in tag or tag.endswith((".", ".lock")):
        raise BadInput(f"The tag `{tag}` cannot name a branch: use letters, digits, dots, dashes and underscores.")


def _short(sha: str | None) -> str:
    return sha[:10] if sha else "nothing"
