"""`ar-journal curve`: the training curve of one run."""

from collections.abc import Sequence
from typing import Annotated

import typer

from journal.cli.app import (
    JournalOption,
    JsonOption,
    NumberArgument,
    SessionOption,
    app,
    open_reader,
    read_state,
    session_tag,
)
from journal.cli.output import OutputFormat, print_result
from journal.console.entry import NEGATIVE
from journal.console.terminal import print_note
from journal.errors import JournalMissing
from journal.events.recorded import Sample
from journal.query.sql import QueryResult

POINTS = 50
COLUMNS = ("step", "seconds", "progress", "loss", "tokens", "tokens_per_second", "mfu", "memory")


@app.command(epilog="Example: ar-journal curve 12 --points 20")
def curve(
    number: NumberArgument,
    *,
    run: Annotated[int, typer.Option("--run", help="Number of the run; 1 is the first.", min=1)] = 1,
    points: Annotated[int, typer.Option("--points", help="Maximum number of points, evenly spaced.", min=2)] = POINTS,
    session: SessionOption = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Print the training curve of one run: what the trainer reported, at evenly spaced steps."""
    reader = open_reader(journal)
    state = read_state(reader)
    tag = session_tag(state, session)
    if (tag, number) not in state.experiments.rows:
        raise JournalMissing(f"Session {tag or '–'} has no experiment {number}: see `ar-journal log`.")
    samples = thinned(reader.samples(tag, number, run=run), points)
    rows = [tuple(getattr(sample, column) for column in COLUMNS) for sample in samples]
    print_result(
        QueryResult(columns=COLUMNS, rows=rows), output_format=OutputFormat.JSON if json else OutputFormat.TABLE
    )
    if not rows and not json:
        print_note(f"Run {run} of experiment {number} has reported nothing.")
        raise typer.Exit(NEGATIVE)


def thinned(samples: Sequence[Sample], points: int) -> list[Sample]:
    """At most so many of the samples (two or more), evenly spaced, the first and the last included."""
    last = len(samples) - 1
    if last < points:
        return list(samples)
    return [samples[round(place * last / (points - 1))] for place in range(points)]
