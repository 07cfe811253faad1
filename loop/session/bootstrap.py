"""Choosing the real parts, once: repository, brief, profile, journal, session, proposer."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from loop.brief.config import Config
from loop.contracts import Proposer
from loop.proposers import transcript
from loop.proposers.claude.conversation import Clock
from loop.proposers.claude.proposer import Claude
from loop.proposers.claude.request_body import MODEL, Settings
from loop.proposers.claude.tools import Tools
from loop.proposers.command.proposer import Command, Task
from loop.proposers.sampler.sampler import Sampler
from loop.runs.devices import share
from loop.runs.run import Runs
from loop.runtime.context import BASELINE, Lab, Screen
from loop.runtime.control import POLL_SECONDS, Control
from loop.runtime.proposer_call import Call
from loop.runtime.recorder import Recorder
from loop.session.start import open_session
from loop.setup.preflight import choice
from loop.setup.project import FOLDER, Setting, own_folder
from loop.workspace import check_tag


def assemble(setting: Setting, *, tag: str | None, screen: Screen, past: bool = False) -> Lab:
    """Take the journal's lease, continue the open session or start one, and put the parts together.

    With `past` it is a session of before, whose keeps are to be tested again.
    """
    if tag is not None:
        check_tag(tag)
    own_folder(setting.workspace.root / FOLDER)
    devices = share(setting.brief.config.workers)
    journal = setting.store(setting.journal)
    journal.acquire()
    recorder = Recorder(journal, open_session(setting, journal, tag=tag, device=devices[0], past=past))
    sampler = Sampler(setting.brief.config.sampler)
    lab = Lab(
        brief=setting.brief,
        recorder=recorder,
        workspace=setting.workspace,
        runs=Runs(
            setting.workspace,
            setting.brief.config,
            folder=setting.workspace.root / FOLDER / "runs",
            gpu=devices[0].is_gpu,
        ),
        proposer=sampler,
        filler=sampler,
        control=Control(recorder),
        screen=screen,
        folder=setting.workspace.root / FOLDER,
        devices=devices,
        device=devices[0],
        defaults=setting.defaults,
    )
    lab.proposer = _proposer(lab, choice(setting).name, journal=setting.journal)
    return lab


def _proposer(lab: Lab, name: str, *, journal: Path) -> Proposer:
    """The proposer of a name; its cap, scope and task are those of the brief in force."""
    match name:
        case "claude":
            return _claude(lab, journal=journal)
        case "command":
            return Command(lambda: _task(lab.config), workspace=lab.workspace, folder=lab.folder, cancelled=_ended(lab))
        case _:
            return lab.filler


def _claude(lab: Lab, *, journal: Path) -> Proposer:
    """Claude, with the SDK imported only now: that alone takes a second."""
    from loop.llm.api import Api  # noqa: PLC0415

    config = lab.config
    return Claude(
        Api(cancelled=_ended(lab)),
        settings=Settings(
            model=config.model or MODEL, effort=config.effort, max_tokens=config.max_output, deadline=config.deadline
        ),
        limit=lambda: lab.config.max_cost,
        tools=Tools(journal=journal, workspace=lab.workspace),
        folder=lab.folder / transcript.FOLDER,
        clock=Clock(sleep=_sleep(lab)),
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


def _ended(lab: Lab) -> Callable[[], bool]:
    """Whether a call of the proposer is to end: a person ends the loop, or the call is cancelled.

    The loop's own thread also looks at the journal, twice a second.
    """

    def ended() -> bool:
        thread = threading.current_thread()
        if thread is threading.main_thread():
            return lab.control.during(BASELINE) == "now"
        return lab.control.ends_now or (isinstance(thread, Call) and thread.cancelled)

    return ended


def _sleep(lab: Lab) -> Callable[[float], None]:
    """Sleep that a person may cut short."""

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not _ended(lab)():
            lab.control.wait(min(POLL_SECONDS, left))

    return sleep
