"""Choosing the real parts, once: repository, brief, profile, journal, session, proposer."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from loop.brief.config import Config
from loop.contracts import BASELINE, Proposer
from loop.proposers import transcript
from loop.proposers.claude.conversation import Timing
from loop.proposers.claude.proposer import ClaudeProposer
from loop.proposers.claude.request_body import MODEL, ModelSettings
from loop.proposers.claude.tools import Tools
from loop.proposers.command.proposer import CommandProposer, Task
from loop.proposers.sampler.sampler import Sampler
from loop.runs.devices import share
from loop.runs.run import RunExecutor
from loop.runtime.context import Context, RunDisplay
from loop.runtime.control import POLL_SECONDS, Control
from loop.runtime.proposer_call import ProposerCall
from loop.runtime.session_journal import SessionJournal
from loop.session.start import open_session
from loop.setup.preflight import choice
from loop.setup.project import FOLDER, Project, own_folder
from loop.workspace import check_tag


def assemble(setting: Project, *, tag: str | None, screen: RunDisplay, past: bool = False) -> Context:
    """Take the journal's lease, continue the open session or start one, and put the parts together.

    With `past` it is a session of before, whose keeps are to be tested again.
    """
    if tag is not None:
        check_tag(tag)
    own_folder(setting.workspace.root / FOLDER)
    devices = share(setting.brief.config.workers)
    store = setting.store(setting.journal)
    store.acquire()
    journal = SessionJournal(store, open_session(setting, store, tag=tag, device=devices[0], past=past))
    sampler = Sampler(setting.brief.config.sampler)
    ctx = Context(
        brief=setting.brief,
        journal=journal,
        workspace=setting.workspace,
        runs=RunExecutor(
            setting.workspace,
            setting.brief.config,
            folder=setting.workspace.root / FOLDER / "runs",
            gpu=devices[0].is_gpu,
        ),
        proposer=sampler,
        filler=sampler,
        control=Control(journal),
        screen=screen,
        folder=setting.workspace.root / FOLDER,
        devices=devices,
        device=devices[0],
        defaults=setting.defaults,
    )
    ctx.proposer = _proposer(ctx, choice(setting).name, journal=setting.journal)
    return ctx


def _proposer(ctx: Context, name: str, *, journal: Path) -> Proposer:
    """The proposer of a name; its cap, scope and task are those of the brief in force."""
    match name:
        case "claude":
            return _claude(ctx, journal=journal)
        case "command":
            return CommandProposer(
                lambda: _task(ctx.config), workspace=ctx.workspace, folder=ctx.folder, cancelled=_ended(ctx)
            )
        case _:
            return ctx.filler


def _claude(ctx: Context, *, journal: Path) -> Proposer:
    """Claude, with the SDK imported only now: that alone takes a second."""
    from loop.llm.api import Api  # noqa: PLC0415

    config = ctx.config
    return ClaudeProposer(
        Api(cancelled=_ended(ctx)),
        settings=ModelSettings(
            model=config.model or MODEL, effort=config.effort, max_tokens=config.max_output, deadline=config.deadline
        ),
        limit=lambda: ctx.config.max_cost,
        tools=Tools(journal=journal, workspace=ctx.workspace),
        folder=ctx.folder / transcript.FOLDER,
        clock=Timing(sleep=_sleep(ctx)),
        secrets=transcript.secrets(os.environ),
    )


def _task(config: Config) -> Task:
    return Task(
        line=config.command or "",
        scope=config.scope,
        locked=config.locked,
        passed=config.command_env,
        deadline=config.deadline,
    )


def _ended(ctx: Context) -> Callable[[], bool]:
    """Whether a call of the proposer is to end: a person ends the loop, or the call is cancelled.

    The loop's own thread also looks at the journal, twice a second.
    """

    def ended() -> bool:
        thread = threading.current_thread()
        if thread is threading.main_thread():
            return ctx.control.poll(BASELINE) == "now"
        return ctx.control.ends_now or (isinstance(thread, ProposerCall) and thread.cancelled)

    return ended


def _sleep(ctx: Context) -> Callable[[float], None]:
    """Sleep that a person may cut short."""

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not _ended(ctx)():
            ctx.control.wait(min(POLL_SECONDS, left))

    return sleep
