"""Runs an agent in its folder: environment, limits, sandbox, and the watch over the person's repository without one."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from journal.events import Isolation
from loop.brief.memory_block import without_block
from loop.errors import BadInput, WorkspaceError
from loop.llm.prices import NO_PRICES, Price
from loop.proposers.command import agent_sandbox
from loop.proposers.command.agent_folder import AgentFolder
from loop.runs.process import limits, runner
from loop.runs.process.environment import environment
from loop.runs.process.limits import ResourceLimits
from loop.runs.process.runner import CommandObserver, ExitStatus
from loop.workspace import Workspace
from loop.workspace.checkout_state import CheckoutState, differences

GIT_VARIABLES = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, kw_only=True)
class CommandSettings:
    """The keys of the brief about the command; they may change while the loop runs."""

    line: str
    scope: tuple[str, ...]
    locked: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  # of the loop's environment that the command gets
    deadline: float = 900.0  # seconds of wall clock
    sandboxed: bool = True  # if a sandbox works
    model: str | None = None  # to price tokens, if the agent names none
    prices: Mapping[str, Price] = field(default_factory=lambda: NO_PRICES)

    def environment(self) -> dict[str, str]:
        """The named variables that are set."""
        return {name: os.environ[name] for name in self.variables if name in os.environ}


@dataclass(frozen=True, kw_only=True)
class WatchedRepository:
    """The person's repository. `own` are paths that the loop itself writes, `brief` is the file with the memory block."""

    workspace: Workspace
    own: tuple[Path, ...] = ()
    brief: Path | None = None

    @contextmanager
    def watch(self, report: Callable[[tuple[str, ...]], None]) -> Iterator[None]:
        """Report what changed meanwhile, a clause each, also after an error."""
        before, text = self._state(), self._brief_text()
        try:
            yield
        finally:
            after = self._state()
            changes = differences(before, after) if before and after else ()
            if text != self._brief_text() and self.brief is not None:
                changes = (*changes, f"{self.brief.name} changed")
            if changes:
                report(changes)

    def _state(self) -> CheckoutState | None:
        """None if git cannot read the repository at this moment."""
        own = (*self.own, *([self.brief] if self.brief else []))
        with contextlib.suppress(WorkspaceError, OSError):
            return self.workspace.checkout_state(leave_out=own)
        return None

    def _brief_text(self) -> str:
        """The person's part of the brief: the loop rewrites the rest at any time."""
        with contextlib.suppress(OSError, BadInput):
            if self.brief is not None:
                return without_block(self.brief.read_bytes().decode("utf-8", "replace"), path=self.brief).strip()
        return ""


def sandbox_prefix(settings: CommandSettings, folder: AgentFolder, *, repository: Path) -> tuple[str, ...] | None:
    """The words before the command; None if it runs without a sandbox."""
    if not settings.sandboxed:
        return None
    return agent_sandbox.command_prefix(settings.line, folder, repository=repository, variables=settings.environment())


def isolation_of(prefix: tuple[str, ...] | None) -> Isolation:
    return "none" if prefix is None else "sandboxed"


def run(
    settings: CommandSettings,
    folder: AgentFolder,
    *,
    prefix: tuple[str, ...],
    seconds: float,
    is_cancelled: Callable[[], bool],
) -> ExitStatus:
    """Run the command to its end. Raises MachineFailure if no process can be started."""
    command = runner.Command(
        line=settings.line,
        folder=folder.tree,
        environment=environment(folder.home, temp=folder.temp, extra={**GIT_VARIABLES, **settings.environment()}),
        log=folder.log,
        seconds=seconds,
        limits=_limits(),
        prefix=prefix,
    )
    return runner.run(command, CommandObserver(poll=lambda: "interrupt" if is_cancelled() else None))


def _limits() -> ResourceLimits:
    """An agent may take as much memory as one run that has the machine for itself; it leaves the journal its disk."""
    return ResourceLimits(memory=int(limits.MEMORY_SHARE * limits.machine_memory()), spare=limits.SPARE_BYTES)
