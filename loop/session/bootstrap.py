"""Builds the parts of the loop, once: journal, session, runs, proposer, control."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from loop.brief.config import Config
from loop.contracts import BASELINE, Proposer
from loop.llm.prices import brief_prices
from loop.proposers import transcript
from loop.proposers.claude.conversation import Timing
from loop.proposers.claude.proposer import ClaudeProposer
from loop.proposers.claude.request_body import MODEL, ModelSettings
from loop.proposers.claude.tools import Tools
from loop.proposers.command.agent_run import CommandSettings, WatchedRepository
from loop.proposers.command.proposer import CommandProposer
from loop.proposers.sampler.sampler import Sampler
from loop.runs.devices import assign_devices
from loop.runs.machine import machine_sampler
from loop.runs.run import RunExecutor
from loop.runtime.context import Context, RunDisplay
from loop.runtime.control import POLL_SECONDS, Control
from loop.runtime.proposer_call import ProposerCall
from loop.runtime.session_journal import SessionJournal
from loop.session.start import open_session
from loop.setup.preflight import proposer_choice
from loop.setup.project import FOLDER, Project, create_folder
from loop.workspace import check_tag


def assemble(
    project: Project, *, tag: str | None, display: RunDisplay, ablate: bool = False, onto: str | None = None
) -> Context:
    """Take the journal's lease, continue the open session or start one, and build the parts.

    With `ablate` it is a session with kept changes, which may have ended; with `onto` it is a new session from an
    earlier one's commit.
    """
    if tag is not None:
        check_tag(tag)
    workspace, brief, folder = project.workspace, project.brief, project.workspace.root / FOLDER
    create_folder(folder)
    devices = assign_devices(brief.config.workers)
    store = project.store(project.journal)
    store.acquire()
    name = open_session(project, store, tag=tag, device=devices[0], ablate=ablate, onto=onto)
    journal = SessionJournal(store, name)
    sampler = Sampler()
    ctx = Context(
        brief=brief,
        journal=journal,
        workspace=workspace,
        runs=RunExecutor(workspace, brief.config, folder=folder / "runs", gpu=devices[0].is_gpu),
        proposer=sampler,
        fallback=sampler,
        control=Control(journal),
        display=display,
        folder=folder,
        devices=devices,
        device=devices[0],
        machine=machine_sampler(has_gpu=devices[0].is_gpu),
        defaults=project.defaults,
    )
    ctx.proposer = _proposer(ctx, proposer_choice(project).name, journal=project.journal)
    return ctx


def _proposer(ctx: Context, name: str, *, journal: Path) -> Proposer:
    """The proposer of that name; it reads its cost limit, scope and task from the current brief."""
    match name:
        case "claude":
            return _claude(ctx, journal=journal)
        case "command":
            return CommandProposer(
                lambda: _command_settings(ctx.config),
                repository=WatchedRepository(
                    workspace=ctx.workspace, own=(ctx.folder, *_journal_files(journal)), brief=ctx.brief.path
                ),
                folder=ctx.folder,
                journal=journal,
                is_cancelled=_cancellation(ctx),
                report=ctx.prefetch.events.put,
            )
        case _:
            return ctx.fallback


def _claude(ctx: Context, *, journal: Path) -> Proposer:
    from loop.llm.api import MessagesApi  # noqa: PLC0415  # the SDK takes a second to import

    config = ctx.config
    return ClaudeProposer(
        MessagesApi(is_cancelled=_cancellation(ctx)),
        settings=ModelSettings(
            model=config.model or MODEL,
            effort=config.effort,
            max_tokens=config.max_output,
            deadline=config.deadline,
            prices=lambda: brief_prices(ctx.config.prices),
        ),
        limit=lambda: ctx.config.max_cost,
        tools=Tools(journal=journal, workspace=ctx.workspace),
        folder=ctx.folder / transcript.FOLDER,
        clock=Timing(sleep=_sleep(ctx)),
        secrets=transcript.secrets(os.environ),
    )


def _command_settings(config: Config) -> CommandSettings:
    return CommandSettings(
        line=config.command or "",
        scope=config.scope,
        locked=config.locked,
        variables=config.command_env,
        deadline=config.deadline,
        sandboxed=config.command_sandbox == "auto",
        model=config.model,
        prices=brief_prices(config.prices),
    )


def _journal_files(journal: Path) -> list[Path]:
    """The journal and the files that SQLite keeps beside it."""
    companions = [journal.with_name(f"{journal.name}{end}") for end in ("-wal", "-shm", "-journal")]
    return [journal, *companions, journal.with_suffix(".lock"), journal.with_suffix(".wake")]


def _cancellation(ctx: Context) -> Callable[[], bool]:
    """A function that says whether the call of a proposer has to end: a person ends the loop, or the call is cancelled."""

    def is_cancelled() -> bool:
        thread = threading.current_thread()
        if thread is threading.main_thread():  # only the loop's own thread reads the journal
            return ctx.control.poll(BASELINE) == "interrupt"
        return ctx.control.ends_now or (isinstance(thread, ProposerCall) and thread.is_cancelled)

    return is_cancelled


def _sleep(ctx: Context) -> Callable[[float], None]:
    """A sleep that ends early if the call is cancelled."""
    is_cancelled = _cancellation(ctx)

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not is_cancelled():
            ctx.control.wait(min(POLL_SECONDS, left))

    return sleep
