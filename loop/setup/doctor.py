"""Everything that a night depends on, looked at without changing anything, each finding with how to mend it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from journal.errors import JournalError
from journal.projections.state import fold
from journal.store import Reader
from journal.store.connection import network
from loop.brief.scope import Scope
from loop.errors import LoopError
from loop.proposers.sampler.sampler import IDLE, moves_of
from loop.runs.devices import find_device
from loop.runs.process.limits import SPARE_BYTES
from loop.runs.sandbox import bubblewrap
from loop.setup import preflight
from loop.setup.project import FOLDER, Project, look

Health = Literal["well", "note", "broken"]
GIT = (2, 36)  # the first that can sync loose objects and refs before it says that they are written


_PROPOSERS = {"sampler": "the built-in sampler", "claude": "Claude", "command": "the brief's command"}


@dataclass(frozen=True)
class HealthCheck:
    """One thing that was looked at. A note does not keep a night from running."""

    what: str
    state: Health
    words: str


def examine(folder: Path, *, journal: Path | None = None) -> list[HealthCheck]:
    """Look at git, what a night writes to, brief, data, proposer, device, sandbox, disk, journal and clock."""
    try:
        setting = look(folder, journal=journal)
    except (LoopError, JournalError) as error:
        return [HealthCheck("repository", "broken", str(error)), *_machine(folder)]
    return [*_repository(setting), *_machine(setting.workspace.root), *_journal(setting.journal)]


def _repository(setting: Project) -> Iterator[HealthCheck]:
    version = setting.workspace.version()
    words = ".".join(map(str, version))
    if version < GIT:
        yield HealthCheck(
            "git", "broken", f"git {words} cannot sync refs to disk: install {'.'.join(map(str, GIT))} or newer"
        )
    else:
        yield HealthCheck("git", "well", f"git {words}, {setting.workspace.root} at {setting.workspace.head()[:10]}")
    yield _written(setting)
    config = setting.brief.config
    yield HealthCheck(
        "brief", "well", f"{setting.brief.path.name}: {config.direction} {config.metric}, {config.budget:g} s a run"
    )
    yield _commands(setting)
    yield _proposer(setting)


def _written(setting: Project) -> HealthCheck:
    """Whether a night can write where it must: its own folder, git's, the brief with its memory, the journal."""
    root = setting.workspace.root
    git = [path for path in (root / ".git" / "objects", root / ".git" / "refs") if path.is_dir()]
    for path in (root / FOLDER, *git, setting.brief.path, setting.journal):
        there = next(place for place in (path, *path.parents) if place.exists())
        if not os.access(there, os.W_OK):
            return HealthCheck(
                "folder", "broken", f"{there} cannot be written, and a night writes there: make it writable"
            )
    return HealthCheck("folder", "well", f"{root} can be written")


def idle(setting: Project) -> str | None:
    """Why the proposer would have nothing to do from HEAD, so that a session would end at its baseline; else None."""
    workspace, config = setting.workspace, setting.brief.config
    if preflight.choice(setting).name != "sampler":
        return None
    head = workspace.head()
    scope = Scope(patterns=config.scope, tree=workspace.tree(head), locked=config.locked).files()
    if any(moves_of(workspace.read(head, scope))):
        return None
    return f"the built-in sampler would have nothing to move. {IDLE}"


def _commands(setting: Project) -> HealthCheck:
    try:
        preflight.check(setting)
    except LoopError as error:
        return HealthCheck("commands", "broken", str(error))
    return HealthCheck("commands", "well", f"`{setting.brief.config.train}` and what it needs are there")


def _proposer(setting: Project) -> HealthCheck:
    """Who would propose here, and why not somebody better."""
    try:
        found = preflight.choice(setting)
        nothing = idle(setting)
    except LoopError as error:
        return HealthCheck("proposer", "broken", str(error))
    if nothing:
        return HealthCheck("proposer", "broken", nothing)
    return HealthCheck("proposer", "well", found.words or f"the proposer is {_PROPOSERS[found.name]}")


def _machine(folder: Path) -> Iterator[HealthCheck]:
    device = find_device()
    slow = "" if device.name != "cpu" else ": no GPU is found, so trainings run on these; small ones do well"
    yield HealthCheck("device", "note" if slow else "well", f"{device.words}{slow}")
    why = bubblewrap.why_not()
    yield HealthCheck("sandbox", "note" if why else "well", why or "bubblewrap works")
    free = shutil.disk_usage(folder).free
    state: Health = "well" if free >= 8 * SPARE_BYTES else "note" if free >= 2 * SPARE_BYTES else "broken"
    yield HealthCheck(
        "disk", state, f"{free / 2**30:.1f} GiB free at {folder}" + ("" if state == "well" else ": make room")
    )


def _journal(path: Path) -> Iterator[HealthCheck]:
    if kind := network(path):
        yield HealthCheck(
            "journal", "broken", f"{path} lies on a network file system ({kind}): name a local one with --journal"
        )
        return
    if not path.exists():
        yield HealthCheck("journal", "well", f"{path} will be made by the first run")
        return
    try:
        state = fold(Reader(path).read())
    except JournalError as error:
        yield HealthCheck("journal", "broken", str(error))
        return
    yield HealthCheck(
        "journal", "well", f"{path} holds {state.position} events; check its chain with `ar-journal verify`"
    )
    late = state.recorded_at > datetime.now(UTC).isoformat(timespec="microseconds")
    words = (
        f"is behind the journal's last event ({state.recorded_at}): set the clock"
        if late
        else "is ahead of the journal"
    )
    yield HealthCheck("clock", "note" if late else "well", f"this machine's clock {words}")
