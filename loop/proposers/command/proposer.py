"""`proposer: command`: any coding agent or script, run in a throw-away copy of the incumbent's tree.

The copy is a repository of its own outside the person's (`agent_folder`). The agent finds `.proposal/` in it and may write
`proposal.json`. Its proposal is the difference that it leaves in scope.

The agent runs under the guardian of every run, with a deadline, capped output, an allow-listed environment to which the brief
may add variables, and in a sandbox if one works. The loop ends the agent's processes before it reads the copy. Without a
sandbox the loop compares the person's repository before and after (`agent_run`).
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from journal.events import RepositoryTouched
from loop.brief.scope import Scope
from loop.contracts import Proposal, Request
from loop.errors import MachineFailure, ProposerFailure, Stopped
from loop.proposers import prompt, transcript
from loop.proposers.command import agent_files, agent_folder, agent_run, result, working_copy
from loop.proposers.command.agent_folder import AgentFolder
from loop.proposers.command.agent_run import CommandSettings, WatchedRepository
from loop.proposers.command.backoff import CommandBackoff
from loop.proposers.command.call_cost import call_cost
from loop.proposers.command.note import read_note
from loop.proposers.transcript import Transcript

TAIL = 32_000  # characters of the output that the transcript keeps


@dataclass(frozen=True, kw_only=True)
class CommandClock:
    """Monotonic seconds, and the time of day."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class _Call:
    """One call: its request, its settings, its transcript and what its files held before."""

    request: Request
    settings: CommandSettings
    record: Transcript
    folder: AgentFolder
    before: Mapping[str, str]


class CommandProposer:
    """Raises ProposerFailure if the command leaves no usable difference, Stopped if a person ended the loop.

    `folder` is `.ar`. `report` gets the event of a repository that changed meanwhile, in the thread of the call.
    """

    name = "command"

    def __init__(
        self,
        settings: Callable[[], CommandSettings],
        *,
        repository: WatchedRepository,
        folder: Path,
        journal: Path | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
        report: Callable[[RepositoryTouched], None] = lambda _: None,
        clock: CommandClock | None = None,
    ) -> None:
        self._settings = settings
        self._repository = repository
        self._workspace = repository.workspace
        self._folder = folder
        self._journal = journal
        self._is_cancelled = is_cancelled
        self._report = report
        self._clock = clock or CommandClock()
        self._backoff = CommandBackoff()
        self._complaint = ""  # about the last proposal, for the next task

    def propose(self, request: Request) -> Proposal:
        settings = self._settings()
        self._check_pause()
        hidden = transcript.secrets(os.environ, (*transcript.API_KEY_VARIABLES, *settings.variables))
        record = transcript.start(self._folder / transcript.FOLDER, request, secrets=hidden)
        try:
            with self._call(request, settings, record) as call:
                proposal = self._proposal(call)
        except ProposerFailure as failure:
            raise self._failure(failure, record, deadline=settings.deadline) from failure
        except Stopped as stop:
            raise Stopped(str(stop), usage=stop.usage, prompt_key=record.key) from stop
        self._backoff.record_success(proposal.usage.seconds)
        self._complaint = _about_note(proposal.unread)
        record.write(proposed=proposal.idea)
        return msgspec.structs.replace(proposal, proposer=self.name, prompt_key=record.key)

    def _check_pause(self) -> None:
        """Raise ProposerFailure while the command rests after a failure."""
        if left := self._backoff.remaining(self._clock.monotonic()):
            message = f"The command rests for another {left:.0f} seconds after a failure: {self._backoff.reason}"
            raise ProposerFailure(message, kind="resting", retry_after=left)

    def _failure(self, failure: ProposerFailure, record: Transcript, *, deadline: float) -> ProposerFailure:
        """The failure without keys, recorded in the transcript and in the pause before the next call."""
        reason = transcript.redact(str(failure), record.secrets)
        now = self._clock.monotonic()
        self._backoff.record_failure(failure.kind, reason, now=now, deadline=deadline)
        self._complaint = f"Your last proposal failed: {reason}"
        record.write(failed={"kind": failure.kind, "reason": reason})
        return ProposerFailure(
            reason,
            kind=failure.kind,
            retry_after=self._backoff.remaining(now) or None,
            usage=failure.usage,
            model=failure.model,
            prompt_key=record.key,
        )

    @contextmanager
    def _call(self, request: Request, settings: CommandSettings, record: Transcript) -> Iterator[_Call]:
        """A copy of the parent's tree and its snapshot; the copy is removed afterwards."""
        task = prompt.task(request, scope=settings.scope, complaint=self._complaint)
        instructions = {"task.md": task, "brief.md": prompt.brief(request) + "\n", "memory.md": request.memory}
        instructions |= {"notes.md": request.notes} if request.notes else {}
        record.write(proposer=self.name, command=settings.line, told=instructions)
        folder: AgentFolder | None = None
        try:
            folder = agent_folder.create(self._workspace.root, name=f"{request.experiment}-{request.attempt}")
            before = agent_files.write(folder.tree, request, workspace=self._workspace, when=self._clock.now())
            agent_files.write_instructions(folder.tree, request, instructions, journal=self._journal)
        except OSError as error:
            raise MachineFailure(f"The copy for the agent cannot be written: {error.strerror}.") from error
        else:
            yield _Call(request, settings, record, folder, before)
        finally:
            working_copy.remove(folder.root if folder else None)

    def _proposal(self, call: _Call) -> Proposal:
        """Run the agent and read what it left. Raises ProposerFailure and Stopped, with what the call cost."""
        settings, folder = call.settings, call.folder
        prefix = agent_run.sandbox_prefix(settings, folder, repository=self._workspace.root)
        isolation = agent_run.isolation_of(prefix)
        call.record.write(isolation=isolation)
        watch = self._repository.watch(lambda changes: self._report_touched(call, changes))
        with watch if prefix is None else contextlib.nullcontext():
            seconds = self._backoff.deadline(settings.deadline)
            status = agent_run.run(
                settings, folder, prefix=prefix or (), seconds=seconds, is_cancelled=self._is_cancelled
            )
        output, note = _text(folder.log), read_note(folder.tree, call.before)
        usage, model = call_cost(
            output, note.note, model=settings.model, own_prices=settings.prices,
            on=self._clock.now().date(), seconds=status.wall_seconds,
        )  # fmt: skip
        calls = [{"model": model, "usage": msgspec.to_builtins(usage)}]
        call.record.write(ended=msgspec.to_builtins(status), output=output[-TAIL:], calls=calls)
        result.raise_for_status(status, output=output, usage=usage, model=model)
        tree = self._workspace.tree(call.request.parent)
        scope = Scope(patterns=settings.scope, tree=tree, locked=settings.locked)
        proposal = result.proposal(
            folder.tree, call.before, call.request, scope=scope, note=note, usage=usage, model=model
        )
        return msgspec.structs.replace(proposal, isolation=isolation)

    def _report_touched(self, call: _Call, changes: tuple[str, ...]) -> None:
        call.record.write(touched=list(changes))
        request, key = call.request, call.record.key
        self._report(
            RepositoryTouched(session=request.session, experiment=request.experiment, changes=changes, prompt_key=key)
        )


def _about_note(unread: tuple[str, ...]) -> str:
    if not unread:
        return ""
    return f"Your last proposal was used, but parts of its proposal.json could not be read: {'; '.join(unread)}"


def _text(log: Path) -> str:
    try:
        return log.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
