"""`proposer: command`: any coding agent or script, run in a throw-away copy of the incumbent's tree.

    tree/                 the commit's files; the agent's working folder
    tree/.proposal/       task.md, brief.md, memory.md for it to read
    tree/proposal.json    what it may say of its change
    home/                 its HOME, so that no login, key or history of the researcher's is in reach by accident

Its proposal is the difference that it leaves in scope. It runs under the guardian of every run
(`loop.runs.process.runner`): own session, wall clock, capped output, an allow-listed environment with the variables that the
brief names and no others; whatever it leaves running is ended before its copy is looked at.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from loop.brief.scope import Scope
from loop.contracts import Proposal, Request
from loop.errors import MachineFailure, ProposerFailure
from loop.proposers import prompt, transcript
from loop.proposers.command import result, working_copy
from loop.proposers.transcript import Transcript
from loop.runs.process import runner
from loop.runs.process.environment import environment
from loop.runs.process.runner import ExitStatus, Watcher
from loop.workspace import Workspace

AGENTS = "agents"  # below .ar
BESIDE = ".proposal"
TAIL = 32_000  # characters of its output that are kept


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a brief says about the command."""

    line: str
    scope: tuple[str, ...]
    locked: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()  # environment variables of the loop that it gets
    deadline: float = 900.0  # seconds of wall clock


@dataclass(frozen=True)
class _Copy:
    """The folders of one asking."""

    folder: Path

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def log(self) -> Path:
        return self.folder / "output.log"


class CommandProposer:
    """Raises ProposerFailure for every end without a usable difference, Stopped where a person ended the loop."""

    name = "command"

    def __init__(
        self,
        task: Callable[[], Task],
        *,
        workspace: Workspace,
        folder: Path,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._task = task
        self._workspace = workspace
        self._folder = folder
        self._cancelled = cancelled
        self._complaint = ""  # about its last proposal, told with the next request

    def propose(self, request: Request) -> Proposal:
        task = self._task()
        hidden = transcript.secrets(os.environ, (*transcript.KEYS, *task.passed))
        record = transcript.begin(self._folder / transcript.FOLDER, request, secrets=hidden)
        try:
            with self._copied(request, task, record) as (copy, before):
                ending = self._run(copy, task)
                record.say(ended=msgspec.to_builtins(ending), output=_tail(copy.log))
                result.check(ending, output=_tail(copy.log))
                scope = Scope(patterns=task.scope, tree=self._workspace.tree(request.parent), locked=task.locked)
                proposal = result.proposal(copy.tree, before, request, scope=scope, ending=ending)
        except ProposerFailure as failure:
            self._complaint = transcript.redact(str(failure), hidden)
            record.say(failed={"kind": failure.kind, "reason": self._complaint})
            told = ProposerFailure(self._complaint, kind=failure.kind, usage=failure.usage, prompt_key=record.key)
            raise told from failure
        self._complaint = ""
        return msgspec.structs.replace(proposal, proposer=self.name, prompt_key=record.key)

    @contextmanager
    def _copied(self, request: Request, task: Task, record: Transcript) -> Iterator[tuple[_Copy, dict[str, str]]]:
        """A copy that is gone afterwards, and the snapshot of it."""
        told = prompt.task(request, scope=task.scope, complaint=self._complaint)
        beside = {"task.md": told, "brief.md": prompt.brief(request) + "\n", "memory.md": request.memory}
        record.say(proposer=self.name, command=task.line, told=beside)
        folder: Path | None = None
        try:
            (self._folder / AGENTS).mkdir(parents=True, exist_ok=True)
            folder = Path(
                tempfile.mkdtemp(prefix=f"{request.experiment}-{request.attempt}-", dir=self._folder / AGENTS)
            )
            copy = _Copy(folder)
            before = self._fill(copy, request.parent, beside)
        except OSError as error:
            raise MachineFailure(f"The copy for the agent cannot be written: {error.strerror}.") from error
        else:
            yield copy, before
        finally:
            working_copy.remove(folder)

    def _fill(self, copy: _Copy, commit: str, beside: Mapping[str, str]) -> dict[str, str]:
        """Write the copy; returns the snapshot of the commit's own files."""
        copy.home.mkdir()
        self._workspace.export(commit, copy.tree)
        before = working_copy.snapshot(copy.tree)
        (copy.tree / BESIDE).mkdir(exist_ok=True)
        for name, words in beside.items():
            (copy.tree / BESIDE / name).write_text(words, encoding="utf-8")
        return before

    def _run(self, copy: _Copy, task: Task) -> ExitStatus:
        more = {name: os.environ[name] for name in task.passed if name in os.environ}
        command = runner.Command(
            line=task.line,
            folder=copy.tree,
            environment=environment(copy.home, more=more),
            log=copy.log,
            seconds=task.deadline,
        )
        return runner.run(command, Watcher(tick=lambda: "now" if self._cancelled() else None))


def _tail(log: Path) -> str:
    try:
        return log.read_bytes().decode("utf-8", "replace")[-TAIL:]
    except OSError:
        return ""
