"""`proposer: command`: any coding agent or script, run in a throw-away copy of the incumbent's tree.

    tree/                 the commit's files; the agent's working folder
    tree/.proposal/       task.md, brief.md, memory.md for it to read
    tree/proposal.json    what it may say of its change
    home/                 its HOME, so that no login, key or history of the researcher's is in reach by accident

Its proposal is the difference that it leaves in scope. It runs under the guardian of every run (`loop.runner`): own
session, wall clock, capped output, an allow-listed environment with the variables that the brief names and no others;
whatever it leaves running is ended before its copy is looked at.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.events import Usage
from loop import patch, prompt, runner, transcript
from loop.answer import KINDS
from loop.contracts import Proposal, Request
from loop.environment import environment
from loop.errors import ProposerFailure, Stopped, WorldBroken
from loop.proposers import copied
from loop.runner import Ending, Watcher
from loop.scope import Scope
from loop.transcript import Transcript
from loop.workspace import Workspace

AGENTS = "agents"  # below .ar
BESIDE = ".proposal"
SAID = "proposal.json"
TAIL = 32_000  # characters of its output that are kept
NAMED = 5  # paths that a complaint names


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """`proposal.json`. `dollars` and tokens where the agent knows what it cost."""

    idea: str = ""
    hypothesis: str = ""
    kind: str = "other"
    expected_delta: float | None = None
    retry_of: int | None = None
    retry_reason: str | None = None
    model: str | None = None
    dollars: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0


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


class Command:
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
                _check(ending, task, output=_tail(copy.log))
                proposal = self._collect(copy, before, request, task, ending=ending, key=record.key)
        except ProposerFailure as failure:
            self._complaint = str(failure)
            record.say(failed={"kind": failure.kind, "reason": str(failure)})
            raise
        self._complaint = ""
        return proposal

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
            raise WorldBroken(f"The copy for the agent cannot be written: {error.strerror}.") from error
        else:
            yield copy, before
        finally:
            copied.remove(folder)

    def _fill(self, copy: _Copy, commit: str, beside: Mapping[str, str]) -> dict[str, str]:
        """Write the copy; returns the snapshot of the commit's own files."""
        copy.home.mkdir()
        self._workspace.export(commit, copy.tree)
        before = copied.snapshot(copy.tree)
        (copy.tree / BESIDE).mkdir(exist_ok=True)
        for name, words in beside.items():
            (copy.tree / BESIDE / name).write_text(words, encoding="utf-8")
        return before

    def _run(self, copy: _Copy, task: Task) -> Ending:
        more = {name: os.environ[name] for name in task.passed if name in os.environ}
        command = runner.Command(
            line=task.line,
            folder=copy.tree,
            environment=environment(copy.home, more=more),
            log=copy.log,
            seconds=task.deadline,
        )
        return runner.run(command, Watcher(tick=lambda: "now" if self._cancelled() else None))

    def _collect(
        self, copy: _Copy, before: dict[str, str], request: Request, task: Task, *, ending: Ending, key: str
    ) -> Proposal:
        said = _said(copy.tree, before, usage=_usage(Said(), ending))
        usage = _usage(said, ending)
        files = self._files(copy, before, request, task, usage=usage)
        added, removed = patch.lines(patch.unified(request.files, files))
        return Proposal(
            idea=" ".join(said.idea.split()) or f"edit {', '.join(sorted(files))} (+{added} -{removed} lines)",
            hypothesis=said.hypothesis,
            kind=said.kind if said.kind in KINDS else "other",
            files=files,
            proposer=self.name,
            model=said.model,
            expected_delta=said.expected_delta,
            usage=usage,
            retry_of=said.retry_of,
            retry_reason=said.retry_reason,
            prompt_key=key,
        )

    def _files(
        self, copy: _Copy, before: dict[str, str], request: Request, task: Task, *, usage: Usage
    ) -> dict[str, str]:
        """The new texts in scope. Raises ProposerFailure for whatever is not that."""
        scope = Scope(patterns=task.scope, tree=self._workspace.tree(request.parent), locked=task.locked)
        done = _difference(before, copy.tree, usage=usage)
        edited = [path for path in (*done.changed, *done.created) if path != SAID]
        stray = [path for path in (*edited, *done.deleted) if scope.refusal(path) is not None]
        if stray:
            raise _failure("out_of_scope", f"It changed files that are not in scope: {_few(stray)}.", usage)
        if done.deleted:
            raise _failure("deleted", f"It deleted files, which an edit may not do: {_few(done.deleted)}.", usage)
        if not edited:
            raise _failure("no_edit", "It changed no file in scope.", usage)
        return {path: _text(copy.tree, path, usage=usage) for path in edited}


def _check(ending: Ending, task: Task, *, output: str) -> None:
    """Raises where the command did not come to a good end by itself."""
    usage = Usage(calls=1, seconds=ending.wall_seconds, dollars=None)
    last = f" Its last words: {' '.join(output.split())[-300:]}" if output.strip() else ""
    if ending.reason in ("asked", "now"):
        raise Stopped("A person ended the loop while the agent was at work.")
    if ending.reason == "timeout" and ending.output_bytes == 0:
        raise _failure("silent", f"It said nothing for {task.deadline:.0f} seconds and was ended.", usage)
    if ending.reason == "timeout":
        raise _failure("timeout", f"It did not end within {task.deadline:.0f} seconds.{last}", usage)
    if ending.reason != "exited":
        raise _failure(
            ending.reason, f"It was ended: too much {_TOO_MUCH.get(ending.reason, ending.reason)}.{last}", usage
        )
    if ending.exit_code != 0:
        how = f"exit code {ending.exit_code}" if ending.exit_code is not None else f"signal {ending.signal}"
        raise _failure("exit", f"It failed with {how}.{last}", usage)


_TOO_MUCH = {"flood": "output"}


def _said(tree: Path, before: dict[str, str], *, usage: Usage) -> Said:
    """What the agent wrote about its change; nothing, where it wrote nothing."""
    path = tree / SAID
    if not os.path.lexists(path) or copied.fingerprint(path) == before.get(SAID):
        return Said()
    try:
        return msgspec.json.decode(copied.text(path), type=Said, strict=False)
    except (ValueError, msgspec.DecodeError) as error:
        raise _failure("malformed", f"Its {SAID} cannot be used: {error}.", usage) from error


def _difference(before: Mapping[str, str], tree: Path, *, usage: Usage) -> copied.Difference:
    try:
        return copied.difference(before, tree)
    except ValueError as error:
        raise _failure("no_edit", f"Nothing can be taken over: {error}.", usage) from error


def _text(tree: Path, path: str, *, usage: Usage) -> str:
    try:
        return copied.text(tree / path)
    except ValueError as error:
        raise _failure("not_text", f"{path} cannot be taken over: {error}.", usage) from error


def _usage(said: Said, ending: Ending) -> Usage:
    """What the agent says that it cost; unknown where it says nothing."""
    return Usage(
        tokens_in=max(0, said.tokens_in),
        tokens_out=max(0, said.tokens_out),
        calls=1,
        dollars=said.dollars if said.dollars is not None and said.dollars >= 0 else None,
        seconds=ending.wall_seconds,
    )


def _failure(kind: str, words: str, usage: Usage) -> ProposerFailure:
    return ProposerFailure(words, kind=kind, usage=usage)


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more


def _tail(log: Path) -> str:
    try:
        return log.read_bytes().decode("utf-8", "replace")[-TAIL:]
    except OSError:
        return ""
