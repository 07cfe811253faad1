"""Git commands in an environment built from nothing, so that no variable, hook, filter or configuration of the user acts."""

import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without it a missing git is an ImportError, not our sentence
import git

from loop.errors import BadInput, WorkspaceError

SAFE_OPTIONS = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.fsync=all", "-c", "gc.auto=0",
    "-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=false", "-c", "protocol.allow=never",
    "-c", "i18n.commitEncoding=UTF-8", "-c", "core.filesRefLockTimeout=2000",
)  # fmt: skip
REFETCH = "git fetch --refetch --no-filter"  # gets what a partial clone lacks
FIXED_VARIABLES = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
NO_CONFIGURATION = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
DISCOVERY_VARIABLES = ("PATH", "HOME", "XDG_CONFIG_HOME")  # to find the repository: its user may have declared it safe


class Plumbing:
    """Git commands on one repository. `root` is the work tree, `common` the folder of objects and refs."""

    def __init__(self, start: Path) -> None:
        if not start.is_dir():
            raise BadInput(f"{start} does not exist.")
        self._git = git.Git(str(start))
        self._variables = {name: os.environ[name] for name in DISCOVERY_VARIABLES if name in os.environ}
        self.root, self.folder, self.common = self._folders(start)
        self._git = git.Git(str(self.root))
        self._variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_DIR": str(self.folder),
            "GIT_COMMON_DIR": str(self.common),
            "GIT_WORK_TREE": str(self.root),
            **NO_CONFIGURATION,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }

    @classmethod
    def initialise(cls, folder: Path, *, branch: str) -> "Plumbing":
        """A new repository in a folder, made without the person's configuration and templates."""
        variables = {"PATH": os.environ.get("PATH", os.defpath), **NO_CONFIGURATION, **FIXED_VARIABLES}
        program = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), "git"]
        try:
            git.Git(str(folder)).execute(
                [*program, "init", "--quiet", "--template=", f"--initial-branch={branch}"], process_group=0
            )
        except git.GitCommandError as error:
            raise WorkspaceError(f"git init failed in {folder}: {error.status}.") from error
        return cls(folder)

    def run(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """The output of a git command as text. Raises WorkspaceError with git's complaint."""
        return os.fsdecode(self.raw(*arguments, stdin=stdin, env=env)).strip("\n")

    def raw(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """The same as bytes."""
        variables = {**self._variables, **FIXED_VARIABLES, **(env or {})}
        program = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), "git"]
        with _as_file(stdin) as source:
            try:
                output = self._git.execute(
                    [*program, *SAFE_OPTIONS, *arguments],
                    istream=source,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    process_group=0,  # a Ctrl-C at the terminal reaches the loop, not git
                )
            except git.GitCommandError as error:
                raise self._error(error, arguments[0]) from error
        return output if isinstance(output, bytes) else str(output).encode()

    def resolve(self, name: str) -> str | None:
        """The object that a name stands for, or None."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name) or None
        except WorkspaceError:
            return None

    def blobs(self, names: list[str]) -> list[bytes]:
        """The contents of some objects. Raises WorkspaceError if one is missing."""
        raw = self.raw("cat-file", "--batch", stdin="\n".join(names).encode() + b"\n") if names else b""
        stream = io.BytesIO(raw)
        blobs = []
        for name in names:
            head = stream.readline().split()
            if len(head) != 3:
                remedy = REFETCH if self.is_partial() else "git fsck"
                raise WorkspaceError(f"Git object {name} is missing: run `{remedy}` in {self.root}.")
            blobs.append(stream.read(int(head[2])))
            stream.read(1)
        return blobs

    def sizes(self, names: list[str]) -> list[int | None]:
        """The sizes of some objects, in bytes; None for one that is missing."""
        lines = (
            self.run("cat-file", "--batch-check", stdin="\n".join(names).encode() + b"\n").splitlines() if names else []
        )
        return [int(line.split()[2]) if not line.endswith(" missing") else None for line in lines]

    def is_partial(self) -> bool:
        """Whether this is a partial clone, which leaves some objects at its remote until they are used."""
        try:
            return bool(self.run("config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"))
        except WorkspaceError:  # there is no such setting
            return False

    def sync(self, ref: str) -> None:
        """Sync the folders of a ref, so that its name survives a power cut."""
        for folder in (self.common / ref).parents:
            if folder.is_dir():
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                os.fsync(handle)
                os.close(handle)
            if folder == self.common:
                return

    def _folders(self, start: Path) -> tuple[Path, Path, Path]:
        """(work tree, its git folder with HEAD, the common folder of all work trees with objects and refs)."""
        try:
            bare, folder, common = (  # one call each: a path may hold the end of a line
                self.run("rev-parse", option)
                for option in ("--is-bare-repository", "--absolute-git-dir", "--git-common-dir")
            )
            top = "" if bare == "true" else self.run("rev-parse", "--show-toplevel")
        except WorkspaceError as error:
            if "not a git repository" in str(error):
                raise BadInput(
                    f"{start} is not in a git repository: run `git init` and commit your files first."
                ) from None
            raise BadInput(f"git cannot use the repository of {start}: {error}") from error
        if not top:
            raise BadInput(f"{start} is a bare repository: use a clone with files.")
        return Path(top), Path(folder), (start / common).resolve()

    def _error(self, error: git.GitCommandError, command: str) -> BadInput | WorkspaceError:
        if shutil.which("git") is None:
            return BadInput("git is not installed: install it with your system's package manager.")
        complaint = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'").strip()
        return WorkspaceError(f"git {command} failed: {complaint or error.status}.")


def _as_file(data: bytes | None) -> io.BufferedReader:
    """Bytes as an unnamed file, which is what GitPython can hand to the child."""
    if data is None:
        return Path(os.devnull).open("rb")
    handle = os.memfd_create("git-stdin") if hasattr(os, "memfd_create") else tempfile.mkstemp()[0]
    with os.fdopen(handle, "r+b", closefd=False) as file:
        file.write(data)
    os.lseek(handle, 0, os.SEEK_SET)
    return os.fdopen(handle, "rb")
