"""A repository and the refs of a session in it: its branch, every tried commit, its notes, exports."""

import functools
import re
import shlex
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from journal.events.names import is_commit, is_tag
from loop.errors import BadInput, WorkspaceError
from loop.workspace import checkout_state, export, objects
from loop.workspace.checkout_state import CheckoutState
from loop.workspace.objects import FILE, Blob
from loop.workspace.plumbing import Plumbing

REF_FOLDERS = ("refs/heads/autoresearch", "refs/autoresearch", "refs/notes/autoresearch")
SUBMODULE = "160000 "
LFS_HEADER = b"version https://git-lfs.github.com/spec/"
LFS_BYTES = 1024  # a pointer has fewer (the specification of Git LFS)
NO_REF = ""  # what update-ref takes for "this ref does not exist yet", whatever the length of hashes


class Workspace:
    """A repository with sessions: branches `autoresearch/<tag>`, tried commits `refs/autoresearch/<tag>/<number>`."""

    def __init__(self, root: Path) -> None:
        self._git = Plumbing(root)
        self.root = self._git.root
        self._cached_tree = functools.lru_cache(maxsize=16)(self._tree)
        self._cached_texts = functools.lru_cache(maxsize=4)(self._read)

    # --- reading ---------------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The commit that the user has checked out. Raises BadInput if there is none yet."""
        sha = self._git.resolve("HEAD")
        if sha is None:
            raise BadInput(f"{self.root} has no commit yet: commit your files first (`git add … && git commit`).")
        return sha

    def git_version(self) -> tuple[int, int]:
        """Major and minor version of git."""
        match = re.search(r"(\d+)\.(\d+)", self._git.run("version"))
        return (int(match[1]), int(match[2])) if match else (0, 0)

    def branch(self, tag: str) -> str | None:
        """The commit at the tip of the session's branch, or None."""
        return self._git.resolve(branch_ref(tag))

    def tried_commits(self, tag: str) -> dict[int, str]:
        """The commit of every experiment that has one."""
        lines = self._git.run(
            "for-each-ref", "--format=%(refname) %(objectname)", f"refs/autoresearch/{tag}/"
        ).splitlines()
        pairs = (line.split() for line in lines)
        return {int(name.rsplit("/", 1)[1]): sha for name, sha in pairs if name.rsplit("/", 1)[1].isdigit()}

    def blocking_ref(self, tag: str | None = None) -> str | None:
        """A ref in whose place git would need a folder for the refs of a session, or the other way round; else None."""
        names = self._git.run("for-each-ref", "--format=%(refname)", *REF_FOLDERS).splitlines()
        below = "" if tag is None else f"{branch_ref(tag)}/"
        return next((name for name in names if name in REF_FOLDERS or (below and name.startswith(below))), None)

    def exists(self, commit: str) -> bool:
        """Whether the repository has a commit of this full name."""
        return is_commit(commit) and self._git.resolve(f"{commit}^{{commit}}") is not None

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is `commit` itself or an ancestor of it."""
        return not self._git.run("rev-list", "--max-count=1", f"{commit}..{other}")

    def tree(self, commit: str) -> dict[str, Blob]:
        """Every file of a commit, path -> blob. The tree of a full name never changes, so it is cached."""
        return dict(self._cached_tree(commit) if is_commit(commit) else self._tree(commit))

    def _tree(self, commit: str) -> dict[str, Blob]:
        _check_commit(commit)
        raw = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = (entry.split("\t", 1) for entry in raw.split("\0") if entry)
        return {path: Blob(meta.split()[0], meta.split()[2]) for meta, path in entries if meta.split()[1] == "blob"}

    def read(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """The texts of some files of a commit. Raises WorkspaceError, which names the file, if one is not UTF-8 text."""
        read = self._cached_texts if is_commit(commit) else self._read
        return dict(read(commit, tuple(paths)))

    def _read(self, commit: str, paths: tuple[str, ...]) -> dict[str, str]:
        tree = self.tree(commit)
        present = [path for path in paths if path in tree]
        contents = dict(zip(present, self._git.blobs([tree[path].sha for path in present]), strict=True))
        return {path: _text(path, data) for path, data in contents.items()}

    def sizes(self, commit: str, paths: Iterable[str]) -> dict[str, int | None]:
        """The sizes of some files of a commit, in bytes; None for one that a partial clone does not have."""
        tree = self.tree(commit)
        present = [path for path in paths if path in tree]
        return dict(zip(present, self._git.sizes([tree[path].sha for path in present]), strict=True))

    def missing_files(self, commit: str) -> list[str]:
        """The files of a commit that this repository does not have because it is a partial clone."""
        if not self._git.is_partial():
            return []
        return [path for path, size in self.sizes(commit, self.tree(commit)).items() if size is None]

    def large_file_pointers(self, commit: str) -> list[str]:
        """The files of a commit that hold a pointer of Git LFS in the place of their content."""
        tree = self.tree(commit)
        attributes = [path for path in tree if path.rpartition("/")[2] == ".gitattributes"]
        if not any(b"filter=lfs" in data for data in self._git.blobs([tree[path].sha for path in attributes])):
            return []
        small = [path for path, size in self.sizes(commit, tree).items() if size is not None and size < LFS_BYTES]
        contents = self._git.blobs([tree[path].sha for path in small])
        return [path for path, data in zip(small, contents, strict=True) if data.startswith(LFS_HEADER)]

    def submodules(self, commit: str) -> list[str]:
        """The folders of a commit that are repositories of their own."""
        raw = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        return [entry.split("\t", 1)[1] for entry in raw.split("\0") if entry.startswith(SUBMODULE)]

    def branch_checkout(self, tag: str) -> Path | None:
        """The work tree, the user's or a linked one, that has the session's branch checked out."""
        work_tree: Path | None = None
        for line in self._git.run("worktree", "list", "--porcelain", "-z").split("\0"):
            work_tree = Path(line.removeprefix("worktree ")) if line.startswith("worktree ") else work_tree
            if line == f"branch {branch_ref(tag)}":
                return work_tree
        return None

    def uncommitted(self, paths: Iterable[str]) -> list[str]:
        """The files that differ between the user's work tree and HEAD: edits that a session does not see."""
        blobs = self.tree(self.head())
        pairs = [(path, blobs[path].sha) for path in paths if path in blobs and (self.root / path).is_file()]
        return [
            path
            for path, sha in pairs
            if objects.write_blob(self._git, (self.root / path).read_bytes(), store=False) != sha
        ]

    def checkout_state(self, *, leave_out: Collection[Path] = ()) -> CheckoutState:
        """What the person sees of the repository, without the files at or below the paths to leave out."""
        return checkout_state.read_state(self._git, leave_out=leave_out)

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
        """Write the commit that undoes `commit` on top of it: the tree of `onto` again, with the history kept."""
        tree = self._git.run("rev-parse", f"{onto}^{{tree}}")
        return objects.write_commit(self._git, tree, parent=commit, message=message, when=when)

    def pin(self, tag: str, number: int, commit: str) -> None:
        """Keep a tried commit reachable as refs/autoresearch/<tag>/<number>, whatever its verdict."""
        _check_commit(commit)
        ref = _pin_ref(tag, number)
        current = self._git.resolve(ref)
        if current != commit:
            self._update_ref(ref, commit, current=current)

    def commits_with_notes(self, tag: str) -> set[str]:
        return objects.commits_with_notes(self._git, _notes_ref(tag))

    def add_notes(self, tag: str, texts: Mapping[str, str], *, when: datetime) -> None:
        """Add notes, by commit, durably."""
        commit, previous = objects.write_notes(self._git, _notes_ref(tag), texts, when=when)
        self._compare_and_swap(_notes_ref(tag), commit, expected=previous)

    def move_branch(self, tag: str, commit: str, *, expected: str | None) -> None:
        """Move the session's branch by compare-and-swap. Raises WorkspaceError if somebody moved it or has it checked out."""
        _check_commit(commit)
        if work_tree := self.branch_checkout(tag):
            raise WorkspaceError(checked_out_message(tag, work_tree))
        self._compare_and_swap(branch_ref(tag), commit, expected=expected)

    def remove_stale_locks(self, tag: str, *, patience: float = 1.0) -> list[str]:
        """Remove the locks that a killed git left on this session's refs; a running git removes its own in `patience` s."""
        folders = [(self._git.common / ref).parent for ref in (branch_ref(tag), _notes_ref(tag), _pin_ref(tag, 0))]
        pattern = re.compile(rf"({re.escape(tag)}|\d+)\.lock")
        found = [
            path for folder in folders if folder.is_dir() for path in folder.iterdir() if pattern.fullmatch(path.name)
        ]
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

    def _compare_and_swap(self, ref: str, commit: str, *, expected: str | None) -> None:
        current = self._git.resolve(ref)
        if current == commit:
            return
        if current != expected:
            undo = f"{ref} {expected}" if expected else f"-d {ref}"
            raise WorkspaceError(
                f"{ref} is at {_short(current)}, not at {_short(expected)} as the journal says: somebody moved it; "
                f"undo that with `git update-ref {undo}`."
            )
        self._update_ref(ref, commit, current=current)

    def _update_ref(self, ref: str, commit: str, *, current: str | None) -> None:
        self._git.run("update-ref", "--no-deref", ref, commit, current or NO_REF)
        self._git.sync(ref)


def _text(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WorkspaceError(
            f"{path} is not UTF-8 text (byte {error.start + 1:,}): convert it, or take it out of `scope`."
        ) from error


def branch_name(tag: str) -> str:
    return f"autoresearch/{tag}"


def branch_ref(tag: str) -> str:
    return f"refs/heads/{branch_name(tag)}"


def checked_out_message(tag: str, work_tree: Path) -> str:
    """Why the loop does not move a branch that somebody has checked out: git would show them the change reversed."""
    return (
        f"Branch {branch_name(tag)} is checked out in {work_tree}, so the loop does not move it: "
        f"switch to another branch first (`git -C {shlex.quote(str(work_tree))} switch --detach`)."
    )


def check_tag(tag: str) -> None:
    """Raises BadInput for a tag that cannot be part of a branch name."""
    if not is_tag(tag):
        raise BadInput(f"The tag `{tag}` cannot name a branch: use letters, digits, dots, dashes and underscores.")


def _check_commit(commit: str) -> None:
    """Raises WorkspaceError for another name than a full one, which git could take for an option or an expression."""
    if not is_commit(commit):
        raise WorkspaceError(
            f"{commit!r:.80} is not the full name of a commit: the journal that names it is not of this loop."
        )


def _pin_ref(tag: str, number: int) -> str:
    return f"refs/autoresearch/{tag}/{number}"


def _notes_ref(tag: str) -> str:
    return f"refs/notes/{branch_name(tag)}"


def _short(sha: str | None) -> str:
    return sha[:10] if sha else "nothing"
