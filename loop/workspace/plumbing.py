"""Running git: its environment is made from nothing, so that no variable, hook, filter or configuration of anybody's acts."""

import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a missing git is a sentence of ours, not an ImportError
import git

from loop.errors import BadInput, WorkspaceError

SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.fsync=all", "-c", "gc.auto=0",
    "-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=false", "-c", "protocol.allow=never",
    "-c", "i18n.commitEncoding=UTF-8", "-c", "core.filesRefLockTimeout=2000",
)  # fmt: skip
FIXED = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
DISCOVERY = ("PATH", "HOME", "XDG_CONFIG_HOME")  # what finding the repository needs: its user may have declared it safe


class Plumbing:
    """Git commands on one repository. `root` is the work tree, `common` the folder of objects and refs."""

    def __init__(self, start: Path) -> None:
        if not start.is_dir():
            raise BadInput(f"{start} does not exist.")
        self._git = git.Git(str(start))
        self._variables = {name: os.environ[name] for name in DISCOVERY if name in os.environ}
        self.root, self.folder, self.common = self._places(start)
        self._git = git.Git(str(self.root))
        self._variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_DIR": str(self.folder),
            "GIT_COMMON_DIR": str(self.common),
            "GIT_WORK_TREE": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }

    def run(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """What a git command prints, as text. Raises WorkspaceError with what it complains of."""
        return os.fsdecode(self.raw(*arguments, stdin=stdin, env=env)).strip("\n")

    def raw(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """The same as bytes."""
        variables = {**self._variables, **FIXED, **(env or {})}
        program = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), "git"]
        with _as_file(stdin) as source:
            try:
                output = self._git.execute(
                    [*program, *SAFE, *arguments],
                    istream=source,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    process_group=0,  # a Ctrl-C at the terminal is the loop's to answer, not git's
                )
            except git.GitCommandError as error:
                raise self._sentence(error, arguments[0]) from error
        return output if isinstance(output, bytes) else str(output).encode()

    def resolve(self, name: str) -> str | None:
        """The object that a name stands for, or None."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name) or None
        except WorkspaceError:
            return None

    def blobs(self, names: list[str]) -> list[bytes]:
        """The contents of some objects. Raises WorkspaceError for one that is missing."""
        raw = self.raw("cat-file", "--batch", stdin="\n".join(names).encode() + b"\n") if names else b""
        stream = io.BytesIO(raw)
        blobs = []
        for name in names:
            head = stream.readline().split()
            if len(head) != 3:
                raise WorkspaceError(f"Git object {name} is missing: run `git fsck` in {self.root}.")
            blobs.append(stream.read(int(head[2])))
            stream.read(1)
        return blobs

    def sync(self, ref: str) -> None:
        """Sync the folders of a ref, so that its name outlives a power cut."""
        for folder in (self.common / ref).parents:
            if folder.is_dir():
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                os.fsync(handle)
                os.close(handle)
            if folder == self.common:
                return

    def _places(self, start: Path) -> tuple[Path, Path, Path]:
        """(work tree, its git folder with HEAD, the common folder of all work trees with objects and refs)."""
        ask = ("rev-parse", "--is-bare-repository", "--absolute-git-dir", "--git-common-dir")
        try:
            bare, folder, common = self.run(*ask).splitlines()
            top = "" if bare == "true" else self.run("rev-parse", "--show-toplevel")
        except WorkspaceError as error:
            if "not a git repository" in str(error):
                words = "is not in a git repository: run `git init` and commit your files first."
                raise BadInput(f"{start} {words}") from None
            raise BadInput(f"git cannot use the repository of {start}: {error}") from error
        if not top:
            raise BadInput(f"{start} is a bare repository: use a clone with files.")
        return Path(top), Path(folder), (start / common).resolve()

    def _sentence(self, error: git.GitCommandError, name: str) -> BadInput | WorkspaceError:
        if shutil.which("git") is None:
            return BadInput("git is not installed: install it with your system's package manager.")
        said = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'").strip()
        return WorkspaceError(f"git {name} failed: {said or error.status}.")


def _as_file(data: bytes | None) -> io.BufferedReader:
    """GitPython hands a file to the child, so bytes pass through an unnamed one."""
    if data is None:
        return Path(os.devnull).open("rb")
    handle = os.memfd_create("git-stdin") if hasattr(os, "memfd_create") else tempfile.mkstemp()[0]
    with os.fdopen(handle, "r+b", closefd=False) as file:
        file.write(data)
    os.lseek(handle, 0, os.SEEK_SET)
    return os.fdopen(handle, "rb")
