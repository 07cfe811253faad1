"""What stays on disk of a session's runs: all logs, and the checkpoints of the newest kept experiments and of the incumbent.

    .ar/runs/SESSION-EXPERIMENT-RUN/out     checkpoints
    .ar/best                                a link to the incumbent's: `python -m gpt.sample --checkpoint .ar/best/model.pt`

A killed loop leaves exported trees, homes and agents' copies behind; the next loop removes them. It leaves alone every folder
that the journal does not name.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from journal.errors import JournalError
from journal.events.names import run_folder
from journal.projections.runs import Run
from loop.proposers.command import agent_folder
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal

RUNS = "runs"  # below .ar
CHECKPOINTS = "out"
TEMPORARY = ("train", "evaluate", "home", "tmp")  # of a run in flight
BEST = "best"


def prune(ctx: Context, number: int | None = None) -> None:
    """Delete the checkpoints that need not stay; a failure costs nothing.

    `number` is the experiment that has just been judged: then only its runs and those of kept experiments are looked at.
    """
    rows, keep = (
        ctx.state.experiments.rows,
        set(_folders_to_keep(ctx.journal, ctx.folder, newest=ctx.config.checkpoints)),
    )
    for run in ctx.state.runs.of_session(ctx.session.tag):
        may_change = number in (None, run.experiment) or rows[run.session, run.experiment].status == "keep"
        place = _ended_run_folder(ctx.folder, run)
        if may_change and place is not None and place not in keep:
            shutil.rmtree(place / CHECKPOINTS, ignore_errors=True)
    _link_best(ctx.journal, ctx.folder)


def remove_leftovers(journal: SessionJournal, folder: Path) -> None:
    """Remove what a killed loop left; recovery has ended and recorded its runs before."""
    for run in journal.state.runs.rows.values():
        place = _ended_run_folder(folder, run)
        if place is not None:
            for name in TEMPORARY:
                shutil.rmtree(place / name, ignore_errors=True)
    agent_folder.remove_leftovers(folder.parent)


def _ended_run_folder(folder: Path, run: Run) -> Path | None:
    """The folder of a run that was launched and has ended, below `.ar/runs`; None if there is none.

    It is derived, and not what the event names: a journal may come from anywhere.
    """
    if not run.folder or run.status == "running":
        return None
    with suppress(JournalError):
        place = run_folder(folder / RUNS, run.session, experiment=run.experiment, run=run.run)
        return None if place.is_symlink() else place
    return None


def _folders_to_keep(journal: SessionJournal, folder: Path, *, newest: int) -> Iterator[Path]:
    """The run folders whose checkpoints stay."""
    kept = [row.number for row in journal.rows() if row.status == "keep"]
    best = journal.session.incumbent_experiment
    for number in {*(kept[-newest:] if newest else []), *([best] if best is not None else [])}:
        run = _last_run(journal, number, folder)
        if run is not None:
            yield run


def _last_run(journal: SessionJournal, number: int, folder: Path) -> Path | None:
    """The folder of an experiment's last finished run of its own commit."""
    runs = [run for run in journal.state.runs.of_session(journal.tag) if run.experiment == number]
    own = [run for run in runs if run.status == "finished" and run.purpose != "incumbent"]
    places = [place for run in own if (place := _ended_run_folder(folder, run)) is not None]
    return places[-1] if places else None


def _link_best(journal: SessionJournal, folder: Path) -> None:
    """Point `.ar/best` at the incumbent's checkpoints, atomically."""
    number = journal.session.incumbent_experiment
    run = _last_run(journal, number, folder) if number is not None else None
    if run is None or not (run / CHECKPOINTS).is_dir():
        return
    temporary = folder / f".{BEST}.{os.getpid()}"
    with suppress(OSError):  # a person's own folder of that name stays
        temporary.unlink(missing_ok=True)
        temporary.symlink_to((run / CHECKPOINTS).relative_to(folder))
        temporary.replace(folder / BEST)
    temporary.unlink(missing_ok=True)
