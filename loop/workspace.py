"""The one door to git: commits by plumbing, refs by compare-and-swap, exports of a commit's tree.

No checkout, index, hook, filter or worktree of the user's is involved: objects are written with `hash-object --no-filters`,
`commit-tree` and `update-ref` under a configuration that runs nothing, and files are exported from the objects themselves.
Objects and refs are synced to disk before a caller can name them in an event (`core.fsync=all` and a sync of the refs folder).
"""

import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import git

from loop.errors import BadInput, WorkspaceError

NOTHING = "0" * 40  # what update-ref takes for "this ref does not exist yet"
IDENTITY = {"name": "ar-loop", "email": "ar-loop@localhost"}
SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.fsync=all", "-c", "gc.auto=0",
    "-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=false", "-c", "protocol.allow=never",
)  # fmt: skip
_TAG = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True)
class Blob:
    """A file of a commit's tree: mode as git writes it (100644, 100755, 120000) and object name."""

    mode: str
    sha: str


class Workspace:
    """One repository and one session's refs in it: branch `autoresearch/<tag>`, tried commits `refs/autoresearch/<tag>/<n>`."""

    def __init__(self, root: Path) -> None:
        try:
            repo = git.Repo(root, search_parent_directories=True)
        except git.InvalidGitRepositoryError as error:
            raise BadInput(f"{root} is not in a git repository: run `git init` and commit your files first.") from error
        except git.NoSuchPathError as error:
            raise BadInput(f"{root} does not exist.") from error
        if repo.working_tree_dir is None:
            raise BadInput(f"{root} is a bare repository: use a clone with files.")
        self.root = Path(repo.working_tree_dir)
        self._git_dir = Path(repo.git_dir)  # of this worktree: its HEAD
        self._common_dir = Path(repo.common_dir)  # of all worktrees: objects and refs
        self._git = git.Git(str(self.root))
        repo.close()

    # --- reading ---------------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The commit that the user's checkout stands on, branch or not. Raises BadInput for an unborn branch."""
        sha = self._resolve("HEAD")
        if sha is None:
            raise BadInput(f"{self.root} has no commit yet: commit your files first (`git add … && git commit`).")
        return sha

    def branch(self, tag: str) -> str | None:
        """The commit at the session's branch, or None."""
        return self._resolve(branch_ref(tag))

    def tried(self, tag: str) -> dict[int, str]:
        """The commit of every experiment that has one."""
        lines = self._run("for-each-ref", "--format=%(refname) %(objectname)", f"refs/autoresearch/{tag}/").splitlines()
        pairs = (line.split() for line in lines)
        return {int(name.rsplit("/", 1)[1]): sha for name, sha in pairs if name.rsplit("/", 1)[1].isdigit()}

    def exists(self, commit: str) -> bool:
        return self._resolve(f"{commit}^{{commit}}") is not None

    def tree(self, commit: str) -> dict[str, Blob]:
        """Every file of a commit, path -> blob."""
        raw = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = (entry.split("\t", 1) for entry in raw.split("\0") if entry)
        return {path: Blob(meta.split()[0], meta.split()[2]) for meta, path in entries if meta.split()[1] == "blob"}

    def read(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """The texts of some files of a commit. Raises WorkspaceError for a file that is not UTF-8 text."""
        tree = self.tree(commit)
        wanted = [path for path in paths if path in tree]
        contents = dict(zip(wanted, self._blobs([tree[path].sha for path in wanted]), strict=True))
        try:
            return {path: data.decode("utf-8") for path, data in contents.items()}
        except UnicodeDecodeError as error:
            raise WorkspaceError(f"A file in scope is not UTF-8 text: {error}.") from error

    def checked_out(self, tag: str) -> bool:
        """Whether the session's branch is checked out in the user's work tree."""
        return self._maybe("symbolic-ref", "--quiet", "HEAD") == branch_ref(tag)

    def changed(self, paths: Iterable[str]) -> list[str]:
        """Which of these files differ between the user's work tree and HEAD: work that a session does not see."""
        blobs = self.tree(self.head())
        pairs = [(path, blobs[path].sha) for path in paths if path in blobs and (self.root / path).is_file()]
        return [path for path, sha in pairs if self._hash((self.root / path).read_bytes(), write=False) != sha]

    # --- writing objects and refs -----------------------------------------------------------------------------------

    def commit(self, parent: str, files: Mapping[str, str], *, message: str, when: datetime) -> str:
        """Write a commit: the parent's tree with these texts. The same arguments give the same commit."""
        tree = self.tree(parent)
        entries = {
            path: Blob(tree[path].mode if path in tree else "100644", self._hash(text.encode()))
            for path, text in files.items()
        }
        return self._commit_tree(
            self._write_tree({**tree, **entries}, parent=parent), parents=(parent,), message=message, when=when
        )

    def revert(self, commit: str, *, onto: str, message: str, when: datetime) -> str:
        """Write the commit that undoes `commit` on top of it: `onto`'s tree again, history kept."""
        tree = self._run("rev-parse", f"{onto}^{{tree}}")
        return self._commit_tree(tree, parents=(commit,), message=message, when=when)

    def hold(self, tag: str, number: int, commit: str) -> None:
        """Keep a tried commit reachable as refs/autoresearch/<tag>/<n>, whatever becomes of it."""
        ref = f"refs/autoresearch/{tag}/{number}"
        self._swap(ref, commit, expected=self._resolve(ref))

    def advance(self, tag: str, commit: str, *, expected: str | None) -> None:
        """Move the session's branch by compare-and-swap. Raises WorkspaceError if somebody else moved it."""
        self._swap(branch_ref(tag), commit, expected=expected)

    # --- exporting --------------------------------------------------------------------------------------------------

    def export(self, commit: str, folder: Path) -> None:
        """Write a commit's files into an empty folder, byte for byte, without filters and without `.git`."""
        folder.mkdir(parents=True)
        tree = self.tree(commit)
        for (path, blob), data in zip(tree.items(), self._blobs([blob.sha for blob in tree.values()]), strict=True):
            target = folder / _inside(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if blob.mode == "120000":
                _link(target, data.decode(), folder=folder)
                continue
            target.write_bytes(data)
            if blob.mode == "100755":
                target.chmod(0o755)

    # --- plumbing ---------------------------------------------------------------------------------------------------

    def _commit_tree(self, tree: str, *, parents: tuple[str, ...], message: str, when: datetime) -> str:
        date = f"{int(when.timestamp())} +0000"
        env = {
            f"GIT_{who}_{what.upper()}": value for who in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()
        }
        env |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return self._run("commit-tree", tree, *flags, stdin=message.encode(), env=env)

    def _write_tree(self, tree: Mapping[str, Blob], *, parent: str) -> str:
        index = self._git_dir / f"ar-index-{os.getpid()}"
        env = {"GIT_INDEX_FILE": str(index)}
        lines = "".join(f"{blob.mode} {blob.sha}\t{path}\0" for path, blob in tree.items())
        try:
            self._run("read-tree", parent, env=env)  # keeps submodules, which `tree` leaves out
            self._run("update-index", "-z", "--add", "--index-info", stdin=lines.encode(), env=env)
            return self._run("write-tree", env=env)
        finally:
            index.unlink(missing_ok=True)
            index.with_name(f"{index.name}.lock").unlink(missing_ok=True)

    def _hash(self, data: bytes, *, write: bool = True) -> str:
        return self._run("hash-object", *(["-w"] if write else []), "--no-filters", "--stdin", stdin=data)

    def _blobs(self, names: list[str]) -> list[bytes]:
        if not names:
            return []
        raw = self._raw("cat-file", "--batch", stdin="\n".join(names).encode() + b"\n")
        stream = io.BytesIO(raw)
        blobs = []
        for name in names:
            head = stream.readline().split()
            if len(head) != 3:
                raise WorkspaceError(f"Git object {name} is missing: run `git fsck` in {self.root}.")
            blobs.append(stream.read(int(head[2])))
            stream.read(1)
        return blobs

    def _swap(self, ref: str, commit: str, *, expected: str | None) -> None:
        current = self._resolve(ref)
        if current == commit:
            return
        if current != expected:
            raise WorkspaceError(
                f"{ref} stands at {_short(current)}, not at {_short(expected)} as the journal says: somebody moved it; "
                f"put it back with `git update-ref {ref} {expected or commit}`."
            )
        self._run("update-ref", "--no-deref", ref, commit, expected or NOTHING)
        self._sync_refs(ref)

    def _sync_refs(self, ref: str) -> None:
        for folder in (self._common_dir / ref).parents:
            if folder.is_dir():
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                os.fsync(handle)
                os.close(handle)
            if folder == self._common_dir:
                return

    def _resolve(self, name: str) -> str | None:
        return self._maybe("rev-parse", "--verify", "--quiet", "--end-of-options", name)

    def _maybe(self, *arguments: str) -> str | None:
        try:
            return self._run(*arguments) or None
        except WorkspaceError:
            return None

    def _run(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        return self._raw(*arguments, stdin=stdin, env=env).decode("utf-8", "surrogateescape").strip("\n")

    def _raw(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        with _as_file(stdin) as source:
            try:
                output = self._git.execute(
                    ["git", *SAFE, *arguments],
                    istream=source,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env={**_environment(self._git_dir, self.root), **(env or {})},
                )
            except git.GitCommandError as error:
                said = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'").strip()
                raise WorkspaceError(f"git {arguments[0]} failed: {said or error.status}.") from error
        return output if isinstance(output, bytes) else str(output).encode()


def branch_name(tag: str) -> str:
    return f"autoresearch/{tag}"


def branch_ref(tag: str) -> str:
    return f"refs/heads/{branch_name(tag)}"


def check_tag(tag: str) -> None:
    """Raises BadInput for a tag that cannot be part of a branch name."""
    if not _TAG.match(tag) or ".." in tag or tag.endswith((".", ".lock")):
        raise BadInput(f"The tag `{tag}` cannot name a branch: use letters, digits, dots, dashes and underscores.")


def _inside(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or ".git" in (part.lower() for part in pure.parts):
        raise WorkspaceError(f"The tree holds a path that leaves it: {path!r}.")
    return pure


def _link(target: Path, destination: str, *, folder: Path) -> None:
    """A symbolic link of the tree, if it stays in the tree; one that leaves it is left out."""
    resolved = Path(os.path.normpath(target.parent / destination))
    if resolved.is_relative_to(folder) and not Path(destination).is_absolute():
        target.symlink_to(destination)


def _environment(git_dir: Path, root: Path) -> dict[str, str]:
    return {
        "GIT_DIR": str(git_dir),
        "GIT_WORK_TREE": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C.UTF-8",
    }


def _as_file(data: bytes | None) -> io.BufferedReader:
    """GitPython hands a file to the child, so bytes pass through an unnamed one."""
    if data is None:
        return Path(os.devnull).open("rb")
    handle = os.memfd_create("git-stdin") if hasattr(os, "memfd_create") else os.open(_unnamed(), os.O_RDWR)
    with os.fdopen(handle, "r+b", closefd=False) as file:
        file.write(data)
    os.lseek(handle, 0, os.SEEK_SET)
    return os.fdopen(handle, "rb")


def _unnamed() -> str:
    import tempfile  # noqa: PLC0415  # only where there is no memfd

    return tempfile.mkstemp()[1]


def _short(sha: str | None) -> str:
    return sha[:10] if sha else "nothing"
