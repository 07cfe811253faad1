"""Choosing the real parts, once: repository, brief, profile, journal, session, proposer."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal.locate import locate
from journal.store import Journal
from loop import brief as briefs
from loop import profile as profiles
from loop import sandbox, transcript
from loop.brief import Brief
from loop.call import Call
from loop.config import Config
from loop.contracts import Proposer
from loop.control import POLL_SECONDS, Control
from loop.defaults import of_tree
from loop.device import share
from loop.environment import file_of_python, missing_program, script_of
from loop.errors import BadInput
from loop.inputs import source
from loop.isolation import admit
from loop.lab import BASELINE, Lab, Screen
from loop.opening import open_session
from loop.profile import Profile
from loop.proposers import tpe
from loop.proposers.body import MODEL, Settings
from loop.proposers.choice import Choice, choose
from loop.proposers.command import Command, Task
from loop.proposers.conversation import Clock
from loop.proposers.dialogue import Claude
from loop.proposers.sampler import Sampler
from loop.proposers.tools import Tools
from loop.recorder import Recorder
from loop.run import Runs
from loop.scope import Scope
from loop.workspace import Workspace, check_tag

FOLDER = ".ar"  # everything that the loop writes into a repository, beside the memory block of the brief


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a person pointed the loop at, read and checked; nothing is written yet."""

    workspace: Workspace
    brief: Brief
    profile: Profile
    defaults: Mapping[str, object]  # of the brief: from the repository's files and from the profile
    journal: Path
    store: Callable[[Path], Journal] = Journal  # how the journal is opened


def look(root: Path, *, journal: Path | None = None) -> Setting:
    """Read the repository, the brief and the profile. Raises BadInput."""
    workspace = Workspace(root)
    tree = workspace.tree(workspace.head())
    path = briefs.find(workspace.root)
    first = briefs.read(path)
    profile = _profile(workspace, first)
    given = first.given | profile.brief.keys()
    config = briefs.read(path, defaults=profile.brief).config
    defaults = {**of_tree(config, given, tree, name=path.name), **profile.brief}
    return Setting(
        workspace=workspace,
        brief=briefs.read(path, defaults=defaults),
        profile=profile,
        defaults=defaults,
        journal=locate(journal, start=workspace.root),
    )


def check(setting: Setting) -> None:
    """Everything that can be seen to be wrong before anything is written. Raises BadInput."""
    config, workspace = setting.brief.config, setting.workspace
    tree = workspace.tree(workspace.head())
    Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    for name in config.inputs:
        if not source(workspace.root, name).exists():
            raise BadInput(
                f"The input {name} of {setting.brief.path.name} does not exist{_how_to_make(config.prepare)}"
            )
    for key, line in (("train", config.train), ("evaluate", config.evaluate), ("command", config.command)):
        if line and (program := missing_program(line)):
            raise BadInput(f"The {key} command `{line}` cannot run: there is no program `{program}`.")
        script = (script_of(line) or file_of_python(line)) if line else None
        if script and script not in tree and not _given(script, config.inputs):
            raise BadInput(
                f"The {key} command `{line}` cannot run: {script} is not committed, and runs see commits only."
                + _mend(workspace.root / script, program=script_of(line or "") is not None)
            )
    if config.sampler == "tpe" and not tpe.installed():
        raise BadInput("`sampler: tpe` needs Optuna: `pip install optuna`, or leave the line out.")
    admit(config, by_model=False)
    share(config.workers)
    choice(setting)


def _given(script: str, inputs: Iterable[str]) -> bool:
    """Whether a script is an input, or lies in one."""
    return any(Path(script).is_relative_to(name) for name in inputs)


def _mend(script: Path, *, program: bool) -> str:
    """What to do about a script that is not committed."""
    if not script.exists():
        return ""
    return f" Name it by its whole path: {script}." if program else " Commit it."


def choice(setting: Setting) -> Choice:
    """Which proposer this brief gets here, and why. Raises BadInput or RunRefused where it cannot have the one it names."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises where there is none
    return choose(setting.brief.config, environment=os.environ, home=home, unsafe=sandbox.why_not)


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
    from loop.proposers.claude import Api  # noqa: PLC0415

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


def _profile(workspace: Workspace, brief: Brief) -> Profile:
    name = brief.config.profile
    if name is None:
        return Profile()
    path = workspace.root / name
    if not path.is_file():
        raise BadInput(f"The profile {name} of {brief.path.name} does not exist{_how_to_make(brief.config.prepare)}")
    return profiles.read(path)


def _how_to_make(prepare: str | None) -> str:
    return f": make it with `{prepare}`." if prepare else "."


def own_folder(folder: Path) -> None:
    """Make `.ar`, which ignores itself, so that `git status` stays as it is."""
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.is_file() or not ignore.stat().st_size:
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"The folder {folder} cannot be written: {error.strerror}. Make it writable, or make room."
        ) from error


def uncommitted(setting: Setting) -> list[str]:
    """Files in scope that the person has edited and not committed: the session stands on the commit, not on them."""
    workspace = setting.workspace
    scope = Scope(patterns=setting.brief.config.scope, tree=workspace.tree(workspace.head()))
    return workspace.changed(scope.files())
