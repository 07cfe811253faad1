"""What stays on disk of a night's runs: all logs, the checkpoints of the newest kept experiments, and the best at hand.

    .ar/runs/SESSION-EXPERIMENT-RUN/out     checkpoints: of the newest kept experiments and of the incumbent only
    .ar/best                                a link to the incumbent's: `python -m gpt.sample --checkpoint .ar/best/model.pt`

A loop that was killed leaves exported trees, homes and agents' copies behind; the next one clears them. A folder that
the journal knows nothing of is somebody's, and is left alone.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from loop.proposers.command import working_copy
from loop.proposers.command.proposer import AGENTS
from loop.runs.process import process_table
from loop.runtime.context import Context
from loop.runtime.session_journal import SessionJournal

CHECKPOINTS = "out"
EXPORTED = ("train", "evaluate", "home")  # of a run under way
BEST = "best"


def prune(ctx: Context, number: int | None = None) -> None:
    """Delete the checkpoints that need not stay, between two experiments; what cannot be deleted costs nothing.

    With the number of the experiment that has just been judged, only its own and those of kept ones are looked at.
    """
    rows, stays = ctx.state.experiments.rows, set(_kept(ctx.journal, ctx.folder, newest=ctx.config.checkpoints))
    for run in ctx.state.runs.of_session(ctx.session.tag):
        looked_at = number in (None, run.experiment) or rows[run.session, run.experiment].status == "keep"
        if looked_at and run.folder and run.status != "running" and ctx.folder / run.folder not in stays:
            shutil.rmtree(ctx.folder / run.folder / CHECKPOINTS, ignore_errors=True)
    _point(ctx.journal, ctx.folder)


def clear(journal: SessionJournal, folder: Path) -> None:
    """Remove what a killed loop left, at a start; runs that were in flight have been ended and recorded before."""
    for run in journal.state.runs.rows.values():
        for name in EXPORTED if run.folder and run.status != "running" else ():
            shutil.rmtree(folder / run.folder / name, ignore_errors=True)
    copies = folder / AGENTS
    for copy in sorted(copies.iterdir()) if copies.is_dir() else ():
        if not process_table.alive(
            copy / "home"
        ):  # another loop, on another journal, may be at work in this repository
            working_copy.remove(copy)


def _kept(journal: SessionJournal, folder: Path, *, newest: int) -> Iterator[Path]:
    """Folders whose checkpoints stay: of each kept experiment the last run of its commit."""
    rows = [row for row in journal.rows() if row.status == "keep"]
    stays = sorted(row.number for row in rows)[-newest:] if newest else []
    best = journal.session.incumbent_experiment
    for number in {*stays, *([best] if best is not None else [])}:
        run = _checkpoint(journal, number, folder)
        if run is not None:
            yield run


def _checkpoint(journal: SessionJournal, number: int, folder: Path) -> Path | None:
    """The folder of an experiment's last good run of its own commit."""
    runs = [
        run
        for run in journal.state.runs.of_session(journal.tag)
        if run.experiment == number and run.status == "finished"
    ]
    own = [run for run in runs if run.purpose != "incumbent" and run.folder]
    return folder / own[-1].folder if own else None


def _point(journal: SessionJournal, folder: Path) -> None:
    """Let `.ar/best` lead to the incumbent's checkpoints, in one step."""
    number = journal.session.incumbent_experiment
    run = _checkpoint(journal, number, folder) if number is not None else None
    if run is None or not (run / CHECKPOINTS).is_dir():
        return
    link, beside = folder / BEST, folder / f".{BEST}.{os.getpid()}"
    with suppress(OSError):  # a folder of the person's own at that place stays
        beside.unlink(missing_ok=True)
        beside.symlink_to((run / CHECKPOINTS).relative_to(folder))
        beside.replace(link)
    beside.unlink(missing_ok=True)
