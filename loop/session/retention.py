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

CHECKPOINTS = "out"
EXPORTED = ("train", "evaluate", "home")  # of a run under way
BEST = "best"


def prune(ctx: Context, number: int | None = None) -> None:
    """Delete the checkpoints that need not stay, between two experiments; what cannot be deleted costs nothing.

    With the number of the experiment that has just been judged, only its own and those of kept ones are looked at.
    """
    rows, stays = ctx.state.experiments.rows, set(_kept(ctx))
    for run in ctx.state.runs.of_session(ctx.session.tag):
        looked_at = number in (None, run.experiment) or rows[run.session, run.experiment].status == "keep"
        if looked_at and run.folder and run.status != "running" and ctx.folder / run.folder not in stays:
            shutil.rmtree(ctx.folder / run.folder / CHECKPOINTS, ignore_errors=True)
    _point(ctx)


def clear(ctx: Context) -> None:
    """Remove what a killed loop left, at a start; runs that were in flight have been ended and recorded before."""
    for run in ctx.state.runs.rows.values():
        for name in EXPORTED if run.folder and run.status != "running" else ():
            shutil.rmtree(ctx.folder / run.folder / name, ignore_errors=True)
    copies = ctx.folder / AGENTS
    for copy in sorted(copies.iterdir()) if copies.is_dir() else ():
        if not process_table.alive(
            copy / "home"
        ):  # another loop, on another journal, may be at work in this repository
            working_copy.remove(copy)


def _kept(ctx: Context) -> Iterator[Path]:
    """Folders whose checkpoints stay: of each kept experiment the last run of its commit."""
    rows = [row for row in ctx.journal.rows() if row.status == "keep"]
    newest = sorted(row.number for row in rows)[-ctx.config.checkpoints :] if ctx.config.checkpoints else []
    best = ctx.session.incumbent_experiment
    for number in {*newest, *([best] if best is not None else [])}:
        folder = _checkpoint(ctx, number)
        if folder is not None:
            yield folder


def _checkpoint(ctx: Context, number: int) -> Path | None:
    """The folder of an experiment's last good run of its own commit."""
    runs = [
        run
        for run in ctx.state.runs.of_session(ctx.session.tag)
        if run.experiment == number and run.status == "finished"
    ]
    own = [run for run in runs if run.purpose != "incumbent" and run.folder]
    return ctx.folder / own[-1].folder if own else None


def _point(ctx: Context) -> None:
    """Let `.ar/best` lead to the incumbent's checkpoints, in one step."""
    number = ctx.session.incumbent_experiment
    folder = _checkpoint(ctx, number) if number is not None else None
    if folder is None or not (folder / CHECKPOINTS).is_dir():
        return
    link, beside = ctx.folder / BEST, ctx.folder / f".{BEST}.{os.getpid()}"
    with suppress(OSError):  # a folder of the person's own at that place stays
        beside.unlink(missing_ok=True)
        beside.symlink_to((folder / CHECKPOINTS).relative_to(ctx.folder))
        beside.replace(link)
    beside.unlink(missing_ok=True)
